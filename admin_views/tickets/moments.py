"""The time zone in which an agent chooses moments."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from helpdesk import i18n
from models import Agent


def zone_of(agent: Agent) -> ZoneInfo:
    """Return the agent's own time zone, else the desk's."""
    return ZoneInfo(i18n.zone(agent.timezone))
