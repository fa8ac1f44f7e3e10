"""Any sequence of merges, splits and their undoing over twelve tickets, undone in any order, ends where it began."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

import pytest

import helpdesk.wiring  # noqa: F401 — acts owe mails only once it is read
from helpdesk import clock, snooze, tickets
from helpdesk.errors import InvalidInput
from helpdesk.tickets import cc, drafts, merge_undo, unread
from helpdesk.tickets.drafts import Writing
from helpdesk.tickets.splitting import Part
from models import Merge, Message, Rating, Ticket, TicketEvent
from tests.helpdesk.tickets.test_merge_undo import everything
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")

#: Tickets at the beginning and at most, and steps of one sequence.
FIRST, MOST, STEPS = 8, 12, 18


def prepare(dice, carol, billing, invoices, agents):
    """Open the tickets, and let something of every kind happen to each."""
    for number in range(FIRST):
        ticket = cast.open_ticket(carol, billing, invoices, subject=f"Number {number}", form_key=f"form-{number}")
        agent = dice.choice(agents)
        acts = [
            lambda it=ticket, who=agent: tickets.tag(it, dice.choice(["one", "two", "three"]), actor=who),
            lambda it=ticket, who=agent: cc.add_cc(it, [dice.choice(["a@copy.example", "b@copy.example"])], actor=who),
            lambda it=ticket, who=agent: drafts.save(it, Writing(f"<p>{it.number}</p>"), actor=who),
            lambda it=ticket, who=agent: tickets.take(it, actor=who),
            lambda it=ticket, who=agent: tickets.reply(it, "<p>Yes.</p>", actor=who),
            lambda it=ticket, who=agent: tickets.close(it, actor=who),
            lambda it=ticket, who=agent: tickets.add_note(it, "<p>Look.</p>", actor=who),
            lambda it=ticket, who=agent: unread.read(it, it.messages.get().id, actor=who),
            lambda it=ticket, who=agent: snooze.snooze(it, clock.now() + timedelta(days=2), actor=who),
            lambda it=ticket, who=agent: Rating.create(ticket=it, score="good", rated_at=clock.now()),
        ]
        for act in dice.sample(acts, 4):
            with suppress(InvalidInput):
                act()


def merge_two(dice, agents):
    """Merge two tickets, if there are two."""
    rows = list(Ticket.select().order_by(Ticket.id))
    if len(rows) > 1:
        source, target = dice.sample(rows, 2)
        tickets.merge(source, target, actor=dice.choice(agents))


def split_one(dice, agents):
    """Split some messages off a ticket."""
    ticket = dice.choice(list(Ticket.select().order_by(Ticket.id)))
    ids = [row.id for row in ticket.messages.order_by(Message.id)]
    if len(ids) > 1 and Ticket.select().count() < MOST:
        some = tuple(dice.sample(ids, dice.randint(1, len(ids) - 1)))
        part = Part(some, "A part", ticket.service_id, ticket.department_id)
        tickets.split(ticket, part, actor=dice.choice(agents))


def undo_one(dice, agents):
    """Undo a merge or a split; one of a ticket that is part of another one at present has to wait."""
    split_off = TicketEvent.select().where(TicketEvent.kind == "split-off").order_by(TicketEvent.id)
    standing = [*Merge.select().order_by(Merge.id), *split_off]
    if not standing:
        return False
    one = dice.choice(standing)
    if isinstance(one, Merge):
        ticket = one.former.ticket
        tickets.undo_merge(merge_undo.find(one.former.number, ticket), ticket, actor=dice.choice(agents))
    elif (made := Ticket.get_or_none(Ticket.id == one.data["made"])) is not None:
        with suppress(InvalidInput):
            tickets.undo_split(made, actor=dice.choice(agents))
    return True


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_ends_where_it_began(seed, carol, billing, invoices, ana, root):
    dice, agents = random.Random(seed), [ana, root]
    prepare(dice, carol, billing, invoices, agents)
    before = everything()
    for _step in range(STEPS):
        dice.choices((merge_two, split_one, undo_one), (4, 3, 3))[0](dice, agents)
    tries = 0
    while undo_one(dice, agents):
        tries += 1
        assert tries < 1_000
    after = everything()
    for number, (_state, own, *_rest) in after.items():
        # The numbers of tickets that were split off go on leading home.
        own["FormerNumber"] = before[number][1]["FormerNumber"]
    assert after == before
