"""Who plays in the races, and what each of them may be doing at the same moment."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from helpdesk import tickets
from helpdesk.lists import bulk
from helpdesk.people import agents, teams
from models import Agent, Message, Ticket
from tests.support import cast
from tests.support.doors import post, signed_in

Act = Callable[[], object]


@dataclass(frozen=True)
class Race:
    """Acts of one moment; `check` gets how each ended, and fails when something was lost or hidden."""

    acts: tuple[Act, ...]
    check: Callable[[list[str]], None] = lambda _ended: None


class World:
    """The desk of the races: a service, people who stay, and new ones who go."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.numbers = itertools.count(1)
        self.service = cast.make_service("Support")
        self.root = cast.make_agent("Root", None, is_admin=True)
        self.ana = cast.make_agent("Ana", None)
        self.carol = cast.make_customer("Carol")

    def agent(self, **values: Any) -> Agent:
        """Make an agent who may go."""
        return cast.make_agent(f"Guest{next(self.numbers)}", None, **values)

    def ticket(self, **values: Any) -> Ticket:
        """Open a ticket of Carol's."""
        return cast.open_ticket(self.carol, self.service, **values)

    def make_assigned(self, agent: Agent, count: int = 1) -> list[Ticket]:
        """Open tickets and assign them to this agent."""
        rows = [self.ticket() for _ in range(count)]
        for row in rows:
            tickets.assign(row, agent, actor=self.ana)
        return rows

    # --- Acts ---

    def disable(self, agent: Agent) -> Act:
        """Return what ends the account of an agent."""
        return lambda: agents.disable_agent(Agent.get_by_id(agent.id), actor=self.root)

    def delete(self, agent: Agent) -> Act:
        """Return what deletes the account of an agent."""
        return lambda: agents.delete_agent(Agent.get_by_id(agent.id), actor=self.root)

    def write(self, ticket: Ticket, text: str = "One more thing", **options: Any) -> Act:
        """Return what a customer does who has read the ticket before."""
        return lambda: tickets.receive_message(ticket, text, actor=self.carol, **options)

    def many(self, name: str, rows: Iterable[Ticket], rule: Callable[[Ticket], None]) -> Act:
        """Return an act of Ana's on many tickets."""
        ids = [row.id for row in rows]
        return lambda: bulk.run(name, ids, rule, actor=self.ana)

    def send(self, agent: Agent, ticket: Ticket, act: str, **form: str) -> Act:
        """Return what sends a form of the ticket's page; it fails on an answer that is our own fault."""
        browser = signed_in(self.app, agent)

        def send() -> None:
            code = post(browser, f"/admin/tickets/{ticket.number}/{act}", form).status_code
            assert code < 500, code

        return send


def again(ticket: Ticket) -> Ticket:
    """Return the ticket as it is now."""
    row: Ticket = Ticket.get_by_id(ticket.id)
    return row


def require_seen(*rows: Ticket) -> None:
    """Fail when a ticket belongs to somebody who is gone: no list would show it (RULES 7)."""
    hidden = [f"{loss.name} still has {loss.tickets.count()}" for loss in teams.leftovers()]
    assert not hidden, hidden
    for row in rows:
        now = again(row)
        assert now.assignee_id is None or now.assignee.active


def require_messages(count: int, *rows: Ticket) -> None:
    """Fail unless these tickets hold so many messages together."""
    assert Message.select().where(Message.ticket.in_([row.id for row in rows])).count() == count
