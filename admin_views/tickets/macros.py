"""What a macro does, as the composer shows it before, and what was left out, as the next page says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flask import flash, render_template, url_for

from admin_views.tickets.composer_content import Composer
from admin_views.tickets.context import TicketContext
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.lists import bulk
from helpdesk.macros import using
from helpdesk.macros.using import Effect
from helpdesk.tickets import canned_responses, drafts
from models import Agent, CannedResponse, Ticket


@dataclass(frozen=True)
class Macro:
    """A macro in a composer: what its form holds of it, its name and what it would do now."""

    key: str
    name: str
    effects: Sequence[Effect]


def macro_of(key: str, ticket: Ticket, agent: Agent, offered: Sequence[CannedResponse]) -> Macro | None:
    """Return the macro of a form as it is now; None without one, or where it is not offered any more."""
    try:
        row = using.find(key, offered)
    except NotFound:
        return None
    if row is None:
        return None
    return Macro(using.key_of(row), str(row), using.preview(row, ticket, actor=agent))


def fragment(macro: Macro | None) -> str:
    """Return what the composer shows of a macro that its script has inserted."""
    return render_template("admin/ticket_macro.html", macro=macro)


def flash_left_out(effects: Iterable[Effect]) -> None:
    """Say on the next page what was left out, and why."""
    for effect in effects:
        flash(_("Left out: %(act)s %(problem)s", act=effect.words, problem=effect.problem), "warning")


def do(context: TicketContext, macro: CannedResponse, ticket: Ticket, composer: Composer) -> list[Effect]:
    """Do the acts of a macro without a reply, so that they may be taken back; return what was left out.

    Raises InvalidInput where it is refused, NotFound or Merged where the ticket is gone.
    """
    left_out: list[Effect] = []

    def rule(row: Ticket) -> None:
        # Run once more where it collided with another act.
        left_out[:] = using.apply(macro, row, actor=context.agent, guard=composer.require_same_assignee)

    outcome = bulk.run("macro", [ticket.id], rule, actor=context.agent)
    for why in outcome.refused:
        raise InvalidInput(why)
    if not (outcome.done or outcome.unchanged):
        # Gone meanwhile, or part of another ticket: this says so.
        context.find(ticket.number)
    if outcome.action is not None:
        flash(url_for("desk_bulk.undo_view", batch_id=outcome.action.id, **context.criteria), "undo")
    return left_out


def act(context: TicketContext, ticket: Ticket, composer: Composer) -> str:
    """Do the acts of a composer's macro and keep what stands in it as a draft; return what was done, in words.

    Raises InvalidInput, NotFound, Merged.
    """
    macro = using.find_unchanged(composer.macro, canned_responses.offered_in(ticket, context.agent))
    if macro is None:
        raise InvalidInput(lazy("Choose a canned response first."))
    drafts.save(ticket, replace(composer, macro="", way="").to_draft(), actor=context.agent)
    flash_left_out(do(context, macro, ticket, composer))
    using.count([macro.id])
    return _("“%(name)s” has been done. Nothing was sent.", name=str(macro))
