"""The agents to whom a ticket may be assigned."""

from __future__ import annotations

from helpdesk import access, availability
from helpdesk.notifications import recipients
from helpdesk.settings import lookups
from models import Agent, Ticket


def eligible_agents(service_id: int, department_id: int | None) -> tuple[list[Agent], list[Agent]]:
    """Return the active agents who cover this service and department, and the other ones in support, each by name."""
    covering, others = [], []
    for agent in lookups.agents():
        if agent.is_admin or access.covers(agent, service_id, department_id) or lookups.is_manager(agent.id):
            covering.append(agent)
        elif in_support(agent):
            others.append(agent)
    return covering, others


def absence_text(ticket: Ticket) -> str:
    """Return that the agent who has a ticket is on leave, and who is told of answers; an empty text else."""
    agent = lookups.agent(ticket.assignee_id)
    return availability.absence(agent, recipients.substitute_of(agent, ticket)) if agent is not None else ""


def in_support(agent: Agent) -> bool:
    """Whether this agent handles tickets at all: by a permission, a team or as an administrator."""
    return agent.is_admin or bool(lookups.permissions_of(agent.id) or lookups.team_ids_of(agent.id))
