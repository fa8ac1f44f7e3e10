"""Working out all tickets anew when rules or hours have changed: some at a time, and each run goes on from the last."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from helpdesk.events import twice_at_most
from helpdesk.settings import run_state


def go_on(
    key: str,
    state: dict[str, Any],
    mark: str,
    next_ids: Callable[[int], list[int]],
    work: Callable[[list[int]], None],
    most: int,
) -> int:
    """Work on all tickets, unless that was done under this mark, or on some `most` of them; return on how many.

    `state` is what was remembered under `key`: the mark of what all tickets were worked out by, and how far that came.
    `next_ids` returns the ids after one, for one transaction of `work`.
    """
    is_same = state.get("mark") == mark
    if is_same and state.get("after") is None:
        return 0
    after = int(state.get("after") or 0) if is_same else 0
    count = 0
    while ids := next_ids(after):
        if count >= most:
            return count
        twice_at_most(partial(work, ids))
        after, count = ids[-1], count + len(ids)
        run_state.write(key, {"mark": mark, "after": after})
    run_state.write(key, {"mark": mark, "after": None})
    return count
