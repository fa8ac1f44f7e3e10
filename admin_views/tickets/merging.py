"""Merging a ticket into another of its customer, and undoing it: pages that say what moves, in numbers, and ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets.base import TicketDeskPage
from helpdesk import access, tickets
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.settings import lookups
from helpdesk.tickets import merge_undo, merging
from models import Ticket

MERGE, UNDO = "desk_merge.merge_view", "desk_merge.undo_view"


class MergePage(TicketDeskPage):
    """Two tickets become one."""

    slug = "merge"

    @expose("/<number>/merge", methods=["GET", "POST"])
    def merge_view(self, number: str) -> ResponseReturnValue:
        """Ask into which ticket, then whether, then do it: everything moves, and the number goes on leading there."""
        context = self.context
        source = context.find(number)
        access.require(self.agent, "merge", source)
        if request.method == "GET":
            return self.choose(source, access.clean_number(request.args.get("into", "")))
        chosen = request.form.get("number", "").strip() or request.form.get("into", "")
        try:
            target = self.target(chosen)
            merging.check(source, target)
            if "confirmed" not in request.form:
                act, back = context.address(source, MERGE), context.address(source)
                return self.render("admin/ticket_merge_ask.html", **question([source], target), act=act, back=back)
            tickets.merge(source, target, actor=self.agent)
        except InvalidInput as error:
            return self.choose(source, chosen, str(error)), 422
        flash(_("Ticket %(former)s is part of this one now.", former=source.number), "success")
        return redirect(context.address(target))

    @expose("/<number>/merge/<former>/undo", methods=["GET", "POST"])
    def undo_view(self, number: str, former: str) -> ResponseReturnValue:
        """Say what goes back and what stays, then make the ticket that was merged into this one a ticket again."""
        context = self.context
        ticket = context.find(number)
        merge = merge_undo.find(former, ticket)
        preview = merge_undo.preview(merge, ticket, actor=self.agent)
        if request.method == "GET":
            return self.render(
                "admin/ticket_merge_undo.html", ticket=ticket, preview=preview, catalogue=lookups,
                act=context.address(ticket, UNDO, former=former), back=context.address(ticket),
            )  # fmt: skip
        made = tickets.undo_merge(merge, ticket, actor=self.agent)
        flash(_("Ticket %(former)s is a ticket of its own again.", former=made.number), "success")
        return redirect(context.address(made))

    def target(self, number: str) -> Ticket:
        """Return the ticket with this number. Raises InvalidInput when there is none that the agent sees."""
        if not number:
            raise InvalidInput(lazy("Choose a ticket, or write its number."), field="target")
        try:
            return self.context.follow(number.removeprefix("#").strip())
        except NotFound:
            raise InvalidInput(
                lazy("There is no ticket %(number)s among those you see.", number=number), field="target"
            ) from None

    def choose(self, source: Ticket, number: str = "", error: str = "") -> str:
        """Show the customer's other tickets, and a field for a number."""
        offered = merging.candidates(source, actor=self.agent)
        return self.render(
            "admin/ticket_merge.html", ticket=source, offered=offered, typed=number, error=error, catalogue=lookups,
            act=self.context.address(source, MERGE), back=self.context.address(source),
        )  # fmt: skip


def question(sources: Sequence[Ticket], target: Ticket) -> dict[str, Any]:
    """Return what the page that asks shows: what becomes of which tickets, and who will read more."""
    readers = sorted({email for source in sources for email in merging.readers(source, target)})
    return {
        "sources": sources,
        "target": target,
        "readers": readers,
        "moving": merging.preview(sources),
        "days": merge_undo.DAYS,
    }
