"""The desk: lists of tickets, the thread, and one button per verb. Each view calls one rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.base import DeskPage
from admin_views.side import LIST, desk_menu
from admin_views.ticket_list import MENU, TicketLists
from helpdesk import access, canned_responses, catalogue, richtext, threads, tickets
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import _, lazy
from models import Agent, Message, Team, Ticket

#: Buttons that need nothing but the ticket: the rule and what is said when it is done.
ACTS: dict[str, tuple[Callable[..., Any], Any]] = {
    "close": (tickets.close, lazy("The ticket has been closed.")),
    "reopen": (tickets.reopen, lazy("The ticket has been reopened.")),
    "take": (tickets.take, lazy("The ticket is yours.")),
    "important": (tickets.mark_important, lazy("The ticket is marked as important.")),
    "not-important": (tickets.not_important, lazy("The ticket has its former priority again.")),
    "spam": (tickets.mark_spam, lazy("The ticket is marked as spam. Its author’s next tickets will be too.")),
    "not-spam": (tickets.not_spam, lazy("The ticket is not spam any more, and its author is not blocked.")),
    "delete": (tickets.delete, lazy("The ticket is in the bin. It can be restored for 30 days.")),
    "restore": (tickets.restore, lazy("The ticket is restored.")),
}
#: Acts after which the list is the place to be.
LEAVES = frozenset({"spam", "delete"})


def one_of(rows: list[Any], key: str) -> Any:
    """Return the row with this id. Raises InvalidInput for any other."""
    row = next((row for row in rows if str(row.id) == key), None)
    if row is None:
        raise InvalidInput(lazy("Choose one of the list."))
    return row


def target(value: str) -> Agent | Team | None:
    """Read ``agent-3``, ``team-2`` or an empty text (nobody)."""
    kind, _dash, key = value.partition("-")
    if not value:
        return None
    rows: list[Any] = catalogue.teams() if kind == "team" else catalogue.agents()
    return one_of(rows, key)


class TicketPages(TicketLists, DeskPage):
    """Everything agents do with tickets."""

    slug = "tickets"
    title = lazy("Tickets")
    verb = "desk"

    @expose("/<number>")
    def ticket_view(self, number: str) -> Any:
        """Show a ticket: its thread, its panel, the composer."""
        return self.show(self.find(number))

    def show(self, ticket: Ticket, *, code: int = 200, **typed: Any) -> Any:
        """Render the page of a ticket, with what was typed when a form comes back."""
        blocks, earlier = threads.timeline(ticket, before=request.args.get("before", type=int))
        covering, others = access.eligible(ticket.service_id, ticket.department_id)
        page = self.render(
            "admin/ticket.html",
            ticket=ticket,
            blocks=blocks,
            earlier=earlier,
            tags=threads.tags_of(ticket),
            history=threads.earlier_tickets(ticket, self.agent),
            canned=canned_responses.offered(ticket),
            signature=tickets.signature_of(self.agent, ticket),
            may_delete_note=lambda note: tickets.may_delete_note(note, self.agent),
            can=lambda verb: access.can(self.agent, verb, ticket),
            covers=lambda agent: access.covers(agent, ticket.service_id, ticket.department_id),
            catalogue=catalogue,
            targets={"teams": catalogue.teams(), "covering": covering, "others": others},
            typed=typed,
        )
        return page, code

    def find(self, number: str) -> Ticket:
        """Return the ticket with this number within the agent's sight, else 404."""
        return access.find_ticket(self.agent, number)

    @staticmethod
    def address(ticket: Ticket) -> str:
        """Return the address of a ticket's page."""
        return url_for("desk_tickets.ticket_view", number=ticket.number)

    @expose("/<number>/reply", methods=["POST"])
    def reply_view(self, number: str) -> Any:
        """Send a reply or store a note; a canned response chosen without script comes back in the box."""
        ticket = self.find(number)
        form: dict[str, Any] = request.form.to_dict()
        raw = form.get("body", "")
        body = raw if form.get("format") == "html" else richtext.from_text(raw)
        if "insert" in form:
            return self.show(ticket, **{**form, "body": raw + self.canned_text(ticket, form["insert"])})
        try:
            if form.get("kind") == "note":
                tickets.add_note(ticket, body, actor=self.agent)
                flash(_("Your note has been saved."), "success")
            else:
                self.send(ticket, body)
                flash(_("Your message has been sent."), "success")
        except InvalidInput as error:
            return self.show(ticket, code=422, **{**form, "error": str(error), "error_field": error.field})
        return redirect(self.address(ticket))

    def send(self, ticket: Ticket, body: str) -> None:
        """Send a reply, stored as a canned response too when asked: both or none."""
        with tickets.transaction():
            if request.form.get("save_as"):
                canned_responses.save_from_reply(ticket, request.form.get("canned_name", ""), body, actor=self.agent)
            tickets.reply(ticket, body, actor=self.agent, close="close" in request.form)

    def canned_text(self, ticket: Ticket, key: str) -> str:
        """Return a canned response of this ticket as text for a plain box."""
        return richtext.to_text(self.canned_html(ticket, key))

    def canned_html(self, ticket: Ticket, key: str) -> str:
        """Return a canned response of this ticket with its variables filled in, else 404."""
        row = next((row for row in canned_responses.offered(ticket) if str(row.id) == key), None)
        if row is None:
            raise NotFound(lazy("There is no such canned response."))
        return canned_responses.filled(row, ticket)

    @expose("/<number>/canned/<key>")
    def canned_view(self, number: str, key: str) -> Any:
        """Give a canned response to the composer."""
        return {"html": self.canned_html(self.find(number), key)}

    @expose("/<number>/<act>", methods=["POST"])
    def act_view(self, number: str, act: str) -> Response:
        """Do what one button says."""
        if act not in ACTS:
            abort(404)
        ticket = self.find(number)
        rule, done = ACTS[act]
        rule(ticket, actor=self.agent)
        flash(str(done), "success")
        return redirect(url_for(LIST) if act in LEAVES else self.address(ticket))

    @expose("/<number>/update", methods=["POST"])
    def update_view(self, number: str) -> Any:
        """Change assignee, status, priority and tags at once: one *Update*, one message (RULES 30)."""
        ticket = self.find(number)
        try:
            with tickets.transaction():
                self.update(ticket)
        except InvalidInput as error:
            flash(str(error), "error")
            return redirect(self.address(ticket))
        flash(_("The ticket parameters have been updated."), "success")
        # Giving a ticket away may end one's sight of it.
        return redirect(self.address(ticket) if access.sees(self.agent, ticket) else url_for(LIST))

    def update(self, ticket: Ticket) -> None:
        """Apply the panel's form; a field that was not shown is not changed."""
        form, agent = request.form, self.agent
        if "tags" in form and access.can(agent, "tag", ticket):
            tickets.set_tags(ticket, form["tags"].split(","), actor=agent)
        if "status" in form:
            tickets.set_status(ticket, one_of(catalogue.statuses(), form["status"]), actor=agent)
        if "priority" in form and form["priority"] != str(ticket.priority_id):
            tickets.set_priority(ticket, one_of(catalogue.priorities(), form["priority"]), actor=agent)
        if "assignee" in form and form["assignee"] != "keep":
            tickets.assign(ticket, target(form["assignee"]), actor=agent)

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
            flash(str(error), "error")
            return redirect(self.address(ticket))
        flash(_("The ticket has been transferred to %(name)s.", name=str(to)), "success")
        return redirect(self.address(ticket) if access.sees(self.agent, ticket) else url_for(LIST))

    @expose("/<number>/move", methods=["POST"])
    def move_view(self, number: str) -> Any:
        """Put the ticket under another service and department."""
        ticket = self.find(number)
        service, _slash, department = request.form.get("place", "").partition("/")
        try:
            if not service.isdigit() or (department and not department.isdigit()):
                raise InvalidInput(lazy("Choose a service."))
            tickets.move(ticket, int(service), int(department) if department else None, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
            return redirect(self.address(ticket))
        flash(_("The ticket has been moved."), "success")
        return redirect(self.address(ticket) if access.sees(self.agent, ticket) else url_for(LIST))

    @expose("/<number>/notes/<int:note_id>/delete", methods=["POST"])
    def delete_note_view(self, number: str, note_id: int) -> Response:
        """Delete an internal note."""
        ticket = self.find(number)
        note = Message.get_or_none(Message.id == note_id, Message.ticket == ticket.id) if note_id < 2**63 else None
        if note is None:
            raise NotFound(lazy("There is no such note."))
        tickets.delete_note(note, actor=self.agent)
        flash(_("The note has been deleted."), "success")
        return redirect(self.address(ticket))

    def render(self, template: str, **kwargs: Any) -> Any:
        """Render with the desk's menu."""
        arguments = {key: request.args.get(key, type=int) or request.args[key] for key in MENU if key in request.args}
        return super().render(template, side=desk_menu(self.agent, arguments or {"view": "open"}), **kwargs)
