"""Dashboard: how the desk is doing, within the reader's sight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_day_names
from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import get_timezone

from admin_views import period_form
from admin_views.base import DeskPage, exports
from admin_views.period_form import PeriodForm
from admin_views.tickets.sidebar import desk_menu
from helpdesk import clock, examples, filters, i18n, journal
from helpdesk.erasing import requests
from helpdesk.examples import first_steps
from helpdesk.i18n import _, lazy
from helpdesk.incoming import held_mail_count, mailbox_health
from helpdesk.lib.periods import Period
from helpdesk.lists import counting
from helpdesk.operations import readiness
from helpdesk.people import permissions
from helpdesk.reports import durations, period_report, satisfaction, statistics
from helpdesk.reports.period_report import Report
from helpdesk.reports.satisfaction import Satisfaction, Share
from helpdesk.reports.statistics import Flow, Measures, Spread, Times
from helpdesk.settings import lookups
from models import Ticket

#: Periods that end today, in days; the second one is shown unless another is asked for.
LAST_DAYS = (7, 30, 90)
#: A chart of more days has a bar for each week.
MOST_BARS = 31
MOST = {
    "counted": i18n.Count(statistics.MOST_COUNTED),
    "measured": i18n.Count(statistics.MOST_MEASURED),
    "rows": statistics.MOST_ROWS,
}
#: The tables of times, in this order: what a line is, and the heading.
KINDS = {
    "service": (lazy("Service"), lazy("By service")),
    "department": (lazy("Department"), lazy("By department")),
    "team": (lazy("Team"), lazy("By team")),
    "agent": (lazy("Agent"), lazy("By agent")),
    "tag": (lazy("Tag"), lazy("By tag")),
}


@dataclass(frozen=True)
class Ask:
    """Which days the reader asked for: the two days of the form, or (`days`) so many that end today."""

    period: Period
    days: int | None
    form: PeriodForm


@dataclass(frozen=True)
class Bar:
    """What was opened and closed on a day, or in the week that begins with it."""

    name: str
    mark: str
    opened: int
    closed: int


def read_period() -> Ask:
    """Read the period from the address; what cannot be meant is said, and the usual period shown."""
    zone = ZoneInfo(str(get_timezone()))
    form = period_form.read(zone)
    if form.period is not None:
        return Ask(form.period, None, form)
    count = request.args.get("days", type=int)
    count = count if count in LAST_DAYS else LAST_DAYS[1]
    return Ask(statistics.last_days(count, zone), count, form)


class Dashboard(DeskPage):
    """Figures for every agent; administrators also read what the desk still needs."""

    slug, title, verb = "dashboard", lazy("Dashboard"), "desk"

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """Show the figures of a period."""
        ask = read_period()
        flow = statistics.flow(self.agent, ask.period)
        administers = self.agent.is_admin
        steps = first_steps.steps() if administers else []
        return self.render(
            "admin/dashboard.html",
            sidebar=desk_menu(self.agent, {"here": "dashboard"}),
            ask=ask,
            choices=LAST_DAYS,
            span=span(ask.period),
            counts=counting.counts(self.agent),
            waiting=counting.waiting(self.agent),
            waits=statistics.longest_waits(self.agent),
            flow=flow,
            bars=bars(flow, ask.period),
            by_week=len(ask.period.days) > MOST_BARS,
            hours=flow.hours,
            weekdays=weekdays(),
            measured=statistics.measure(self.agent, ask.period),
            satisfied=satisfaction.measure(self.agent, ask.period),
            kinds=KINDS,
            duration=durations.in_words,
            most=MOST,
            today=clock.today(ask.period.zone),
            catalogue=lookups,
            failing=mailbox_health.failing() if administers else [],
            failure_text=mailbox_health.failure_text,
            erasures=requests.waiting_for(self.agent),
            held=held_mail_count.for_agent(self.agent),
            troubles=readiness.troubles() if self.may("configure") else [],
            silent=permissions.places_without_notification() if administers else [],
            resting=filters.resting() if administers else [],
            has_examples=bool(steps) and examples.are_loaded(),
            is_new=bool(steps) and not any(flow.totals) and not Ticket.select().exists(),
            is_open=first_steps.form_is_open(),
            steps=steps if any(not step.is_done for step in steps) else [],
        )

    @expose("/export/")
    def export_view(self) -> Response:
        """Send the figures of a period as CSV; this too is noted in the journal."""
        period = read_period().period
        flow, measured = statistics.flow(self.agent, period), statistics.measure(self.agent, period)
        lines = [
            *csv_lines(flow, measured, period_report.measure(self.agent, period)),
            *satisfaction_lines(period, satisfaction.measure(self.agent, period)),
        ]
        journal.record(journal.Act.EXPORTED, actor=self.agent, subject=self.title)
        return exports.csv_response(lines, f"dashboard-{period.first}-{period.last}")


def span(period: Period) -> str:
    """Write the period in the reader's language."""
    return i18n.days_in_words(period.first, period.last)


def weekdays() -> list[tuple[str, str]]:
    """Return the names of the days, in full and in short, Monday first."""
    code = i18n.language()
    full, short = (get_day_names(width, locale=code) for width in ("wide", "abbreviated"))
    return [(full[day].capitalize(), short[day]) for day in range(7)]


def bars(flow: Flow, period: Period) -> list[Bar]:
    """Return what a chart and its table show: each day, or each week of a long period."""
    days = period.days
    by_week = len(days) > MOST_BARS
    groups: dict[date, tuple[int, int]] = {}
    for day in days:
        key = max(day - timedelta(days=day.weekday()), period.first) if by_week else day
        opened, closed = groups.get(key, (0, 0))
        groups[key] = opened + flow.opened.get(day, 0), closed + flow.closed.get(day, 0)
    code = i18n.language()
    mark = "d/M" if by_week else "d"
    return [
        Bar(i18n.day_text(day, "EEE d MMMM"), format_date(day, mark, locale=code), opened, closed)
        for day, (opened, closed) in groups.items()
    ]


def csv_lines(flow: Flow, measured: Measures, report: Report) -> Iterator[list[Any]]:
    """Write one table of all figures, times in minutes, the names of the columns first."""
    period = report.period
    columns = [
        *(_("First response: tickets"), _("First response: median (minutes)")),
        *(_("First response: 90th percentile (minutes)"), _("Resolution: tickets")),
        *(_("Resolution: median (minutes)"), _("Resolution: 90th percentile (minutes)")),
    ]
    yield [_("By"), _("Name"), _("Tickets opened"), _("Tickets closed"), *columns]
    opened, closed = flow.totals
    whole = (measured.all.first, measured.all.resolution)
    yield [_("All tickets"), span(period), opened, closed, *_cells(*whole)]
    for kind, (label, _heading) in KINDS.items():
        times = {row.key: row for row in measured.tables[kind]}
        for line in report.tables[kind]:
            row = times.get(line.key, Times(line.key))
            yield [label, line.name, line.opened, line.closed, *_cells(row.first, row.resolution)]
    for day in period.days:
        yield [_("Day"), day.isoformat(), flow.opened.get(day, 0), flow.closed.get(day, 0)]
    for number, (name, _short) in enumerate(weekdays()):
        for hour in range(24):
            yield [_("Hour"), f"{name} {hour:02d}:00", flow.hours.get((number, hour), 0)]


def satisfaction_lines(period: Period, satisfied: Satisfaction | None) -> Iterator[list[Any]]:
    """Write the answers of customers as a second table; nothing while the desk does not ask."""
    if satisfied is None:
        return
    yield [_("By"), _("Name"), _("Answers"), _("Satisfied"), _("Satisfied (%)")]
    for label, share in _shares(period, satisfied):
        yield [label, share.name or span(period), share.answers, share.good, share.percent]


def _shares(period: Period, satisfied: Satisfaction) -> Iterator[tuple[Any, Share]]:
    yield _("Satisfaction"), satisfied.all
    for kind, rows in satisfied.tables.items():
        yield from ((KINDS[kind][0], share) for share in rows)


def _cells(*spreads: Spread) -> list[Any]:
    return [
        cell
        for one in spreads
        for cell in (one.count, *(None if value is None else round(value / 60, 1) for value in (one.median, one.ninth)))
    ]
