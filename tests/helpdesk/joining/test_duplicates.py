"""Who may be one person: found by keys, listed to whom they are met by, decided once."""

from __future__ import annotations

from typing import Any

import pytest
from playhouse.test_utils import count_queries

import helpdesk.wiring  # noqa: F401 — orders are followed only once it is read
from helpdesk import clock, customer_keys, customer_search
from helpdesk.errors import NotAllowed, NotFound
from helpdesk.joining import duplicates, merging, parting
from helpdesk.joining.merging import Choices
from helpdesk.people import addresses, customers
from models import Agent, Customer, CustomerKey, Order, PossibleDuplicate, Role
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


def reasons(actor: Agent) -> dict[str, set[str]]:
    """Return the names of each pair of the list, by its reason."""
    rows = duplicates.listed(actor=actor)
    return {row.reason: {row.first.full_name, row.second.full_name} for row in rows}


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (("Hénri", "Reeves", "h@acme.example"), ("henri", "REEVES", "henri.reeves@acme.example"), "name"),
        (("A", "B", "ann+shop@acme.example"), ("C", "D", "ann@acme.example"), "spelling"),
        (("A", "B", "a.n.n@gmail.com"), ("C", "D", "ann+x@googlemail.com"), "spelling"),
        (("Henri", "Reeves", "h@gmail.com"), ("Henri", "Reeves", "henri@gmail.com"), None),
        (("Henri", "Reeves", "h@acme.example"), ("Henri", "Reeves", "h@other.example"), None),
        (("A", "B", "a.b@acme.example"), ("C", "D", "ab@acme.example"), None),
        (("", "", "a@acme.example"), ("", "", "b@acme.example"), None),
    ],
)
def test_who_may_be_there_twice_is_found(one: Any, other: Any, reason: str | None, root: Agent) -> None:
    for first, last, email in (one, other):
        cast.make_customer(first, last, email=email)
    assert list(reasons(root)) == ([reason] if reason else [])


def test_the_same_number_of_an_order_speaks_for_two(
    carol: Customer, dan: Customer, root: Agent, billing: Any, invoices: Any
) -> None:
    cast.open_ticket(carol, billing, invoices, order_number="A-77")
    assert reasons(root) == {}
    cast.open_ticket(dan, billing, invoices, order_number="A-77")
    assert reasons(root) == {"order": {"Carol Jones", "Dan Brown"}}
    PossibleDuplicate.delete().execute()
    Order.create(
        shop="web", number="B-1", email="x@y.example", customer=carol, placed_at=clock.now(), total=1, currency="EUR",
        updated_at=clock.now(),
    )  # fmt: skip
    cast.open_ticket(dan, billing, invoices, order_number="B-1")
    assert reasons(root) == {"order": {"Carol Jones", "Dan Brown"}}


def test_what_was_decided_is_remembered_also_over_a_merge(carol: Customer, root: Agent, ana: Agent) -> None:
    twin = cast.make_customer("Carol", "Jones", email="cj@customer.example")
    third = cast.make_customer("Carol", "Jones", email="carol.jones@customer.example")
    (pair,) = [row for row in duplicates.listed(actor=root) if {row.first, row.second} == {carol, twin}]
    with pytest.raises(NotAllowed):
        duplicates.keep_apart(pair.id, actor=ana)
    duplicates.keep_apart(pair.id, actor=root)
    with pytest.raises(NotFound):
        duplicates.keep_apart(pair.id, actor=root)
    customers.save_customer(twin, {"first_name": "Caroline"}, actor=root)
    customers.save_customer(twin, {"first_name": "Carol"}, actor=root)
    listed = [{row.first, row.second} for row in duplicates.listed(actor=root)]
    assert listed == [{twin, third}, {carol, third}] or listed == [{carol, third}, {twin, third}]
    merging.merge(third, carol, Choices(), actor=root)
    # The third was nobody else’s: what was decided of Carol goes on.
    assert duplicates.listed(actor=root) == []
    parting.undo_merge(third.id, carol, actor=root)
    merging.merge(carol, third, Choices(), actor=root)
    assert duplicates.listed(actor=root) == []
    parting.undo_merge(carol.id, third, actor=root)
    decided = PossibleDuplicate.select().where(PossibleDuplicate.decided_at.is_null(False))
    assert [{row.first_id, row.second_id} for row in decided] == [{carol.id, twin.id}]


def test_who_does_not_meet_both_is_told_of_none(
    carol: Customer, ana: Agent, root: Agent, billing: Any, invoices: Any, sales: Any
) -> None:
    Role.update(can_configure=True).where(Role.id == ana.role_id).execute()
    twin = cast.make_customer("Carol", "Jones", email="cj@customer.example")
    cast.open_ticket(carol, billing, invoices)
    cast.open_ticket(twin, sales)
    (pair,) = duplicates.listed(actor=root)
    assert duplicates.listed(actor=ana) == duplicates.of_customer(carol, actor=ana) == []
    with pytest.raises(NotFound):
        duplicates.keep_apart(pair.id, actor=ana)
    assert [other for _row, other in duplicates.of_customer(carol, actor=root)] == [twin]


def test_a_name_that_changes_takes_its_hint_along(carol: Customer, root: Agent) -> None:
    twin = cast.make_customer("Carol", "Jones", email="cj@customer.example")
    assert len(duplicates.listed(actor=root)) == 1
    customers.save_customer(twin, {"first_name": "Zoe", "last_name": "Winter"}, actor=root)
    assert duplicates.listed(actor=root) == []


def test_it_costs_few_statements_however_many_there_are(carol: Customer, root: Agent) -> None:
    for number in range(30):
        cast.make_customer("Carol", "Jones", email=f"c{number}@customer.example")
    person = customer_keys.Texts("Carol Jones", ["carol@customer.example"])
    with count_queries() as unchanged:
        customer_keys.refresh({carol.id: person})
    with count_queries() as changed:
        customer_keys.refresh({carol.id: customer_keys.Texts("Carol Johns", ["carol@customer.example"])})
    assert (unchanged.count, changed.count) == (1, 5)
    with count_queries() as listing:
        assert len(duplicates.listed(actor=root)) == duplicates.LISTED
    assert listing.count <= 2
    addresses.add(carol, "carol@work.example", actor=root)
    assert CustomerKey.select().where(CustomerKey.customer == carol.id).count() == 4


def test_who_is_like_a_whole_list_is_compared_with_some_of_it(root: Agent) -> None:
    for number in range(12):
        customers.find_or_make(f"reply+{number}@lists.example")
    assert PossibleDuplicate.select().count() == sum(min(number, customer_keys.EACH) for number in range(12))


def test_whoever_is_erased_is_nobodys_twin(carol: Customer, root: Agent) -> None:
    cast.make_customer("Carol", "Jones", email="cj@customer.example")
    Customer.update(erased_at=clock.now()).where(Customer.id == carol.id).execute()
    customer_search.index_customers([carol.id])
    assert duplicates.listed(actor=root) == []
    assert not CustomerKey.select().where(CustomerKey.customer == carol.id).exists()
