"""What the address of a list may say, and the list it asks for: the same words in links, forms and saved views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk import search, settings
from helpdesk.i18n import _, days_in_words, lazy
from helpdesk.lib import inputs, periods
from helpdesk.lists import period_criteria
from helpdesk.lists.listing import DUE, SORTS, TicketListing
from helpdesk.settings import lookups
from models import Agent, Department

#: Criteria that name a row of a table, and the row they name.
ROWS: dict[str, Any] = {
    "service": lookups.service,
    "department": lookups.department,
    "status": lookups.status,
    "priority": lookups.priority,
    "assignee": lookups.agent,
    "team": lookups.team,
    "tag": lookups.tag,
    "organisation": lookups.organisation,
}
VIEWS = ("open", "mine", "unassigned", "snoozed", "overdue", "closed", "spam", "bin", "all", "search")
WORDS: dict[str, tuple[str, ...]] = {
    "view": VIEWS,
    "state": ("open", "snoozed", "closed"),
    "waits": ("1",),
    "first_response": ("any", *map(str, period_criteria.HOURS)),
    "scope": search.SCOPES[1:],
    "reach": tuple(map(str, search.REACHES[1:])),
    "sort": (*SORTS, DUE),
}
#: Longest search text.
MAX_TEXT = 200
#: What a chip may take away; the rest is the list itself.
FILTERS = (
    *("state", "service", "department", "status", "priority", "assignee", "team", "tag", "organisation", "waits"),
    *period_criteria.CRITERIA,
)

#: What each of them is called.
LABELS = {
    "state": lazy("State"),
    "service": lazy("Service"),
    "department": lazy("Department"),
    "status": lazy("Status"),
    "priority": lazy("Priority"),
    "assignee": lazy("Assigned to"),
    "team": lazy("Team"),
    "tag": lazy("Tag"),
    "organisation": lazy("Organisation"),
    "waits": lazy("Waits"),
    "opened": lazy("Opened"),
    "closed": lazy("Closed"),
    "open_on": lazy("Open at the end of"),
    "first_response": lazy("First response"),
    "rated": lazy("Rated"),
    "satisfied": lazy("Satisfied"),
    "unsatisfied": lazy("Not satisfied"),
    "first_reply_met": lazy("First reply in time"),
    "first_reply_missed": lazy("First reply late"),
    "next_reply_met": lazy("Next reply in time"),
    "next_reply_missed": lazy("Next reply late"),
    "resolution_met": lazy("Resolution in time"),
    "resolution_missed": lazy("Resolution late"),
}


@dataclass(frozen=True)
class Chip:
    """One criterion in words, and the list without it."""

    label: str
    value: str
    without: dict[str, str]


def parse(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an address says that a list understands: nothing empty, nothing strange, in one order."""
    words: dict[str, str] = {}
    # An address knows several values of a name, and is slow to say that it has none.
    arguments = dict(arguments.items())
    for name, allowed in WORDS.items():
        if arguments.get(name) in allowed:
            words[name] = arguments[name]
    for name in ROWS:
        value = str(arguments.get(name, ""))
        if inputs.row_key(value) is not None or (name, value) == ("assignee", "me"):
            words[name] = value
    for name in period_criteria.OF_PERIODS:
        value = str(arguments.get(name, ""))
        if value and _period(name, value) is not None:
            words[name] = value
    text = str(arguments.get("q", "")).replace("\0", "")[:MAX_TEXT].strip()
    if text:
        words["q"] = text
    if words.get("view") == "open" and len(words) > 1:
        # One list has one address: a place of the menu does not say it either.
        del words["view"]
    return words


def _period(name: str, value: str) -> periods.Period | None:
    """Return the period that a word means, in days of the desk; None for no period."""
    zone = ZoneInfo(settings.get("timezone"))
    if name != "open_on":
        return periods.read(value, zone)
    day = periods.day_of(value)
    return periods.Period(day, day, zone) if day is not None else None


def _figure(name: str, value: str) -> tuple[Any, ...]:
    """Return the values of a criterion of `period_criteria`."""
    if name == "first_response":
        return (period_criteria.EVER if value == "any" else int(value) * 3_600,)
    period = _period(name, value)
    if period is None:
        raise ValueError(value)
    return (period.end,) if name == "open_on" else (period.start, period.end)


def listing_of(agent: Agent, words: Mapping[str, str]) -> TicketListing:
    """Return the list these criteria ask for, within the agent's sight."""
    view = words.get("view", "open")
    if view == "search":
        view = words.get("state", "all")
    keys = {name: words[name] for name in ROWS if name in words}
    rows = {f"{name}_id": agent.id if value == "me" else int(value) for name, value in keys.items()}
    return TicketListing(
        agent,
        view,
        waits="waits" in words,
        figures=tuple((name, _figure(name, words[name])) for name in period_criteria.CRITERIA if name in words),
        text=words.get("q", ""),
        scope=words.get("scope", "everywhere"),
        reach=int(words["reach"]) if "reach" in words else None,
        sort=words.get("sort", ""),
        **rows,
    )


def chips(words: Mapping[str, str]) -> list[Chip]:
    """Return the criteria in words: without the place when it is the name of the list."""
    shown = [name for name in FILTERS if name in words and name != place_of(words)]
    return [
        Chip(str(LABELS[name]), _words(name, words[name]), {key: value for key, value in words.items() if key != name})
        for name in shown
    ]


def place_of(words: Mapping[str, str]) -> str | None:
    """Return the criterion that names the list: its department or service, on the list of what is open."""
    if "view" in words:
        return None
    return next((name for name in ("department", "service") if name in words), None)


def _words(name: str, value: str) -> str:
    if name == "state":
        return {"open": _("Open"), "snoozed": _("Snoozed"), "closed": _("Closed")}[value]
    if name == "waits":
        return _("for a reply")
    if name == "first_response":
        return _("given") if value == "any" else _("within %(num)s h", num=value)
    if name in period_criteria.OF_PERIODS:
        period = _period(name, value)
        return days_in_words(period.first, period.last) if period is not None else value
    if value == "me":
        return _("Me")
    return name_of(name, value) or _("no longer there")


def name_of(criterion: str, key: str) -> str:
    """Return the name of the row a criterion names, an empty text when it is gone; a department says its service."""
    row = ROWS[criterion](int(key))
    if isinstance(row, Department):
        return f"{lookups.service(row.service_id)}, {row.name}"
    return str(row) if row is not None else ""
