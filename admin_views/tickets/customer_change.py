"""Changing the customer of a ticket: a page that takes the other one, then one that says what follows and asks."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage, offer_undo
from helpdesk import access, settings, tickets
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lib import inputs
from helpdesk.lists import bulk
from helpdesk.tickets import cc, customer_change
from models import Ticket

CHANGE = "desk_customer_change.change_view"


class CustomerChangePage(TicketDeskPage):
    """Another customer for a ticket."""

    slug = "customer_change"

    @expose("/<number>/customer", methods=["GET", "POST"])
    def change_view(self, number: str) -> ResponseReturnValue:
        """Ask to whom the ticket goes, then whether, then do it: the former customer reads it no more."""
        ticket = self.context.find(number)
        access.require(self.agent, "change_customer", ticket)
        if request.method == "GET":
            return self.choose(ticket)
        email = request.form.get("email", "").strip() or request.form.get("copied", "")
        try:
            if not email:
                raise InvalidInput(lazy("Choose somebody, or write an e-mail address."), field="email")
            if "confirmed" not in request.form:
                return self.ask(ticket, email)
            return self.change(ticket, email)
        except InvalidInput as error:
            return self.choose(ticket, email[:254], str(error)), 422

    def choose(self, ticket: Ticket, email: str = "", error: str = "") -> str:
        """Show the people in copy, and a field for an address."""
        copied = [row for row in cc.in_copy(ticket) if row.customer_id != ticket.customer_id]
        return self.render(
            "admin/ticket_customer.html", ticket=ticket, copied=copied, typed=email, error=error,
            act=self.context.address(ticket, CHANGE), back=self.context.address(ticket),
        )  # fmt: skip

    def ask(self, ticket: Ticket, email: str) -> str:
        """Say what follows, in words and numbers, and ask. Raises InvalidInput."""
        preview = customer_change.preview(ticket, email, actor=self.agent)
        return self.render(
            "admin/ticket_customer_ask.html", ticket=ticket, preview=preview, mails=settings.mail_server() is not None,
            act=self.context.address(ticket, CHANGE), back=self.context.address(ticket, CHANGE),
        )  # fmt: skip

    def change(self, ticket: Ticket, email: str) -> ResponseReturnValue:
        """Change the customer; say who is mailed, and offer to undo it. Raises InvalidInput."""
        seen, tells, mailed = inputs.row_key(request.form.get("seen", "")) or 0, "tells" in request.form, []

        def rule(row: Ticket) -> None:
            mailed.append(tickets.change_customer(row, email, actor=self.agent, seen=seen, tells=tells))

        outcome = bulk.run("customer", [ticket.id], rule, actor=self.agent)
        for why in outcome.refused:
            raise InvalidInput(why, field="email")
        changed = self.context.find(ticket.number)
        flash(_("%(name)s is the customer of this ticket now.", name=changed.customer.display_name), "success")
        if tells:
            text = _("An e-mail with the link to it is on its way to %(email)s.", email=changed.address.email)
            flash(text if any(mailed) else _("No e-mail goes to %(email)s.", email=changed.address.email), "info")
        offer_undo(outcome, self.context.criteria)
        return redirect(self.context.address(changed))
