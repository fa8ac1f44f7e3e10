"""The night reads along indexes, on both engines, and asks no more the more there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from peewee import ModelSelect

from database import database, is_sqlite
from helpdesk import clock
from helpdesk.retention import due, periods
from models import Agent, Customer, Service, Ticket
from tests.helpdesk.retention import aged
from tests.support import cast, planner

pytestmark = pytest.mark.usefixtures("request_context")

ROWS = 3_000


@pytest.fixture
def full_desk(request_context: None, carol: Customer, sales: Service, billing: Service) -> Iterator[None]:
    """A desk of some thousand closed tickets, a hundredth of them old."""
    first = cast.open_ticket(carol, sales)
    values = {name: value for name, value in first.__data__.items() if name not in {"id", "number", "form_key"}}
    now, rows = clock.now(), list[dict[str, Any]]()
    for place in range(ROWS):
        moment = now - timedelta(days=900 if place % 100 == 0 else 20, seconds=place)
        service = (sales, billing)[place % 2].id
        rows.append({**values, "number": f"r{place}", "is_open": False, "service": service, "department": None,
                     "closed_at": moment, "last_activity": moment})  # fmt: skip
    for start in range(0, ROWS, 500):
        Ticket.insert_many(rows[start : start + 500]).execute()
    with planner.analysed(Ticket):
        yield


def plan(query: ModelSelect) -> str:
    """Return how the engine reads what a query asks for."""
    sql, values = query.sql()
    rows = database.execute_sql(f"EXPLAIN {'QUERY PLAN ' if is_sqlite() else ''}{sql}", values).fetchall()
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.usefixtures("full_desk")
@pytest.mark.parametrize("act", periods.OF_TICKETS)
def test_what_is_due_is_read_along_its_index(act: str, root: Agent) -> None:
    aged.rule(root, **{f"{act}_months": 24})
    queries = due.ticket_queries(act)
    assert queries
    for query in queries:
        chosen = query.select(Ticket.id, Ticket.closed_at).order_by(Ticket.closed_at, Ticket.id).limit(3_500)
        text = plan(chosen)
        assert "ticket_closed_of_service" in text, text
        # No other row of tickets is read whole.
        assert not re.search(r"(?:SCAN|Seq Scan on) \"?ticket\b", text), text


def test_spam_and_customers_are_read_along_theirs(root: Agent, carol: Customer) -> None:
    aged.rule(root, spam_months=1, customer_months=12)
    spam, customers = due.spam_query(), due.customer_query()
    assert spam is not None
    assert customers is not None
    with database.atomic():
        if not is_sqlite():
            # A table of a few rows is read whole, whatever indexes it has.
            database.execute_sql("SET LOCAL enable_seqscan = off")
        assert "ticket_spam" in plan(spam.order_by(Ticket.last_activity, Ticket.id))
        assert "customer_age" in plan(customers.order_by(Customer.created_at, Customer.id))


@pytest.mark.usefixtures("full_desk")
def test_only_what_is_old_is_collected(root: Agent) -> None:
    aged.rule(root, delete_months=24)
    assert len(due.collect(3_500)) == ROWS // 100
    assert [total.number for total in due.totals()] == [ROWS // 100]
