"""Customers: addresses, names, proof, and the screen that changes them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from database import database as db
from helpdesk import customer_search, search, tickets
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, StillInUse
from helpdesk.people import addresses, customers, sign_ins
from models import Agent, Customer, CustomerAddress, JournalEntry, Ticket
from tests.support import cast, postgresql_only
from tests.support.racing import beside, meeting

NEW = "a new and longer password"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Bob@Example.ORG ", "bob@example.org"),
        ("o'neil+desk@example.org", "o'neil+desk@example.org"),
        ("bob@localhost", "bob@localhost"),
        ("bob@intranet", "bob@intranet"),
        ("bob@mail.local", "bob@mail.local"),
        ("bob@desk.test", "bob@desk.test"),
        ("bob@exämple.org", "bob@xn--exmple-cua.org"),
    ],
)
def test_addresses_have_one_form(typed: str, stored: str) -> None:
    assert customers.normalise(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "", "bob", "@example.org", "bob@", "bob@@example.org", "bob@example.org, ann@example.org",
        "Bob <bob@example.org>", "bob@example.org\r\nBcc: ann@example.org", "bob@example.org\n", "b\0b@example.org",
        "alice@example.org]<bob@evil.example>", "é@example.org", f"{'b' * 250}@example.org", "bob@[127.0.0.1]",
        f"bob@{'x' * 60}.{'x' * 60}.{'x' * 60}.{'x' * 60}.example.org", "a" * 1_000_000,
    ],
)  # fmt: skip
def test_what_is_not_one_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        customers.normalise(typed)
    assert refused.value.field == "email"


def test_a_new_address_makes_a_customer(database: Any) -> None:
    address = customers.find_or_make("Eve@example.org", first_name=" Eve ", last_name="White\r\n", locale="fr")
    assert (address.email, address.customer.full_name, address.customer.locale) == (
        "eve@example.org",
        "Eve White",
        "fr",
    )
    assert not address.is_member


def test_a_known_address_finds_its_customer(carol: Customer) -> None:
    assert customers.find_or_make("CAROL@customer.example").customer == carol


def test_a_stored_name_is_never_changed_by_a_form(carol: Customer) -> None:
    customers.find_or_make("carol@customer.example", first_name="Mallory", locale="fr")
    stored = Customer.get_by_id(carol.id)
    assert (stored.full_name, stored.locale) == ("Carol Jones", "en")


def test_a_missing_name_is_stored_when_it_comes(database: Any) -> None:
    customers.find_or_make("eve@example.org")
    customers.find_or_make("eve@example.org", first_name="Eve")
    assert Customer.get().full_name == "Eve"


def test_an_unknown_language_is_not_stored(database: Any) -> None:
    assert customers.find_or_make("eve@example.org", locale="xx").customer.locale is None


def test_two_forms_at_once_make_one_customer(database: Any) -> None:
    def one(_number: int) -> int:
        with database.connection_context():
            return customers.find_or_make("eve@example.org", first_name="Eve").customer.id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(one, range(24)))) == 1
    assert Customer.select().count() == CustomerAddress.select().count() == 1


def test_lookups_of_nobody_find_nothing(carol: Customer) -> None:
    assert [customers.lookup(text) for text in ("eve@example.org", "nonsense", "")] == [None, None, None]


def test_only_an_address_with_a_name_is_known(carol: Customer) -> None:
    customers.find_or_make("eve@example.org")
    assert customers.is_known("carol@customer.example")
    assert not customers.is_known("eve@example.org")


def test_an_address_is_proven_once(database: Any) -> None:
    first, late = customers.find_or_make("eve@example.org"), customers.find_or_make("eve@example.org")
    customers.prove(first)
    proven_at = CustomerAddress.get().proven_at
    customers.prove(late)
    assert proven_at is not None
    assert CustomerAddress.get().proven_at == proven_at


def test_a_first_password_needs_no_other(database: Any) -> None:
    eve = customers.find_or_make("eve@example.org").customer
    customers.set_password(eve, NEW)
    assert Customer.get_by_id(eve.id).password_hash


@pytest.mark.parametrize("current", [None, "", "wrong"])
def test_changing_a_password_needs_the_present_one(carol: Customer, current: str | None) -> None:
    with pytest.raises(InvalidInput) as refused:
        customers.set_password(carol, NEW, current=current)
    assert refused.value.field == "current"


def test_a_new_password_signs_the_other_browsers_out(carol: Customer) -> None:
    here, there = sign_ins.start_sign_in(carol), sign_ins.start_sign_in(carol)
    customers.set_password(carol, NEW, current=cast.PASSWORD, keep_token=here)
    assert sign_ins.person_of(here) == carol
    assert sign_ins.person_of(there) is None


def test_a_customer_changes_their_own_names_only(carol: Customer) -> None:
    customers.save_own_profile(carol, {"first_name": "Caroline", "locale": "fr", "blocked_at": "now", "id": 7})
    stored = Customer.get_by_id(carol.id)
    assert (stored.full_name, stored.locale, stored.blocked_at) == ("Caroline Jones", "fr", None)


def test_the_screen_makes_a_customer_who_is_a_member(root: Agent) -> None:
    made = customers.save_customer(Customer(), {"email": "Eve@example.org", "first_name": "Eve"}, actor=root)
    assert made.primary_address.email == "eve@example.org"
    assert made.primary_address.is_member
    assert not made.primary_address.is_proven


def test_a_taken_address_makes_no_customer(root: Agent, carol: Customer) -> None:
    with pytest.raises(InvalidInput, match="Another customer"):
        customers.save_customer(Customer(), {"email": "carol@customer.example"}, actor=root)
    assert Customer.select().count() == 1


def test_blocking_and_unblocking_are_lines_of_the_journal_once(root: Agent, carol: Customer) -> None:
    for _click in range(2):
        customers.block(Customer.get_by_id(carol.id), True, actor=root)
    assert Customer.get_by_id(carol.id).blocked_at
    customers.block(Customer.get_by_id(carol.id), False, actor=root)
    assert Customer.get_by_id(carol.id).blocked_at is None
    lines = JournalEntry.select().where(JournalEntry.subject == "Carol Jones").order_by(JournalEntry.id)
    assert [(row.act, row.agent_id, row.data["fields"]) for row in lines] == [("changed", root.id, ["blocked_at"])] * 2


def test_a_further_address_becomes_the_primary_one(root: Agent, carol: Customer) -> None:
    second = addresses.add(carol, "carol@home.example", actor=root)
    addresses.make_primary(second, actor=root)
    assert carol.primary_address == second


def test_deleting_the_primary_address_leaves_another_in_its_place(root: Agent, carol: Customer) -> None:
    second = addresses.add(carol, "carol@home.example", actor=root)
    addresses.remove(carol.primary_address, actor=root)
    assert carol.primary_address == second
    assert CustomerAddress.get_by_id(second.id).is_primary


def test_the_only_address_stays(root: Agent, carol: Customer) -> None:
    with pytest.raises(StillInUse, match="only address"):
        addresses.remove(carol.primary_address, actor=root)


def test_an_address_with_tickets_stays(root: Agent, ticket: Ticket, carol: Customer) -> None:
    addresses.add(carol, "carol@home.example", actor=root)
    with pytest.raises(InvalidInput, match="1 ticket was opened with it"):
        addresses.remove(carol.primary_address, actor=root)


def test_a_customer_with_tickets_stays(root: Agent, ticket: Ticket, carol: Customer) -> None:
    with pytest.raises(StillInUse, match="1 ticket relies on it"):
        customers.delete_customer(carol, actor=root)
    assert Customer.get_by_id(carol.id)


def test_a_customer_without_tickets_goes_with_the_addresses(root: Agent, carol: Customer) -> None:
    customers.delete_customer(carol, actor=root)
    assert CustomerAddress.select().count() == 0
    with pytest.raises(NotFound):
        customers.delete_customer(carol, actor=root)


def test_agents_without_set_up_change_no_customer(ana: Agent, carol: Customer) -> None:
    for act in (
        lambda: customers.save_customer(carol, {"first_name": "X"}, actor=ana),
        lambda: addresses.add(carol, "x@example.org", actor=ana),
        lambda: addresses.make_primary(carol.primary_address, actor=ana),
        lambda: addresses.remove(carol.primary_address, actor=ana),
        lambda: customers.delete_customer(carol, actor=ana),
    ):
        with pytest.raises(NotAllowed):
            act()


def find_by_author(text: str) -> list[int]:
    query = search.ticket_ids(text, "author")
    return [key for (key,) in query.tuples()] if query is not None else []


def renamed_by_desk(customer: Customer, root: Agent) -> None:
    customers.save_customer(customer, {"first_name": "Caroline", "last_name": "Smith"}, actor=root)


def renamed_by_herself(customer: Customer, _root: Agent) -> None:
    customers.save_own_profile(customer, {"first_name": "Caroline", "last_name": "Smith"})


@pytest.mark.usefixtures("request_context")
@pytest.mark.parametrize("rename", [renamed_by_desk, renamed_by_herself])
def test_a_renamed_customer_is_found_by_the_new_name_only(
    carol: Customer, dan: Customer, ticket: Ticket, sales: Any, root: Agent, rename: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(search, "AT_ONCE", 1)
    other = cast.open_ticket(carol, sales)
    cast.open_ticket(dan, sales)
    tickets.reply(ticket, "We look at it.", actor=root)
    rename(Customer.get_by_id(carol.id), root)
    assert sorted(find_by_author("caroline smith")) == [ticket.id, other.id]
    assert find_by_author("jones") == []
    assert sorted(find_by_author("carol@customer.example")) == [ticket.id, other.id]
    assert len(find_by_author("brown")) == 1


@pytest.mark.usefixtures("request_context")
def test_a_name_given_later_finds_what_was_written_before(database: Any, sales: Any) -> None:
    first = cast.open_ticket("zoe@visitor.example", sales)
    customers.find_or_make("zoe@visitor.example", first_name="Zoe", last_name="Martin")
    assert find_by_author("martin") == [first.id]


@postgresql_only
def test_two_addresses_of_a_customer_at_once_are_both_stored_and_found(database, carol, root, monkeypatch):
    """Each writes the customer's row of the index anew, and none may leave out what the other stored."""
    meeting(monkeypatch, customer_search, "forget_customers", 0.3)
    new = ("carol@nordlys.example", "carol@maison.example")
    acts = [partial(addresses.add, Customer.get_by_id(carol.id), email, actor=root) for email in new]
    assert beside(*acts) == ["done", "done"]
    table = search.customer_search
    [(body,)] = table.select(table.body).where(table.rowid == carol.id).tuples().execute(db)
    assert "nordlys" in body
    assert "maison" in body
