"""Leave as an agent or an administrator writes it, and whether an agent takes tickets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from helpdesk import access, clock, i18n
from helpdesk.access import Actor
from helpdesk.availability import leaves
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lib import inputs
from helpdesk.settings import lookups
from models import Agent, Leave, Permission

#: Leave of one agent that has not ended.
MOST = 20
#: Days that one leave lasts, and within which it begins: parental leave may take years.
LONGEST, AHEAD = 3 * 366, 3 * 366


def save_leave(row: Leave, values: Mapping[str, Any], *, actor: Actor) -> Leave:
    """Store ``agent``, ``first_day``, ``last_day`` and ``substitute`` (None: nobody) of a leave.

    One's own, or with the rights of an administrator anybody's. Raises NotAllowed, or InvalidInput at a field.
    """
    agent = inputs.find_row(Agent, values.get("agent", row.agent_id), "agent")
    if agent is None:
        raise InvalidInput(lazy("This field is required."), field="agent")
    _require(agent, actor)
    if row.id is not None:
        _require(row.agent, actor)
    if not agent.active:
        raise InvalidInput(lazy("%(name)s is disabled.", name=agent.name), field="agent")
    first = _day(values.get("first_day"), "first_day")
    last = _day(values.get("last_day"), "last_day")
    _check_days(row, agent, first, last)
    clean = {"agent": agent, "first_day": first, "last_day": last, "substitute": _substitute(agent, values)}
    inputs.set_attributes(row, clean)
    row.save()
    return row


def _require(agent: Agent, actor: Actor) -> None:
    if not (isinstance(actor, Agent) and actor.active and actor.id == agent.id):
        access.require(actor, "administer")


def _day(value: Any, field: str) -> date:
    if not isinstance(value, date):
        raise InvalidInput(lazy("Write a day."), field=field)
    return value


def _check_days(row: Leave, agent: Agent, first: date, last: date) -> None:
    today = clock.today(leaves.zone_of(agent))
    if last < first:
        raise InvalidInput(lazy("The last day is before the first one."), field="last_day")
    if last < today:
        raise InvalidInput(lazy("This leave is over already."), field="last_day")
    if first > today + timedelta(days=AHEAD):
        raise InvalidInput(lazy("Leave begins within three years."), field="first_day")
    if last - first >= timedelta(days=LONGEST):
        raise InvalidInput(lazy("One leave lasts three years at most."), field="last_day")
    others = Leave.select().where(Leave.agent == agent.id, Leave.last_day >= today, Leave.id != (row.id or 0))
    if others.count() >= MOST:
        raise InvalidInput(lazy("At most %(limit)s of them.", limit=MOST), field="first_day")
    other = others.where(Leave.first_day <= last, Leave.last_day >= first).order_by(Leave.first_day).first()
    if other is not None:
        days = i18n.days_in_words(other.first_day, other.last_day)
        raise InvalidInput(
            lazy("There is leave already on some of these days: %(days)s.", days=days), field="first_day"
        )


def _substitute(agent: Agent, values: Mapping[str, Any]) -> Agent | None:
    one: Agent | None = inputs.find_row(Agent, values.get("substitute"), "substitute")
    if one is None:
        return None
    if one.id == agent.id:
        raise InvalidInput(lazy("Nobody stands in for themselves."), field="substitute")
    if not one.active:
        raise InvalidInput(lazy("%(name)s is disabled.", name=one.name), field="substitute")
    return one


def set_substitute(row: Leave, one: Agent | None, *, actor: Actor) -> None:
    """Let this agent (None: nobody) stand in. Raises NotAllowed."""
    _require(row.agent, actor)
    row.substitute = one
    row.save()


def delete_leave(row: Leave, *, actor: Actor) -> None:
    """Delete a leave: its agent is there. Raises NotAllowed."""
    _require(row.agent, actor)
    row.delete_instance()


def set_takes_tickets(agent: Agent, takes: bool, *, actor: Actor) -> None:
    """Let an agent be handed tickets in turn, or not: oneself, or anybody with the rights of an administrator."""
    _require(agent, actor)
    row = Agent.get_by_id(agent.id)
    if row.takes_tickets != takes:
        row.takes_tickets = takes
        row.save()


def concerns(row: Leave) -> list[str]:
    """Return what whoever plans this leave should know of its substitute: where they do not see, when they are away."""
    agent, one = lookups.agent(row.agent_id), lookups.agent(row.substitute_id)
    if agent is None or one is None:
        return []
    if not one.active:
        return [_("%(name)s is disabled: nobody stands in.", name=one.name)]
    texts = []
    missing = [access.place_text(own) for own in lookups.permissions_of(agent.id) if not _covers(one, own)]
    if missing:
        places = ", ".join(missing)
        texts.append(_("%(name)s does not see all of it: %(places)s. Whoever is notified of new tickets there is told "
                       "instead.", name=one.name, places=places))  # fmt: skip
    theirs = [
        other for other in leaves.planned(one) if other.first_day <= row.last_day and other.last_day >= row.first_day
    ]
    if theirs:
        days = i18n.days_in_words(theirs[0].first_day, theirs[0].last_day)
        texts.append(_("%(name)s is on leave, too: %(days)s. Whoever stands in for them then is told.", name=one.name,
                       days=days))  # fmt: skip
    return texts


def _covers(one: Agent, own: Permission) -> bool:
    if access.sees_all(one):
        return True
    return own.service_id is not None and access.covers(one, own.service_id, own.department_id)
