"""Merging two customers who are one person: everything of the one becomes the other's, and their page leads there.

An address goes with all that hangs on it (mailed links, browsers, copies, mails that wait), so that what was mailed
goes on opening what it opened. The password that remains is the target's, or the source's where the target has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from database import Base, is_sqlite
from helpdesk import access, clock, customer_search, journal, links
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, transaction
from helpdesk.i18n import lazy
from helpdesk.joining import customer_state, duplicates
from helpdesk.joining.histories import label_of, newest_tickets, note, tell
from helpdesk.lib.merge_chain import State
from helpdesk.locking import hold_actor, lock_all
from helpdesk.people import customers, sign_ins
from helpdesk.people.customers import MAX_ADDRESSES
from models import (
    PENDING_ERASURES,
    PLANNED_ERASURES,
    Agent,
    Customer,
    CustomerAddress,
    CustomerKey,
    CustomerMerge,
    Erasure,
    Identity,
    Message,
    Order,
    PersonExport,
    PossibleDuplicate,
    SignIn,
    Ticket,
    TicketEvent,
)

#: The tables whose rows become the target's, each with the column that goes on naming the same row.
MOVED: dict[type[Base], str] = {
    CustomerAddress: "id",
    Ticket: "id",
    Message: "id",
    TicketEvent: "id",
    Order: "id",
    Erasure: "id",
    Identity: "id",
    CustomerMerge: "former_id",
}
#: What goes with the source: the browsers in which they are signed in, an export of half the person (its file goes when
#: no row names it), and what is found anew for the target.
DROPPED: tuple[type[Base], ...] = (SignIn, PersonExport, CustomerKey, PossibleDuplicate)
#: Where an address is named: these rows go with it, without a change.
OF_ADDRESSES = frozenset({"AccessLink", "GuestPass", "MailId", "OutgoingEmail", "Ticket", "TicketCc"})


@dataclass(frozen=True)
class Choices:
    """What the customer who remains is called, by which language and at which address (id); whose: "source", "target".

    `seen`: the ids of the addresses that are not proven, whose readers the actor has been warned of.
    """

    names: str = "target"
    locale: str = "target"
    primary: int | None = None
    seen: frozenset[int] = frozenset()


def merge(source: Customer, target: Customer, choices: Choices, *, actor: Agent) -> Customer:
    """Make the source part of the target, and return the target. Mails nobody; the source is signed out everywhere.

    Raises InvalidInput at ``other`` (see `check`) or at the choice that is wrong, NotAllowed for who does not see all
    tickets of both, or NotFound.
    """
    access.require(actor, "configure")
    with transaction():
        hold_actor(actor)
        source, target = _locked(source, target)
        for person in (source, target):
            customers.require_whole_sight(person, actor)
        check(source, target)
        own = _addresses([source.id, target.id])
        if any(not row.is_proven and row.id not in choices.seen for row in own):
            text = lazy("An address is not proven: read who could read what, and tick that you have checked it.")
            raise InvalidInput(text, field="seen")
        labels = [label_of(person) for person in (source, target)]
        histories = [*newest_tickets(source), *newest_tickets(target)]
        states = customer_state.state_of(source), customer_state.state_of(target)
        decided = duplicates.decided_of(source)
        terms = {**_terms(choices, own, states[1], source), "decided": decided}
        after = customer_state.combined(*states, terms)
        # Their links to the account end with their sign-ins; those to tickets go on.
        links.forget_links_of(source)
        sign_ins.end_all_sign_ins(source)
        Erasure.update(state="cancelled").where(Erasure.customer == source.id, PENDING_ERASURES).execute()
        moved = _hand_over(source, target)
        CustomerMerge.create(
            former_id=source.id, customer=target, into_id=target.id, source=states[0], before=states[1], after=after,
            moved=moved, terms=terms, merged_at=clock.now(),
        )  # fmt: skip
        customer_search.forget_customers([source.id])
        Customer.delete().where(Customer.id == source.id).execute()
        customer_state.write(target, after)
        reindex(target)
        duplicates.decide_again(target.id, decided)
        tell(EventKind.CUSTOMER_MERGED, histories, labels, actor=actor)
        note(journal.Act.CUSTOMERS_MERGED, labels, label_of(target), actor=actor)
    return target


def check(source: Customer, target: Customer) -> None:
    """Raise InvalidInput at ``other`` with the reason when these two may not become one."""
    if source.id == target.id:
        raise InvalidInput(lazy("This is the same customer. Choose another one."), field="other")
    for person in (source, target):
        if person.erased_at is not None:
            raise InvalidInput(lazy("This person has been erased."), field="other")
        if Erasure.select().where(Erasure.customer == person.id, PLANNED_ERASURES).exists():
            name = person.display_name
            raise InvalidInput(lazy("%(name)s is about to be erased: cancel that first.", name=name), field="other")
    count = len(_addresses([source.id, target.id]))
    if count > MAX_ADDRESSES:
        text = lazy(
            "Together they would have %(count)s addresses, and a customer has %(limit)s at most: remove some first.",
            count=count,
            limit=MAX_ADDRESSES,
        )
        raise InvalidInput(text, field="other")


def lock(ids: Iterable[int]) -> dict[int, Customer]:
    """Lock the tickets of these customers, then their addresses, then their rows; return these, read again.

    What they are just sending is stored before, or finds whose it is now.
    """
    keys = sorted(ids)
    lock_all(Ticket.select().where(Ticket.customer.in_(keys)))
    addresses = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer.in_(keys))
    people = Customer.select().where(Customer.id.in_(keys)).order_by(Customer.id)
    if is_sqlite():
        return {row.id: row for row in people}
    list(addresses.order_by(CustomerAddress.id).for_update().tuples())
    return {row.id: row for row in people.for_update()}


def _locked(source: Customer, target: Customer) -> tuple[Customer, Customer]:
    rows = lock((source.id, target.id))
    if len(rows) < len({source.id, target.id}):
        raise InvalidInput(lazy("One of the two is gone: they were merged or deleted meanwhile."), field="other")
    return rows[source.id], rows[target.id]


def _addresses(ids: list[int]) -> list[CustomerAddress]:
    return list(CustomerAddress.select().where(CustomerAddress.customer.in_(ids)).order_by(CustomerAddress.id))


def _terms(choices: Choices, own: list[CustomerAddress], target: State, source: Customer) -> State:
    """Return the choices as they are stored. Raises InvalidInput at the one that is wrong."""
    for name, value in (("names", choices.names), ("locale", choices.locale)):
        if value not in ("source", "target"):
            raise InvalidInput(lazy("Choose one of the two."), field=name)
    main = choices.primary if choices.primary is not None else target[customer_state.PRIMARY]
    if main not in {row.id for row in own}:
        raise InvalidInput(lazy("Choose an address of one of the two."), field="primary")
    return {
        "names": choices.names, "locale": choices.locale, "primary": main, "created_at": source.created_at.isoformat(),
    }  # fmt: skip


def _hand_over(source: Customer, target: Customer) -> State:
    """Point every row that refers to the source at the target; return their keys by table."""
    moved = {}
    for table, name in MOVED.items():
        mine = table.select(getattr(table, name)).where(table.customer == source.id)
        moved[table.__name__] = [key for (key,) in mine.tuples()]
        table.update(customer=target.id).where(table.customer == source.id).execute()
    return moved


def reindex(customer: Customer) -> None:
    """Let search find a customer, and what is in their tickets, by their present name and addresses."""
    customer_search.rename_author(customer)
    customer_search.index_customers([customer.id])
