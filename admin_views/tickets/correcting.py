"""Correcting a reply or a note: a page with the editor and the files of the message."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.files import form_files, picture_url
from helpdesk import settings
from helpdesk.corrections import correcting
from helpdesk.corrections.correcting import Correction
from helpdesk.errors import InvalidInput, Merged, NotAllowed
from helpdesk.files import attachments
from helpdesk.i18n import _, lazy
from helpdesk.lib import inputs, richtext, text_pictures
from models import CUSTOMER_MESSAGE, Attachment, Message, Upload
from web.uploads import FormFiles


@dataclass(frozen=True)
class Typed:
    """What stands in the form: as a browser sent it, or the message as it is."""

    html: str
    seen: str
    without: frozenset[int] = frozenset()
    tells: str = ""
    error: str = ""
    field: str = ""
    #: What somebody else made of the message while this was written.
    present: str = ""


class CorrectPage(TicketDeskPage):
    """The page on which one corrects what one has sent."""

    slug = "correct"

    @expose("/<number>/messages/<int:key>/correct", methods=["GET", "POST"])
    def correct_view(self, number: str, key: int) -> ResponseReturnValue:
        """Show the message in an editor, then store what became of it."""
        message = correcting.find(key, actor=self.agent)
        if message.kind == CUSTOMER_MESSAGE:
            raise NotAllowed(lazy("What a customer wrote is not corrected; a passage of it can be masked."))
        files = form_files(self.agent)
        if request.method == "GET":
            if not correcting.may_correct(message, self.agent):
                raise NotAllowed(correcting.TOO_LATE)
            return self.form(message, files, as_it_is(message))
        files.take()
        if files.errors or "remove_file" in request.form:
            return self.form(message, files, sent()), 422 if files.errors else 200
        try:
            return self.store(message, files)
        except (InvalidInput, Merged) as error:
            # Its ticket may be part of another one by now.
            message = correcting.find(key, actor=self.agent)
            return self.form(message, files, sent(error, message)), 422
        except NotAllowed as error:
            return self.form(message, files, sent(error)), 403

    def store(self, message: Message, files: FormFiles) -> ResponseReturnValue:
        """Store the correction. Raises InvalidInput, Merged, NotAllowed."""
        typed = sent()
        tells = {"yes": True, "no": False}.get(typed.tells)
        is_plain = request.form.get("format") != "html"
        correction = Correction(typed.html, typed.seen, files.to_send, typed.without, tells, is_plain)
        if not correcting.correct(message, correction, actor=self.agent):
            flash(_("Nothing has changed."), "info")
        elif tells and settings.mail_server() is None:
            flash(_("The message has been corrected. The e-mail that says so waits in the outbox."), "success")
        elif tells:
            flash(_("The message has been corrected, and the correction is being sent."), "success")
        else:
            flash(_("The message has been corrected."), "success")
        return redirect(self.context.address(message.ticket, _anchor=f"m{message.id}"))

    def form(self, message: Message, files: FormFiles, typed: Typed) -> str:
        """Return the page with its form."""
        own = attachments.of_messages([message]).get(message.id, [])
        together: list[Attachment | Upload] = [*own, *files.stored]
        pictures = [file for file in together if file.is_image]
        shown = text_pictures.drawn(richtext.clean(typed.html, pictures=True), pictures, _source)
        return self.render(
            "admin/ticket_correct.html",
            ticket=message.ticket,
            message=message,
            typed=typed,
            html=shown,
            text=richtext.to_text(shown),
            own=text_pictures.without(own, message.body),
            asks=typed.field == "tells" or correcting.was_mailed(message),
            form_files=files,
            act=self.context.address(message.ticket, "desk_correct.correct_view", key=message.id),
            back=self.context.address(message.ticket, _anchor=f"m{message.id}"),
        )


def _source(file: Attachment | Upload) -> str:
    """Return where the editor loads a picture: of the message, or of its form."""
    key = text_pictures.key_of(file)
    if isinstance(file, Upload):
        return picture_url(file.id, key)
    return url_for("desk_files.sent_picture_view", file_id=file.id, key=key)


def as_it_is(message: Message) -> Typed:
    """Return the form of a message that nobody has touched yet."""
    return Typed(message.body, state_of(message))


def state_of(message: Message) -> str:
    """Return what the form remembers of the message it shows."""
    return correcting.state_of(message, attachments.of_messages([message]).get(message.id, []))


def sent(error: Exception | None = None, now: Message | None = None) -> Typed:
    """Return what this request has sent; with what was refused, and the message as it is `now` where it has changed."""
    form = request.form
    body = form.get("body", "")
    seen, present = form.get("seen", "")[:64], ""
    if now is not None and state_of(now) != seen:
        # What is saved next time is saved by somebody who has read it.
        seen, present = state_of(now), now.body
    ids = (inputs.row_key(value) for value in form.getlist("without"))
    return Typed(
        html=body if form.get("format") == "html" else richtext.from_text(body),
        seen=seen,
        without=frozenset(key for key in ids if key is not None),
        tells=form.get("tells", ""),
        error=str(error) if error is not None else "",
        field=(error.field or "") if isinstance(error, InvalidInput) else "",
        present=present,
    )
