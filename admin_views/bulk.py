"""One act on many tickets, each by its own rule."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.base import DeskPage
from admin_views.side import LIST
from admin_views.ticket_list import CRITERIA
from admin_views.tickets import ACTS, one_of, target
from helpdesk import access, catalogue, notifications, tickets
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy, ngettext
from models import Ticket

#: Tickets changed by one act at the most.
MAX_TICKED = 500
PLAIN = frozenset({"spam", "not-spam", "delete", "restore", "close"})


class BulkActs(DeskPage):
    """The bar below a list with ticked tickets (B13, B15, B16)."""

    slug = "bulk"
    title = lazy("Actions")
    verb = "desk"

    @expose("/")
    def index_view(self) -> Response:
        """Show nothing of its own: the bar stands below the lists."""
        return redirect(url_for(LIST))

    @expose("/<act>", methods=["POST"])
    def bulk_view(self, act: str) -> Response:
        """Do one thing to every ticked ticket; say how many were done, and how many were refused and why."""
        numbers = request.form.getlist("number")[:MAX_TICKED]
        found = access.visible_tickets(self.agent).where(Ticket.number.in_(numbers)) if numbers else []
        done, refused = 0, dict[str, int]()
        # One act, one mail to whom it concerns, however many tickets (RULES 10).
        with tickets.transaction(), notifications.one_mail(actor=self.agent):
            for ticket in found:
                try:
                    self.bulk(act, ticket)
                    done += 1
                except HelpdeskError as error:
                    refused[str(error)] = refused.get(str(error), 0) + 1
        if done or not refused:
            flash(self.said(act, done), "success" if done else "error")
        for why, number in refused.items():
            flash(
                ngettext(
                    "%(num)s ticket was refused: %(why)s", "%(num)s tickets were refused: %(why)s", number, why=why
                ),
                "error",
            )
        return redirect(self.back())

    def bulk(self, act: str, ticket: Ticket) -> None:
        """Do one bulk act to one ticket."""
        value = request.form.get("value", "")
        if act == "assign":
            tickets.assign(ticket, target(value), actor=self.agent)
        elif act == "status":
            tickets.set_status(ticket, one_of(catalogue.statuses(), value), actor=self.agent)
        elif act == "priority":
            tickets.set_priority(ticket, one_of(catalogue.priorities(), value), actor=self.agent)
        elif act == "tag":
            tickets.tag(ticket, value, actor=self.agent)
        elif act in {"spam", "not-spam", "delete", "restore", "close"}:
            ACTS[act][0](ticket, actor=self.agent)
        else:
            abort(404)

    @staticmethod
    def said(act: str, done: int) -> str:
        """Say how many tickets an act has changed."""
        if not done:
            return _("Tick at least one ticket first.")
        if act == "assign":
            return ngettext("%(num)s ticket has been assigned.", "%(num)s tickets have been assigned.", done)
        return ngettext("%(num)s ticket has been updated.", "%(num)s tickets have been updated.", done)

    @staticmethod
    def back() -> str:
        """Return the list the bulk act came from, by its own criteria only."""
        names = ("view", "q", "scope", *CRITERIA)
        kept: dict[str, Any] = {name: request.form[f"list_{name}"] for name in names if f"list_{name}" in request.form}
        return url_for(LIST, **kept)
