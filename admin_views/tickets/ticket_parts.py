"""The parts of a ticket's page that many tickets share: fragments, whose keys say on what they depend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from admin_views.tickets import ways_to_send
from admin_views.tickets.composer_content import Composer
from admin_views.tickets.moments import zone_of
from helpdesk import access, availability
from helpdesk.lib import moments
from helpdesk.people import assignees
from helpdesk.settings import lookups
from helpdesk.tickets.customer_tickets import CustomerTicket
from models import Agent, Team, Ticket
from web import fragments, rendering
from web.fragments import fragment
from web.uploads import BlankFiles

#: The acts below the reply.
VERBS = ("close", "spam", "important", "delete", "transfer", "move", "snooze", "merge", "split")
#: What the panel sets.
PANEL_VERBS = ("assign", "set_status", "set_priority", "tag")
#: Those of the acts whose form may come back.
REFUSED = ("transfer", "move", "snooze")
#: What another ticket writes into its line.
OTHER = ("base", "number", "subject", "status", "label", "when")
#: Tags that the panel proposes.
TAGS = 200

NOTHING: Mapping[str, str] = {}


def of_ticket(
    ticket: Ticket, agent: Agent, refused: Mapping[str, str], *, is_unread: bool, has_others: bool, has_several: bool
) -> dict[str, Any]:
    """Return what the template of a ticket's page makes its parts by."""
    place = {
        "service": ticket.service_id,
        "department": ticket.department_id,
        # Who is not there today stands so in the menus.
        "absences": availability.absences(),
    }
    may = tuple(verb for verb in VERBS if access.can(agent, verb, ticket))
    panel_may = tuple(verb for verb in PANEL_VERBS if access.can(agent, verb, ticket))
    states = {
        "closed": ticket.is_closed,
        "spam": ticket.is_spam,
        "important": ticket.is_important,
        "bin": ticket.in_bin,
        "unread": is_unread,
        "others": has_others,
        "several": has_several,
        "unresolved": ticket.is_unresolved,
    }
    key = {
        "may": may,
        "states": tuple(name for name, holds in states.items() if holds),
        # What is still to come today, where the reader is.
        "moments": moments.offered(zone_of(agent)),
    }
    acts: dict[str, Any] = {
        "acts": lambda holes: fragment("admin/ticket_acts.html", _acts, holes=holes, **key, **place),
    }
    if refused.get("form") in REFUSED:
        # What was refused comes back in its form: such a page is nobody else's, and makes its acts itself.
        acts = {"acts": None, **key, **_acts(**place), "refused": refused}
    return {
        **acts,
        "panel_may": panel_may,
        "panel_form": lambda holes: fragment("admin/ticket_panel_form.html", _nothing, holes=holes, may=panel_may),
        "whom": lambda current: fragment("admin/ticket_whom.html", _targets, current=_target(current), **place),
        "absence": assignees.absence_text(ticket),
        "choices": _choices,
        "known_tags": lambda: fragment("admin/ticket_tags.html", lambda: {"tags": lookups.tags()[:TAGS]}),
        "lines_of_others": _others,
        "blank_files": lambda holes: fragment("admin/ticket_files.html", _blank_files, holes=holes),
        "composer_form": lambda holes, **values: fragment(
            "admin/ticket_composer_form.html", _composer, holes=holes, **values
        ),
    }


def _others(rows: Iterable[Ticket | CustomerTicket], base: str) -> Markup:
    """Return a line for each of these tickets, whose addresses begin with `base`."""
    pieces = fragments.pieces_of("admin/ticket_other.html", None, OTHER)
    labels = {row.id: str(row.label) for row in lookups.statuses()}
    return Markup("").join(
        pieces.filled(
            {
                "base": base,
                "number": row.number,
                "subject": row.subject,
                "status": row.status_id,
                # A status that was just made elsewhere is not known before the next page.
                "label": labels.get(row.status_id, ""),
                "when": rendering.ago(row.created_at),
            }
        )
        for row in rows
    )


def _target(current: str) -> str:
    """Return whom the menu has chosen; a form may have sent anything, and nothing of that is cached."""
    rows: tuple[Agent | Team, ...] = (*lookups.agents(), *lookups.teams())
    return current if current in {f"{type(row).__name__.lower()}-{row.id}" for row in rows} else ""


def _choices(kind: str, current: int, chosen: str) -> Markup:
    """Return what a ticket may be set to; `chosen` is what a form sent, cached where it is offered."""
    offered = {str(row.id) for row in _rows(kind=kind, current=current)["rows"]}
    chosen = chosen if chosen in offered else ""
    return fragment("admin/ticket_choices.html", _rows, kind=kind, current=current, chosen=chosen)


def _targets(*, service: int, department: int | None, absences: availability.Absences, **_key: Any) -> dict[str, Any]:
    covering, others = assignees.eligible_agents(service, department)
    notes = availability.notes(absences)
    return {"teams": lookups.teams(), "covering": covering, "others": others, "notes": notes}


def _acts(*, service: int, department: int | None, absences: availability.Absences, **_key: Any) -> dict[str, Any]:
    targets = _targets(service=service, department=department, absences=absences)
    return {**targets, "catalogue": lookups, "refused": NOTHING, "label_of": moments.label_of}


def _nothing(**_key: Any) -> dict[str, Any]:
    """Return what a form shows in which nothing was refused."""
    return {"refused": NOTHING}


def _rows(*, kind: str, current: int, **_key: Any) -> dict[str, Any]:
    """Return what a ticket may be set to: what is switched on, and what it is now."""
    rows: list[Any] = lookups.statuses() if kind == "status" else lookups.priorities()
    return {"rows": [row for row in rows if row.enabled or row.id == current]}


def _blank_files() -> dict[str, Any]:
    """Return the field of files that holds none; it is open to agents who may attach some."""
    return {"form_files": BlankFiles(is_open=True)}


def _composer(*, may_close: bool, **_key: Any) -> dict[str, Any]:
    """Return what an empty composer shows."""
    ways = ways_to_send.ways(may_close=may_close)
    return {"composer": Composer(), "ways": ways, "way": ways[0], "label_of": moments.label_of}
