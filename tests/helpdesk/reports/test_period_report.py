"""The report of a period: its numbers against a recount of every ticket, one by one."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import product
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from playhouse.test_utils import count_queries

from database import database
from helpdesk import access, settings, tickets
from helpdesk.lib.periods import Period
from helpdesk.lists import criteria
from helpdesk.reports import period_report
from helpdesk.settings import lookups
from models import Agent, Rating, Tag, Ticket, TicketEvent, TicketTag
from tests.support import cast, sqlite_only

pytestmark = pytest.mark.usefixtures("request_context")
PARIS = ZoneInfo("Europe/Paris")
#: Most tickets of the world stand close to these moments: the ends of years and months, of days of 23 and 25 hours.
MOMENTS = (
    *(datetime(2023, 12, 31, 23), datetime(2024, 2, 29, 12), datetime(2024, 2, 29, 23), datetime(2024, 3, 30, 23)),
    *(datetime(2024, 3, 31, 22), datetime(2024, 10, 26, 22), datetime(2024, 10, 27, 23), datetime(2024, 12, 31, 23)),
)
PERIODS = {
    "a leap year": (date(2024, 1, 1), date(2024, 12, 31)),
    "the day it has more": (date(2024, 2, 29), date(2024, 2, 29)),
    "a day of 23 hours": (date(2024, 3, 31), date(2024, 3, 31)),
    "a day of 25 hours": (date(2024, 10, 27), date(2024, 10, 27)),
    "parts of two months": (date(2024, 2, 15), date(2024, 3, 31)),
    "an empty year": (date(2019, 1, 1), date(2019, 12, 31)),
}


@pytest.fixture
def world(billing, invoices, sales, ana, ben, root, team, carol):
    """Some hundred tickets, the same ones in each run."""
    settings.save({"timezone": "Europe/Paris"})
    roll, rows, events, worn, ratings = random.Random(14), [], [], [], []
    places = [(billing, invoices), (sales, None), (cast.make_service("Repairs"), None)]
    late, urgent, _unused = (Tag.create(name=name, key=name) for name in ("late", "urgent", "unused"))
    for number in range(1, 241):
        opened, is_open, assignee = _moment(roll), roll.random() < 0.3, roll.choice([ana, ben, None])
        closed = opened + timedelta(seconds=roll.choice([0, 1, 3_600, 86_400, roll.randrange(200 * 86_400)]))
        waits = [roll.choice([60, 3_600, 3_601, 28_800, 86_400, roll.randrange(400_000)]) for _reply in range(3)]
        replies = [(wait, roll.choice(["Ana", "", "Zoe"])) for wait in waits[: roll.randrange(4)]]
        service, department = roll.choice(places)
        rows.append(
            {
                "id": number,
                "number": f"{number:04}",
                "subject": f"Ticket {number}",
                "customer": carol,
                "service": service,
                "department": department,
                "status": lookups.default_status() if is_open else lookups.closed_status(),
                "priority": lookups.default_priority(),
                **dict.fromkeys(("created_at", "last_activity", "waiting_since"), opened),
                "closed_at": None if is_open else closed,
                "is_open": is_open,
                "is_spam": roll.random() < 0.05,
                "in_bin": roll.random() < 0.05,
                "assignee": assignee,
                "team": team if assignee is None and roll.random() < 0.5 else None,
                "first_response": min((wait for wait, name in replies if name), default=None),
            }
        )
        for wait, name in replies:
            at = opened + timedelta(seconds=wait)
            events.append({"ticket": number, "kind": "replied", "actor_name": name, "created_at": at})
        worn += [{"ticket": number, "tag": tag} for tag in roll.sample([late, urgent], roll.randrange(3))]
        if not is_open and roll.random() < 0.5:
            ratings.append({"ticket": number, "score": roll.choice(["good", "bad"]), "rated_at": _moment(roll)})
    for table, made in ((Ticket, rows), (TicketEvent, events), (TicketTag, worn), (Rating, ratings)):
        table.insert_many(made).execute()


def _moment(roll):
    if roll.random() < 0.2:
        return datetime(2023, 6, 1) + timedelta(seconds=roll.randrange(700 * 86_400))
    return roll.choice(MOMENTS) + timedelta(seconds=roll.choice([-3_601, -1, 0, 1, 3_600]))


@dataclass
class Recount:
    """What one line should be."""

    numbers: Counter = field(default_factory=Counter)
    waits: list = field(default_factory=list)


class World:
    """Every ticket with all that hangs on it, read row by row."""

    def __init__(self):
        self.tickets = [row for row in Ticket.select() if not row.is_spam and not row.in_bin]
        self.ratings = {row.ticket_id: row for row in Rating.select()}
        self.tags, self.replied, self.names = {}, {}, {}
        for row in TicketTag.select(TicketTag, Tag).join(Tag):
            self.tags.setdefault(row.ticket_id, []).append(row.tag.name)
        for row in TicketEvent.select().where(TicketEvent.kind == "replied", TicketEvent.actor_name != ""):
            self.replied.setdefault(row.ticket_id, []).append(row.created_at)
        for row in self.tickets:
            self.names[row.id] = [("whole", ""), *_names(row), *(("tag", name) for name in self.tags.get(row.id, ()))]

    def recount(self, visible, period):
        """Count each ticket by hand, on the days of the desk; return the numbers by table and name."""
        lines = {}
        months = [(("month", str(part)), part) for part in period.months]
        for ticket in self.tickets:
            if ticket.id in visible:
                for key, part in [*((key, period) for key in self.names[ticket.id]), *months]:
                    self._count(ticket, lines.setdefault(key, Recount()), part)
        return lines

    def _count(self, ticket, line, part):
        rating, replied = self.ratings.get(ticket.id), min(self.replied.get(ticket.id, ()), default=None)
        if _is_in(ticket.created_at, part.first, part.last):
            line.numbers["opened"] += 1
            if replied is not None:
                line.waits.append(int((replied - ticket.created_at).total_seconds()))
        line.numbers["closed"] += _is_in(ticket.closed_at, part.first, part.last)
        was_opened = _is_in(ticket.created_at, date.min, part.last)
        line.numbers["open"] += was_opened and not _is_in(ticket.closed_at, date.min, part.last)
        if rating is not None and _is_in(rating.rated_at, part.first, part.last):
            line.numbers[rating.score] += 1


def _is_in(moment, first, last):
    return moment is not None and first <= moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(PARIS).date() <= last


def _names(ticket):
    service = lookups.service(ticket.service_id)
    yield "service", str(service)
    if ticket.department_id:
        yield "department", f"{service}, {lookups.department(ticket.department_id).name}"
    if ticket.team_id:
        yield "team", str(lookups.team(ticket.team_id))
    if ticket.assignee_id:
        yield "agent", lookups.agent(ticket.assignee_id).name


def numbers_of(report):
    """Return the numbers of a report as `recount` returns them."""
    found = {("whole", ""): report.whole}
    for kind, lines in report.tables.items():
        for line in lines:
            name = str(report.period.months[line.key]) if kind == "month" else line.name
            assert (kind, name) not in found
            found[kind, name] = line
    return found


def test_every_number_is_that_of_a_recount(world, root, ana, ben):
    everything = World()
    for agent, days in product((root, ana, ben), PERIODS.values()):
        visible = {ticket.id for ticket in everything.tickets if access.sees(agent, ticket)}
        period = Period(*days, PARIS)
        report, expected = period_report.measure(agent, period), everything.recount(visible, period)
        found = numbers_of(report)
        for key, line in expected.items():
            measured = found.pop(key, None)
            if not any(line.numbers.values()) and key[0] not in {"whole", "month"}:
                assert measured is None
                continue
            numbers = {name: getattr(measured, name) for name in ("opened", "closed", "open", "good", "bad")}
            assert numbers == {name: line.numbers[name] for name in numbers}, key
            assert measured.seconds == sorted(line.waits)
            assert measured.median == (median(line.waits) if line.waits else None)
            for hours in (1, 8, 24):
                assert measured.within(hours) == sum(wait <= hours * 3_600 for wait in line.waits)
        assert all(line.is_empty for line in found.values())
        eve = everything.recount(visible, Period(period.eve, period.eve, PARIS))
        assert report.open_before == eve["whole", ""].numbers["open"]


def test_every_number_is_that_of_its_list(world, ana, root):
    period = Period(date(2024, 1, 1), date(2024, 12, 31), PARIS)
    counted = 0
    for agent in (root, ana):
        report = period_report.measure(agent, period)
        for kind, lines in report.tables.items():
            for line in lines:
                part = report.period.months[line.key] if kind == "month" else period
                place = {period_report.CRITERION[kind]: str(line.key)} if kind != "month" else {}
                opened = {"opened": str(part)}
                for number, words in (
                    (line.opened, opened),
                    (line.closed, {"closed": str(part)}),
                    (line.open, {"open_on": str(part.last)}),
                    (line.responded, opened | {"first_response": "any"}),
                    *((line.within(hours), opened | {"first_response": str(hours)}) for hours in (1, 8, 24)),
                    (line.good, {"satisfied": str(part)}),
                    (line.bad, {"unsatisfied": str(part)}),
                    (line.ratings, {"rated": str(part)}),
                ):
                    wanted = place | words | {"view": "all"}
                    assert criteria.parse(wanted) == wanted
                    listed = criteria.listing_of(agent, wanted)
                    assert listed.tally(listed.page()).total == number, (kind, line.name, words)
                    assert listed.query(Ticket.id).count() == number
                    counted += number > 0
    assert counted > 200


def test_a_list_behind_a_number_is_paged_in_its_order(world, root):
    period = Period(date(2024, 1, 1), date(2024, 12, 31), PARIS)
    for name, column in (("opened", "created_at"), ("closed", "closed_at")):
        wanted = criteria.listing_of(root, {"view": "all", name: str(period)})
        page, moments = wanted.page(), []
        while True:
            moments += [getattr(Ticket.get_by_id(row.id), column) for row in page.rows]
            if page.after is None:
                break
            page = wanted.page(after=page.after)
        assert len(moments) == wanted.tally().total > wanted.size
        assert moments == sorted(moments, reverse=True)
        place = wanted.place_of(Ticket.get_by_id(page.rows[-1].id))
        assert (place.position, place.after) == (len(moments), None)
    # A ticket that is open has no place among those that were closed.
    assert wanted.place_of(Ticket.get(Ticket.is_open)).position == 0


def test_without_a_period_a_list_counts_no_further_than_others(world, root, monkeypatch):
    monkeypatch.setattr("helpdesk.lists.listing.COUNT_LIMIT", 30)
    wanted = criteria.listing_of(root, {"view": "all", "first_response": "any"})
    assert (wanted.most, wanted.tally(wanted.page()).total) == (30, 30)


def test_what_counts_follows_the_rules(billing, invoices, sales, carol, ana, root):
    today = datetime.now(PARIS).date()
    period = Period(today - timedelta(days=40), today, PARIS)

    def figures():
        report = period_report.measure(root, period)
        services = {line.name: line.opened for line in report.tables["service"]}
        return (report.whole.opened, report.whole.closed, report.whole.open, report.whole.responded, services)

    first, second = (cast.open_ticket(carol, billing, invoices) for _number in range(2))
    assert figures() == (2, 0, 2, 0, {"Billing": 2})
    tickets.reply(first, "<p>Done.</p>", actor=ana, close=True)
    assert figures() == (2, 1, 1, 1, {"Billing": 2})
    tickets.receive_message(first, "Not quite", actor=carol)
    assert figures() == (2, 0, 2, 1, {"Billing": 2})
    tickets.move(Ticket.get_by_id(first.id), sales.id, None, actor=root)
    assert figures() == (2, 0, 2, 1, {"Billing": 1, "Sales": 1})
    tickets.merge(Ticket.get_by_id(second.id), Ticket.get_by_id(first.id), actor=root)
    assert figures() == (1, 0, 1, 1, {"Sales": 1})
    tickets.delete(Ticket.get_by_id(first.id), actor=root)
    assert figures() == (0, 0, 0, 0, {})
    tickets.restore(Ticket.get_by_id(first.id), actor=root)
    tickets.mark_spam(Ticket.get_by_id(first.id), actor=root)
    assert figures() == (0, 0, 0, 0, {})


def test_a_report_takes_a_few_statements_however_much_there_is(world, root):
    counted = []
    for days in (PERIODS["a leap year"], PERIODS["the day it has more"], PERIODS["a leap year"]):
        with count_queries() as counter:
            period_report.measure(root, Period(*days, PARIS))
        counted.append(counter.count)
    # The first one also reads the names of agents, tags …, which are kept.
    assert max(counted[1:]) <= 8


@sqlite_only
def test_no_figure_reads_a_ticket_itself(world, root, ana):
    for agent in (root, ana):
        with count_queries() as counter:
            period_report.measure(agent, Period(*PERIODS["a leap year"], PARIS))
        asked = [row.msg for row in counter.get_queries() if '"ticket" AS' in row.msg[0] and "rating" not in row.msg[0]]
        plans = [
            [row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()]
            for sql, values in asked
        ]
        assert len(plans) == 4
        reads = [step for plan in plans for step in plan if " t1 " in step or " t2 " in step]
        assert not [step for step in reads if "ticket_tag" not in step and "COVERING INDEX ticket_by_" not in step]


def test_a_deleted_account_stands_in_no_line(world, root, ana):
    Agent.delete().where(Agent.id == ana.id).execute()
    report = period_report.measure(root, Period(*PERIODS["a leap year"], PARIS))
    assert {line.name for line in report.tables["agent"]} == {"Ben"}
