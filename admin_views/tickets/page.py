"""The page of one ticket."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage


class TicketPage(TicketDeskPage):
    """A ticket: its thread, its panel, the composer."""

    slug = "ticket"

    @expose("/<number>")
    def ticket_view(self, number: str) -> ResponseReturnValue:
        """Show the ticket."""
        return self.show(number)
