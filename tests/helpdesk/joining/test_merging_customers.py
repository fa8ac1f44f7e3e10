"""Two customers become one, and two again: what moves, what goes on opening, what goes back, who may do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from peewee import ForeignKeyField

import helpdesk.wiring  # noqa: F401 — acts owe mails only once it is read
from database import Label, database
from helpdesk import access, clock, journal, links, search, tickets
from helpdesk.erasing import requests
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.events import describe
from helpdesk.joining import customer_state, merging, parting
from helpdesk.joining.merging import DROPPED, MOVED, OF_ADDRESSES, Choices
from helpdesk.lists import bulk, undo
from helpdesk.people import addresses, customers, former_customers, sign_ins
from helpdesk.privacy import person_exports
from helpdesk.tickets import cc, merge_undo, thread
from models import (
    ANONYMISE,
    TABLES,
    AccessLink,
    Agent,
    Customer,
    CustomerAddress,
    CustomerMerge,
    Identity,
    IdentityProvider,
    JournalEntry,
    Message,
    Order,
    Role,
    SignIn,
    Ticket,
    TicketEvent,
)
from tests.helpdesk.tickets.test_merge_undo import OWN
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def twin() -> Customer:
    """Carol once more, by another address."""
    return cast.make_customer("Caroline", "Jones", email="caroline@home.example", locale="fr")


@pytest.fixture
def theirs(twin: Customer, billing: Any, invoices: Any) -> Ticket:
    """What the twin asked."""
    return cast.open_ticket(twin, billing, invoices, subject="Where is my parcel?")


def merge(source: Customer, target: Customer, actor: Agent, **choices: Any) -> Customer:
    seen = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.proven_at.is_null())
    choices.setdefault("seen", frozenset(key for (key,) in seen.tuples()))
    return merging.merge(source, target, Choices(**choices), actor=actor)


def part(source: Customer, actor: Agent) -> Customer:
    owner = former_customers.successor(source.id)
    assert owner is not None
    return parting.undo_merge(source.id, owner, actor=actor)


def everybody() -> dict[int, Any]:
    """Return every customer with all that is theirs, and every ticket with whose it is."""
    people: dict[Any, Any] = {}
    own_lines = ("customer-merged", "customers-parted", *OWN, "undone", "customer-changed")
    for row in Customer.select().order_by(Customer.id):
        own = {}
        for table, name in MOVED.items():
            rows: Any = table.select(getattr(table, name)).where(table.customer == row.id)
            rows = rows.where(TicketEvent.kind.not_in(own_lines)) if table is TicketEvent else rows
            own[table.__name__] = sorted(key for (key,) in rows.tuples())
        main = [one.email for one in row.addresses.where(CustomerAddress.is_primary)]
        people[row.id] = (customer_state.state_of(row), own, main, row.created_at)
    lines = TicketEvent.select(TicketEvent.ticket, TicketEvent.kind).where(TicketEvent.kind.not_in(own_lines))
    people["tickets"] = sorted(Ticket.select(Ticket.id, Ticket.customer, Ticket.address).tuples())
    people["lines"] = sorted(lines.tuples())
    people["found"] = {word: messages_by(word) for word in ("carol", "caroline", "jones", "dan")}
    return people


def messages_by(word: str) -> list[int]:
    """Return the messages that search finds by this word of their author."""
    rows = search.message_search
    query = rows.select(rows.rowid, rows.author).bind(database)
    return sorted(key for key, author in query.tuples() if word in author.split())


# --- The tables -------------------------------------------------------------------------------------------------------


def test_every_row_that_names_a_customer_has_its_place() -> None:
    """A table of later versions that names a customer, or an address of one, is not forgotten."""
    naming: dict[type, set[Any]] = {Customer: set(), CustomerAddress: set()}
    for table in TABLES:
        for field in table._meta.sorted_fields:
            if isinstance(field, ForeignKeyField) and field.rel_model in naming:
                naming[field.rel_model].add((table, field.name))
    assert {table for table, _name in naming[Customer]} == {*MOVED, *DROPPED}
    assert {name for table, name in naming[Customer] if table in MOVED} == {"customer"}
    assert {table.__name__ for table, _name in naming[CustomerAddress]} == OF_ADDRESSES


# --- Merging ----------------------------------------------------------------------------------------------------------


def test_everything_of_the_one_becomes_the_others(
    carol: Customer, twin: Customer, ticket: Ticket, theirs: Ticket, root: Agent
) -> None:
    cc.add_cc(ticket, ["copied@customer.example"], actor=root)
    merge(twin, carol, root)
    assert not Customer.select().where(Customer.id == twin.id).exists()
    again = Ticket.get_by_id(theirs.id)
    assert (again.customer, again.address.email) == (carol, "caroline@home.example")
    assert {row.customer_id for row in Message.select().where(Message.kind == "customer")} == {carol.id}
    address = customers.lookup("caroline@home.example")
    assert address is not None
    assert address.customer == carol
    assert access.find_ticket(Customer.get_by_id(carol.id), theirs.number) == theirs
    assert [row.email for row in carol.addresses.where(CustomerAddress.is_primary)] == ["carol@customer.example"]
    assert (carol.full_name, Customer.get_by_id(carol.id).locale) == ("Carol Jones", "en")
    assert messages_by("carol") == [row.id for row in Message.select().order_by(Message.id)]


def test_names_language_and_main_address_are_chosen(carol: Customer, twin: Customer, root: Agent) -> None:
    main = twin.primary_address
    merge(twin, carol, root, names="source", locale="source", primary=main.id)
    again = Customer.get_by_id(carol.id)
    assert (again.full_name, again.locale, again.primary_address) == ("Caroline Jones", "fr", main)
    assert again.addresses.where(CustomerAddress.is_primary).count() == 1


def test_who_remains_takes_what_they_have_none_of(carol: Customer, twin: Customer, root: Agent) -> None:
    Customer.update(first_name="", last_name="", locale=None, password_hash=None).where(
        Customer.id == carol.id
    ).execute()
    Customer.update(blocked_at=clock.now()).where(Customer.id == twin.id).execute()
    merge(twin, carol, root)
    again = Customer.get_by_id(carol.id)
    assert (again.full_name, again.locale, again.password_hash) == ("Caroline Jones", "fr", twin.password_hash)
    assert again.blocked_at is not None
    part(twin, root)
    again = Customer.get_by_id(carol.id)
    assert (again.full_name, again.locale, again.password_hash, again.blocked_at) == ("", None, None, None)
    assert Customer.get_by_id(twin.id).blocked_at is not None


def test_a_mailed_link_goes_on_opening_what_it_opened_and_the_browsers_end(
    carol: Customer, twin: Customer, theirs: Ticket, root: Agent
) -> None:
    token = links.make("ticket", address=theirs.address, ticket=theirs)
    links.make("sign-in", address=theirs.address)
    sign_ins.start_sign_in(twin)
    kept = sign_ins.start_sign_in(carol)
    merge(twin, carol, root)
    link = links.find("ticket", token)
    guest = access.TicketGuest(link.address.customer, link.ticket_id, link.address)
    assert access.find_ticket(guest, theirs.number) == theirs
    assert not AccessLink.select().where(AccessLink.kind == "sign-in").exists()
    assert sign_ins.person_of(kept) == carol
    assert SignIn.select().count() == 1


def test_both_histories_and_the_journal_say_it(
    carol: Customer, twin: Customer, ticket: Ticket, theirs: Ticket, root: Agent
) -> None:
    merge(twin, carol, root)
    rows = TicketEvent.select().where(TicketEvent.kind == "customer-merged").order_by(TicketEvent.ticket)
    assert [row.ticket_id for row in rows] == [ticket.id, theirs.id]
    assert describe(rows[0]) == (
        "Root merged the customer Caroline Jones (caroline@home.example) into Carol Jones (carol@customer.example)"
    )
    lines = JournalEntry.select().where(JournalEntry.act == journal.Act.CUSTOMERS_MERGED.value)
    assert {row.about for row in lines} == {"caroline@home.example", "carol@customer.example"}
    part(twin, root)
    assert TicketEvent.select().where(TicketEvent.kind == "customers-parted").count() == 2
    assert JournalEntry.select().where(JournalEntry.act == journal.Act.CUSTOMERS_PARTED.value).count() == 2


def test_an_address_that_is_not_proven_is_merged_once_that_was_read(
    carol: Customer, twin: Customer, root: Agent
) -> None:
    CustomerAddress.update(proven_at=None).where(CustomerAddress.customer == twin.id).execute()
    with pytest.raises(InvalidInput) as caught:
        merge(twin, carol, root, seen=frozenset())
    assert caught.value.field == "seen"
    merge(twin, carol, root)


def test_what_may_not_become_one(carol: Customer, twin: Customer, root: Agent, ana: Agent) -> None:
    with pytest.raises(InvalidInput):
        merge(carol, carol, root)
    with pytest.raises(NotAllowed):
        merge(twin, carol, ana)
    requests.request(twin, kind=ANONYMISE, word="ERASE", actor=root)
    for source, target in ((twin, carol), (carol, twin)):
        with pytest.raises(InvalidInput, match="about to be erased"):
            merge(source, target, root)
    requests.cancel(twin, actor=root)
    for number in range(19):
        addresses.add(carol, f"carol{number}@home.example", actor=root)
    with pytest.raises(InvalidInput, match="21 addresses"):
        merge(twin, carol, root)


def test_who_does_not_see_all_tickets_of_both_merges_nobody(
    carol: Customer, twin: Customer, theirs: Ticket, root: Agent, ana: Agent, sales: Any
) -> None:
    Role.update(can_configure=True).where(Role.id == ana.role_id).execute()
    foreign = cast.open_ticket(twin, sales)
    for source, target in ((twin, carol), (carol, twin)):
        with pytest.raises(NotAllowed):
            merge(source, target, ana)
    merge(twin, carol, root)
    with pytest.raises(NotAllowed):
        part(twin, ana)
    assert Ticket.get_by_id(foreign.id).customer == carol


# --- Undoing ----------------------------------------------------------------------------------------------------------


def test_exactly_what_moved_goes_back(
    carol: Customer, twin: Customer, ticket: Ticket, theirs: Ticket, root: Agent
) -> None:
    addresses.add(twin, "caroline@work.example", actor=root)
    cc.add_cc(ticket, ["caroline@home.example"], actor=root)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "I am in copy", actor=twin)
    Order.create(
        shop="A", number="1", email="caroline@home.example", customer=twin, placed_at=clock.now(), total=1,
        currency="EUR", updated_at=clock.now(),
    )  # fmt: skip
    before = everybody()
    merge(twin, carol, root, names="source", locale="source", primary=twin.primary_address.id)
    assert everybody() != before
    part(twin, root)
    assert everybody() == before
    assert not CustomerMerge.select().exists()


def test_what_came_since_goes_with_the_address_it_came_from(
    carol: Customer, twin: Customer, theirs: Ticket, root: Agent, billing: Any, invoices: Any
) -> None:
    merge(twin, carol, root)
    mine = cast.open_ticket(Customer.get_by_id(carol.id), billing, invoices)
    later = cast.open_ticket("caroline@home.example", billing, invoices)
    assert Ticket.get_by_id(later.id).customer == carol
    tickets.receive_message(Ticket.get_by_id(theirs.id), "Any news?", actor=carol)
    merge_row = parting.find(twin.id, carol)
    asked = parting.preview(merge_row, carol, actor=root)
    assert (asked.tickets, asked.later, list(asked.later_tickets), asked.staying) == (2, 1, [later], 0)
    made = part(twin, root)
    assert [Ticket.get_by_id(row.id).customer for row in (mine, later, theirs)] == [carol, made, made]
    assert {row.customer_id for row in Message.select().where(Message.ticket == theirs.id)} == {twin.id}
    assert access.find_ticket(made, later.number) == later
    with pytest.raises(NotFound):
        access.find_ticket(Customer.get_by_id(carol.id), later.number)


def test_a_password_set_since_is_nobodys_afterwards(carol: Customer, twin: Customer, root: Agent) -> None:
    former = carol.password_hash
    provider = IdentityProvider.create(label=Label(en="Work"), issuer="https://id.example", client_id="desk")
    earlier = Identity.create(provider=provider, sub="twin", customer=twin, linked_at=clock.now())
    merge(twin, carol, root)
    Identity.create(provider=provider, sub="either", customer=carol, linked_at=clock.now())
    assert Identity.select().where(Identity.customer == carol.id).count() == 2
    again = Customer.get_by_id(carol.id)
    sign_ins.start_sign_in(again)
    Customer.update(password_hash="somebody's").where(Customer.id == carol.id).execute()
    made = part(twin, root)
    assert (Customer.get_by_id(carol.id).password_hash, made.password_hash) == (former, twin.password_hash)
    assert [(row, row.customer) for row in Identity.select()] == [(earlier, made)]
    assert not SignIn.select().exists()


def test_a_file_with_what_is_of_both_can_be_fetched_by_neither(
    carol: Customer, twin: Customer, theirs: Ticket, root: Agent
) -> None:
    merge(twin, carol, root)
    for actor in (carol, root):
        person_exports.ask(carol, actor=actor)
    assert person_exports.run()
    part(twin, root)
    assert not person_exports.run()
    assert person_exports.of(carol, actor=carol) is None
    assert person_exports.of(carol, actor=root) is None


def test_a_corrected_address_goes_back_in_its_place(
    carol: Customer, twin: Customer, theirs: Ticket, root: Agent
) -> None:
    merge(twin, carol, root)
    address = CustomerAddress.get(CustomerAddress.email == "caroline@home.example")
    new, _sent = addresses.correct(address, "caroline@right.example", actor=root)
    made = part(twin, root)
    assert [row.email for row in made.addresses] == ["caroline@right.example"]
    assert Ticket.get_by_id(theirs.id).address == new


def test_nobody_is_left_without_an_address(carol: Customer, twin: Customer, theirs: Ticket, root: Agent) -> None:
    merge(twin, carol, root)
    own, other = addresses.of_customer(Customer.get_by_id(carol.id))
    addresses.remove(other, successor=own, actor=root)
    with pytest.raises(InvalidInput, match="no address left"):
        part(twin, root)
    assert Ticket.get_by_id(theirs.id).customer == carol


def test_it_can_be_undone_for_thirty_days_and_leads_on_for_ever(carol: Customer, twin: Customer, root: Agent) -> None:
    merge(twin, carol, root)
    CustomerMerge.update(merged_at=clock.now() - timedelta(days=31)).execute()
    with pytest.raises(NotFound):
        part(twin, root)
    assert parting.purge() == 1
    assert parting.purge() == 0
    assert CustomerMerge.get().source == {}
    assert former_customers.successor(twin.id) == carol


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_chain_is_undone_in_any_order(
    order: tuple[int, int], carol: Customer, twin: Customer, dan: Customer, ticket: Ticket, theirs: Ticket, root: Agent
) -> None:
    before = everybody()
    main = twin.primary_address.id
    merge(twin, carol, root, names="source", primary=main)
    merge(Customer.get_by_id(carol.id), dan, root, names="source", primary=main)
    assert Ticket.get_by_id(theirs.id).customer == dan
    for one in order:
        part((twin, carol)[one], root)
    assert everybody() == before


def test_tickets_of_both_that_were_merged_are_parted_too(
    carol: Customer, twin: Customer, ticket: Ticket, theirs: Ticket, root: Agent
) -> None:
    before = everybody()
    merge(twin, carol, root)
    tickets.merge(Ticket.get_by_id(theirs.id), Ticket.get_by_id(ticket.id), actor=root)
    part(twin, root)
    home = Ticket.get_by_id(ticket.id)
    tickets.undo_merge(merge_undo.find(theirs.number, home), home, actor=root)
    after = everybody()
    assert after["tickets"] == before["tickets"]
    assert after[twin.id][0] == before[twin.id][0]


def test_a_change_of_the_customer_is_undone_to_whoever_they_are_by_then(
    carol: Customer, twin: Customer, dan: Customer, theirs: Ticket, root: Agent
) -> None:
    def give(row: Ticket) -> None:
        tickets.change_customer(row, "dan@customer.example", actor=root, seen=thread.newest_id(row))

    outcome = bulk.run("customer", [theirs.id], give, actor=root)
    assert outcome.action is not None
    merge(twin, carol, root)
    undo.undo(outcome.action, actor=root)
    assert Ticket.get_by_id(theirs.id).customer == carol
    part(twin, root)
    assert Ticket.get_by_id(theirs.id).customer == twin
