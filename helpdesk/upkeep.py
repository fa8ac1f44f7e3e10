"""What the desk forgets by itself, once a day."""

from __future__ import annotations

from datetime import timedelta

from helpdesk import (
    attachments,
    batches,
    clock,
    drafts,
    held,
    imports,
    journal,
    kept_mails,
    links,
    orders,
    presence,
    throttle,
    tickets,
)
from models import SecurityCode, SignIn, TimetableRun

#: Days for which the runs of the timetable are remembered.
RUNS_KEPT = 2


def run() -> None:
    """Purge what is expired, old or spent, and join the orders that wait."""
    now = clock.now()
    tickets.purge_bin()
    kept_mails.purge()
    attachments.sweep()
    links.purge()
    held.purge()
    journal.purge()
    drafts.purge()
    presence.purge()
    imports.purge()
    orders.join_waiting()
    throttle.purge()
    batches.purge()
    SignIn.delete().where(SignIn.expires_at < now).execute()
    SecurityCode.delete().where(SecurityCode.expires_at < now).execute()
    TimetableRun.delete().where(TimetableRun.ran_at < now - timedelta(days=RUNS_KEPT)).execute()
