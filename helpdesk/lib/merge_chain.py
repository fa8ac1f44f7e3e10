"""Merges built on one another: each holds two states before it and the one after, and is undone in any order.

A merge is a row with `source`, `before`, `after` and `terms`: `combined` makes the third of the first two and the
terms, and of nothing else. What one of them changed is taken out from below those that were built on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

State = dict[str, Any]
#: What is to be changed: each key with its former value and its new one; None stands for a row that is not there.
Changes = dict[str, tuple[Any, Any]]


class States(Protocol):
    """What the states of a kind of merge are like."""

    def combined(self, source: State, target: State, terms: Mapping[str, Any]) -> State:
        """Return the state of the target after the merge."""
        ...

    def still_true(self, changes: Changes, present: State) -> Changes:
        """Return those changes whose former value is the present one."""
        ...


def changes_between(before: State, after: State) -> Changes:
    """Return what differs between two states."""
    names = [*after, *(name for name in before if name not in after)]
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def patched(state: State, changes: Changes) -> State:
    """Return a state after these changes: a key with a colon, a row, goes where its new value is None."""
    rows = {**state, **{name: new for name, (_old, new) in changes.items()}}
    return {name: value for name, value in rows.items() if ":" not in name or value is not None}


def levels(merge: Any, live_id: int, above_of: Callable[[int], Any | None]) -> list[Any]:
    """Return this merge and those by which its target became part of the row with `live_id` in turn.

    `above_of` returns the merge by which a row (its former id) became part of another, if there is one.
    """
    rows = [merge]
    while rows[-1].into_id != live_id:
        above = above_of(rows[-1].into_id)
        if above is None:
            break
        rows.append(above)
    return rows


def take_out(rows: Sequence[Any], states: States) -> Changes:
    """Undo what the first of these levels changed, in the states that later merges were built on; return the rest.

    That is what is to be changed in the row that the last level leads to.
    """
    table = type(rows[0])
    changes = changes_between(rows[0].after, rows[0].before)
    for level, above in zip(rows, [*rows[1:], None], strict=True):
        for later in table.select().where(table.into_id == level.into_id, table.id > level.id).order_by(table.id):
            changes = _rebase(later, "before", changes, states)
        if above is not None:
            changes = _rebase(above, "source", changes, states)
    return changes


def _rebase(later: Any, name: str, changes: Changes, states: States) -> Changes:
    """Change a state that a later merge was built on; return what that changes in its outcome."""
    state = getattr(later, name)
    setattr(later, name, patched(state, states.still_true(changes, state)))
    outcome = states.combined(later.source, later.before, later.terms)
    changes = changes_between(later.after, outcome)
    later.after = outcome
    later.save()
    return changes


def forget_moved(above: Sequence[Any], gone: Mapping[str, Collection[Any]]) -> None:
    """Let the merges above, when they are undone, leave alone what went back already: it may come another way again."""
    for row in above:
        for name, keys in row.moved.items():
            row.moved[name] = [key for key in keys if key not in gone.get(name, ())]
        type(row).update(moved=row.moved).where(type(row).id == row.id).execute()
