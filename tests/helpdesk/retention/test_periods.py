"""The periods of each place: what a form may say, which row holds, and when a month is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.retention import periods
from models import Agent, Department, RetentionRule, Service, Ticket
from tests.helpdesk.retention import aged
from tests.support import cast


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"delete_months": 0}, "delete_months"),
        ({"anonymise_months": -1}, "anonymise_months"),
        ({"files_months": 10_000}, "files_months"),
        ({"spam_months": 0}, "spam_months"),
        ({"customer_months": 601}, "customer_months"),
        # Deleted sooner than anonymised, or at once.
        ({"anonymise_months": 24, "delete_months": 12}, "delete_months"),
        ({"anonymise_months": 24, "delete_months": 24}, "delete_months"),
        # The files would have gone with their ticket.
        ({"files_months": 12, "anonymise_months": 12}, "files_months"),
        ({"files_months": 12, "delete_months": 6}, "files_months"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(root: Agent, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        aged.rule(root, **values)
    assert refused.value.field == field
    assert not RetentionRule.select().exists()


def test_what_makes_sense_is_stored(root: Agent, sales: Service) -> None:
    row = aged.rule(root, files_months=6, anonymise_months=12, delete_months=600, spam_months=1, customer_months=36)
    assert periods.months_of(row, periods.ANONYMISE) == 12
    # Nothing but the row of the whole desk has customers and spam.
    with pytest.raises(InvalidInput) as refused:
        aged.rule(root, service=sales, customer_months=12)
    assert refused.value.field == "customer_months"
    with pytest.raises(InvalidInput, match="already"):
        aged.rule(root, delete_months=3)


def test_only_administrators_set_them(ana: Agent, mona: Agent, root: Agent) -> None:
    for agent in (ana, mona):
        with pytest.raises(NotAllowed):
            aged.rule(agent, delete_months=12)
    row = aged.rule(root, delete_months=12)
    with pytest.raises(NotAllowed):
        periods.delete(row, actor=mona)


def test_the_narrowest_place_holds_alone(
    root: Agent, billing: Service, invoices: Department, sales: Service, ticket: Ticket
) -> None:
    desk = aged.rule(root, files_months=6, delete_months=24)
    assert periods.rule_for(ticket) == desk
    service = aged.rule(root, service=billing, anonymise_months=12)
    assert periods.rule_for(ticket) == service
    # It says nothing of deleting: there, nothing is deleted.
    assert periods.months_of(periods.rule_for(ticket), periods.DELETE) is None
    department = aged.rule(root, department=invoices, delete_months=36)
    assert department.service_id == billing.id
    assert periods.rule_for(ticket) == department
    places = [(row.service_id, row.only, row.others) for row in periods.places()]
    assert sorted(places, key=str) == sorted(
        [(billing.id, invoices.id, ()), (billing.id, None, (invoices.id,)), (sales.id, None, ())], key=str
    )
    with pytest.raises(InvalidInput, match="another service"):
        aged.rule(root, service=sales, department=invoices, delete_months=1)
    periods.delete(department, actor=root)
    assert periods.rule_for(ticket) == service
    other = cast.make_service("Third")
    assert periods.rule_for(Ticket(service=other)) == desk


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        (datetime(2026, 3, 31, 5), 1, datetime(2026, 2, 28, 5)),
        (datetime(2026, 12, 31, 5), 10, datetime(2026, 2, 28, 5)),
        (datetime(2028, 2, 29), 12, datetime(2027, 2, 28)),
        (datetime(2026, 1, 15), 24, datetime(2024, 1, 15)),
        (datetime(2026, 5, 31), 600, datetime(1976, 5, 31)),
        # A month is never shorter than the thirty days in which a merge may be undone.
        (datetime(2026, 3, 15), 1, datetime(2026, 2, 12)),
    ],
)
def test_a_month_is_one_of_the_calendar_and_never_shorter_than_a_merge_may_be_undone(
    now: datetime, months: int, expected: datetime
) -> None:
    assert periods.cutoff(months, now) == expected
