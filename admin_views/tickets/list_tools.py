"""What stands around the rows of a list: its filters and order, the acts on ticked tickets, the choice of columns.

Most of it is the same for thousands of requests: fragments, whose keys say on what they depend.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from admin_views.tickets.moments import zone_of
from helpdesk import access, availability
from helpdesk.i18n import _, lazy
from helpdesk.lib import moments
from helpdesk.lists import criteria, display, period_criteria
from helpdesk.lists.listing import TicketListing
from helpdesk.macros import using
from helpdesk.people import assignees
from helpdesk.settings import lookups
from models import Agent, Department
from web.fragments import fragment

SORTS = {
    "urgent": lazy("Most urgent first"),
    "waiting": lazy("What waits first"),
    "newest": lazy("Newest activity first"),
    "oldest": lazy("Oldest first"),
    "waking": lazy("What wakes first"),
    "due": lazy("Due first"),
}
#: How the newest stand first in a list that is ordered by its tickets' opening or closing.
NEWEST = lazy("Newest first")
#: Tags, and organisations, that the filters of a list offer.
OFFERED = 200
#: What an agent may do with ticked tickets.
VERBS = ("assign", "set_status", "set_priority", "tag", "merge", "snooze", "spam", "delete", "restore")


def tools(words: Mapping[str, str], tickets: TicketListing) -> dict[str, Any]:
    """Return what narrows and orders the list."""
    rest = {name: value for name, value in words.items() if name != "sort"}
    names = SORTS | {"newest": NEWEST} if period_criteria.moment_of(tickets.shape.given) is not None else SORTS
    return {
        "chips": criteria.chips(words),
        "sorts": [(str(names[name]), {**rest, "sort": name}, name == tickets.chosen_sort) for name in tickets.sorts],
        "sort_name": str(names[tickets.chosen_sort]),
        "filters": lambda: filters(words),
        "bulk_acts": lambda: bulk_acts(tickets, words.get("view", "open")),
        "display_choices": lambda: display_choices(tickets.agent),
    }


def filters(words: Mapping[str, str]) -> Markup:
    """Return the fields of the filters, the present ones chosen."""
    chosen = tuple((name, words[name]) for name in criteria.FILTERS if name in words)
    return fragment("admin/ticket_filters.html", _choices, view=words.get("view", "open"), chosen=chosen)


def bulk_acts(tickets: TicketListing, view: str) -> Markup:
    """Return the acts on ticked tickets that the agent may do in this view."""
    department = lookups.department(tickets.department_id)
    return fragment(
        "admin/ticket_bulk_acts.html",
        _targets,
        may=tuple(verb for verb in VERBS if access.can(tickets.agent, verb)),
        view=view if view in ("spam", "bin", "snoozed") else "",
        moments=moments.offered(zone_of(tickets.agent)),
        service=tickets.service_id or (department.service_id if department else 0),
        department=tickets.department_id,
        has_macros=bool(using.offered_to(tickets.agent)),
        absences=availability.absences(),
    )


def display_choices(agent: Agent) -> Markup:
    """Return the fields of how lists look, as they look for this agent."""
    return fragment(
        "admin/ticket_display.html",
        lambda **_key: {"column_names": display.COLUMNS},
        is_dense=display.is_dense(agent),
        columns=display.chosen(agent),
    )


def _targets(*, service: int, department: int | None, absences: availability.Absences, **_key: Any) -> dict[str, Any]:
    """Return whom tickets may be assigned to, those who cover the place first, and what else may be set."""
    covering, others = assignees.eligible_agents(service, department)
    rows = {"teams": lookups.teams(), "agents": covering + others, "catalogue": lookups}
    return {**rows, "label_of": moments.label_of, "notes": availability.notes(absences)}


def _choices(*, view: str, chosen: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return what the filters offer: pairs of a value and its name, departments under their service."""

    def pairs(rows: list[Any]) -> list[Any]:
        return [(row.id, str(row.name if isinstance(row, Department) else row)) for row in rows]

    places = [(str(service), pairs(lookups.departments(service.id))) for service in lookups.services()]
    # The box that finds anything leads to the lists of those beyond the first.
    tags, organisations = (
        [row for place, row in enumerate(rows) if place < OFFERED or str(row.id) == dict(chosen).get(name)]
        for name, rows in (("tag", lookups.tags()), ("organisation", lookups.organisations()))
    )
    return {
        "arguments": {"view": view, **dict(chosen)},
        "hidden": tuple(period_criteria.CRITERIA),
        "choices": {
            "service": pairs(lookups.services()),
            "department": [(service, departments) for service, departments in places if departments],
            "status": pairs(lookups.statuses()),
            "priority": pairs(lookups.priorities()),
            "assignee": [("me", _("Me")), *pairs(lookups.agents())],
            "team": pairs(lookups.teams()),
            "tag": pairs(tags),
            "organisation": pairs(organisations),
        },
    }
