"""Putting a ticket to sleep until a moment, in the agent's own time zone."""

from __future__ import annotations

from datetime import datetime

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.moments import zone_of
from helpdesk import access, snooze
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy, when
from helpdesk.lib import inputs, moments
from models import Ticket

#: The moment until which a ticket slept before its customer woke it.
AGAIN = "again"


class SnoozePage(TicketDeskPage):
    """Snooze; waking is a button like the others (`admin_views.tickets.actions`)."""

    slug = "snooze"

    @expose("/<number>/snooze", methods=["POST"])
    def snooze_view(self, number: str) -> ResponseReturnValue:
        """Snooze the ticket until the moment of the form."""
        ticket, form = self.context.find(number), request.form
        access.require(self.agent, "snooze", ticket)
        ignores_replies, seen = "ignores_replies" in form, inputs.row_key(form.get("seen", ""))
        try:
            until = self.moment(ticket)
            if seen is not None and not ignores_replies:
                snooze.refuse_unread(ticket, seen)
        except InvalidInput as error:
            return self.refuse(number, "snooze", error)
        text = _("Ticket %(number)s is snoozed until %(when)s.", number=ticket.number, when=when(until))
        return self.leave(
            ticket,
            "snooze",
            lambda row: snooze.snooze(row, until, actor=self.agent, ignores_replies=ignores_replies, seen=seen),
            text,
        )

    def moment(self, ticket: Ticket) -> datetime:
        """Return the moment of the form. Raises InvalidInput at its field."""
        if request.form.get("moment") != AGAIN:
            return moments.read(request.form, zone_of(self.agent))
        until = snooze.former_moment(ticket)
        if until is None:
            raise InvalidInput(lazy("This moment is past. Choose a later one."), field="moment")
        return until
