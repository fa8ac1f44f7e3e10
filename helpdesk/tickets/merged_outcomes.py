"""What became of the due times of tickets that are merged: their history decides, at the end of the act, what holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from helpdesk.tickets.ticket_state import State, plain, read
from models import DueOutcome, Merge, Ticket


def join(source: Ticket, target: Ticket) -> list[list[State]]:
    """Give the target what became of the due times of the source; return what each of the two had."""
    outcomes = [_of(ticket) for ticket in (source, target)]
    _add(target, outcomes[0])
    return outcomes


def give_back(merge: Merge, above: Sequence[Merge], ticket: Ticket, made: Ticket) -> None:
    """Return what became of the due times of both; what their histories do not hold goes at the end of the act."""
    of_source, of_target = merge.terms.get("outcomes", ([], []))
    _add(made, of_source)
    _remove(ticket, [row for row in of_source if row not in of_target])
    if not above:
        _add(ticket, of_target)
        return
    own, other = above[0].terms.get("outcomes", ([], []))
    rest = [row for row in own if row not in of_source]
    outcomes = [[*rest, *(row for row in of_target if row not in rest)], other]
    Merge.update(terms={**above[0].terms, "outcomes": outcomes}).where(Merge.id == above[0].id).execute()


def _of(ticket: Ticket) -> list[State]:
    rows = DueOutcome.select().where(DueOutcome.ticket == ticket.id).order_by(DueOutcome.id).dicts()
    return [{name: plain(value) for name, value in row.items() if name not in {"id", "ticket"}} for row in rows]


def _add(ticket: Ticket, outcomes: Iterable[State]) -> None:
    for outcome in outcomes:
        row = {name: read(DueOutcome, name, value) for name, value in outcome.items()}
        DueOutcome.insert(ticket=ticket.id, **row).on_conflict_ignore().execute()


def _remove(ticket: Ticket, outcomes: Iterable[State]) -> None:
    for outcome in outcomes:
        started = datetime.fromisoformat(outcome["started_at"])
        same = (DueOutcome.target == outcome["target"]) & (DueOutcome.started_at == started)
        DueOutcome.delete().where(DueOutcome.ticket == ticket.id, same).execute()
