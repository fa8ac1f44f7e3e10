"""The composer: replies, internal notes, drafts, canned responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_admin import expose
from werkzeug.datastructures import MultiDict

from admin_views.tickets import sending
from admin_views.tickets.files import basket, forget_files, remember_files
from admin_views.tickets.page import TicketPage, meanwhile, moment, page_of
from helpdesk import tickets
from helpdesk.errors import InvalidInput, Merged, NotFound
from helpdesk.files import uploads
from helpdesk.i18n import _, lazy
from helpdesk.lib import inputs, richtext
from helpdesk.lib.inputs import row_key
from helpdesk.tickets import canned_responses, drafts, mentions, missing_file, presence, thread
from helpdesk.tickets.drafts import Writing
from models import CannedResponse, Message, Ticket
from web import sessions

#: What may be sent after one's sign-in has ended: the text comes back instead of the sign-in page alone.
KEEPS_TEXT = frozenset({"reply_view", "draft_view"})


class Overtaken(Exception):
    """Messages have come in that the writer has not seen."""

    def __init__(self, messages: list[Message]) -> None:
        super().__init__()
        self.messages = messages


class TicketReplies(TicketPage):
    """What is written in a ticket, for the page class that holds it."""

    @expose("/<number>/reply", methods=["POST"])
    def reply_view(self, number: str) -> Any:
        """Send a reply or store a note; a canned response chosen without script comes back in the box."""
        form: dict[str, Any] = {
            **sending.form_values(request.form),
            "basket": basket(self.agent),
            "way": sending.chosen(request.form),
        }
        try:
            ticket = self.find(number)
        except Merged as led:
            return self.go_on_in(led, form)
        form["basket"].take()
        if "insert" in form:
            return self.insert(ticket, form)
        if form["basket"].stored:
            remember_files(ticket.number, form["basket"].stamp)
        if form["basket"].errors or "remove_file" in form:
            return self.show(number, code=422 if form["basket"].errors else 200, **form)
        if self.forgets_a_file(form):
            return self.show(number, code=409, **form, forgotten=True)
        said = meanwhile(ticket, form.get("known", ""))
        try:
            sent = self.send(ticket, form)
        except InvalidInput as error:
            return self.show(number, code=422, **{**form, "error": str(error), "error_field": error.field})
        except Merged as led:
            return self.go_on_in(led, form)
        except Overtaken as held:
            # The page that comes back shows what came in, and what changed: it knows the newest again.
            form = {name: value for name, value in form.items() if name not in {"seen", "known"}}
            return self.show(
                number, code=409, **form, held=held.messages, said=[sending.said_new(len(held.messages)), *said]
            )
        forget_files(ticket.number)
        if sent.public_at is None:
            # The page itself tells of a reply that may still be taken back.
            flash(_("Your note has been saved.") if sent.is_note else _("Your message has been sent."), "success")
        for text in said:
            flash(text, "info")
        session["sent"] = form.get("form_key", "")[:40]
        answer = redirect(self.address(ticket))
        if not sent.is_note:
            sending.remember(answer, self.agent, request.form)
        return answer

    def go_on_in(self, led: Merged, form: dict[str, Any]) -> Any:
        """Bring what was written in a merged ticket into the one it is part of now, to be read once more and sent."""
        if request.accept_mimetypes.best == "application/json":
            return {"saved": "", "error": sending.said_merged(led)}, 422
        form["basket"].take()
        form = {name: value for name, value in form.items() if name not in {"seen", "known"}}
        said = _("%(said)s Look at it, then send your text.", said=str(led))
        return self.show(led.number, code=409, **form, error=said)

    @staticmethod
    def forgets_a_file(form: dict[str, Any]) -> bool:
        """Whether the writer is to be asked, once, about a file that the text speaks of."""
        asked = "no_file" in form or form.get("kind") == "note" or form["basket"].stored
        return not asked and missing_file.speaks_of_a_file(written(request.form))

    def send(self, ticket: Ticket, form: dict[str, Any]) -> Message:
        """Store what was written, and forget its draft: all of it or nothing. Raises Overtaken, Merged."""
        body, files, saved, key = written(request.form), form["basket"].stored, None, form_key()
        with tickets.transaction():
            tickets.lock(ticket, actor=self.agent)
            made = tickets.find_message_by_form_key(key, ticket, richtext.to_text(richtext.clean(body)))
            if made is not None:
                return made
            if form.get("kind") == "note":
                message = tickets.add_note(ticket, body, actor=self.agent, files=files, form_key=key)
            else:
                self.hold_back(ticket, form)
                if form.get("save_as"):
                    name = form.get("canned_name", "")
                    saved = canned_responses.save_from_reply(ticket, name, body, actor=self.agent)
                way = sending.arguments(request.form)
                message = tickets.reply(ticket, body, actor=self.agent, files=files, canned=saved, form_key=key, **way)
            drafts.discard(ticket, actor=self.agent)
            presence.leave(ticket, actor=self.agent)
        return message

    @expose("/<number>/withdraw/<int:message_id>", methods=["POST"])
    def withdraw_view(self, number: str, message_id: int) -> Any:
        """Take a reply back before it goes out: it stands in the composer again."""
        ticket, back = self.follow(number), basket(self.agent)
        message = reply_of(ticket, message_id)
        try:
            if message is not None:
                tickets.withdraw_reply(message, actor=self.agent, files_key=back.key, owner=back.owner)
                remember_files(ticket.number, back.stamp)
            flash(_("Your message was not sent: it is a draft again."), "success")
        except InvalidInput as error:
            flash(str(error), "error")
        return redirect(f"{self.address(ticket)}#reply")

    @expose("/<number>/wait/<int:message_id>", methods=["POST"])
    def wait_view(self, number: str, message_id: int) -> Any:
        """Give a reply that has not gone out more time, or (`now`) let it go at once."""
        ticket = self.follow(number)
        message = reply_of(ticket, message_id)
        try:
            if message is None:
                # Taken back in another window: it will not go out.
                flash(_("Your message was not sent: it is a draft again."), "info")
                return redirect(f"{self.address(ticket)}#reply")
            (tickets.send_reply_now if "now" in request.form else tickets.delay_reply)(message, actor=self.agent)
            if "now" in request.form:
                flash(_("Your message has been sent."), "success")
        except InvalidInput as error:
            flash(str(error), "error")
        return redirect(self.address(ticket))

    @staticmethod
    def hold_back(ticket: Ticket, form: Mapping[str, Any]) -> None:
        """Raise Overtaken when something came in since the page of this form was made."""
        messages = arrived(ticket, form)
        if messages:
            raise Overtaken(messages)

    # --- Drafts ---

    @expose("/<number>/draft", methods=["POST"])
    def draft_view(self, number: str) -> Any:
        """Keep what stands in the composer; tell the script what came in meanwhile."""
        try:
            return self.keep_draft(self.find(number))
        except Merged as led:
            return self.go_on_in(led, {**sending.form_values(request.form), "basket": basket(self.agent)})

    def keep_draft(self, ticket: Ticket) -> Any:
        """Keep what stands in the composer, or forget it. Raises Merged."""
        if "discard" in request.form:
            drafts.discard(ticket, actor=self.agent)
            forget_files(ticket.number)
            flash(_("The draft has been discarded."), "success")
            return redirect(self.address(ticket))
        scripted = request.accept_mimetypes.best == "application/json"
        files = basket(self.agent)
        uploads.wait_longer(form_key=files.key, owner=files.owner)
        try:
            draft = drafts.save(ticket, writing(request.form), actor=self.agent)
        except InvalidInput as error:
            form: dict[str, Any] = {
                **sending.form_values(request.form),
                "error": str(error),
                "error_field": error.field,
            }
            return ({"saved": "", "error": str(error)}, 422) if scripted else self.show(ticket.number, code=422, **form)
        saved = _("Draft saved at %(time)s", time=moment(draft.updated_at)) if draft is not None else ""
        if scripted:
            return {"saved": saved, "news": self.news(ticket), "replying": self.replying(ticket)}
        if saved:
            flash(saved, "success")
        return redirect(f"{self.address(ticket)}#reply")

    @expose("/<number>/presence", methods=["POST"])
    def presence_view(self, number: str) -> Any:
        """Take a sign of life of a writer; say who else is writing, and to a writer what came in."""
        try:
            ticket = self.find(number)
            if "writing" in request.form:
                presence.touch(ticket, actor=self.agent)
        except Merged as led:
            return {"replying": [], "news": [sending.said_merged(led)]}
        said = {"replying": self.replying(ticket)}
        return {**said, "news": self.news(ticket)} if "busy" in request.form else said

    def replying(self, ticket: Ticket) -> list[str]:
        """Say who else is writing a reply."""
        names = presence.others(ticket, actor=self.agent)
        several = _("%(names)s are replying", names=", ".join(names))
        return [_("%(name)s is replying", name=names[0]) if len(names) == 1 else several] if names else []

    def news(self, ticket: Ticket) -> list[str]:
        """Say what happened to the ticket since the writer's page was made."""
        messages = arrived(ticket, request.form)
        said = [sending.said_new(len(messages))] if messages else []
        return said + meanwhile(ticket, request.form.get("known", ""))

    def inaccessible_callback(self, _name: str, **_arguments: Any) -> Any:
        """Give the text back to somebody whose sign-in has ended while they wrote."""
        if _name not in KEEPS_TEXT or sessions.current_person() is not None:
            return super().inaccessible_callback(_name, **_arguments)  # type: ignore[misc]
        after = url_for("desk_tickets.ticket_view", number=_arguments["number"])
        text = richtext.to_text(richtext.clean(written(request.form)))
        return render_template("admin/ticket_signed_out.html", text=text, after=after), 401

    # --- Canned responses ---

    def insert(self, ticket: Ticket, form: dict[str, Any]) -> Any:
        """Put a canned response below what was typed, for a browser without script."""
        response = self.canned(ticket, form["insert"])
        body, filled = form.get("body", ""), canned_responses.filled(response, ticket)
        if form.get("format") == "html":
            body = f"{body}{filled}"
        else:
            body += richtext.to_text(filled)
        return self.show(ticket.number, **{**form, "body": body, "notes": sending.notes_on(response, ticket)})

    @staticmethod
    def canned(ticket: Ticket, key: str) -> CannedResponse:
        """Return a canned response offered in this ticket, else 404."""
        row = next((row for row in canned_responses.offered_in(ticket) if str(row.id) == key), None)
        if row is None:
            raise NotFound(lazy("There is no such canned response."))
        return row

    @expose("/<number>/colleagues")
    def colleagues_view(self, number: str) -> Any:
        """Give the names that a note of this ticket may hold."""
        return {"names": [agent.name for agent in mentions.mentionable_agents(self.find(number), by=self.agent)]}

    @expose("/<number>/canned/<key>")
    def canned_view(self, number: str, key: str) -> Any:
        """Give a canned response to the composer, and say which of its variables are empty."""
        ticket = self.find(number)
        response = self.canned(ticket, key)
        return {"html": canned_responses.filled(response, ticket), "notes": sending.notes_on(response, ticket)}


def arrived(ticket: Ticket, form: Mapping[str, Any]) -> list[Message]:
    """Return the messages that came in after the one a form says its writer saw last, also by a merge."""
    key = row_key(form.get("seen", ""))
    return thread.arrived_since(ticket, key, page_of(form.get("known", ""))) if key is not None else []


def reply_of(ticket: Ticket, key: int) -> Message | None:
    """Return the message of this ticket with this id; None when there is none, as after it was taken back."""
    return Message.get_or_none(Message.id == key, Message.ticket == ticket.id) if inputs.fits(key) else None


def written(form: MultiDict[str, str]) -> str:
    """Return the composer's text as HTML."""
    body = form.get("body", "")
    return body if form.get("format") == "html" else richtext.from_text(body)


def writing(form: MultiDict[str, str]) -> Writing:
    """Return what stands in the composer, as a draft keeps it."""
    return Writing(
        written(form),
        note=form.get("kind") == "note",
        close="close" in form,
        save_as="save_as" in form,
        canned_name=form.get("canned_name", ""),
        form_key=form_key() or "",
    )


def form_key() -> str | None:
    """Return the key of the form that was sent: what it made already is not made again."""
    return request.form.get("form_key", "").replace("\0", "")[:64] or None
