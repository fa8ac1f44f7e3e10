"""The side menu of the set-up area: what the agent may open, and nothing else."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from helpdesk import access, availability
from helpdesk.erasing import requests
from helpdesk.i18n import lazy
from helpdesk.outbox import outbox_health
from helpdesk.people import assignees
from models import Agent

#: Groups of (endpoint of the screen, name, what one must be allowed to do).
GROUPS: tuple[tuple[Any, tuple[tuple[str, Any, str], ...]], ...] = (
    (
        lazy("Request intake"),
        (
            ("desk_services", lazy("Services"), "configure"),
            ("desk_departments", lazy("Departments"), "configure"),
            ("desk_canned_responses", lazy("Canned responses"), "desk"),
            ("desk_filters", lazy("Filters"), "configure"),
            ("desk_automations", lazy("Automations"), "configure"),
        ),
    ),
    (
        lazy("Team"),
        (
            ("desk_users", lazy("Users"), "administer"),
            ("desk_teams", lazy("Teams"), "configure"),
            ("desk_leave", lazy("Leave"), "administer"),
            ("desk_roles", lazy("Roles"), "administer"),
            ("desk_my_settings", lazy("Settings"), "desk"),
        ),
    ),
    (
        lazy("Tickets"),
        (
            ("desk_statuses", lazy("Statuses"), "configure"),
            ("desk_priorities", lazy("Priorities"), "configure"),
            ("desk_tags", lazy("Tags"), "configure"),
            ("desk_customers", lazy("Customers"), "configure"),
            ("desk_organisations", lazy("Organisations"), "configure"),
            ("desk_orders", lazy("Orders"), "configure"),
        ),
    ),
    (
        lazy("Desk"),
        (
            ("desk_configuration", lazy("Configuration"), "configure"),
            ("desk_opening_hours", lazy("Opening hours"), "configure"),
            ("desk_closed_days", lazy("Closed days"), "configure"),
            ("desk_due_times", lazy("Due times"), "configure"),
            ("desk_automatic_closing", lazy("Automatic closing"), "configure"),
            ("desk_ready", lazy("Your form"), "administer"),
            ("desk_emails", lazy("E-mails"), "configure"),
            ("desk_mailboxes", lazy("Mailboxes"), "administer"),
            ("desk_senders", lazy("Senders"), "configure"),
            ("desk_outbox", lazy("Outbox"), "configure"),
            ("desk_identity_providers", lazy("Single sign-on"), "administer"),
            ("desk_api_keys", lazy("API keys"), "configure"),
            ("desk_health", lazy("Health"), "configure"),
            ("desk_journal", lazy("Journal"), "administer"),
            ("desk_erasures", lazy("Erasures"), "administer"),
            ("desk_suppressed_addresses", lazy("Addresses no longer kept"), "administer"),
            ("desk_retention", lazy("Retention"), "administer"),
        ),
    ),
)

#: Pages that belong to a screen of the menu.
SCREEN_OF = {
    **dict.fromkeys(("desk_customer", "desk_customer_erasing", "desk_customer_organisation"), "desk_customers"),
    **dict.fromkeys(("desk_customer_merging", "desk_customer_duplicates"), "desk_customers"),
    **dict.fromkeys(("desk_retention_items", "desk_retention_batches"), "desk_retention"),
    "desk_identities": "desk_identity_providers",
}

#: What a screen of the menu is counted by: work that waits there.
COUNTS = {"desk_outbox": outbox_health.given_up_for, "desk_erasures": requests.waiting_for}


def setup_menu(agent: Agent) -> list[dict[str, Any]]:
    """Return the sections of the side menu that hold something for this agent."""
    back = [_link("desk_tickets", lazy("Back to the tickets"), "left")]
    sections: list[dict[str, Any]] = [{"label": None, "links": back}]
    for label, entries in GROUPS:
        links = [
            _link(endpoint, name, count=COUNTS[endpoint](agent) or None if endpoint in COUNTS else None)
            for endpoint, name, verb in entries
            if access.can(agent, verb)
        ]
        if links:
            sections.append({"label": str(label), "links": links})
    return sections


def _link(endpoint: str, name: Any, icon: str | None = None, count: int | None = None) -> dict[str, Any]:
    return {
        "label": str(name),
        "url": url_for(f"{endpoint}.index_view"),
        "icon": icon,
        "count": count,
        "current": SCREEN_OF.get(request.blueprint or "", request.blueprint) == endpoint,
        "sub": [],
    }


def me(agent: Agent) -> dict[str, str]:
    """Return what stands at the foot of the menu: who is signed in, whether they are there, their profile."""
    last = availability.last_day(agent)
    state = "on" if agent.takes_tickets else "off"
    return {
        "name": agent.name,
        "profile_url": url_for("account.profile"),
        "sign_out_url": url_for("account.sign_out"),
        # Who handles no tickets is handed none.
        "availability": state if assignees.in_support(agent) else "",
        "absence": availability.note_of(last) if last is not None else "",
    }
