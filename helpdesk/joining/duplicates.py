"""Who may be one person: pairs that names, addresses and numbers of orders speak for, until somebody has decided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from peewee import ModelSelect

from helpdesk import access, clock, customer_keys, journal
from helpdesk.access import Actor
from helpdesk.errors import NotFound
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.joining.histories import label_of, note
from helpdesk.lib import inputs
from helpdesk.lib.merge_chain import State
from helpdesk.people import customers
from models import ORDER_NUMBER, UNDECIDED, Agent, Customer, Order, PossibleDuplicate, Ticket, TicketEvent

#: Pairs of the list; those named on the page of a customer; customers that one number of an order speaks for.
LISTED, NAMED, SAME_ORDER = 50, 3, 5
THERE_IS_NONE = lazy("There is no such pair: somebody has decided about it.")


def listed(*, actor: Agent) -> list[PossibleDuplicate]:
    """Return the newest pairs that nobody has decided about, of customers whom the actor meets. Raises NotAllowed."""
    access.require(actor, "configure")
    query = _pairs().where(UNDECIDED)
    if not access.sees_all(actor):
        theirs = access.visible_tickets(actor).select(Ticket.customer)
        query = query.where(PossibleDuplicate.first.in_(theirs), PossibleDuplicate.second.in_(theirs))
    return list(query.order_by(PossibleDuplicate.id.desc()).limit(LISTED))


def of_customer(customer: Customer, *, actor: Agent) -> list[tuple[PossibleDuplicate, Customer]]:
    """Return with whom a customer may be one person, as far as the actor meets these."""
    own = (PossibleDuplicate.first == customer.id) | (PossibleDuplicate.second == customer.id)
    rows = _pairs().where(own, UNDECIDED).order_by(PossibleDuplicate.id.desc()).limit(NAMED)
    pairs = [(row, row.second if row.first_id == customer.id else row.first) for row in rows]
    return [(row, other) for row, other in pairs if customers.meets(actor, other.id)]


def _pairs() -> ModelSelect:
    first, second = Customer.alias(), Customer.alias()
    query = PossibleDuplicate.select(PossibleDuplicate, first, second)
    query = query.join(first, on=(PossibleDuplicate.first == first.id), attr="first")
    return query.switch(PossibleDuplicate).join(second, on=(PossibleDuplicate.second == second.id), attr="second")


def keep_apart(key: int, *, actor: Agent) -> PossibleDuplicate:
    """Remember that a pair is two people. Raises NotAllowed, or NotFound, also for one the actor does not meet."""
    access.require(actor, "configure")
    with transaction():
        row = _pairs().where(PossibleDuplicate.id == key, UNDECIDED).first() if inputs.fits(key) else None
        if row is None or not all(customers.meets(actor, one.id) for one in (row.first, row.second)):
            raise NotFound(THERE_IS_NONE)
        row.decided_at, row.decided_by = clock.now(), actor.name
        row.save(only=[PossibleDuplicate.decided_at, PossibleDuplicate.decided_by])
        labels = [label_of(row.first), label_of(row.second)]
        note(journal.Act.CUSTOMERS_APART, labels, "", actor=actor)
    pair: PossibleDuplicate = row
    return pair


def follow_order(event: TicketEvent, _actor: Actor) -> None:
    """Note who else names the order of a ticket that was just opened, or has bought it."""
    ticket = event.ticket
    if not ticket.order_number or ticket.is_spam:
        return
    same = (Ticket.order_number == ticket.order_number) & (Ticket.customer != ticket.customer_id)
    named = Ticket.select(Ticket.customer).where(same, Ticket.order_number != "", ~Ticket.is_spam)
    bought = Order.select(Order.customer).where(
        Order.number == ticket.order_number, Order.customer.is_null(False), Order.customer != ticket.customer_id
    )
    others = {key for query in (named, bought) for (key,) in query.distinct().limit(SAME_ORDER).tuples()}
    customer_keys.store((ticket.customer_id, key, ORDER_NUMBER) for key in others)


# --- What was decided, when two become one -------------------------------------------------------------------


def decided_of(customer: Customer) -> list[State]:
    """Return from whom it was said that a customer is somebody else."""
    own = (PossibleDuplicate.first == customer.id) | (PossibleDuplicate.second == customer.id)
    rows = PossibleDuplicate.select().where(own, PossibleDuplicate.decided_at.is_null(False))
    return [
        {
            "other": row.second_id if row.first_id == customer.id else row.first_id,
            "reason": row.reason, "at": row.decided_at.isoformat(), "by": row.decided_by,
        }
        for row in rows
    ]  # fmt: skip


def decide_again(customer_id: int, decided: Iterable[State]) -> None:
    """Let it hold for this customer, too, or again; whoever is gone since is left out."""
    for row in decided:
        other = row["other"]
        if other == customer_id or not Customer.select().where(Customer.id == other).exists():
            continue
        decision = {"decided_at": datetime.fromisoformat(row["at"]), "decided_by": row["by"]}
        pair = _between(customer_id, other)
        if not PossibleDuplicate.update(decision).where(pair, UNDECIDED).execute():
            first, second = sorted((customer_id, other))
            values = {"first": first, "second": second, "reason": row["reason"], "found_at": clock.now(), **decision}
            PossibleDuplicate.insert(values).on_conflict_ignore().execute()


def take_back(customer_id: int, decided: Iterable[State]) -> None:
    """Let no longer hold for this customer what held for the other only."""
    for row in decided:
        same = PossibleDuplicate.decided_at == datetime.fromisoformat(row["at"])
        PossibleDuplicate.delete().where(_between(customer_id, row["other"]), same).execute()


def _between(one: int, other: int) -> Any:
    first, second = sorted((one, other))
    return (PossibleDuplicate.first == first) & (PossibleDuplicate.second == second)
