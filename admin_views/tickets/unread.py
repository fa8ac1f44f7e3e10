"""Whether a ticket is unread: each agent's own mark."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.tickets.base import TicketDeskPage
from helpdesk.errors import Merged
from helpdesk.i18n import _
from helpdesk.lib import inputs
from helpdesk.tickets import unread


class UnreadPage(TicketDeskPage):
    """Marking a ticket as read or unread."""

    slug = "unread"

    @expose("/<number>/read", methods=["POST"])
    def read_view(self, number: str) -> ResponseReturnValue:
        """Take from the page's script up to which message was shown; without script, a button marks the whole."""
        upto = inputs.row_key(request.form.get("upto", ""))
        try:
            ticket = self.context.find(number)
        except Merged:
            # Nobody asked for anything: the script has nothing to say to its reader.
            if upto is None:
                raise
            return {}
        if upto is not None:
            unread.read(ticket, upto, actor=self.agent)
            return {}
        unread.mark([ticket.id], read=True, actor=self.agent)
        flash(_("The ticket is marked as read."), "success")
        return redirect(self.context.address(ticket))

    @expose("/<number>/unread", methods=["POST"])
    def unread_view(self, number: str) -> Response:
        """Mark the ticket as unread for oneself, and leave: staying would be reading it again."""
        unread.mark([self.context.find(number).id], read=False, actor=self.agent)
        flash(_("The ticket is marked as unread."), "success")
        return redirect(self.context.list_address())
