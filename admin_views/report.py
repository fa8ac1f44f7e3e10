"""The report of a year, or of any two days: what was opened, closed and answered, each number with its list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from babel.dates import format_date
from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views import period_form
from admin_views.base import DeskPage, exports
from admin_views.period_form import PeriodForm
from admin_views.tickets.sidebar import LIST, desk_menu
from helpdesk import access, clock, i18n, journal
from helpdesk.due_times import rules
from helpdesk.i18n import Count, _, lazy, ngettext
from helpdesk.lib.periods import Period
from helpdesk.lists import period_criteria
from helpdesk.reports import durations, period_report
from helpdesk.reports.due_report import DueLine
from helpdesk.reports.period_report import CRITERION, MOST_LINES, Line, Report
from models import Agent

#: Calendar years that are one click away.
YEARS = 4
#: The tables, in this order: what a line is, and the heading.
KINDS = {
    "month": (lazy("Month"), lazy("By month")),
    "service": (lazy("Service"), lazy("By service")),
    "department": (lazy("Department"), lazy("By department")),
    "team": (lazy("Team"), lazy("By team")),
    "agent": (lazy("Agent"), lazy("By agent")),
    "organisation": (lazy("Organisation"), lazy("By organisation")),
    "tag": (lazy("Tag"), lazy("By tag")),
}


class Column(NamedTuple):
    """A column of numbers: its label, the number of a line, and the words of the list behind it for a period."""

    label: Any
    number: Callable[[Line], int]
    words: Callable[[Period], dict[str, str]]
    #: Of which number it is a share.
    whole: Callable[[Line], int] | None = None


class Cell(NamedTuple):
    """A cell of a table: its text, the address of its list, and what share it is."""

    label: str
    text: str
    url: str | None = None
    percent: int | None = None


class Row(NamedTuple):
    """A line of a table in words."""

    name: str
    cells: list[Cell]


def _within(hours: int) -> Column:
    return Column(
        lazy("Within %(num)s h", num=hours),
        lambda line: line.within(hours),
        lambda period: {"opened": str(period), "first_response": str(hours)},
        lambda line: line.responded,
    )


TICKETS = (
    Column(lazy("Tickets opened"), lambda line: line.opened, lambda period: {"opened": str(period)}),
    Column(lazy("Tickets closed"), lambda line: line.closed, lambda period: {"closed": str(period)}),
    Column(lazy("Open at the end"), lambda line: line.open, lambda period: {"open_on": str(period.last)}),
    Column(
        lazy("First responses"),
        lambda line: line.responded,
        lambda period: {"opened": str(period), "first_response": "any"},
    ),
)
RESPONSES = tuple(_within(hours) for hours in period_criteria.HOURS)
RATINGS = (
    Column(
        lazy("Satisfied"),
        lambda line: line.good,
        lambda period: {"satisfied": str(period)},
        lambda line: line.ratings,
    ),
    Column(lazy("Not satisfied"), lambda line: line.bad, lambda period: {"unsatisfied": str(period)}),
    Column(lazy("Answers"), lambda line: line.ratings, lambda period: {"rated": str(period)}),
)
MEDIAN = lazy("Median")


class ReportPage(DeskPage):
    """The report of a period, for every agent within their sight."""

    slug, title, verb = "report", lazy("Report"), "desk"

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """Show the report."""
        form, period = form_and_period()
        report = period_report.measure(self.agent, period)
        return self.render(
            "admin/report.html",
            **about_period(self.agent, form, period),
            report=report,
            whole=row_of(report, report.whole, {}, period, _("Whole period")),
            before=_before(report),
            tables=tables(report),
            kinds=KINDS,
            duration=durations.in_words,
            has_due_times=rules.exist(),
        )

    @expose("/export/")
    def export_view(self) -> Response:
        """Send one table as CSV; this too is noted in the journal."""
        kind, period = table_and_period(KINDS)
        lines = csv_lines(kind, period_report.measure(self.agent, period))
        return send_table(self, lines, f"report-{kind}", period)


def form_and_period() -> tuple[PeriodForm, Period]:
    """Return the form and the period that the address asks for: the present year where it asks for none."""
    zone = period_report.desk_zone()
    form, today = period_form.read(zone), clock.today(zone)
    return form, form.period or period_report.year(today.year, today, zone)


def table_and_period(kinds: Collection[str]) -> tuple[str, Period]:
    """Return which of these tables the address asks for, and its period; another one is a 404."""
    kind = request.args.get("by", "")
    if kind not in kinds:
        abort(404)
    return kind, form_and_period()[1]


def send_table(page: DeskPage, lines: Iterator[list[Any]], name: str, period: Period) -> Response:
    """Send a table of a page as CSV; this too is noted in the journal."""
    journal.record(journal.Act.EXPORTED, actor=page.agent, subject=page.title)
    return exports.csv_response(lines, f"{name}-{period.first}-{period.last}")


def about_period(agent: Agent, form: PeriodForm, period: Period) -> dict[str, Any]:
    """Return what the page of any report says beside its figures."""
    zone = period_report.desk_zone()
    today = clock.today(zone)
    return {
        "sidebar": desk_menu(agent, {"here": "report"}),
        "form": form,
        "period": period,
        "span": i18n.days_in_words(period.first, period.last),
        "years": [period_report.year(today.year - ago, today, zone) for ago in range(YEARS)],
        "today": today,
        "most": MOST_LINES,
        "sees_all": access.sees_all(agent),
    }


def _before(report: Report) -> Cell:
    """Return how many tickets were open when the period began."""
    text = ngettext("%(num)s at the beginning", "%(num)s at the beginning", report.open_before)
    return Cell("", text, address({"open_on": str(report.period.eve)}) if report.open_before else None)


def columns(report: Report) -> tuple[Column, ...]:
    """Return the columns of a report, apart from the median: satisfaction where the desk asks for it."""
    return (*TICKETS, *RESPONSES, *(RATINGS if report.has_ratings else ()))


def tables(report: Report) -> dict[str, list[Row]]:
    """Return the lines of each table in words, up to `MOST_LINES`; a table without lines is left out."""
    return {
        kind: [row_of(report, line, *list_of(report.period, CRITERION.get(kind), line)) for line in lines[:MOST_LINES]]
        for kind, lines in report.tables.items()
        if lines
    }


def list_of(period: Period, criterion: str | None, line: Line | DueLine) -> tuple[dict[str, str], Period, str]:
    """Return the words of a line's lists, their period, and its name; a line without a criterion is a month."""
    if criterion is not None:
        return {criterion: str(line.key)}, period, line.name
    month = period.months[line.key]
    return {}, month, format_date(month.first, "LLLL y", locale=i18n.language())


def row_of(report: Report, line: Line, words: dict[str, str], period: Period, name: str) -> Row:
    """Return a line in words, each number with the address of its list."""
    cells = [cell_of(column, line, words, period) for column in columns(report)]
    median = Cell(str(MEDIAN), durations.in_words(line.median) if line.median is not None else "–")
    return Row(name, [*cells[: len(TICKETS)], median, *cells[len(TICKETS) :]])


def cell_of(column: Column, line: Line, words: dict[str, str], period: Period) -> Cell:
    """Return a number of a line: nothing leads to an empty list."""
    number, whole = column.number(line), column.whole(line) if column.whole else 0
    url = address(words | column.words(period)) if number else None
    return Cell(str(column.label), str(Count(number)), url, share(number, whole))


def address(words: dict[str, str]) -> str:
    """Return the address of the list of these criteria."""
    return f"{url_for(LIST)}?{urlencode({'view': 'all', **words})}"


def share(number: int, whole: int) -> int | None:
    """Return a share in percent; None of nothing."""
    return round(100 * number / whole) if whole else None


def csv_lines(kind: str, report: Report) -> Iterator[list[Any]]:
    """Write one table: the names of the columns, then its lines, the times in minutes."""
    shown = columns(report)
    labels = [str(column.label) for column in shown]
    labels.insert(len(TICKETS), _("First response: median (minutes)"))
    yield [str(KINDS[kind][0]), *labels, *([_("Satisfied (%)")] if report.has_ratings else [])]
    for line in report.tables[kind]:
        numbers: list[Any] = [column.number(line) for column in shown]
        numbers.insert(len(TICKETS), round(line.median / 60, 1) if line.median is not None else None)
        rate = [share(line.good, line.ratings)] if report.has_ratings else []
        name = f"{report.period.months[line.key].first:%Y-%m}" if kind == "month" else line.name
        yield [name, *numbers, *rate]
