"""What somebody looks for in the journal: a ticket by its number, a person by name or address."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk import access, search
from helpdesk.folding import fold
from helpdesk.journal_acts import Act
from helpdesk.journal_texts import RIGHTS
from helpdesk.lib import inputs
from helpdesk.settings import lookups
from models import Agent, Customer, CustomerAddress, FormerNumber, JournalEntry, Ticket

#: Characters of a search; people it finds; addresses of one of them; what lines may be about, at the most.
LONGEST, MOST, ADDRESSES, ABOUT = 200, 3, 5, 16
#: SQLite folds the letters of ASCII alone.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True)
class Subjects:
    """Tickets, agents and customers by their ids, accounts that are gone by their names, and what lines are about.

    `labels` is how a page says what was understood.
    """

    tickets: tuple[int, ...] = ()
    agents: tuple[int, ...] = ()
    customers: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def subjects_of(text: str) -> Subjects | None:
    """Return what a search text means; None for an empty one."""
    clean = inputs.one_line(text, LONGEST)
    if not clean:
        return None
    number = clean.removeprefix("#")
    ids = _ticket_ids(number)
    if ids:
        numbers = _numbers(ids)
        return Subjects(tickets=ids, about=_about([number, *numbers]), labels=tuple(numbers))
    agents, customers = _agents(clean), _customers(clean)
    texts = [clean]
    for agent in agents:
        texts += [agent.name, agent.email]
    for customer in customers:
        texts += [customer.full_name, *_addresses(customer)]
    return Subjects(
        agents=tuple(agent.id for agent in agents),
        customers=tuple(customer.id for customer in customers),
        names=_former_names(clean),
        about=_about(texts),
        labels=tuple([agent.name for agent in agents] + [customer.display_name for customer in customers]),
    )


def _ticket_ids(number: str) -> tuple[int, ...]:
    clean = access.clean_number(number)
    tickets = Ticket.select(Ticket.id).where(Ticket.number == clean).tuples()
    former = FormerNumber.select(FormerNumber.ticket_id).where(FormerNumber.number == clean).tuples()
    return tuple(key for (key,) in [*tickets, *former])


def _numbers(ids: tuple[int, ...]) -> list[str]:
    """Return the numbers of these tickets, then those they had before they were merged."""
    numbers = Ticket.select(Ticket.number).where(Ticket.id.in_(ids)).tuples()
    former = FormerNumber.select(FormerNumber.number).where(FormerNumber.ticket.in_(ids)).limit(ABOUT).tuples()
    return [number for (number,) in [*numbers, *former]]


def _agents(text: str) -> list[Agent]:
    """Return the agents of this name or address, else those with a word that begins so."""
    folded, rows = fold(text).strip(), lookups.agents(active_only=False)
    exact = [row for row in rows if folded in {fold(row.name), fold(row.email)}]
    return (exact or [row for row in rows if folded and f" {folded}" in f" {fold(row.name)}"])[:MOST]


def _customers(text: str) -> list[Customer]:
    """Return the customer of this address, else the newest ones with these words."""
    address = CustomerAddress.get_or_none(CustomerAddress.email == text.lower())
    if address is not None:
        return [address.customer]
    ids = search.customer_ids(text, MOST)
    return list(Customer.select().where(Customer.id.in_(ids)).order_by(Customer.id.desc())) if ids else []


def _addresses(customer: Customer) -> list[str]:
    rows = CustomerAddress.select(CustomerAddress.email).where(CustomerAddress.customer == customer.id)
    return [email for (email,) in rows.order_by(CustomerAddress.id).limit(ADDRESSES).tuples()]


def _former_names(text: str) -> tuple[str, ...]:
    """Return this name, as accounts were called that are gone."""
    deleted = JournalEntry.select(JournalEntry.subject).where(
        JournalEntry.about.in_(_spellings(text)),
        JournalEntry.kind == RIGHTS,
        JournalEntry.act == Act.DELETED.value,
    )
    return tuple(dict.fromkeys([text, *(name for (name,) in deleted.limit(MOST).tuples())]))


def _about(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for text in texts if text for one in _spellings(text)))[:ABOUT]


def _spellings(text: str) -> list[str]:
    """Return how lines write what they are about: folded, those of older versions in lower case."""
    return list(dict.fromkeys([fold(text).strip(), text.lower(), text.translate(_LOWER)]))
