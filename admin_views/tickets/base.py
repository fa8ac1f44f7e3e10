"""The base of the pages of tickets: they share the address ``/admin/tickets``, the context and the page of a ticket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from admin_views.base import DeskPage
from admin_views.tickets import page_content
from admin_views.tickets.composer_content import Composer
from admin_views.tickets.context import TicketContext
from admin_views.tickets.sidebar import desk_menu
from helpdesk import access
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lists import bulk
from helpdesk.lists.bulk import Outcome
from models import BACK, NEXT, STAY, Ticket

#: What the links of the menu are told by, and characters of each; menus are cached by them.
MENU, LONGEST = ("view", "service", "department"), 40
#: What comes back in the other forms of a page when nothing was refused.
NONE: Mapping[str, str] = {}


def offer_undo(outcome: Outcome, criteria: Mapping[str, Any]) -> None:
    """Offer to take an act back, on the list with these criteria."""
    if outcome.action is not None:
        flash(url_for("desk_bulk.undo_view", batch_id=outcome.action.id, **criteria), "undo")


class TicketDeskPage(DeskPage):
    """A page of the desk below the address of tickets."""

    path = "tickets"
    title = lazy("Tickets")
    verb = "desk"

    @property
    def context(self) -> TicketContext:
        """Who asks, and the list they came from."""
        return TicketContext.of_request(self.agent)

    def render(self, template: str, **kwargs: Any) -> str:
        """Render with the desk's menu."""
        words = {key: request.args[key][:LONGEST] for key in MENU if key in request.args}
        place = {key: request.args.get(key, type=int) or word for key, word in words.items()}
        return super().render(template, sidebar=desk_menu(self.agent, place or {"view": "open"}), **kwargs)

    def onward(self, ticket: Ticket) -> str:
        """Return where an act that ends one's work on a ticket leads, as the list stands before the act."""
        if self.agent.after_act == NEXT:
            return self.context.next_address(ticket)
        return self.context.list_address() if self.agent.after_act == BACK else self.context.address(ticket)

    def leave(self, ticket: Ticket, act: str, rule: Callable[[Ticket], None], message: str) -> ResponseReturnValue:
        """Do what takes a ticket out of the lists: the list says which one went, and offers to take it back."""
        access.require(self.agent, act, ticket)
        onward = self.context.list_address() if self.agent.after_act == STAY else self.onward(ticket)
        outcome = bulk.run(act, [ticket.id], rule, actor=self.agent)
        if not (outcome.done or outcome.unchanged or outcome.refused):
            # Gone meanwhile, or part of another ticket: this says so.
            self.context.find(ticket.number)
        for why in outcome.refused:
            flash(why, "error")
        if outcome.done or outcome.unchanged:
            flash(message, "success")
        offer_undo(outcome, self.context.criteria)
        return redirect(onward)

    def show(
        self,
        number: str,
        code: int = 200,
        *,
        composer: Composer | None = None,
        refused: Mapping[str, str] = NONE,
    ) -> tuple[str, int]:
        """Render the page of a ticket; `composer` and `refused` are what comes back in its forms."""
        return self.render("admin/ticket.html", **page_content.content(self.context, number, composer, refused)), code

    def refuse(self, number: str, form: str, error: InvalidInput) -> tuple[str, int]:
        """Show the page again, the form as it was filled in and what was refused at it."""
        # Read again: what was refused half way is not stored.
        where = {"form": form, "error": str(error), "field": error.field or ""}
        return self.show(number, 422, refused={**request.form, **where})
