"""The figures of due times in a period: in time and late, by place, priority and agent, each number with its list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskPage
from admin_views.report import (
    Cell,
    Row,
    about_period,
    address,
    form_and_period,
    list_of,
    send_table,
    share,
    table_and_period,
)
from helpdesk.due_times import rules
from helpdesk.i18n import Count, _, lazy
from helpdesk.lib.periods import Period
from helpdesk.reports import due_report
from helpdesk.reports.due_report import CRITERION, DueLine, DueReport
from helpdesk.reports.period_report import MOST_LINES

#: The tables, in this order: what a line is, and the heading.
KINDS = {
    "month": (lazy("Month"), lazy("By month")),
    "service": (lazy("Service"), lazy("By service")),
    "department": (lazy("Department"), lazy("By department")),
    "priority": (lazy("Priority"), lazy("By priority")),
    "team": (lazy("Team"), lazy("By team")),
    "agent": (lazy("Agent"), lazy("By agent")),
}
IN_TIME = {
    "first_reply": lazy("First reply in time"),
    "next_reply": lazy("Next reply in time"),
    "resolution": lazy("Resolution in time"),
}
LATE = {
    "first_reply": lazy("First reply late"),
    "next_reply": lazy("Next reply late"),
    "resolution": lazy("Resolution late"),
}


class DueReportPage(DeskPage):
    """The figures of due times, for every agent within their sight."""

    slug, title, verb = "due-report", lazy("Due times in figures"), "desk"

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """Show the figures."""
        form, period = form_and_period()
        report = due_report.measure(self.agent, period)
        return self.render(
            "admin/due_report.html",
            **about_period(self.agent, form, period),
            report=report,
            whole=row_of(report.whole, {}, period, _("Whole period")),
            tables=tables(report),
            kinds=KINDS,
        )

    @expose("/export/")
    def export_view(self) -> Response:
        """Send one table as CSV; this too is noted in the journal."""
        kind, period = table_and_period(KINDS)
        lines = csv_lines(kind, due_report.measure(self.agent, period))
        return send_table(self, lines, f"due-times-{kind}", period)


def tables(report: DueReport) -> dict[str, list[Row]]:
    """Return the lines of each table in words, up to `MOST_LINES`; a table without lines is left out."""
    return {
        kind: [row_of(line, *list_of(report.period, CRITERION.get(kind), line)) for line in lines[:MOST_LINES]]
        for kind, lines in report.tables.items()
        if lines
    }


def row_of(line: DueLine, words: dict[str, str], period: Period, name: str) -> Row:
    """Return a line in words, each number with the address of its list."""
    cells = []
    for target in rules.TARGETS:
        met, missed = line.met[target], line.missed[target]
        percent = share(met, line.judged(target))
        cells.append(_cell(IN_TIME[target], met, words | {f"{target}_met": str(period)}, percent))
        cells.append(_cell(LATE[target], missed, words | {f"{target}_missed": str(period)}))
    return Row(name, cells)


def _cell(label: Any, number: int, words: dict[str, str], percent: int | None = None) -> Cell:
    """Return a number of a line: nothing leads to an empty list."""
    return Cell(str(label), str(Count(number)), address(words) if number else None, percent)


def csv_lines(kind: str, report: DueReport) -> Iterator[list[Any]]:
    """Write one table: the names of the columns, then its lines."""
    labels: list[str] = []
    for target in rules.TARGETS:
        labels += [str(IN_TIME[target]), str(LATE[target]), f"{IN_TIME[target]} (%)"]
    yield [str(KINDS[kind][0]), *labels]
    for line in report.tables[kind]:
        numbers: list[Any] = []
        for target in rules.TARGETS:
            numbers += [line.met[target], line.missed[target], share(line.met[target], line.judged(target))]
        name = f"{report.period.months[line.key].first:%Y-%m}" if kind == "month" else line.name
        yield [name, *numbers]
