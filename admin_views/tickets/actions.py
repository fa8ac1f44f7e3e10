"""One button per verb: each view calls one rule."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets import page_state, panel
from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.context import message_of
from helpdesk import access, automatic_closing, snooze, tickets
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lib import inputs
from helpdesk.outbox import retries, returned
from helpdesk.people import assignees
from helpdesk.relations.blocking import Blocked
from models import STAY, Agent, Message, Team, Ticket

ACT = "desk_actions.act_view"
#: Buttons that need nothing but the ticket: the rule, and the message when it is done, unless `leave` has its own.
ACTS: dict[str, tuple[Callable[..., None], str]] = {
    "close": (tickets.close, lazy("The ticket has been closed.")),
    "reopen": (tickets.reopen, lazy("The ticket has been reopened.")),
    "take": (tickets.take, lazy("The ticket is yours.")),
    "important": (tickets.mark_important, lazy("The ticket is marked as important.")),
    "not-important": (tickets.not_important, lazy("The ticket has its former priority again.")),
    "spam": (tickets.mark_spam, ""),
    "not-spam": (tickets.not_spam, lazy("The ticket is not spam any more, and its author is not blocked.")),
    "delete": (tickets.delete, ""),
    "restore": (tickets.restore, lazy("The ticket is restored.")),
    "keep-open": (automatic_closing.keep_open, lazy("The ticket is not closed by itself any more.")),
    "allow-closing": (automatic_closing.allow_closing, lazy("The ticket may be closed by itself again.")),
    "wake": (snooze.wake, lazy("The ticket is awake: it stands in the lists of open tickets again.")),
}


class ActionsPage(TicketDeskPage):
    """What is done to a ticket."""

    slug = "actions"

    @expose("/<number>/<act>", methods=["POST"])
    def act_view(self, number: str, act: str) -> ResponseReturnValue:
        """Do what one button says."""
        if act not in ACTS:
            abort(404)
        ticket = self.context.find(number)
        if act == "spam":
            return self.spam(ticket)
        rule, done = ACTS[act]
        if act == "delete":
            message = _("Ticket %(number)s is in the bin. It can be restored for 30 days.", number=ticket.number)
            return self.leave(ticket, act, lambda row: rule(row, actor=self.agent), message)
        if act == "take":
            return self.take(ticket, str(done))
        if act == "close":
            return self.close(ticket, str(done))
        rule(ticket, actor=self.agent)
        flash(str(done), "success")
        return redirect(self.context.address(ticket))

    def close(self, ticket: Ticket, message: str) -> ResponseReturnValue:
        """Close the ticket; ask first where another one blocks it."""
        onward = self.onward(ticket)
        try:
            tickets.close(ticket, actor=self.agent, even_blocked="blocked" in request.form)
        except Blocked as error:
            return self.render(
                "admin/model/confirm.html", title=_("Close ticket %(number)s all the same?", number=ticket.number),
                button=_("Close all the same"), consequences=[str(error)], action=request.full_path,
                hidden={"blocked": "1"}, return_url=self.context.address(ticket),
            )  # fmt: skip
        flash(message, "success")
        return redirect(onward)

    def take(self, ticket: Ticket, message: str) -> ResponseReturnValue:
        """Assign the ticket to the agent, unless somebody else just got it."""
        try:
            with tickets.transaction():
                self.require_same_assignee(ticket, self.agent)
                tickets.take(ticket, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
        else:
            flash(message, "success")
        return redirect(self.context.back_to(ticket))

    def require_same_assignee(self, ticket: Ticket, to: Agent | Team | None) -> None:
        """Raise InvalidInput when the ticket was assigned since the form's page was made; in a transaction."""
        tickets.lock(ticket, actor=self.agent)
        page_state.require_same_assignee(request.form.get("known", ""), ticket, to)

    def spam(self, ticket: Ticket) -> ResponseReturnValue:
        """Mark as spam; ask first where a stranger may have used a member's address (RULES 15)."""
        block = {"yes": True, "no": False}.get(request.form.get("block", ""))
        access.require(self.agent, "spam", ticket)
        if block is None and not ticket.is_spam and tickets.may_be_impersonated(ticket):
            act, back = self.context.address(ticket, ACT, act="spam"), self.context.address(ticket)
            return self.render("admin/ticket_spam.html", ticket=ticket, act=act, back=back)
        number = ticket.number
        message = (
            _("Ticket %(number)s is marked as spam. Its author is not blocked.", number=number)
            if block is False
            else _("Ticket %(number)s is marked as spam. Its author’s next tickets will be too.", number=number)
        )
        return self.leave(
            ticket, "spam", lambda row: tickets.mark_spam(row, actor=self.agent, block_author=block), message
        )

    @expose("/<number>/update", methods=["POST"])
    def update_view(self, number: str) -> ResponseReturnValue:
        """Change assignee, status, priority and tags at once: one *Update*, one message (RULES 30)."""
        ticket = self.context.find(number)
        if request.accept_mimetypes.best == "application/json":
            return panel.store_choice(self.context, ticket, request.form)
        try:
            with tickets.transaction():
                self.update(ticket)
        except InvalidInput as error:
            return self.refuse(number, "update", error)
        flash(_("The ticket parameters have been updated."), "success")
        self.flash_absence(ticket, form_name="assignee")
        return redirect(self.context.back_to(ticket))

    @staticmethod
    def flash_absence(ticket: Ticket, form_name: str) -> None:
        """Say plainly when the ticket was just given to somebody on leave."""
        is_new = request.form.get(form_name) not in {None, request.form.get(f"shown_{form_name}")}
        text = assignees.absence_text(Ticket.get_by_id(ticket.id)) if is_new else ""
        if text:
            flash(text, "info")

    def update(self, ticket: Ticket) -> None:
        """Apply the panel's form; a field that was not shown, or is as its page showed it, is not changed."""
        form, agent = request.form, self.agent
        touched = {name for name in form if form[name] != form.get(f"shown_{name}")}
        if "tags" in touched and access.can(agent, "tag", ticket):
            panel.set_tags(ticket, form, agent)
        if "status" in touched:
            panel.setting("status", form["status"], agent)(ticket)
        if "priority" in touched and form["priority"] != str(ticket.priority_id):
            panel.setting("priority", form["priority"], agent)(ticket)
        if "assignee" in touched and form["assignee"] != "keep":
            self.require_same_assignee(ticket, panel.target(form["assignee"]))
            panel.setting("assign", form["assignee"], agent)(ticket)

    @expose("/<number>/subject", methods=["POST"])
    def subject_view(self, number: str) -> ResponseReturnValue:
        """Change the subject."""
        ticket = self.context.find(number)
        try:
            tickets.rename(ticket, request.form.get("subject", ""), actor=self.agent)
        except InvalidInput as error:
            return self.refuse(number, "subject", error)
        flash(_("The subject has been changed."), "success")
        return redirect(self.context.address(ticket))

    @expose("/<number>/transfer", methods=["POST"])
    def transfer_view(self, number: str) -> ResponseReturnValue:
        """Hand the ticket over (A20)."""
        ticket = self.context.find(number)
        try:
            to = panel.target(request.form.get("to", ""))
            if to is None:
                raise InvalidInput(lazy("Choose to whom."), field="to")
            onward = self.onward(ticket)
            with tickets.transaction():
                self.require_same_assignee(ticket, to)
                tickets.transfer(ticket, to, actor=self.agent, note=request.form.get("note", ""))
        except InvalidInput as error:
            return self.refuse(number, "transfer", error)
        flash(_("The ticket has been transferred to %(name)s.", name=str(to)), "success")
        self.flash_absence(ticket, form_name="to")
        return redirect(self.context.back_to(ticket) if self.agent.after_act == STAY else onward)

    @expose("/<number>/move", methods=["POST"])
    def move_view(self, number: str) -> ResponseReturnValue:
        """Put the ticket under another service and department."""
        ticket = self.context.find(number)
        service, _slash, department = request.form.get("place", "").partition("/")
        try:
            place = inputs.row_key(service), inputs.row_key(department)
            if place[0] is None or (department and place[1] is None):
                raise InvalidInput(lazy("Choose a service."))
            tickets.move(ticket, place[0], place[1], actor=self.agent)
        except InvalidInput as error:
            return self.refuse(number, "move", error)
        flash(_("The ticket has been moved."), "success")
        return redirect(self.context.back_to(ticket))

    @expose("/<number>/notes/<int:note_id>/delete", methods=["POST"])
    def delete_note_view(self, number: str, note_id: int) -> ResponseReturnValue:
        """Ask, then delete an internal note: its text does not come back."""
        ticket = self.context.find(number)
        note = self.message(ticket, note_id, lazy("There is no such note."))
        if "confirmed" not in request.form and tickets.may_delete_note(note, self.agent):
            return self.render(
                "admin/model/confirm.html", title=_("Delete this note for good?"), button=_("Delete the note"),
                consequences=[_("The history keeps who wrote it and when, not the text and its files.")],
                action=request.full_path, hidden={"confirmed": "1"}, return_url=self.context.address(ticket),
            )  # fmt: skip
        tickets.delete_note(note, actor=self.agent)
        flash(_("The note has been deleted."), "success")
        return redirect(self.context.address(ticket))

    @expose("/<number>/messages/<int:message_id>/retry", methods=["POST"])
    def retry_view(self, number: str, message_id: int) -> ResponseReturnValue:
        """Send the mails of a message again that could not be delivered."""
        ticket = self.context.find(number)
        message = self.message(ticket, message_id, lazy("There is no such message."))
        sent = retries.retry_message(message, actor=self.agent) + returned.send_again(message, actor=self.agent)
        if sent:
            flash(
                ngettext("%(num)d e-mail will be sent again.", "%(num)d e-mails will be sent again.", sent), "success"
            )
        return redirect(self.context.address(ticket) + f"#m{message.id}")

    @staticmethod
    def message(ticket: Ticket, key: int, missing: str) -> Message:
        """Return a message of this ticket. Raises NotFound with these words."""
        row = message_of(ticket, key)
        if row is None:
            raise NotFound(missing)
        # The ticket is at hand: no need to read it again.
        row.ticket = ticket
        return row
