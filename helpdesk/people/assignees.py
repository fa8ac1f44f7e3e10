"""The agents to whom a ticket may be assigned."""

from __future__ import annotations

from helpdesk import access
from helpdesk.settings import lookups
from models import Agent


def eligible_agents(service_id: int, department_id: int | None) -> tuple[list[Agent], list[Agent]]:
    """Return the active agents who cover this service and department, and the other ones in support, each by name."""
    covering, others = [], []
    for agent in lookups.agents():
        if agent.is_admin or access.covers(agent, service_id, department_id) or lookups.is_manager(agent.id):
            covering.append(agent)
        elif in_support(agent):
            others.append(agent)
    return covering, others


def in_support(agent: Agent) -> bool:
    """Whether this agent handles tickets at all: by a permission, a team or as an administrator."""
    return agent.is_admin or bool(lookups.permissions_of(agent.id) or lookups.team_ids_of(agent.id))
