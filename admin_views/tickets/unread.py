"""What goes with reading a ticket: one's own mark, and the list beside it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.tickets.page import TicketPage
from helpdesk.i18n import _
from helpdesk.lib import inputs
from helpdesk.lists import criteria
from helpdesk.tickets import unread


class TicketReading(TicketPage):
    """Marks of reading and the list beside a ticket, for the page class that holds them."""

    @expose("/<number>/read", methods=["POST"])
    def read_view(self, number: str) -> Any:
        """Take from the page's script up to which message was shown; without script, a button marks the whole."""
        ticket = self.find(number)
        upto = inputs.row_key(request.form.get("upto", ""))
        if upto is not None:
            unread.read(ticket, upto, actor=self.agent)
            return {}
        unread.mark([ticket.id], read=True, actor=self.agent)
        flash(_("The ticket is marked as read."), "success")
        return redirect(self.address(ticket))

    @expose("/<number>/unread", methods=["POST"])
    def unread_view(self, number: str) -> Response:
        """Mark the ticket as unread for oneself, and leave: staying would be reading it again."""
        unread.mark([self.find(number).id], read=False, actor=self.agent)
        flash(_("The ticket is marked as unread."), "success")
        return redirect(self.address_of_list())

    @expose("/beside")
    def beside_view(self) -> str:
        """Give the list that a ticket was opened from, as it stands beside it."""
        ticket = self.find(request.args.get("at", ""))
        said = self.arguments()
        rows = criteria.listing_of(self.agent, said).around(ticket)
        return render_template("admin/ticket_beside.html", rows=rows, at=ticket.id, arguments=said)
