"""The agents' menu on the left, in the order of RULES 30."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from helpdesk import access
from helpdesk.due_times import rules
from helpdesk.i18n import _
from helpdesk.incoming import held_mail_count, mail_access
from helpdesk.lists import counting, criteria, saved_views
from helpdesk.outbox import outbox_health
from helpdesk.settings import lookups
from models import Agent, SavedView
from web.side_menu import Menu

LIST = "desk_tickets.index_view"
DASHBOARD = "desk_dashboard.index_view"


#: Departments up to which all services are expanded until somebody collapses them.
FEW_DEPARTMENTS = 12
#: The cookie that names the services somebody collapsed or expanded: ``3`` is open, ``-3`` is not.
MENU_GROUPS_COOKIE = "folds"
#: Characters of it that are read: of hundreds of services.
LONGEST = 2_000


def is_open(service_id: int, entry: dict[str, Any]) -> bool:
    """Whether the departments of a service are shown: those of the list at hand always are."""
    if entry["current"] or any(inner["current"] for inner in entry["sub"]):
        return True
    chosen = _groups().split(".")
    if f"-{service_id}" in chosen or str(service_id) in chosen:
        return str(service_id) in chosen
    return len(lookups.departments()) <= FEW_DEPARTMENTS


def _groups() -> str:
    """Return which services were collapsed or expanded."""
    return request.cookies.get(MENU_GROUPS_COOKIE, "")[:LONGEST]


def desk_menu(agent: Agent, current: dict[str, Any]) -> Menu:
    """Return the menu of the desk: `current` holds the arguments of the list being read."""
    here = criteria.parse(request.args) if request.endpoint == LIST else None
    views = saved_views.offered(agent)
    if any(saved_views.criteria_of(row) == here for row in views):
        current = {}
    counts, numbers = counting.counts(agent), saved_views.counts(agent, views)
    received, given_up = held_mail_count.for_agent(agent), outbox_health.given_up_for(agent)
    refused = outbox_health.is_refused_for(agent)
    place = request.endpoint if request.endpoint == DASHBOARD else request.blueprint
    return Menu(
        # Apart from what moves the stamp, the links depend on nothing else. What was read before the menu is made is
        # named here, too: the stamp may have moved since, and what another thread sees by now is another menu.
        (
            (agent.id, agent.is_admin, agent.role_id),
            *current.items(),
            tuple(here.items()) if here is not None and views else None,
            tuple((row.id, row.name, row.query) for row in views),
            (place, bool(given_up), refused, _groups()),
        ),
        {
            "open": counts.open,
            "mine": counts.mine,
            "unassigned": counts.unassigned,
            "received": received,
            "failed": given_up,
            **{f"service{key}": number for key, number in counts.services.items()},
            **{f"department{key}": number for key, number in counts.departments.items()},
            **{f"saved{key}": _count(number) for key, number in numbers.items()},
        },
        lambda: _sections(
            agent, current, _saved_lists(views, set(numbers), here), given_up=bool(given_up), is_refused=refused
        ),
    )


def _sections(
    agent: Agent, current: dict[str, Any], saved: list[dict[str, Any]], *, given_up: bool, is_refused: bool
) -> list[dict[str, Any]]:
    base = url_for(LIST)

    def link(label: str, icon: str | None = None, count: str | None = None, **arguments: Any) -> dict[str, Any]:
        return {
            "label": label,
            "url": base + _words(tuple(arguments.items())),
            "icon": icon,
            "count": count,
            "current": current == arguments,
            "sub": [],
        }

    return [
        {
            "label": None,
            "links": [
                link(_("Open tickets"), "inbox", "open", view="open"),
                link(_("Search"), "search", view="search"),
                link(_("My tickets"), "user", "mine", view="mine"),
            ],
        },
        {"label": _("Services"), "links": _places(agent, link)},
        *([{"label": _("Lists"), "links": saved}] if saved else []),
        {
            "label": None,
            "low": True,
            "links": [
                *_received_link(agent),
                *(_mail_server_link() if is_refused else []),
                *(_given_up_link() if given_up else []),
                link(_("Snoozed"), "clock", view="snoozed"),
                *([link(_("Overdue"), "warn", view="overdue")] if rules.exist() else []),
                link(_("Unassigned"), "none", "unassigned", view="unassigned"),
                link(_("Spam"), "spam", view="spam"),
                link(_("Bin"), "bin", view="bin"),
            ],
        },
        {"label": None, "links": [_dashboard_link(), _setup_link(agent)], "foot": True},
    ]


@lru_cache(maxsize=1_000)
def _words(arguments: tuple[tuple[str, Any], ...]) -> str:
    return f"?{urlencode(arguments)}"


def _places(agent: Agent, link: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the services an agent sees, each with its departments, which can be collapsed."""
    places = []
    for service in lookups.services():
        departments = [row for row in lookups.departments(service.id) if _is_visible(agent, service.id, row.id)]
        if not (departments or _is_visible(agent, service.id, None)):
            continue
        entry = link(str(service), count=f"service{service.id}", service=service.id)
        entry["sub"] = [link(str(row.name), count=f"department{row.id}", department=row.id) for row in departments]
        entry["key"] = service.id
        entry["open"] = is_open(service.id, entry)
        places.append(entry)
    return places


def _saved_lists(
    views: list[SavedView], counted: Collection[int], here: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Return the saved lists, each with its number of tickets where that is known."""
    links = [
        {
            "label": row.name,
            "url": url_for(LIST, **words),
            "icon": None,
            "count": f"saved{row.id}" if row.id in counted else None,
            "sub": [],
            "current": words == here,
        }
        for row in views
        for words in [saved_views.criteria_of(row)]
    ]
    if links:
        address = url_for("desk_views.index_view")
        links.append({"label": _("Arrange the lists"), "url": address, "icon": "pen", "count": None, "sub": []})
    return links


def _count(number: int) -> int | str:
    return f"{number - 1}+" if number == counting.MOST_COUNTED else number


def _received_link(agent: Agent) -> list[dict[str, Any]]:
    """Return the way to the received e-mails with the number of those that wait; nobody without a mailbox has it."""
    if not mail_access.reads_any(agent):
        return []
    here = request.blueprint == "desk_incoming"
    address = url_for("desk_incoming.index_view")
    name = _("Received e-mails")
    return [{"label": name, "url": address, "icon": "mail", "count": "received", "current": here, "sub": []}]


def _mail_server_link() -> list[dict[str, Any]]:
    """Return the way to the page of health while the mail server refuses the desk."""
    address = url_for("desk_health.index_view")
    return [{"label": _("No mail leaves"), "url": address, "icon": "warn", "count": None, "current": False, "sub": []}]


def _given_up_link() -> list[dict[str, Any]]:
    """Return the way to the mails that could not be sent."""
    address = url_for("desk_outbox.index_view", flt0_0="failed")
    return [
        {"label": _("Mails not sent"), "url": address, "icon": "warn", "count": "failed", "current": False, "sub": []}
    ]


def _dashboard_link() -> dict[str, Any]:
    here = request.endpoint == DASHBOARD
    address = url_for(DASHBOARD)
    return {"label": _("Dashboard"), "url": address, "icon": "chart", "count": None, "current": here, "sub": []}


def _setup_link(agent: Agent) -> dict[str, Any]:
    """Return the way to the set-up screens; agents who configure nothing have their own settings there."""
    configures = access.can(agent, "configure")
    endpoint = "desk_services" if configures else "desk_my_settings"
    label = _("Set-up") if configures else _("Settings")
    return {"label": label, "url": url_for(f"{endpoint}.index_view"), "icon": "cog", "count": None, "sub": []}


def _is_visible(agent: Agent, service_id: int, department_id: int | None) -> bool:
    return access.sees_all(agent) or access.covers(agent, service_id, department_id)
