"""The form of the bar below a list: the list it comes from and leads back to, and what became of its act."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from admin_views.tickets.base import offer_undo
from admin_views.tickets.bulk_texts import success_text
from admin_views.tickets.sidebar import LIST
from helpdesk.i18n import ngettext
from helpdesk.lists import criteria
from helpdesk.lists.bulk import NOTHING_TICKED, Outcome

#: What a form of the bar puts before the criteria of its list.
PREFIX = "list_"


def list_criteria() -> dict[str, Any]:
    """Return the criteria of the list that the form comes from."""
    return criteria.parse({name.removeprefix(PREFIX): text for name, text in list_fields().items()})


def list_fields() -> dict[str, str]:
    """Return the criteria of the list that the form comes from, as a page that asks hands them on."""
    return {name: text for name, text in request.form.items() if name.startswith(PREFIX)}


def back() -> str:
    """Return the list the act came from, by its own criteria only."""
    return url_for(LIST, **list_criteria())


def nothing_ticked() -> Response:
    """Say on the list the act came from that no ticket of it is ticked."""
    flash(str(NOTHING_TICKED), "error")
    return redirect(back())


def flash_outcome(act: str, outcome: Outcome) -> None:
    """Say on the next page what became of an act, and offer to take it back."""
    if outcome.done:
        flash(success_text(act, outcome.done), "success")
    if outcome.unchanged:
        text = ngettext("%(num)s ticket was so already.", "%(num)s tickets were so already.", outcome.unchanged)
        flash(text, "info")
    if not (outcome.done or outcome.unchanged or outcome.refused):
        flash(str(NOTHING_TICKED), "error")
    for why, number in outcome.refused.items():
        text = ngettext("%(num)s ticket was refused: %(why)s", "%(num)s tickets were refused: %(why)s", number, why=why)
        flash(text, "error")
    offer_undo(outcome, list_criteria())
