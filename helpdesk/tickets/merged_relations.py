"""The links of tickets that are merged: the target gets those of the source, and gives them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peewee import IntegrityError

from database import database
from helpdesk.tickets.ticket_state import State, plain, read
from models import FormerNumber, Merge, Relation, Ticket

#: Merges that are followed to where a ticket is part of.
DEEPEST = 20


def join(source: Ticket, target: Ticket) -> list[State]:
    """Give the target the links of the source, but those it has already; return all that the source had."""
    rows = list(Relation.select().where((Relation.ticket == source.id) | (Relation.other == source.id)))
    for row in rows:
        _move(row, source.id, target.id)
    # What goes on hanging on the source goes with it.
    return [{name: plain(value) for name, value in row.__data__.items()} for row in rows]


def _move(row: Relation, old: int, new: int) -> None:
    """Let a link lead from or to another ticket, unless there is one between the two already."""
    first, second = (new if key == old else key for key in (row.ticket_id, row.other_id))
    if first == second:
        return
    pair = (Relation.ticket == first) & (Relation.other == second)
    mirrored = (Relation.ticket == second) & (Relation.other == first)
    if not Relation.select().where(pair | mirrored).exists():
        Relation.update(ticket=first, other=second).where(Relation.id == row.id).execute()


def give_back(merge: Merge, above: Sequence[Merge], ticket: Ticket, made: Ticket) -> None:
    """Give a ticket that is one of its own again the links it had; the merges `above` give these to nobody else."""
    rows = merge.terms.get("relations", [])
    ids = {state["id"] for state in rows}
    for level in above if ids else ():
        # What became of the due times has just been written there, too.
        terms = Merge.get_by_id(level.id).terms
        left = [state for state in terms.get("relations", []) if state["id"] not in ids]
        Merge.update(terms={**terms, "relations": left}).where(Merge.id == level.id).execute()
    for state in rows:
        values: dict[str, Any] = {name: read(Relation, name, value) for name, value in state.items()}
        key = values.pop("id")
        ends = [made.id if end == made.id else _present(end) for end in (values["ticket"], values["other"])]
        if None in ends or ends[0] == ends[1]:
            continue
        moved = (Relation.id == key) & ((Relation.ticket == ticket.id) | (Relation.other == ticket.id))
        Relation.delete().where(moved).execute()
        try:
            with database.atomic():
                Relation.create(**{**values, "ticket": ends[0], "other": ends[1]})
        except IntegrityError:
            # Somebody linked the two again.
            continue


def _present(ticket_id: int) -> int | None:
    """Return which ticket this one is, or is part of, now; None when it is gone."""
    for _step in range(DEEPEST):
        if Ticket.select().where(Ticket.id == ticket_id).exists():
            return ticket_id
        former = FormerNumber.select(FormerNumber.ticket).where(FormerNumber.former_id == ticket_id).tuples().first()
        if former is None:
            return None
        (ticket_id,) = former
    return None
