"""Journal: who did what, for administrators (B6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import to_utc

from admin_views.base import DeskPage, as_key, exports
from helpdesk import journal, journal_listing, journal_search
from helpdesk.i18n import _, lazy
from helpdesk.journal_listing import Wanted
from helpdesk.journal_texts import DELETED
from helpdesk.settings import lookups
from models import JournalEntry

PER_PAGE = 50
#: What the list may be narrowed to.
KINDS: dict[str, Any] = {**journal.KINDS, DELETED: lazy("What was deleted")}
#: Lines of an export that are read at once.
BATCH = 500
ARGUMENTS = ("q", "kind", "person", "since", "until")


@dataclass(frozen=True)
class FilterForm:
    """What the filters of the page ask for: `values` as they were sent, `problems` by the name of the filter."""

    wanted: Wanted
    values: dict[str, str]
    problems: dict[str, str]


def read_filters() -> FilterForm:
    """Read the filters from the address; what cannot be meant is said and left out."""
    values = {name: request.args[name] for name in ARGUMENTS if request.args.get(name)}
    problems: dict[str, str] = {}
    days = {name: _day(values[name], name, problems) for name in ("since", "until") if name in values}
    since, until = days.get("since"), days.get("until")
    if since is not None and until is not None and until < since:
        problems["until"] = _("The last day is before the first one.")
    wanted = Wanted(
        kind=values["kind"] if values.get("kind") in KINDS else "",
        agent_id=as_key(values.get("person")),
        since=_start(since),
        until=_start(until + timedelta(days=1)) if until is not None and until < date.max else None,
        subjects=journal_search.subjects_of(values.get("q", "")),
    )
    return FilterForm(wanted, values, problems)


def _day(text: str, name: str, problems: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems[name] = _("This is not a date. Example: %(day)s.", day="2026-12-31")
        return None


def _start(day: date | None) -> datetime | None:
    """Return when a day begins in the reader's time zone, as naive UTC."""
    if day is None or day.year < 2 or day.year > 9_998:
        return None
    return to_utc(datetime.combine(day, time.min)).replace(tzinfo=None)


class JournalPage(DeskPage):
    """What the desk noted, newest first."""

    verb = "administer"
    slug, title = "journal", lazy("Journal")

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """List the lines that the filters ask for, page by page."""
        ask = read_filters()
        before = journal_listing.read_key(request.args.get("before", ""))
        rows = journal_listing.entries(ask.wanted, before=before, limit=PER_PAGE + 1)
        return self.render(
            "admin/journal.html",
            lines=journal.with_sentences(rows[:PER_PAGE]),
            older=journal_listing.write_key(rows[PER_PAGE - 1]) if len(rows) > PER_PAGE else None,
            is_first="before" not in request.args,
            chosen=ask.values,
            problems=ask.problems,
            kinds=KINDS,
            labels=ask.wanted.subjects.labels if ask.wanted.subjects is not None else (),
            people=lookups.agents(active_only=False),
        )

    @expose("/export/")
    def export_view(self) -> Response:
        """Send the lines that the filters ask for as CSV, batch by batch; this too is noted."""
        wanted = read_filters().wanted
        newest = journal_listing.entries(wanted, limit=1)
        journal.record(journal.Act.EXPORTED, actor=self.agent, subject=self.title)
        return exports.csv_response(csv_lines(wanted, newest), "journal")


def csv_lines(wanted: Wanted, newest: list[JournalEntry]) -> Iterator[list[Any]]:
    """Write the lines from the newest one on, the names of the columns first."""
    yield [_("Time (UTC)"), _("Kind"), _("Who"), _("What"), _("Network address")]
    rows = newest
    while rows:
        for row, kind, text in journal.with_sentences(rows):
            when = row.created_at.isoformat(" ", "seconds")
            yield [when, kind, row.actor_name or _("The desk"), text, row.network]
        rows = journal_listing.entries(wanted, before=journal_listing.key_of(rows[-1]), limit=BATCH)
