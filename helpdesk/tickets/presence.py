"""Which agents are writing a reply at this moment, so that two do not answer the same ticket at once."""

from __future__ import annotations

from datetime import timedelta

from peewee import ModelDelete

from helpdesk import clock
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.locking import act
from models import Agent, Presence, Ticket

#: How long an agent counts as present. The page reports it every 8 seconds, and asks for the others as often.
FRESH = timedelta(seconds=20)


def touch(ticket: Ticket, *, actor: Agent) -> None:
    """Note that the agent is writing a reply in this ticket. Raises NotAllowed, Merged."""
    now = clock.now()
    with act(ticket, "reply", actor=actor):
        Presence.insert(ticket=ticket, agent=actor, seen_at=now).on_conflict(
            conflict_target=[Presence.ticket, Presence.agent], update={"seen_at": now}
        ).execute()


def leave(ticket: Ticket, *, actor: Agent) -> None:
    """Note that the agent stopped writing in this ticket."""
    _leave.run(ticket=ticket.id, agent=actor.id)


@Prepared
def _leave() -> ModelDelete:
    return Presence.delete().where(Presence.ticket == Slot("ticket"), Presence.agent == Slot("agent"))


def others(ticket: Ticket, *, actor: Agent) -> list[str]:
    """Return the names of the other active agents who are writing a reply in this ticket, in order."""
    query = Agent.select(Agent.name).join(Presence, on=(Presence.agent == Agent.id))
    fresh = Presence.seen_at > clock.now() - FRESH
    query = query.where(Presence.ticket == ticket.id, Presence.agent != actor.id, fresh, Agent.active)
    return [name for (name,) in query.order_by(Agent.name).tuples()]


def purge() -> int:
    """Delete the rows that are no longer fresh; return how many."""
    return int(Presence.delete().where(Presence.seen_at <= clock.now() - FRESH).execute())
