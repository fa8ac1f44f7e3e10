"""The demo: realistic, the same for the same seed, and made of the rows that the rules would have written."""

import hashlib
from datetime import datetime, timedelta
from io import StringIO
from itertools import zip_longest

import pytest
import time_machine

from helpdesk import search, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import HelpdeskError
from helpdesk.events import EventKind
from helpdesk.examples import demo
from helpdesk.lib import passwords, richtext
from helpdesk.search import message_search
from models import (
    LIVE,
    TABLES,
    Agent,
    Customer,
    CustomerAddress,
    Filter,
    Message,
    Priority,
    Status,
    Tag,
    Team,
    Ticket,
    TicketEvent,
)
from tests.support import cast

NOW = datetime(2026, 3, 2, 9, 30)
#: Tickets that are done again through the rules; of those after them, each that shows something new.
REPLAYED = 40


def fingerprint() -> str:
    digest = hashlib.sha256()
    for table in TABLES:
        for row in table.select().order_by(table.id).tuples():
            digest.update(repr(row).encode())
    return digest.hexdigest()


def test_the_same_seed_and_time_give_the_same_desk(desk):
    demo.fill(tickets=40, seed=3, now=NOW)
    first = fingerprint()
    desk.end()
    desk.begin()
    demo.fill(tickets=40, seed=3, now=NOW)
    assert fingerprint() == first


def test_another_seed_gives_another_desk(desk):
    demo.fill(tickets=40, seed=3, now=NOW)
    first = fingerprint()
    desk.end()
    desk.begin()
    demo.fill(tickets=40, seed=4, now=NOW)
    assert fingerprint() != first


def test_one_ticket_in_five_is_open_and_threads_have_three_messages(database):
    demo.fill(tickets=1500, now=NOW)
    assert 0.15 < Ticket.select().where(LIVE).count() / 1500 < 0.25
    assert 2.7 < Message.select().count() / 1500 < 3.4
    assert Ticket.select().where(Ticket.is_spam).exists()
    assert Ticket.select().where(Ticket.in_bin).exists()


def test_nothing_happens_in_the_future(database):
    demo.fill(tickets=300, now=NOW)
    assert not TicketEvent.select().where(TicketEvent.created_at > NOW).exists()
    assert not Ticket.select().where(Ticket.last_activity > NOW).exists()


def test_both_languages_are_spoken(database):
    demo.fill(tickets=60, now=NOW)
    assert {row.locale for row in Ticket.select(Ticket.locale)} == {"en", "fr"}


def test_the_accounts_open_the_desk(database):
    accounts = demo.fill(tickets=1, now=NOW)
    for person in accounts.people[:2]:
        assert passwords.matches(Agent.get(email=person.email).password_hash, accounts.password)
    assert [person.is_admin for person in accounts.people].count(True) == 2
    assert accounts.people[0].email in next(iter(demo.lines(accounts)))


def test_a_desk_with_agents_is_refused(ana):
    with pytest.raises(HelpdeskError, match="needs an empty one"):
        demo.fill(tickets=1)
    assert Agent.select().count() == 1


def test_a_desk_with_tickets_is_refused(ticket):
    with pytest.raises(HelpdeskError, match="needs an empty one"):
        demo.fill(tickets=1)


def test_life_goes_on_after_the_demo(database):
    demo.fill(tickets=30, now=NOW)
    service = Status.select().first() and Ticket.select().first().service
    department = service.departments.first()
    ticket = cast.open_ticket("new@customer.example", service, department)
    assert ticket.number == "1000031"


def test_the_bar_is_drawn_on_a_terminal_only():
    stream = StringIO()
    assert demo.progress_bar(stream) is None
    stream.isatty = lambda: True
    demo.progress_bar(stream)(5, 10)
    assert "5 / 10" in stream.getvalue()


# --- Bulk rows against the rules ----------------------------------------------------------------------------------


def replay(bulk: Ticket) -> Ticket:
    """Do again, through the rules and at the same moments, what the history of a ticket says."""
    told = list(bulk.events.order_by(TicketEvent.id))
    with time_machine.travel(bulk.created_at, tick=False):
        ticket = tickets.open_ticket(
            tickets.NewTicket(
                email=bulk.address.email,
                subject=bulk.subject,
                body=richtext.to_text(bulk.messages.order_by(Message.id).first().body),
                service_id=bulk.service_id,
                department_id=bulk.department_id,
                locale=bulk.locale,
            ),
            actor=None,
        )
    for event, following in zip_longest(told[1:], told[2:]):
        with time_machine.travel(event.created_at, tick=False):
            act(Ticket.get_by_id(ticket.id), event, following)
    return Ticket.get_by_id(ticket.id)


def act(ticket: Ticket, event: TicketEvent, following: TicketEvent | None) -> None:
    """Do one line of the history again; a reopening and a closing by the reply beside come by themselves."""
    data, agent, kind = event.data, event.agent, EventKind(event.kind)
    body = Message.get_by_id(data["message"]).body if "message" in data else ""
    guest = TicketGuest(ticket.customer, ticket.id, ticket.address)
    closes = following is not None and (following.kind, following.created_at) == ("closed", event.created_at)
    verbs = {
        EventKind.REPLIED: lambda: tickets.reply(ticket, body, actor=agent, close=closes),
        EventKind.CUSTOMER_WROTE: lambda: tickets.receive_message(ticket, richtext.to_text(body), actor=guest),
        EventKind.NOTE_ADDED: lambda: tickets.add_note(ticket, body, actor=agent),
        EventKind.ASSIGNED: lambda: tickets.assign(ticket, assignee(data), actor=agent),
        EventKind.TAGGED: lambda: tickets.tag(ticket, data["tag"], actor=agent),
        EventKind.STATUS: lambda: tickets.set_status(ticket, Status.get(label=data["new"]), actor=agent),
        EventKind.PRIORITY: lambda: tickets.set_priority(ticket, Priority.get(label=data["new"]), actor=agent),
        EventKind.IMPORTANT: lambda: tickets.mark_important(ticket, actor=agent),
        EventKind.CLOSED: lambda: tickets.close(ticket, actor=agent),
        EventKind.CLOSED_BY_CUSTOMER: lambda: tickets.close(ticket, actor=guest),
        EventKind.SPAM: lambda: tickets.mark_spam(ticket, actor=agent),
        EventKind.DELETED: lambda: tickets.delete(ticket, actor=agent),
    }
    if kind in verbs:
        verbs[kind]()


def assignee(data: dict) -> Agent | Team:
    return Agent.get_by_id(data["agent"]) if "agent" in data else Team.get_by_id(data["team"])


def written(ticket: Ticket) -> dict:
    """Return everything stored about a ticket, but for ids and its number."""
    messages = list(ticket.messages.order_by(Message.id))
    place = {message.id: position for position, message in enumerate(messages)}
    events = ticket.events.order_by(TicketEvent.id)
    found = message_search.select().where(message_search.rowid.in_(list(place))).order_by(message_search.rowid)
    return {
        "ticket": columns(ticket, "number"),
        "messages": [columns(message, "ticket") for message in messages],
        "events": [columns(row, "ticket") | {"data": placed(row.data, place)} for row in events],
        "tags": sorted(row.tag.name for row in ticket.ticket_tags.join(Tag)),
        "search": [
            (row["subject"].removeprefix(search.subject_text(ticket.number, "")), row["author"], row["body"])
            for row in found.dicts().execute(Ticket._meta.database)
        ],
    }


def columns(row, *without: str) -> dict:
    return {name: value for name, value in row.__data__.items() if name not in {"id", *without}}


def placed(data: dict, place: dict[int, int]) -> dict:
    return data | {"message": place[data["message"]]} if "message" in data else data


def test_bulk_rows_are_what_the_rules_write(database):
    demo.fill(tickets=150, seed=11, now=NOW)
    Filter.delete().execute()
    Customer.update(blocked_at=None).execute()
    kinds: set[str] = set()
    for position, bulk in enumerate(Ticket.select().order_by(Ticket.id).limit(150)):
        if bulk.is_spam and bulk.events.count() == 1:
            Customer.update(blocked_at=NOW).where(Customer.id == bulk.customer_id).execute()
        shown = {row.kind for row in bulk.events}
        if position < REPLAYED or not shown <= kinds:
            assert written(replay(bulk)) == written(bulk)
        kinds |= shown
    assert {
        "opened",
        "replied",
        "customer-wrote",
        "closed",
        "closed-by-customer",
        "assigned",
        "status",
        "spam",
    } <= kinds


def test_customers_are_what_the_rules_write(database):
    demo.fill(tickets=10, now=NOW)
    bulk = CustomerAddress.select().where(CustomerAddress.proven_at.is_null()).first()
    with time_machine.travel(NOW - timedelta(days=500), tick=False):
        ticket = cast.open_ticket("x@y.example", Ticket.get().service, Ticket.get().department)
    made = CustomerAddress.get_by_id(ticket.address_id)
    assert columns(made, "email", "customer") == columns(bulk, "email", "customer")
    assert set(columns(made.customer)) == set(columns(bulk.customer))
