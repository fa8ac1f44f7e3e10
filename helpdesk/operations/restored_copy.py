"""A restored copy rests: nothing leaves it by itself until an administrator lets it go.

The desk it was copied from may still be at work; its people would be mailed twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk import access, journal, send_later
from helpdesk.access import Actor
from helpdesk.operations import wakeups
from helpdesk.settings import run_state
from models import OutgoingEmail

KEY = run_state.RESTORED_COPY


@dataclass(frozen=True)
class Rest:
    """A copy at rest: when its backup was made (UTC), and the mails that would leave it."""

    made_at: str
    mails: int


def current() -> Rest | None:
    """Return what rests, None on a desk at work."""
    stored = run_state.read(KEY)
    if stored is None:
        return None
    waiting = OutgoingEmail.select().where(OutgoingEmail.state.in_(("pending", "sending"))).count()
    return Rest(stored["made_at"], waiting)


def let_go(*, actor: Actor) -> None:
    """Let the desk act outside again, but for replies whose moment has come: they may have left. Raises NotAllowed."""
    access.require(actor, "administer")
    send_later.stop_overdue()
    run_state.forget(KEY)
    journal.record(journal.Act.COPY_LET_GO, actor=actor)
    wakeups.wake()
