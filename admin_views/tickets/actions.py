"""One button per verb: each view calls one rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.tickets.page import TicketPage
from helpdesk import access, outbox, tickets
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lib import inputs
from helpdesk.lists import bulk
from helpdesk.lists.bulk import Outcome
from helpdesk.settings import lookups
from models import Agent, Message, Team, Ticket

#: Buttons that need nothing but the ticket: the rule and what is said when it is done, unless `leave` says it.
ACTS: dict[str, tuple[Callable[..., Any], Any]] = {
    "close": (tickets.close, lazy("The ticket has been closed.")),
    "reopen": (tickets.reopen, lazy("The ticket has been reopened.")),
    "take": (tickets.take, lazy("The ticket is yours.")),
    "important": (tickets.mark_important, lazy("The ticket is marked as important.")),
    "not-important": (tickets.not_important, lazy("The ticket has its former priority again.")),
    "spam": (tickets.mark_spam, ""),
    "not-spam": (tickets.not_spam, lazy("The ticket is not spam any more, and its author is not blocked.")),
    "delete": (tickets.delete, ""),
    "restore": (tickets.restore, lazy("The ticket is restored.")),
}


def one_of(rows: list[Any], key: str) -> Any:
    """Return the row with this id. Raises InvalidInput for any other."""
    row = next((row for row in rows if str(row.id) == key), None)
    if row is None:
        raise InvalidInput(lazy("Choose one from the list."))
    return row


def target(value: str) -> Agent | Team | None:
    """Read ``agent-3``, ``team-2`` or an empty text (nobody)."""
    kind, _dash, key = value.partition("-")
    if not value:
        return None
    rows: list[Any] = lookups.teams() if kind == "team" else lookups.agents()
    return one_of(rows, key)


def offer_undo(outcome: Outcome, said: dict[str, Any]) -> None:
    """Offer to take an act back, on the list with these criteria."""
    if outcome.action is not None:
        flash(url_for("desk_bulk.undo_view", batch_id=outcome.action.id, **said), "undo")


class TicketActs(TicketPage):
    """What is done to a ticket, for the page class that holds it."""

    @expose("/<number>/<act>", methods=["POST"])
    def act_view(self, number: str, act: str) -> Any:
        """Do what one button says."""
        if act not in ACTS:
            abort(404)
        ticket = self.find(number)
        if act == "spam":
            return self.spam(ticket)
        rule, done = ACTS[act]
        if act == "delete":
            said = _("Ticket %(number)s is in the bin. It can be restored for 30 days.", number=ticket.number)
            return self.leave(ticket, act, lambda row: rule(row, actor=self.agent), said)
        rule(ticket, actor=self.agent)
        flash(str(done), "success")
        return redirect(self.address(ticket))

    def leave(self, ticket: Ticket, act: str, rule: Callable[[Ticket], None], said: str) -> Response:
        """Do what takes a ticket out of the lists: the list says which one went, and offers to take it back."""
        access.require(self.agent, act, ticket)
        outcome = bulk.run(act, [ticket.id], rule, actor=self.agent)
        if not (outcome.done or outcome.refused):
            # Gone meanwhile, or part of another ticket: this says so.
            self.find(ticket.number)
        for why in outcome.refused:
            flash(why, "error")
        if outcome.done:
            flash(said, "success")
        offer_undo(outcome, self.arguments())
        return redirect(self.address_of_list())

    def spam(self, ticket: Ticket) -> Any:
        """Mark as spam; ask first where a stranger may have used a member's address (RULES 15)."""
        block = {"yes": True, "no": False}.get(request.form.get("block", ""))
        access.require(self.agent, "spam", ticket)
        if block is None and not ticket.is_spam and tickets.may_be_impersonated(ticket):
            act, back = self.address(ticket, "act_view", act="spam"), self.address(ticket)
            return self.render("admin/ticket_spam.html", ticket=ticket, act=act, back=back)
        number = ticket.number
        said = (
            _("Ticket %(number)s is marked as spam. Its author is not blocked.", number=number)
            if block is False
            else _("Ticket %(number)s is marked as spam. Its author’s next tickets will be too.", number=number)
        )
        return self.leave(
            ticket, "spam", lambda row: tickets.mark_spam(row, actor=self.agent, block_author=block), said
        )

    @expose("/<number>/update", methods=["POST"])
    def update_view(self, number: str) -> Any:
        """Change assignee, status, priority and tags at once: one *Update*, one message (RULES 30)."""
        ticket = self.find(number)
        try:
            with tickets.transaction():
                self.update(ticket)
        except InvalidInput as error:
            return self.refuse(number, "update", error)
        flash(_("The ticket parameters have been updated."), "success")
        return redirect(self.back_to(ticket))

    def update(self, ticket: Ticket) -> None:
        """Apply the panel's form; a field that was not shown is not changed."""
        form, agent = request.form, self.agent
        if "tags" in form and access.can(agent, "tag", ticket):
            tickets.set_tags(ticket, form["tags"].split(","), actor=agent)
        if "status" in form:
            tickets.set_status(ticket, one_of(lookups.statuses(), form["status"]), actor=agent)
        if "priority" in form and form["priority"] != str(ticket.priority_id):
            tickets.set_priority(ticket, one_of(lookups.priorities(), form["priority"]), actor=agent)
        if "assignee" in form and form["assignee"] != "keep":
            tickets.assign(ticket, target(form["assignee"]), actor=agent)

    @expose("/<number>/subject", methods=["POST"])
    def subject_view(self, number: str) -> Any:
        """Change the subject."""
        ticket = self.find(number)
        try:
            tickets.rename(ticket, request.form.get("subject", ""), actor=self.agent)
        except InvalidInput as error:
            return self.refuse(number, "subject", error)
        flash(_("The subject has been changed."), "success")
        return redirect(self.address(ticket))

    @expose("/<number>/transfer", methods=["POST"])
    def transfer_view(self, number: str) -> Any:
        """Hand the ticket over (A20)."""
        ticket = self.find(number)
        try:
            to = target(request.form.get("to", ""))
            if to is None:
                raise InvalidInput(lazy("Choose to whom."), field="to")
            tickets.transfer(ticket, to, actor=self.agent, note=request.form.get("note", ""))
        except InvalidInput as error:
            return self.refuse(number, "transfer", error)
        flash(_("The ticket has been transferred to %(name)s.", name=str(to)), "success")
        return redirect(self.back_to(ticket))

    @expose("/<number>/move", methods=["POST"])
    def move_view(self, number: str) -> Any:
        """Put the ticket under another service and department."""
        ticket = self.find(number)
        service, _slash, department = request.form.get("place", "").partition("/")
        try:
            place = inputs.row_key(service), inputs.row_key(department)
            if place[0] is None or (department and place[1] is None):
                raise InvalidInput(lazy("Choose a service."))
            tickets.move(ticket, place[0], place[1], actor=self.agent)
        except InvalidInput as error:
            return self.refuse(number, "move", error)
        flash(_("The ticket has been moved."), "success")
        return redirect(self.back_to(ticket))

    def refuse(self, number: str, form: str, error: InvalidInput) -> Any:
        """Show the page again, the form as it was filled in and what was refused at it."""
        # Read anew: what was refused half way is not stored.
        return self.show(number, code=422, refused={**request.form, "form": form, "error": str(error)})

    @expose("/<number>/notes/<int:note_id>/delete", methods=["POST"])
    def delete_note_view(self, number: str, note_id: int) -> Response:
        """Delete an internal note."""
        ticket = self.find(number)
        note = self.message(ticket, note_id, lazy("There is no such note."))
        tickets.delete_note(note, actor=self.agent)
        flash(_("The note has been deleted."), "success")
        return redirect(self.address(ticket))

    @expose("/<number>/messages/<int:message_id>/retry", methods=["POST"])
    def retry_view(self, number: str, message_id: int) -> Response:
        """Send the mails of a message anew that could not be delivered."""
        ticket = self.find(number)
        message = self.message(ticket, message_id, lazy("There is no such message."))
        sent = outbox.retry_message(message, actor=self.agent)
        if sent:
            flash(
                ngettext("%(num)d e-mail will be sent again.", "%(num)d e-mails will be sent again.", sent), "success"
            )
        return redirect(self.address(ticket) + f"#m{message.id}")

    @staticmethod
    def message(ticket: Ticket, key: int, missing: Any) -> Message:
        """Return a message of this ticket. Raises NotFound with these words."""
        row = Message.get_or_none(Message.id == key, Message.ticket == ticket.id) if inputs.fits(key) else None
        if row is None:
            raise NotFound(missing)
        # The ticket is at hand: no need to read it again.
        row.ticket = ticket
        return row
