"""Replies that leave at a moment, as they stand in their ticket: sent now, edited, cancelled or discarded."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.files import form_files, remember_files
from helpdesk import send_later
from helpdesk.errors import InvalidInput, NotFound, ReplyOutdated
from helpdesk.i18n import _
from helpdesk.lib import inputs
from helpdesk.tickets.outdated_reply import Seen


class SendLaterPage(TicketDeskPage):
    """What is done to a reply that leaves at a moment; the composer schedules it."""

    slug = "send-later"

    @expose("/<number>/scheduled/<int:key>/now", methods=["POST"])
    def now_view(self, number: str, key: int) -> ResponseReturnValue:
        """Send it before its moment."""
        ticket = self.context.follow(number)
        last = inputs.row_key(request.form.get("seen", ""))
        seen = Seen(last) if last is not None else None
        try:
            send_later.send_now(send_later.find(ticket, key), actor=self.agent, seen=seen)
            flash(_("Your message has been sent."), "success")
        except (InvalidInput, NotFound, ReplyOutdated) as error:
            flash(str(error), "error")
        return redirect(self.context.address(ticket, _anchor="newest"))

    @expose("/<number>/scheduled/<int:key>/edit", methods=["POST"])
    def edit_view(self, number: str, key: int) -> ResponseReturnValue:
        """Take it into the composer, as a draft with its files."""
        ticket, files = self.context.follow(number), form_files(self.agent)
        try:
            row = send_later.find(ticket, key)
            send_later.edit(row, actor=self.agent, files_key=files.key, owner=files.owner)
            remember_files(ticket.number, files.stamp)
            flash(_("The reply is a draft now: it leaves when you send it."), "success")
        except NotFound as error:
            flash(str(error), "error")
        return redirect(f"{self.context.address(ticket)}#reply")

    @expose("/<number>/scheduled/<int:key>/cancel", methods=["POST"])
    def cancel_view(self, number: str, key: int) -> ResponseReturnValue:
        """Let it leave no more."""
        ticket = self.context.follow(number)
        try:
            send_later.cancel(send_later.find(ticket, key), actor=self.agent)
            flash(_("The reply does not leave: it is a draft of this ticket."), "success")
        except NotFound as error:
            flash(str(error), "error")
        return redirect(self.context.address(ticket, _anchor="scheduled"))

    @expose("/<number>/scheduled/<int:key>/discard", methods=["POST"])
    def discard_view(self, number: str, key: int) -> ResponseReturnValue:
        """Delete a draft that was scheduled."""
        ticket = self.context.follow(number)
        try:
            send_later.discard(send_later.find(ticket, key), actor=self.agent)
            flash(_("The draft has been discarded."), "success")
        except (InvalidInput, NotFound) as error:
            flash(str(error), "error")
        return redirect(self.context.address(ticket))
