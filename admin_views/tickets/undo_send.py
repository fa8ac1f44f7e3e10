"""A reply that has not gone out: taken back, given more time, or sent at once."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.context import message_of
from admin_views.tickets.files import form_files, remember_files
from helpdesk import tickets
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _


class UndoSendPage(TicketDeskPage):
    """The seconds between *Send* and the mail."""

    slug = "undo-send"

    @expose("/<number>/withdraw/<int:message_id>", methods=["POST"])
    def withdraw_view(self, number: str, message_id: int) -> ResponseReturnValue:
        """Take a reply back before it goes out: it stands in the composer again."""
        context = self.context
        ticket, files = context.follow(number), form_files(self.agent)
        message = message_of(ticket, message_id)
        try:
            if message is not None:
                tickets.withdraw_reply(message, actor=self.agent, files_key=files.key, owner=files.owner)
                remember_files(ticket.number, files.stamp)
            flash(_("Your message was not sent: it is a draft again."), "success")
        except InvalidInput as error:
            flash(str(error), "error")
        return redirect(f"{context.address(ticket)}#reply")

    @expose("/<number>/wait/<int:message_id>", methods=["POST"])
    def wait_view(self, number: str, message_id: int) -> ResponseReturnValue:
        """Give a reply that has not gone out more time, or (`now`) let it go at once."""
        context = self.context
        ticket = context.follow(number)
        message = message_of(ticket, message_id)
        try:
            if message is None:
                # Taken back in another window: it will not go out.
                flash(_("Your message was not sent: it is a draft again."), "info")
                return redirect(f"{context.address(ticket)}#reply")
            if "now" in request.form:
                tickets.send_reply_now(message, actor=self.agent)
                flash(_("Your message has been sent."), "success")
            else:
                tickets.delay_reply(message, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
        return redirect(context.address(ticket))
