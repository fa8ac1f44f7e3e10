"""No test leaves statistics in the PostgreSQL database that all of them share: others would be planned by them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from database import database as used
from models import TicketEvent
from tests.support import planner, postgresql_only

TESTS = Path(__file__).parents[1]
LEFT = """
SELECT count(s.staattnum), max(c.reltuples), max(c.relpages) FROM pg_class AS c
LEFT JOIN pg_statistic AS s ON s.starelid = c.oid WHERE c.oid = 'ticket_event'::regclass
"""


def left() -> tuple[int, float, int]:
    """Return how many columns have statistics, and what the table is said to hold: -1 rows is nothing known."""
    row: tuple[int, float, int] = used.execute_sql(LEFT).fetchone()
    return row


@postgresql_only
def test_what_a_test_lets_the_engine_know_is_forgotten(ticket: Any) -> None:
    # What others left there stays, be it nothing.
    before = left()[0]
    with planner.analysed(TicketEvent):
        assert left()[0] > 0
    assert left() == (before, -1, 0)


def test_no_test_has_tables_analysed_by_itself() -> None:
    pattern = re.compile(r"execute_sql\(f?\"ANALYZE")
    found = {str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if pattern.search(path.read_text("utf-8"))}
    assert found == {"support/planner.py"}
