"""Who is away: leave of agents."""

from __future__ import annotations

from peewee import Check, DateField, ForeignKeyField

from database import Cached
from tables.agents import Agent


class Leave(Cached):
    """Days on which an agent is away, and who stands in for them; the days are those of the agent's time zone."""

    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE", index=False)
    first_day = DateField()
    last_day = DateField()
    substitute = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL")

    class Meta:
        constraints = [Check("last_day >= first_day", name="leave_days")]
        indexes = ((("agent", "last_day"), False),)

    def __str__(self) -> str:
        return str(self.agent)
