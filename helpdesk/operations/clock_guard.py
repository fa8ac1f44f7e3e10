"""Nothing is deleted because the clock jumped (RULES 42).

Every job that deletes by age asks `may_delete`, which also remembers when it was asked. When more than two days lie
between two questions, the clock may be wrong, or the desk was switched off: deleting rests until it was asked again a
day later, or an administrator agrees. After more than 30 days so does what acts outside by the clock (`may_act`).
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from helpdesk import access, clock, journal
from helpdesk.access import Actor
from helpdesk.settings import run_state

logger = logging.getLogger(__name__)

KEY = "clock_guard"
#: Without a run for longer than this, what deletes by age rests.
LONG = timedelta(days=2)
#: Without a run for longer than this, so does what sends, closes or acts by the clock.
VERY_LONG = timedelta(days=30)
#: How long it rests, unless an administrator agrees before.
REST = timedelta(days=1)


@dataclass(frozen=True)
class Pause:
    """What the guard remembers: ISO times of the last question and of the beginning of a rest, and what led to it."""

    last: str
    since: str | None = None
    gap_seconds: float = 0

    @property
    def rests(self) -> bool:
        """Whether deleting by age rests."""
        return self.since is not None


def may_delete() -> bool:
    """Whether what deletes by age may run now; remembers the question."""
    now, pause = clock.now(), current()
    after = _next(pause, now)
    if after.rests and (pause is None or after.since != pause.since):
        logger.warning(
            "%d days lie between two runs: the clock jumped, or the desk was off. Nothing is deleted by age until "
            "tomorrow, or until an administrator agrees on the page of health.",
            after.gap_seconds // 86_400,
        )
    run_state.write(KEY, asdict(after))
    return not after.rests


def may_act() -> bool:
    """Whether what sends, closes or acts by the clock may go on; mails that are owed already never ask.

    It remembers nothing, and may be asked before `may_delete` has met a gap.
    """
    pause = current()
    after = _next(pause, clock.now())
    return not after.rests or after.gap_seconds <= VERY_LONG.total_seconds()


def current() -> Pause | None:
    """Return what is remembered, None before the first run."""
    stored = run_state.read(KEY)
    return Pause(**stored) if stored else None


def agree(*, actor: Actor) -> None:
    """Let deleting by age go on at once: the clock is right. Raises NotAllowed."""
    access.require(actor, "administer")
    pause = current()
    if pause is not None and pause.rests:
        run_state.write(KEY, asdict(Pause(clock.now().isoformat())))
        journal.record(journal.Act.CLOCK_AGREED, actor=actor)


def _next(pause: Pause | None, now: datetime) -> Pause:
    """Return what is remembered after a question at `now`."""
    if pause is None:
        return Pause(now.isoformat())
    gap = now - datetime.fromisoformat(pause.last)
    if gap > LONG:
        return Pause(now.isoformat(), now.isoformat(), gap.total_seconds())
    if pause.since is None:
        return Pause(now.isoformat())
    begun = datetime.fromisoformat(pause.since)
    # A day was slept over, or the clock was set back to before the jump.
    if now - begun >= REST or now < begun:
        return Pause(now.isoformat())
    return Pause(now.isoformat(), pause.since, pause.gap_seconds)
