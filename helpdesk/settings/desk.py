"""By what a desk knows itself: an id that its database holds, and each copy of it. Given at the first start."""

from __future__ import annotations

from models import Setting

#: The key of the row that holds it; `helpdesk.operations.desk_identity` stores it.
KEY = "desk_id"


def stored_id() -> str | None:
    """Return the id of the desk, None before the desk has one."""
    return Setting.select(Setting.value).where(Setting.key == KEY).scalar() or None


def desk_id() -> str:
    """Return the id of the desk, which salts its hashes. Raises RuntimeError where there is none: each start gives one.

    Without it the hash of an address would be the same in every desk, and another one than before.
    """
    stored = stored_id()
    if stored is None:
        raise RuntimeError("The desk has lost its id (the row desk_id of its settings): start it again, or restore it.")
    return stored
