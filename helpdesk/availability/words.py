"""What colleagues read about who is away."""

from __future__ import annotations

from datetime import date

from helpdesk import clock, i18n
from helpdesk.availability import leaves
from helpdesk.i18n import _
from helpdesk.settings import lookups
from models import Agent

#: Days after which a date needs its year.
_WITHOUT_YEAR = 300

#: Of each agent who is not there: until when (None: until further notice). It can be part of a key.
Absences = tuple[tuple[int, date | None], ...]


def absences() -> Absences:
    """Return who of the active agents is not there now, in an order that only changes with them."""
    gone = {agent.id: leaves.last_day(agent) for agent in leaves.away()}
    off = {agent.id: None for agent in lookups.agents() if not agent.takes_tickets}
    return tuple(sorted({**off, **gone}.items()))


def note_of(until: date | None) -> str:
    """Return the words behind the name of somebody who is not there."""
    if until is None:
        return _("not taking tickets")
    return _("absent until %(day)s", day=day_text(until))


def notes(rows: Absences) -> dict[int, str]:
    """Return the words behind each name, by the agents' ids."""
    return {key: note_of(until) for key, until in rows}


def absence(agent: Agent, substitute: Agent | None) -> str:
    """Return in words that an agent is on leave, and who hears of answers meanwhile; an empty text for who is there."""
    until = leaves.last_day(agent)
    if until is None:
        return ""
    words = {"name": agent.name, "day": day_text(until)}
    if substitute is not None:
        return _("%(name)s is on leave until %(day)s; %(substitute)s stands in.", substitute=substitute.name, **words)
    return _("%(name)s is on leave until %(day)s; whoever is notified of new tickets here is told of answers.", **words)


def own_absence(agent: Agent) -> str:
    """Return in words, for an agent on leave, until when; an empty text for who is there."""
    until = leaves.last_day(agent)
    return _("You are on leave until %(day)s.", day=day_text(until)) if until is not None else ""


def day_text(day: date) -> str:
    """Write a day of the months around, without its year; another one with it."""
    is_near = abs((day - clock.now().date()).days) < _WITHOUT_YEAR
    return i18n.day_text(day, "d MMMM" if is_near else "d MMMM y")
