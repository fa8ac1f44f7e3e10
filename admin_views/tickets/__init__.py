"""The desk of agents: lists of tickets, the page of one, replies, acts, bulk acts. Each view calls one rule.
It may import `admin_views.base`, `web` and the rules of `helpdesk`.
No set-up screen: those are `admin_views/setup`.
"""

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin import expose

from admin_views.base import DeskPage
from admin_views.tickets.actions import TicketActs
from admin_views.tickets.list import MENU, TicketLists
from admin_views.tickets.merging import TicketMerging
from admin_views.tickets.on_behalf import CallerTickets
from admin_views.tickets.replies import TicketReplies
from admin_views.tickets.sidebar import desk_menu
from admin_views.tickets.unread import TicketReading
from helpdesk.i18n import lazy


class TicketPages(TicketLists, CallerTickets, TicketReplies, TicketReading, TicketMerging, TicketActs, DeskPage):
    """Everything agents do with tickets."""

    slug = "tickets"
    title = lazy("Tickets")
    verb = "desk"

    @expose("/<number>")
    def ticket_view(self, number: str) -> Any:
        """Show a ticket: its thread, its panel, the composer."""
        return self.show(number)

    def render(self, template: str, **kwargs: Any) -> Any:
        """Render with the desk's menu."""
        arguments = {key: request.args.get(key, type=int) or request.args[key] for key in MENU if key in request.args}
        return super().render(template, side=desk_menu(self.agent, arguments or {"view": "open"}), **kwargs)
