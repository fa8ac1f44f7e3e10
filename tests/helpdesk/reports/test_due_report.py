"""The figures of due times: against a recount, ticket by ticket, and against the lists behind them."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playhouse.test_utils import count_queries

from database import database
from helpdesk import access, settings
from helpdesk.due_times import rules
from helpdesk.lib.periods import Period
from helpdesk.lists import criteria
from helpdesk.reports import due_report
from helpdesk.settings import lookups
from models import DueOutcome, Ticket
from tests.support import cast, sqlite_only

pytestmark = pytest.mark.usefixtures("request_context")
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31), ZoneInfo("Europe/Paris"))


@pytest.fixture
def world(billing, invoices, sales, ana, ben, root, team, carol):
    """Some hundred tickets, and what was judged of them, the same ones in each run."""
    settings.save({"timezone": "Europe/Paris"})
    roll, rows, judged = random.Random(16), [], []
    priorities = [lookups.default_priority(), lookups.important_priority()]
    for number in range(1, 201):
        service, department = roll.choice([(billing, invoices), (sales, None)])
        assignee = roll.choice([ana, ben, None])
        rows.append(
            {
                "id": number,
                "number": f"{number:04}",
                "subject": f"Ticket {number}",
                "customer": carol,
                "service": service,
                "department": department,
                "status": lookups.default_status(),
                "priority": roll.choice(priorities),
                **dict.fromkeys(("created_at", "last_activity", "waiting_since"), datetime(2026, 1, 1)),
                "is_spam": roll.random() < 0.05,
                "in_bin": roll.random() < 0.05,
                "assignee": assignee,
                "team": team if assignee is None and roll.random() < 0.5 else None,
            }
        )
        for target in rules.TARGETS:
            for start in range(roll.randrange(4) if target == "next_reply" else roll.randrange(2)):
                ended = datetime(2025, 12, 20) + timedelta(hours=roll.randrange(390 * 24))
                judged.append(
                    {
                        "ticket": number,
                        "target": target,
                        "started_at": datetime(2025, 1, 1) + timedelta(days=start),
                        "ended_at": ended,
                        "due_at": ended,
                        "minutes": 60,
                        "is_met": roll.random() < 0.7,
                    }
                )
    Ticket.insert_many(rows).execute()
    DueOutcome.insert_many(judged).execute()


def recount(agent, period: Period, **place: int | None) -> dict[str, tuple[int, int]]:
    """Return how many tickets were in time and late, by target, read one by one."""
    counted: dict[str, dict[int, bool]] = {target: {} for target in rules.TARGETS}
    for row in DueOutcome.select(DueOutcome, Ticket).join(Ticket):
        ticket = row.ticket
        is_there = all(getattr(ticket, name) == value for name, value in place.items())
        if ticket.is_spam or ticket.in_bin or not access.sees(agent, ticket) or not is_there:
            continue
        if period.start <= row.ended_at < period.end:
            counted[row.target][ticket.id] = counted[row.target].get(ticket.id, True) and row.is_met
    return {target: (sum(rows.values()), len(rows) - sum(rows.values())) for target, rows in counted.items()}


def figures(line: due_report.DueLine) -> dict[str, tuple[int, int]]:
    return {target: (line.met[target], line.missed[target]) for target in rules.TARGETS}


@pytest.mark.parametrize("who", ["root", "ana"])
def test_each_figure_is_what_a_recount_finds(request, world, who):
    agent = request.getfixturevalue(who)
    report = due_report.measure(agent, YEAR)
    assert figures(report.whole) == recount(agent, YEAR)
    assert report.whole.total > (250 if who == "root" else 100)
    columns = {"service": "service_id", "department": "department_id", "priority": "priority_id"}
    columns |= {"team": "team_id", "agent": "assignee_id"}
    for kind, column in columns.items():
        for line in report.tables[kind]:
            assert figures(line) == recount(agent, YEAR, **{column: line.key}), (kind, line.name)
    for line in report.tables["month"]:
        assert figures(line) == recount(agent, YEAR.months[line.key])


def test_behind_each_number_is_the_list_of_its_tickets(root, world):
    report = due_report.measure(root, YEAR)
    for line in report.tables["priority"]:
        for target in rules.TARGETS:
            for word, number in (("met", line.met[target]), ("missed", line.missed[target])):
                address = {"view": "all", "priority": str(line.key), f"{target}_{word}": str(YEAR)}
                words = criteria.parse(address)
                assert words == address
                listing = criteria.listing_of(root, words)
                assert listing.tally().total == number
                assert listing.page().rows
    assert [chip.label for chip in criteria.chips(criteria.parse(address))][-1] == "Resolution late"


def test_the_figures_take_two_statements(root, world):
    # The small tables are read once.
    due_report.measure(root, YEAR)
    with count_queries() as counter:
        due_report.measure(root, YEAR)
    assert counter.count == 2


@sqlite_only
def test_the_figures_read_the_index_of_outcomes(root, world):
    query = due_report._judged(root, YEAR, due_report._PLACE, 0)
    plan = " / ".join(row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {query.sql()[0]}", query.sql()[1]))
    assert "USING COVERING INDEX due_outcome_ended" in plan
    assert "SCAN t1" not in plan


def test_an_empty_desk_has_empty_figures(root):
    report = due_report.measure(root, YEAR)
    assert report.whole.total == 0
    assert len(report.tables["month"]) == 12
    assert cast.make_service("Repairs").id not in {line.key for line in report.tables["service"]}
