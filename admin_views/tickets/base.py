"""The base of the pages of tickets: they share the address ``/admin/tickets``, the context and the page of a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from admin_views.base import DeskPage
from admin_views.tickets import page_content
from admin_views.tickets.composer_content import Composer
from admin_views.tickets.context import TicketContext
from admin_views.tickets.sidebar import desk_menu
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from models import BACK, NEXT, Ticket

#: What the links of the menu are told by.
MENU = ("view", "service", "department")
#: What comes back in the other forms of a page when nothing was refused.
NONE: Mapping[str, str] = {}


class TicketDeskPage(DeskPage):
    """A page of the desk below the address of tickets."""

    path = "tickets"
    title = lazy("Tickets")
    verb = "desk"

    @property
    def context(self) -> TicketContext:
        """Who asks, and the list they came from."""
        return TicketContext.of_request(self.agent)

    def render(self, template: str, **kwargs: Any) -> str:
        """Render with the desk's menu."""
        place = {key: request.args.get(key, type=int) or request.args[key] for key in MENU if key in request.args}
        return super().render(template, sidebar=desk_menu(self.agent, place or {"view": "open"}), **kwargs)

    def onward(self, ticket: Ticket) -> str:
        """Return where an act that ends one's work on a ticket leads, as the list stands before the act."""
        if self.agent.after_act == NEXT:
            return self.context.next_address(ticket)
        return self.context.list_address() if self.agent.after_act == BACK else self.context.address(ticket)

    def show(
        self,
        number: str,
        code: int = 200,
        *,
        composer: Composer | None = None,
        refused: Mapping[str, str] = NONE,
    ) -> tuple[str, int]:
        """Render the page of a ticket; `composer` and `refused` are what comes back in its forms."""
        return self.render("admin/ticket.html", **page_content.content(self.context, number, composer, refused)), code

    def refuse(self, number: str, form: str, error: InvalidInput) -> tuple[str, int]:
        """Show the page again, the form as it was filled in and what was refused at it."""
        # Read again: what was refused half way is not stored.
        return self.show(number, 422, refused={**request.form, "form": form, "error": str(error)})
