"""The composer: replies, internal notes, drafts, canned responses."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets import macros, scheduled_replies, ways_to_send
from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.composer_content import Composer, moment
from admin_views.tickets.context import TICKET
from admin_views.tickets.files import forget_files, form_files, remember_files
from helpdesk import send_later, settings, tickets
from helpdesk.errors import InvalidInput, Merged, NotFound, ReplyOutdated
from helpdesk.files import uploads
from helpdesk.i18n import _, lazy
from helpdesk.lib import richtext, text_pictures
from helpdesk.macros import using
from helpdesk.macros.using import Effect
from helpdesk.relations.blocking import Blocked
from helpdesk.tickets import canned_responses, cc, drafts, mentions, outdated_reply, presence
from models import STAY, CannedResponse, Message, ScheduledReply, Ticket
from web import errors, kept_input, sessions
from web.uploads import FormFiles

#: What may be sent after one's sign-in has ended: the text comes back instead of the sign-in page alone.
KEEPS_TEXT = frozenset({"reply_view", "draft_view"})


#: Where a reply is taken back before it goes out.
WITHDRAW = "desk_undo_send.withdraw_view"


class ComposerPage(TicketDeskPage):
    """What is written in a ticket."""

    slug = "composer"

    @expose("/<number>/reply", methods=["POST"])
    def reply_view(self, number: str) -> ResponseReturnValue:
        """Send a reply or store a note; a canned response chosen without script comes back in the box."""
        composer, files = self.sent()
        try:
            ticket = self.context.find(number)
        except Merged as merged:
            return self.go_on_in(merged, composer)
        files.take()
        if "drop_copy" in request.form:
            return self.drop_copy(ticket, composer, request.form["drop_copy"])
        if composer.insert is not None:
            return self.insert(ticket, composer, composer.insert)
        if "drop_macro" in request.form:
            return self.show(number, composer=replace(composer, macro=""))
        if "acts_only" in request.form:
            return self.act(ticket, composer)
        if files.stored:
            remember_files(ticket.number, files.stamp)
        if files.errors or "remove_file" in request.form:
            return self.show(number, 422 if files.errors else 200, composer=composer)
        if composer.forgets_a_file:
            return self.show(number, 409, composer=replace(composer, asks_for_file=True))
        changes, onward = composer.changes_since(ticket), self.onward(ticket)
        try:
            later = scheduled_replies.schedule(ticket, composer, self.agent) if composer.later else None
            message, left_out = self.send(ticket, composer) if later is None else (later, [])
        except Blocked as error:
            return self.show(number, 409, composer=replace(composer, blocked=str(error)))
        except InvalidInput as error:
            return self.show(number, 422, composer=replace(composer, error=str(error), error_field=error.field))
        except Merged as merged:
            return self.go_on_in(merged, composer)
        except ReplyOutdated as outdated:
            newer = outdated.messages
            changes = [str(outdated), *changes]
            # The page that comes back shows what came in, and what changed: it knows the newest again.
            return self.show(
                number, 409, composer=replace(composer, seen=None, known=None, newer=newer, changes=changes)
            )
        if isinstance(message, ScheduledReply):
            forget_files(ticket.number)
            scheduled_replies.flash_moment(message, changes)
            session["sent"] = (composer.form_key or "")[:40]
            stays = self.agent.after_act == STAY
            return redirect(self.context.address(ticket, _anchor="scheduled") if stays else onward)
        macros.flash_left_out(left_out)
        return self.confirm(ticket, composer, message, changes, onward)

    def drop_copy(self, ticket: Ticket, composer: Composer, email: str) -> ResponseReturnValue:
        """Take somebody out of copy before the reply is sent; what was written comes back in the box."""
        flash(_("%(email)s is not in copy any more.", email=cc.drop(ticket, email, actor=self.agent)), "success")
        return self.show(ticket.number, composer=composer)

    def sent(self) -> tuple[Composer, FormFiles]:
        """Return what this request has sent, and its files."""
        files = form_files(self.agent)
        return Composer.of_form(request.form, files), files

    def confirm(
        self, ticket: Ticket, composer: Composer, message: Message, changes: list[str], onward: str
    ) -> ResponseReturnValue:
        """Say that it was sent, and what changed meanwhile; a reply leads on as the profile says."""
        forget_files(ticket.number)
        stays = message.is_note or self.agent.after_act == STAY
        if not stays and message.public_at is not None:
            flash(self.context.address(ticket, WITHDRAW, message_id=message.id), "undo")
        if not stays or message.public_at is None:
            # The ticket's own page tells of a reply that may still be taken back.
            flash(_("Your note has been saved.") if message.is_note else _("Your message has been sent."), "success")
        if not message.is_note and settings.mail_server() is None:
            flash(_("This desk has no mail server yet: the e-mail waits in the outbox."), "info")
        if composer.save_as and not message.is_note and text_pictures.keys(message.body):
            flash(_("The canned response has been saved without the pictures."), "info")
        for text in changes:
            flash(text, "info")
        session["sent"] = (composer.form_key or "")[:40]
        return redirect(self.context.address(ticket, _anchor="newest") if stays else onward)

    def go_on_in(self, merged: Merged, composer: Composer) -> ResponseReturnValue:
        """Bring what was written in a merged ticket into the one it is part of now, to be read once more and sent."""
        if request.accept_mimetypes.best == "application/json":
            return {"saved": "", "error": ways_to_send.merged_text(merged)}, 422
        if composer.files is not None:
            composer.files.take()
        error = _("%(said)s Look at it, then send your text.", said=str(merged))
        return self.show(merged.number, 409, composer=replace(composer, seen=None, known=None, error=error))

    def send(self, ticket: Ticket, composer: Composer) -> tuple[Message, list[Effect]]:
        """Store what was written, do the acts of its macro, and forget its draft: all of it or nothing.

        Return the message, and what was left out. Raises InvalidInput, Merged, and ReplyOutdated when something came in
        since the page of the form was made.
        """
        files, key = composer.files.to_send if composer.files is not None else [], composer.form_key
        with tickets.transaction():
            tickets.lock(ticket, actor=self.agent)
            made = tickets.find_message_by_form_key(key, ticket, composer.html)
            if made is not None:
                return made, []
            send_later.refuse_sent(key)
            offered = canned_responses.offered_in(ticket, self.agent)
            macro = using.find_unchanged(composer.macro, offered)
            used = [row.id for row in offered if row.id in composer.used]
            if composer.is_note:
                message = tickets.add_note(ticket, composer.html, actor=self.agent, files=files, form_key=key)
                left_out = macros.do(self.context, macro, ticket, composer) if macro is not None else []
                using.count(used)
            else:
                message, left_out = using.reply(
                    ticket,
                    composer.html,
                    macro=macro,
                    actor=self.agent,
                    close=composer.way == "close",
                    waits_as=ways_to_send.waits_as(composer.way),
                    used=used,
                    guard=composer.require_same_assignee,
                    files=files,
                    canned=self.save_canned_response(ticket, composer),
                    form_key=key,
                    seen=composer.seen_messages,
                    even_blocked=composer.even_blocked,
                )
            drafts.discard(ticket, actor=self.agent)
            presence.leave(ticket, actor=self.agent)
        return message, left_out

    def act(self, ticket: Ticket, composer: Composer) -> ResponseReturnValue:
        """Do the acts of a macro and send nothing; what stands in the composer is kept as a draft."""
        try:
            done = macros.act(self.context, ticket, composer)
        except InvalidInput as error:
            return self.show(ticket.number, 422, composer=replace(composer, error=str(error)))
        except Merged as merged:
            return self.go_on_in(merged, composer)
        flash(done, "success")
        return redirect(self.context.back_to(Ticket.get_by_id(ticket.id)))

    def save_canned_response(self, ticket: Ticket, composer: Composer) -> CannedResponse | None:
        """Store the reply as a canned response too, where that is ticked. Raises InvalidInput."""
        if not composer.save_as:
            return None
        return canned_responses.save_from_reply(ticket, composer.canned_name, composer.html, actor=self.agent)

    def inaccessible_callback(self, _name: str, **arguments: str) -> ResponseReturnValue:
        """Give the text back to somebody whose sign-in has ended while they wrote."""
        if _name not in KEEPS_TEXT or sessions.current_person() is not None:
            return super().inaccessible_callback(_name, **arguments)
        after = url_for("account.sign_in", next=url_for(TICKET, number=arguments["number"]))
        # The form has passed the check of its token: it is one of ours.
        return errors.signed_out(after, kept_input.read_form(is_ours=True))

    # --- Drafts ---

    @expose("/<number>/draft", methods=["POST"])
    def draft_view(self, number: str) -> ResponseReturnValue:
        """Keep what stands in the composer; tell the script what came in meanwhile."""
        composer, files = self.sent()
        # Nothing is sent yet.
        composer = replace(composer, way="")
        try:
            ticket = self.context.find(number)
            return self.discard(ticket) if "discard" in request.form else self.keep(ticket, composer, files)
        except Merged as merged:
            return self.go_on_in(merged, composer)

    def discard(self, ticket: Ticket) -> ResponseReturnValue:
        """Forget the draft."""
        drafts.discard(ticket, actor=self.agent)
        forget_files(ticket.number)
        flash(_("The draft has been discarded."), "success")
        return redirect(self.context.address(ticket))

    def keep(self, ticket: Ticket, composer: Composer, files: FormFiles) -> ResponseReturnValue:
        """Keep the draft. Raises Merged."""
        scripted = request.accept_mimetypes.best == "application/json"
        uploads.wait_longer(form_key=files.key, owner=files.owner)
        try:
            draft = drafts.save(ticket, composer.to_draft(), actor=self.agent)
        except InvalidInput as error:
            if scripted:
                return {"saved": "", "error": str(error)}, 422
            refused = replace(composer, files=None, error=str(error), error_field=error.field)
            return self.show(ticket.number, 422, composer=refused)
        saved = _("Draft saved at %(time)s", time=moment(draft.updated_at)) if draft is not None else ""
        if scripted:
            return {"saved": saved, "news": news(ticket, composer), "replying": self.replying(ticket)}
        if saved:
            flash(saved, "success")
        return redirect(f"{self.context.address(ticket)}#reply")

    @expose("/<number>/presence", methods=["POST"])
    def presence_view(self, number: str) -> ResponseReturnValue:
        """Take a sign of life of a writer; say who else is writing, and to a writer what came in."""
        try:
            ticket = self.context.find(number)
            if "writing" in request.form:
                presence.touch(ticket, actor=self.agent)
        except Merged as merged:
            return {"replying": [], "news": [ways_to_send.merged_text(merged)]}
        answer = {"replying": self.replying(ticket)}
        if "busy" in request.form:
            answer["news"] = news(ticket, Composer.of_form(request.form))
        return answer

    def replying(self, ticket: Ticket) -> list[str]:
        """Return who else is writing a reply, in words."""
        names = presence.others(ticket, actor=self.agent)
        several = _("%(names)s are replying", names=", ".join(names))
        return [_("%(name)s is replying", name=names[0]) if len(names) == 1 else several] if names else []

    # --- Canned responses ---

    def insert(self, ticket: Ticket, composer: Composer, key: str) -> ResponseReturnValue:
        """Put a canned response below the text, for a browser without script."""
        response = self.canned_response(ticket, key)
        filled = canned_responses.filled(response, ticket)
        body = composer.body + (filled if composer.is_html else richtext.to_text(filled))
        macro = using.key_of(response) if using.is_macro(response) else composer.macro
        notes = ways_to_send.notes_on(response, ticket)
        composer = replace(composer, body=body, macro=macro, used=(*composer.used, response.id), notes=notes)
        return self.show(ticket.number, composer=composer)

    def canned_response(self, ticket: Ticket, key: str) -> CannedResponse:
        """Return a canned response offered to the agent in this ticket. Raises NotFound."""
        offered = canned_responses.offered_in(ticket, self.agent)
        row = next((row for row in offered if str(row.id) == key), None)
        if row is None:
            raise NotFound(lazy("There is no such canned response."))
        return row

    @expose("/<number>/colleagues")
    def colleagues_view(self, number: str) -> ResponseReturnValue:
        """Give the names that a note of this ticket may hold."""
        ticket = self.context.find(number)
        return {"names": [agent.name for agent in mentions.mentionable_agents(ticket, by=self.agent)]}

    @expose("/<number>/canned/<key>")
    def canned_view(self, number: str, key: str) -> ResponseReturnValue:
        """Give a canned response to the composer: what is empty in it, and what else it does."""
        ticket = self.context.find(number)
        response = self.canned_response(ticket, key)
        answer = {"html": canned_responses.filled(response, ticket), "notes": ways_to_send.notes_on(response, ticket)}
        if using.is_macro(response):
            answer["macro"] = macros.fragment(macros.macro_of(using.key_of(response), ticket, self.agent, [response]))
        return answer


def news(ticket: Ticket, composer: Composer) -> list[str]:
    """Return what happened to the ticket since the writer's page was made, in words."""
    messages = composer.messages_since(ticket)
    arrived = [outdated_reply.newer_text(len(messages))] if messages else []
    return arrived + composer.changes_since(ticket)
