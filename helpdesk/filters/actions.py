"""What filters may do to a new ticket: each action calls the rule that people use, as SYSTEM (A21)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk import i18n, round_robin, tickets
from helpdesk.access import SYSTEM
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.filters.ticket_fields import NOBODY
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.people import assignees
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses
from helpdesk.tickets.opening import place
from models import ARRIVES, BEGINNINGS, Agent, CannedResponse, Team, Ticket

#: What an action takes that is typed and names no row.
TYPED = frozenset({"", "text", "email", "hours"})
GONE = lazy("What this action names is gone or disabled.")
#: What hands a ticket out in turn.
IN_TURN = "in_turn"
#: Among whom a ticket is handed out in turn, where that is no team.
COVERING = "all"


class TargetGone(HelpdeskError):
    """What the action names does not exist any more, or is disabled."""


@dataclass(frozen=True)
class Action:
    """What a filter may do. `argument` names what it needs; what a flag says holds wherever actions are handled.

    `ends_run` stops the rules that follow, `silences` leaves the team in peace, `box` is the label of an action that
    the editor shows as a box to tick, behind the others. `changes` names the element of the ticket that it changes.
    `beginnings` are those of the rules that may do it. What `run` returns is kept, to explain what it did.
    `mails_customer` says that doing it each day would write to the customer each day.
    """

    label: Any
    run: Callable[[Ticket, Any], Any]
    argument: str = ""
    ends_run: bool = False
    silences: bool = False
    box: Any = None
    changes: str = ""
    beginnings: tuple[str, ...] = BEGINNINGS
    mails_customer: bool = False


ACTIONS: dict[str, Action] = {}


def action(key: str, *, label: Any, argument: str = "", **flags: Any) -> Callable[..., Any]:
    """Register a function as an action of filters; `flags` are those of `Action`."""

    def register(run: Callable[[Ticket, Any], Any]) -> Callable[[Ticket, Any], Any]:
        ACTIONS[key] = Action(label, run, argument, **flags)
        return run

    return register


@action("transfer", label=lazy("transfer to"), argument="agent", changes="assignee")
def _transfer(ticket: Ticket, agent: Any) -> None:
    tickets.transfer(ticket, agent, actor=SYSTEM)


@action("assign_team", label=lazy("assign to the team"), argument="team", changes="team")
def _assign_team(ticket: Ticket, team: Any) -> None:
    tickets.assign(ticket, team, actor=SYSTEM)


@action(IN_TURN, label=lazy("assign in turn among"), argument="pool", changes="assignee")
def _in_turn(ticket: Ticket, pool: Any) -> dict[str, Any]:
    return round_robin.assign(ticket, pool if isinstance(pool, Team) else None, actor=SYSTEM).data()


@action("set_priority", label=lazy("set the priority to"), argument="priority", changes="priority")
def _set_priority(ticket: Ticket, priority: Any) -> None:
    tickets.set_priority(ticket, priority, actor=SYSTEM)


@action("set_status", label=lazy("set the status to"), argument="status", changes="status")
def _set_status(ticket: Ticket, status: Any) -> None:
    tickets.set_status(ticket, status, actor=SYSTEM)


@action("tag", label=lazy("add the tag"), argument="text", changes="tag")
def _tag(ticket: Ticket, name: Any) -> None:
    tickets.tag(ticket, name, actor=SYSTEM)


@action("move", label=lazy("move to"), argument="place", changes="place")
def _move(ticket: Ticket, to: Any) -> None:
    tickets.move(ticket, *to, actor=SYSTEM)


@action("reply", label=lazy("reply with"), argument="canned", mails_customer=True)
def _reply(ticket: Ticket, canned: Any) -> None:
    tickets.reply(ticket, canned_responses.filled(canned, ticket), actor=SYSTEM)


@action("silent", label=lazy("do not notify the team"), silences=True, beginnings=(ARRIVES,))
def _silent(_ticket: Ticket, _argument: Any) -> None:
    """Do nothing: leaving the team in peace is all."""


@action("spam", label=lazy("mark as spam"), ends_run=True)
def _spam(ticket: Ticket, _argument: Any) -> None:
    tickets.mark_spam(ticket, actor=SYSTEM, block_author=False)


@action("delete", label=lazy("delete the ticket"), ends_run=True)
def _delete(ticket: Ticket, _argument: Any) -> None:
    tickets.delete(ticket, actor=SYSTEM)


@action("stop", label=lazy("stop here"), ends_run=True, box=lazy("Do not try the rules that follow"))
def _stop(_ticket: Ticket, _argument: Any) -> None:
    """Do nothing: ending the run is all."""


def target(kind: str, argument: str) -> Any:
    """Return what an action's stored argument names. Raises TargetGone when it is gone or disabled."""
    if kind in TYPED:
        return argument
    if argument == NOBODY and kind in {"assignee", "assigned_team"}:
        return lazy("nobody")
    if kind == "pool" and argument == COVERING:
        return lazy("those who cover it")
    if kind == "language":
        return _language(argument)
    if kind == "place":
        return _place(argument)
    key = inputs.row_key(argument)
    row = _ROWS[kind](key) if key is not None else None
    if row is None or not getattr(row, "active", getattr(row, "enabled", True)):
        raise TargetGone(GONE)
    return row


def pool(argument: str) -> Team | None:
    """Return the team among whose members a ticket is handed out; None: among those who cover it. Raises TargetGone."""
    row = target("pool", argument)
    return row if isinstance(row, Team) else None


def check(kind: str, argument: str) -> None:
    """Make sure that the rule will take what an action names. Raises TargetGone, saying why it will not."""
    row = target(kind, argument)
    if kind == "agent" and not assignees.in_support(row):
        raise TargetGone(lazy("%(name)s is not in support.", name=row.name))
    if kind == "place":
        try:
            place(*row)
        except InvalidInput as error:
            raise TargetGone(error.message) from error


def _language(code: str) -> Any:
    names = dict(i18n.CHOICES)
    if code not in names:
        raise TargetGone(GONE)
    return names[code]


def _place(argument: str) -> tuple[int, int | None]:
    """Read ``service`` or ``service/department`` (ids)."""
    service, _slash, department = argument.partition("/")
    chosen = lookups.service(inputs.row_key(service))
    under = lookups.department(inputs.row_key(department))
    if chosen is None or (department and under is None):
        raise TargetGone(GONE)
    return chosen.id, under.id if under is not None else None


_ROWS: dict[str, Callable[[int], Any]] = {
    "agent": lookups.agent,
    "team": lookups.team,
    "pool": lookups.team,
    "priority": lookups.priority,
    "status": lookups.status,
    "canned": lambda key: CannedResponse.get_or_none(CannedResponse.id == key),
    # What conditions name.
    "assignee": lookups.agent,
    "assigned_team": lookups.team,
}


def choices(kind: str, *, actor: Agent) -> list[tuple[str, str]]:
    """Return what an action's argument may name: stored value and label; of canned responses those the actor reads."""
    if kind == "place":
        places = [(str(row.id), str(row)) for row in lookups.services() if not lookups.departments(row.id)]
        return places + [(f"{row.service_id}/{row.id}", str(row)) for row in lookups.departments()]
    if kind == "language":
        return [(code, str(name)) for code, name in i18n.CHOICES]
    nobody = [(NOBODY, str(lazy("nobody")))] if kind in {"assignee", "assigned_team"} else []
    covering = [(COVERING, str(lazy("those who cover it")))] if kind == "pool" else []
    sources: dict[str, Callable[[], Sequence[Any]]] = {
        "agent": lambda: [row for row in lookups.agents() if assignees.in_support(row)],
        "team": lookups.teams,
        "pool": lookups.teams,
        "assignee": lambda: [row for row in lookups.agents() if assignees.in_support(row)],
        "assigned_team": lookups.teams,
        "priority": lambda: lookups.priorities(enabled_only=True),
        "status": lambda: lookups.statuses(enabled_only=True),
        "canned": lambda: list(canned_responses.readable_by(actor).order_by(CannedResponse.name).limit(500)),
    }
    rows = sources[kind]() if kind in sources else []
    # A macro without a text answers nothing.
    return nobody + covering + [(str(row.id), str(row)) for row in rows if kind != "canned" or row.body]
