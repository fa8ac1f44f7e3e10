"""One message of a ticket on a page of its own: what it says, its files, and what may be done to it."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage
from helpdesk import access
from helpdesk.corrections import correcting, masked_files, masked_text, masking, unmasking
from helpdesk.corrections.masked_text import Passage
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.files import attachments
from helpdesk.i18n import _, lazy, ngettext
from models import Attachment, Mask, Message

MESSAGE, UNDO = "desk_message.message_view", "desk_message.undo_view"


class MessagePage(TicketDeskPage):
    """A message: a passage or a file of it is masked here; its former texts are read here."""

    slug = "message"

    @expose("/<number>/messages/<int:key>")
    def message_view(self, number: str, key: int) -> ResponseReturnValue:
        """Show the message."""
        return self.message(correcting.find(key, actor=self.agent))

    def message(self, message: Message, passage: str = "", error: str = "") -> str:
        """Return the page of a message; what was refused comes back in its field."""
        ticket, agent = message.ticket, self.agent
        return self.render(
            "admin/ticket_message.html",
            ticket=ticket,
            message=message,
            files=attachments.of_messages([message]).get(message.id, []),
            may_correct=correcting.may_correct(message, agent),
            may_mask=access.can(agent, "mask", ticket),
            versions=correcting.versions(message, actor=agent) if access.can(agent, "administer") else [],
            passage=passage,
            error=error,
            most=masked_text.LONGEST,
            here=lambda endpoint, **values: self.context.address(ticket, endpoint, key=message.id, **values),
            back=self.context.address(ticket, _anchor=f"m{message.id}"),
        )

    @expose("/<number>/messages/<int:key>/mask", methods=["POST"])
    def mask_view(self, number: str, key: int) -> ResponseReturnValue:
        """Say where the passage stands, ask, then mask it."""
        message = correcting.find(key, actor=self.agent)
        access.require(self.agent, "mask", message.ticket)
        typed = request.form.get("passage", "")
        try:
            passage = masked_text.passage_of(typed)
            if "confirmed" not in request.form:
                return self.ask(message, passage)
            row = masking.mask(message, passage, everywhere="everywhere" in request.form, actor=self.agent)
        except InvalidInput as error:
            return self.message(message, typed[: masked_text.LONGEST], str(error)), 422
        return self.done(message, row)

    def ask(self, message: Message, passage: Passage) -> str:
        """Return the page that asks. Raises InvalidInput at ``passage``."""
        preview = masking.preview(message, passage)
        if not preview.is_here:
            raise InvalidInput(masking.NOT_THERE, field="passage")
        context, ticket = self.context, message.ticket
        return self.render(
            "admin/ticket_mask_ask.html", ticket=ticket, message=message, passage=passage.text, preview=preview,
            act=context.address(ticket, "desk_message.mask_view", key=message.id),
            back=context.address(ticket, MESSAGE, key=message.id),
        )  # fmt: skip

    def done(self, message: Message, row: Mask) -> ResponseReturnValue:
        """Say what is masked, and offer to undo it."""
        text = ngettext(
            "Masked in %(num)d place. For one hour it can be undone.",
            "Masked in %(num)d places. For one hour it can be undone.",
            row.places,
        )
        flash(text, "success")
        flash(self.context.address(message.ticket, UNDO, mask=row.id), "undo")
        return redirect(self.context.address(message.ticket, _anchor=f"m{message.id}"))

    @expose("/<number>/messages/<int:key>/files/<int:file_id>/mask", methods=["POST"])
    def mask_file_view(self, number: str, key: int, file_id: int) -> ResponseReturnValue:
        """Ask whether its name goes, too, then mask a file."""
        message = correcting.find(key, actor=self.agent)
        access.require(self.agent, "mask", message.ticket)
        file = self.file(message, file_id)
        if "confirmed" not in request.form:
            context = self.context
            return self.render(
                "admin/ticket_mask_file.html", ticket=message.ticket, file=file,
                act=context.address(message.ticket, "desk_message.mask_file_view", key=key, file_id=file_id),
                back=context.address(message.ticket, MESSAGE, key=key),
            )  # fmt: skip
        row = masked_files.mask_file(file, with_name="with_name" in request.form, actor=self.agent)
        return self.done(message, row)

    @staticmethod
    def file(message: Message, key: int) -> Attachment:
        """Return a file of this message. Raises NotFound."""
        files = attachments.of_messages([message]).get(message.id, [])
        file = next((row for row in files if row.id == key), None)
        if file is None:
            raise NotFound(lazy("There is no such file."))
        file.message = message
        return file

    @expose("/<number>/masks/<int:mask>/undo", methods=["POST"])
    def undo_view(self, number: str, mask: int) -> ResponseReturnValue:
        """Show again what was masked less than an hour ago."""
        ticket = self.context.follow(number)
        try:
            left = unmasking.undo(unmasking.find(ticket, mask), actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
        else:
            flash(_("It is shown again."), "success")
            if left:
                text = ngettext(
                    "%(num)d place has changed since and stays masked.",
                    "%(num)d places have changed since and stay masked.",
                    left,
                )
                flash(text, "info")
        return redirect(self.context.address(ticket))
