"""What rules did to a ticket, and why: each condition with the value it saw (D6)."""

from __future__ import annotations

from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage
from helpdesk.rules import explaining


class WhyPage(TicketDeskPage):
    """The filters and rules that ran or were considered."""

    slug = "why"

    @expose("/<number>/why")
    def why_view(self, number: str) -> str:
        """Show what rules did and considered in a ticket, newest first."""
        ticket = self.context.find(number)
        return self.render(
            "admin/why.html",
            ticket=ticket,
            moments=explaining.moments_of(ticket, actor=self.agent),
            days=explaining.KEPT.days,
            shown=explaining.SHOWN,
            return_url=self.context.address(ticket),
        )
