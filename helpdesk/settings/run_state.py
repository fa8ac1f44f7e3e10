"""What the program remembers of its own runs: one row of `Setting` each, which no screen shows or changes."""

from __future__ import annotations

from typing import Any

from helpdesk import clock
from models import Setting

#: Set by a restore: when the backup was made from which this copy of a desk comes.
RESTORED_COPY = "restored_copy"


def is_resting_copy() -> bool:
    """Whether this is a restored copy that nobody has let go to work yet: nothing leaves it by itself."""
    return Setting.select().where(Setting.key == RESTORED_COPY).exists()


def read(key: str) -> Any:
    """Return what was remembered under this key, None when nothing was."""
    return Setting.select(Setting.value).where(Setting.key == key).scalar()


def write(key: str, value: Any) -> None:
    """Remember `value`, which JSON can hold, in the caller's transaction if there is one."""
    row = Setting.insert(key=key, value=value, changed_at=clock.now())
    row.on_conflict(conflict_target=[Setting.key], preserve=[Setting.value, Setting.changed_at]).execute()


def forget(key: str) -> None:
    """Remember nothing under this key any more."""
    Setting.delete().where(Setting.key == key).execute()
