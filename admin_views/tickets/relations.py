"""Links between tickets: made by number, taken away, and two that look alike proposed to be merged or left apart."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage
from helpdesk import access, tickets
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.relations import relating
from helpdesk.tickets import alike
from models import Ticket


class RelationsPage(TicketDeskPage):
    """What a ticket is linked to."""

    slug = "relations"

    @expose("/<number>/links", methods=["POST"])
    def link_view(self, number: str) -> ResponseReturnValue:
        """Link the ticket with the one whose number was written."""
        ticket = self.context.find(number)
        try:
            other = self.other(request.form.get("number", ""))
            relating.relate(ticket, other, request.form.get("way", ""), actor=self.agent)
        except InvalidInput as error:
            return self.refuse(number, "link", error)
        flash(_("Ticket %(number)s is linked.", number=other.number), "success")
        return redirect(self.context.address(ticket, _anchor="links"))

    def other(self, number: str) -> Ticket:
        """Return the ticket of this number. Raises InvalidInput when there is none that the agent sees."""
        text = number.strip().removeprefix("#").strip()
        if not text:
            raise InvalidInput(lazy("Write the number of a ticket."), field="number")
        try:
            return self.context.follow(text)
        except NotFound:
            missing = lazy("There is no ticket %(number)s among those you see.", number=access.clean_number(text))
            raise InvalidInput(missing, field="number") from None

    @expose("/<number>/links/<int:key>/remove", methods=["POST"])
    def unlink_view(self, number: str, key: int) -> ResponseReturnValue:
        """Take a link away."""
        ticket = self.context.find(number)
        relating.unrelate(ticket, key, actor=self.agent)
        flash(_("The link is taken away."), "success")
        return redirect(self.context.address(ticket, _anchor="links"))

    @expose("/<number>/apart/<other>", methods=["POST"])
    def apart_view(self, number: str, other: str) -> ResponseReturnValue:
        """Propose no more to merge these two."""
        ticket, second = self.context.find(number), self.context.find(other)
        access.require(self.agent, "merge", ticket)
        with tickets.transaction():
            alike.keep_apart(ticket, second)
        return redirect(self.context.address(ticket))
