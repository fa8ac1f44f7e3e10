"""Answering all linked tickets at once: written, shown in numbers, sent, taken back."""

from __future__ import annotations

import re
import secrets

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets import ways_to_send
from admin_views.tickets.base import TicketDeskPage
from helpdesk import access
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, ngettext
from helpdesk.lib import richtext
from helpdesk.lists import linked_reply
from helpdesk.lists.linked_reply import Answer, Outcome
from helpdesk.relations import relating
from helpdesk.settings import lookups, placeholders
from models import Ticket

ANSWER, UNDO = "desk_linked_reply.answer_view", "desk_linked_reply.undo_view"


class LinkedReplyPage(TicketDeskPage):
    """One reply to all tickets that are linked to one."""

    slug = "linked_reply"

    @expose("/<number>/answer-linked", methods=["GET", "POST"])
    def answer_view(self, number: str) -> ResponseReturnValue:
        """Ask for the text and the tickets, say in numbers what follows, then send."""
        ticket = self.context.find(number)
        offered = self.offered(ticket)
        if request.method == "GET":
            ticked = {row.ticket.number for row in relating.of_ticket(ticket, self.agent) if row.ticket is not None}
            return self.write(ticket, offered, ticked)
        chosen = [row for row in offered if row.number in request.form.getlist("number")]
        answer = self.sent()
        try:
            if "confirmed" not in request.form:
                return self.ask(ticket, answer, chosen)
            outcome = linked_reply.send(answer, chosen, actor=self.agent)
        except InvalidInput as error:
            return self.write(ticket, offered, {row.number for row in chosen}, error), 422
        flash_outcome(
            outcome,
            ngettext("%(num)d ticket has been answered.", "%(num)d tickets have been answered.", outcome.done),
        )
        if outcome.done:
            flash(self.context.address(ticket, UNDO, key=answer.key), "undo")
        return redirect(self.context.address(ticket))

    def offered(self, ticket: Ticket) -> list[Ticket]:
        """Return the linked tickets that the agent sees, and the ticket itself."""
        return [*relating.tickets_of(relating.of_ticket(ticket, self.agent)), ticket][: linked_reply.MOST]

    @staticmethod
    def sent() -> Answer:
        """Return what this request has sent."""
        form = request.form
        way = form.get("way", "send")
        body = form.get("body", "")
        html = body if form.get("format") == "html" else richtext.from_text(body)
        key = re.sub(r"[^\w-]", "", form.get("form_key", ""), flags=re.ASCII)[:40]
        return Answer(html, key or secrets.token_urlsafe(9), way == "close", ways_to_send.waits_as(way))

    def write(self, ticket: Ticket, offered: list[Ticket], ticked: set[str], error: InvalidInput | None = None) -> str:
        """Show the form, as it was filled in."""
        sent = self.sent()
        ways = ways_to_send.ways(may_close=access.can(self.agent, "close", ticket))
        return self.render(
            "admin/ticket_answer_linked.html",
            ticket=ticket,
            offered=offered,
            ticked=ticked,
            html=richtext.clean(sent.body),
            text=richtext.to_text(richtext.clean(sent.body)),
            form_key=sent.key,
            ways=ways,
            way=ways_to_send.way_of(request.form.get("way", ""), ways),
            variables=[(name, placeholders.PLACEHOLDERS[name]) for name in placeholders.allowed("")],
            error=error or "",
            wrong=error.field if error is not None else "",
            catalogue=lookups,
            act=self.context.address(ticket, ANSWER),
            back=self.context.address(ticket),
        )

    def ask(self, ticket: Ticket, answer: Answer, chosen: list[Ticket]) -> str:
        """Say what follows, and show the first one as it will be read. Raises InvalidInput."""
        outcome = linked_reply.preview(answer, chosen, actor=self.agent)
        ways = ways_to_send.ways(may_close=True)
        way = ways_to_send.way_of(request.form.get("way", ""), ways)
        return self.render(
            "admin/ticket_answer_linked_ask.html",
            ticket=ticket,
            outcome=outcome,
            chosen=chosen,
            example=linked_reply.filled(answer.body, chosen[0]),
            answer=answer,
            way=way,
            act=self.context.address(ticket, ANSWER),
            back=self.context.address(ticket, ANSWER),
        )

    @expose("/<number>/answer-linked/undo/<key>", methods=["POST"])
    def undo_view(self, number: str, key: str) -> ResponseReturnValue:
        """Take back what was sent a moment ago, as far as it has not gone out."""
        ticket = self.context.follow(number)
        outcome = linked_reply.withdraw(key, self.offered(ticket), actor=self.agent)
        flash_outcome(
            outcome,
            ngettext("%(num)d reply has been taken back.", "%(num)d replies have been taken back.", outcome.done),
        )
        return redirect(self.context.address(ticket))


def flash_outcome(outcome: Outcome, text: str) -> None:
    """Say how many were done, and why others were not."""
    if outcome.done:
        flash(text, "success")
    for why, number in outcome.refused.items():
        refused = ngettext(
            "%(num)s ticket was refused: %(why)s", "%(num)s tickets were refused: %(why)s", number, why=why
        )
        flash(refused, "error")
    if not (outcome.done or outcome.refused):
        flash(_("There is nothing to take back any more."), "info")
