"""Any sequence of merges and their undoing over twelve tickets, undone in any order, ends where it began."""

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
from models import FormerNumber, Merge, Rating, Ticket
from tests.helpdesk.tickets.test_merge_undo import everything
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")

#: Tickets, and steps of one sequence.
MOST, STEPS = 12, 18


def prepare(dice, carol, billing, invoices, agents):
    """Open the tickets, and let something of every kind happen to each."""
    for number in range(MOST):
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
    """Merge two tickets that may be merged."""
    source, target = dice.sample(list(Ticket.select().order_by(Ticket.id)), 2)
    tickets.merge(source, target, actor=dice.choice(agents))


def undo_one(dice, agents):
    """Undo one of the merges."""
    merge = dice.choice(list(Merge.select().order_by(Merge.id)))
    ticket = merge.former.ticket
    tickets.undo_merge(merge_undo.find(merge.former.number, ticket), ticket, actor=dice.choice(agents))


@pytest.mark.parametrize("seed", range(5))
def test_any_sequence_ends_where_it_began(seed, carol, billing, invoices, ana, root):
    dice, agents = random.Random(seed), [ana, root]
    prepare(dice, carol, billing, invoices, agents)
    before = everything()
    for _step in range(STEPS):
        if Merge.select().exists() and (Ticket.select().count() < 3 or dice.random() < 0.35):
            undo_one(dice, agents)
        else:
            merge_two(dice, agents)
    while Merge.select().exists():
        undo_one(dice, agents)
    assert FormerNumber.select().count() == 0
    after = everything()
    assert {number: after[number] for number in before} == before
