"""What a macro may do to a ticket: each act calls the rule that people use, with the rights of who uses it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self
from zoneinfo import ZoneInfo

from helpdesk import i18n, snooze, tickets
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy, when
from helpdesk.lib import inputs, moments
from helpdesk.macros.act import GONE, Act, TargetGone
from helpdesk.people import assignees
from helpdesk.relations import blocking
from helpdesk.settings import lookups
from helpdesk.tickets import assignment
from models import CLOSED, Agent, Priority, Status, Tag, Team, Ticket

#: The arguments that name no row: the closed status of Configuration, whoever uses the macro, and nobody.
CLOSE, ME, NOBODY = "close", "me", "nobody"


@dataclass(frozen=True)
class SetStatus(Act):
    """Another status; without one named, the closed one of Configuration."""

    status: Status
    closes: bool = False

    key, name = "status", lazy("Status")

    @classmethod
    def read(cls, argument: str, actor: Agent) -> Self:
        if argument == CLOSE:
            return cls(actor, lookups.closed_status(), closes=True)
        status = lookups.status(inputs.row_key(argument))
        if status is None or not status.enabled:
            raise TargetGone(GONE)
        return cls(actor, status)

    @property
    def verb(self) -> str:
        return "close" if self.closes else "set_status"

    @property
    def words(self) -> str:
        return _("The ticket is closed.") if self.closes else _("The status becomes %(name)s.", name=str(self.status))

    def is_so(self, ticket: Ticket, _tags: Collection[int]) -> bool:
        return ticket.is_closed if self.closes else ticket.status_id == self.status.id

    def run(self, ticket: Ticket) -> None:
        if self.closes:
            tickets.close(ticket, actor=self.actor)
        else:
            tickets.set_status(ticket, self.status, actor=self.actor)

    def refusal(self, ticket: Ticket) -> str:
        if (problem := super().refusal(ticket)) or ticket.is_closed or not self.ends:
            return problem
        return str(blocking.NAMELESS) if blocking.blockers(ticket) else ""

    @property
    def ends(self) -> bool:
        """Whether the ticket is closed by it."""
        return self.closes or self.status.category == CLOSED


@dataclass(frozen=True)
class SetPriority(Act):
    """Another priority."""

    priority: Priority

    key, name = "priority", lazy("Priority")

    @classmethod
    def read(cls, argument: str, actor: Agent) -> Self:
        priority = lookups.priority(inputs.row_key(argument))
        if priority is None or not priority.enabled:
            raise TargetGone(GONE)
        return cls(actor, priority)

    @property
    def verb(self) -> str:
        return "set_priority"

    @property
    def words(self) -> str:
        return _("The priority becomes %(name)s.", name=str(self.priority))

    def is_so(self, ticket: Ticket, _tags: Collection[int]) -> bool:
        return bool(ticket.priority_id == self.priority.id)

    def run(self, ticket: Ticket) -> None:
        tickets.set_priority(ticket, self.priority, actor=self.actor)


@dataclass(frozen=True)
class Assign(Act):
    """Another assignee: an agent, a team, nobody, or whoever uses the macro."""

    to: Agent | Team | None
    by_use: bool = False

    key, name = "assign", lazy("Assignee")

    @classmethod
    def read(cls, argument: str, actor: Agent) -> Self:
        if argument in {ME, NOBODY}:
            return cls(actor, actor if argument == ME else None, by_use=argument == ME)
        kind, _dash, key = argument.partition("-")
        row = lookups.team(inputs.row_key(key)) if kind == "team" else lookups.agent(inputs.row_key(key))
        is_there = row is not None and (row.enabled if isinstance(row, Team) else row.active)
        if row is None or not is_there or (isinstance(row, Agent) and not assignees.in_support(row)):
            raise TargetGone(GONE)
        return cls(actor, row)

    @property
    def summary(self) -> str:
        return _("It is assigned to whoever uses it.") if self.by_use else self.words

    @property
    def is_mine(self) -> bool:
        """Whether who uses the macro gets the ticket, which needs no right."""
        return isinstance(self.to, Agent) and self.to.id == self.actor.id

    @property
    def verb(self) -> str:
        return "take" if self.is_mine else "assign"

    @property
    def words(self) -> str:
        if self.to is None:
            return _("It is assigned to nobody.")
        return _("It is assigned to you.") if self.is_mine else _("It is assigned to %(name)s.", name=str(self.to))

    def is_so(self, ticket: Ticket, _tags: Collection[int]) -> bool:
        return assignment.is_assigned_to(ticket, self.to)

    def run(self, ticket: Ticket) -> None:
        if self.is_mine:
            tickets.take(ticket, actor=self.actor)
        else:
            tickets.assign(ticket, self.to, actor=self.actor)


@dataclass(frozen=True)
class _OfTag(Act):
    """What is done with a tag."""

    tag: Tag

    @classmethod
    def read(cls, argument: str, actor: Agent) -> Self:
        tag = lookups.tag(inputs.row_key(argument))
        if tag is None:
            raise TargetGone(GONE)
        return cls(actor, tag)

    @property
    def verb(self) -> str:
        return "tag"


@dataclass(frozen=True)
class AddTag(_OfTag):
    """A tag that is added."""

    key, name = "tag", lazy("Tags added")

    @property
    def words(self) -> str:
        return _("The tag %(name)s is added.", name=str(self.tag))

    def is_so(self, _ticket: Ticket, tags: Collection[int]) -> bool:
        return self.tag.id in tags

    def run(self, ticket: Ticket) -> None:
        tickets.tag(ticket, self.tag.name, actor=self.actor)


@dataclass(frozen=True)
class RemoveTag(_OfTag):
    """A tag that is removed."""

    key, name = "untag", lazy("Tags removed")

    @property
    def words(self) -> str:
        return _("The tag %(name)s is removed.", name=str(self.tag))

    def is_so(self, _ticket: Ticket, tags: Collection[int]) -> bool:
        return self.tag.id not in tags

    def run(self, ticket: Ticket) -> None:
        tickets.untag(ticket, self.tag.name, actor=self.actor)


@dataclass(frozen=True)
class Snooze(Act):
    """Sleep until a moment that has a name, in the time zone of who uses the macro."""

    moment: str

    key, name = "snooze", lazy("Snooze")

    @classmethod
    def read(cls, argument: str, actor: Agent) -> Self:
        if argument not in moments.NAMES:
            raise TargetGone(GONE)
        return cls(actor, argument)

    @property
    def verb(self) -> str:
        return "snooze"

    @property
    def words(self) -> str:
        try:
            return _("It is snoozed until %(when)s.", when=when(self._until()))
        except InvalidInput:
            return self.summary

    @property
    def summary(self) -> str:
        return _("It is snoozed: %(moment)s.", moment=moments.label_of(self.moment))

    def _until(self) -> Any:
        return moments.read({"moment": self.moment}, ZoneInfo(i18n.zone(self.actor.timezone)))

    def refusal(self, ticket: Ticket) -> str:
        if refused := super().refusal(ticket):
            return refused
        if not ticket.is_unresolved:
            return _("Only an open ticket can be snoozed, not one under Spam or in the bin.")
        try:
            self._until()
        except InvalidInput as error:
            return str(error)
        return ""

    def is_so(self, ticket: Ticket, _tags: Collection[int]) -> bool:
        try:
            return bool(ticket.is_snoozed and ticket.snoozed_until == self._until())
        except InvalidInput:
            return False

    def run(self, ticket: Ticket) -> None:
        snooze.snooze(ticket, self._until(), actor=self.actor)


#: Every act by its key, in the order in which they are done: assigning last, for it may end who acts' sight.
KINDS: dict[str, type[Act]] = {kind.key: kind for kind in (AddTag, RemoveTag, SetPriority, SetStatus, Snooze, Assign)}
