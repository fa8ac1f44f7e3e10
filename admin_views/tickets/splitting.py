"""Splitting a ticket: a page that takes its messages and says what the new one is, then one that asks; undoing it."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms.fields.choices import SelectChoice

from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.on_behalf import places
from admin_views.tickets.panel import target
from helpdesk import access, availability, settings, tickets
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _
from helpdesk.lib import control_characters, inputs
from helpdesk.people import assignees
from helpdesk.settings import lookups
from helpdesk.tickets import excerpt, splitting
from helpdesk.tickets.splitting import Part
from models import NOTE, Agent, Attachment, Message, OutgoingEmail, Ticket

SPLIT, UNDO = "desk_split.split_view", "desk_split.undo_view"
#: Fields of `Part` that have another name on the page.
FIELD_OF = {"service": "place", "department": "place"}


class SplitPage(TicketDeskPage):
    """A part of a ticket becomes a ticket of its own."""

    slug = "split"

    @expose("/<number>/split", methods=["GET", "POST"])
    def split_view(self, number: str) -> ResponseReturnValue:
        """Ask for the messages and what their ticket is, then whether, then do it."""
        ticket = self.context.find(number)
        access.require(self.agent, "split", ticket)
        if request.method == "GET":
            return self.choose(ticket)
        try:
            part = part_of_form()
            if "confirmed" not in request.form:
                return self.ask(ticket, part)
            made = tickets.split(ticket, part, actor=self.agent)
        except InvalidInput as error:
            return self.choose(ticket, error), 422
        flash(_("Ticket %(number)s is made of it.", number=made.number), "success")
        flash(self.context.address(made, UNDO), "undo")
        return redirect(self.context.back_to(made))

    def choose(self, ticket: Ticket, error: InvalidInput | None = None) -> str:
        """Show the messages to tick, and what the new ticket is to be."""
        rows = Message.select().where(Message.ticket == ticket.id, Message.deleted_at.is_null())
        newest = list(rows.order_by(Message.id.desc()).limit(splitting.MOST + 1))
        covering, others = assignees.eligible_agents(ticket.service_id, ticket.department_id)
        form = request.form
        return self.render(
            "admin/ticket_split.html", ticket=ticket, messages=newest[: splitting.MOST][::-1],
            has_more=len(newest) > splitting.MOST, ticked=form.getlist("message") or request.args.getlist("message"),
            words=excerpt.of_html, subject=form.get("subject", ticket.subject), places=offered(self.agent, ticket),
            place=form.get("place", place_of(ticket)), current=form.get("to", ""), teams=lookups.teams(),
            covering=covering, others=others, notes=availability.notes(availability.absences()),
            form_key=secrets.token_urlsafe(16), error=str(error or ""),
            wrong=FIELD_OF.get(error.field or "", error.field) if error is not None else "",
            act=self.context.address(ticket, SPLIT), back=self.context.address(ticket),
        )  # fmt: skip

    def ask(self, ticket: Ticket, part: Part) -> str:
        """Say in numbers what becomes a ticket, and ask. Raises InvalidInput."""
        rows = splitting.check(ticket, part, actor=self.agent)
        ids = [row.id for row in rows]
        sent = OutgoingEmail.select().where(OutgoingEmail.message.in_(ids)).count()
        return self.render(
            "admin/ticket_split_ask.html", ticket=ticket, part=part, author=splitting.other_author(ticket, rows),
            notes=sum(row.kind == NOTE for row in rows), public=sum(row.kind != NOTE for row in rows), sent=sent,
            files=Attachment.select().where(Attachment.message.in_(ids)).count(), form=request.form,
            place=lookups.department(part.department_id) or lookups.service(part.service_id),
            mails=settings.mail_server() is not None, act=self.context.address(ticket, SPLIT),
            back=self.context.address(ticket, SPLIT),
        )  # fmt: skip

    @expose("/<number>/split/undo", methods=["POST"])
    def undo_view(self, number: str) -> ResponseReturnValue:
        """Put the messages back where they came from."""
        made = self.context.find(number)
        try:
            home = tickets.undo_split(made, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
            return redirect(self.context.address(made))
        flash(_("The messages are in their former ticket again."), "success")
        return redirect(self.context.address(home))


def offered(agent: Agent, ticket: Ticket) -> list[SelectChoice]:
    """Return the places within the agent's sight, and the ticket's own: it may be seen by its assignee alone."""
    choices, own = places(agent), place_of(ticket)
    if own not in {choice.value for choice in choices}:
        choices.append(SelectChoice(own, str(ticket.department or ticket.service)))
    return choices


def place_of(ticket: Ticket) -> str:
    """Return the place of a ticket as the page's field holds it."""
    return f"{ticket.service_id}/{ticket.department_id or ''}"


def part_of_form() -> Part:
    """Return what the form describes. Raises InvalidInput."""
    form: Any = request.form
    service, _slash, department = form.get("place", "").partition("/")
    keys = [inputs.row_key(text) for text in form.getlist("message")[: splitting.MOST + 1]]
    return Part(
        messages=tuple(dict.fromkeys(key for key in keys if key is not None)),
        # As it will be stored, so that the question shows it: not cut, for the rule to refuse one too long.
        subject=control_characters.one_line(form.get("subject", "")),
        service_id=inputs.row_key(service) or 0,
        department_id=inputs.row_key(department),
        to=target(form.get("to", "")),
        is_authors=form.get("customer") == "author",
        tells="tells" in form,
        form_key=f"split-{form['form_key']}".replace("\0", "")[:64] if form.get("form_key") else None,
    )
