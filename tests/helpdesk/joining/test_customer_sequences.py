"""Any sequence of merges of customers and tickets, splits and changes of customer, undone in any order, leads back.

`SEEDS=200 pytest …` plays more of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

import helpdesk.wiring  # noqa: F401 — acts owe mails only once it is read
from helpdesk import tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput
from helpdesk.joining import merging, parting
from helpdesk.joining.merging import Choices
from helpdesk.lists import bulk, undo
from helpdesk.people import addresses
from helpdesk.tickets import cc, merge_undo, thread
from helpdesk.tickets.splitting import Part
from models import Agent, Customer, CustomerAddress, CustomerMerge, Merge, Message, Ticket, TicketEvent
from tests.helpdesk.joining.test_merging_customers import everybody
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")

PEOPLE, FIRST, MOST, STEPS = 5, 8, 12, 16
SEEDS = int(os.environ.get("SEEDS", "3"))

Dice = random.Random


def prepare(dice: Dice, places: tuple[Any, Any], actor: Agent) -> None:
    """Make people with one or two addresses, some of them without this or that, and open their tickets."""
    people = []
    for number in range(PEOPLE):
        values = {"locale": dice.choice(["en", "fr"]), "password_hash": dice.choice([None, f"hash {number}"])}
        last = dice.choice(["", "Jones"])
        person = cast.make_customer(f"Person{number}" if last else "", last, email=f"p{number}@a.example", **values)
        if dice.random() < 0.5:
            addresses.add(person, f"p{number}@b.example", actor=actor)
        people.append(person)
    for number in range(FIRST):
        person = dice.choice(people)
        email = dice.choice([row.email for row in person.addresses.order_by(CustomerAddress.id)])
        ticket = cast.open_ticket(email, *places, subject=f"Number {number}")
        with suppress(InvalidInput):
            cc.add_cc(ticket, [f"p{dice.randrange(PEOPLE)}@a.example"], actor=actor)
        row = Ticket.get_by_id(ticket.id)
        guest = TicketGuest(row.customer, row.id, row.address)
        tickets.receive_message(row, "More", actor=guest)


def one_of(dice: Dice, rows: Any) -> Any:
    found = list(rows)
    return dice.choice(found) if found else None


def merge_people(dice: Dice, actor: Agent) -> None:
    people = list(Customer.select().order_by(Customer.id))
    if len(people) < 2:
        return
    source, target = dice.sample(people, 2)
    own = [row.id for person in (source, target) for row in person.addresses.order_by(CustomerAddress.id)]
    names, locale = dice.choice(["source", "target"]), dice.choice(["source", "target"])
    merging.merge(source, target, Choices(names, locale, dice.choice(own), frozenset(own)), actor=actor)


def merge_tickets(dice: Dice, actor: Agent) -> None:
    pairs = [
        (one, other)
        for one in Ticket.select().order_by(Ticket.id)
        for other in Ticket.select().order_by(Ticket.id)
        if one != other and one.customer_id == other.customer_id
    ]
    if pairs:
        with suppress(InvalidInput):
            tickets.merge(*dice.choice(pairs), actor=actor)


def split_one(dice: Dice, actor: Agent) -> None:
    ticket = one_of(dice, Ticket.select().order_by(Ticket.id))
    ids = [row.id for row in ticket.messages.order_by(Message.id)]
    if len(ids) > 1 and Ticket.select().count() < MOST:
        some = tuple(dice.sample(ids, dice.randint(1, len(ids) - 1)))
        tickets.split(ticket, Part(some, "A part", ticket.service_id, ticket.department_id), actor=actor)


def change_and_back(dice: Dice, actor: Agent) -> None:
    """Give a ticket to somebody else, let people become one meanwhile, and undo that change alone."""
    parts = TicketEvent.select(TicketEvent.ticket).where(TicketEvent.kind.in_(["split", "split-off"]))
    ticket = one_of(dice, Ticket.select().where(Ticket.id.not_in(parts)).order_by(Ticket.id))
    if ticket is None:
        return
    others = CustomerAddress.select().where(CustomerAddress.customer != ticket.customer_id)
    address = one_of(dice, others.order_by(CustomerAddress.id))
    if address is None:
        return
    rule = partial(tickets.change_customer, email=address.email, actor=actor, seen=thread.newest_id(ticket))
    outcome = bulk.run("customer", [ticket.id], rule, actor=actor)
    for _time in range(dice.randint(0, 2)):
        people = list(CustomerMerge.select().order_by(CustomerMerge.id))
        undo_one(dice.choice(people), actor) if people and dice.random() < 0.5 else merge_people(dice, actor)
    assert outcome.action is not None
    assert undo.undo(outcome.action, actor=actor).back == 1


def standing() -> Sequence[Any]:
    """Return what can be undone: merges and splits."""
    split_off = TicketEvent.select().where(TicketEvent.kind == "split-off").order_by(TicketEvent.id)
    made = [row for row in split_off if Ticket.select().where(Ticket.id == row.data["made"]).exists()]
    return [*Merge.select().order_by(Merge.id), *CustomerMerge.select().order_by(CustomerMerge.id), *made]


def undo_one(one: Any, actor: Agent) -> None:
    """Undo one of them; what cannot be undone yet is left."""
    with suppress(InvalidInput):
        if isinstance(one, Merge):
            home = one.former.ticket
            tickets.undo_merge(merge_undo.find(one.former.number, home), home, actor=actor)
        elif isinstance(one, CustomerMerge):
            parting.undo_merge(one.former_id, one.customer, actor=actor)
        else:
            tickets.undo_split(Ticket.get_by_id(one.data["made"]), actor=actor)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_sequence_ends_where_it_began(seed: int, billing: Any, invoices: Any, root: Agent) -> None:
    dice = random.Random(seed)
    prepare(dice, (billing, invoices), root)
    before = everybody()
    acts = (merge_people, merge_tickets, split_one, change_and_back)
    for _step in range(STEPS):
        if dice.random() < 0.3 and (rows := standing()):
            undo_one(dice.choice(rows), root)
        else:
            dice.choices(acts, (4, 3, 2, 2))[0](dice, root)
    tries = 0
    while rows := standing():
        undo_one(dice.choice(rows), root)
        tries += 1
        assert tries < 500
    assert everybody() == before
