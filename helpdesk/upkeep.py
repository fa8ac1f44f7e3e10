"""What the desk forgets by itself, once a day."""

from __future__ import annotations

from datetime import timedelta

from helpdesk import attachments, batches, clock, drafts, held, journal, links, throttle, tickets
from models import SecurityCode, SignIn, TimetableRun

#: Days for which the runs of the timetable are remembered.
RUNS_KEPT = 2


def run() -> None:
    """Purge the bin, expired links, held requests, sign-ins and codes, old journal lines, drafts, counts and runs."""
    now = clock.now()
    tickets.purge_bin()
    attachments.sweep()
    links.purge()
    held.purge()
    journal.purge()
    drafts.purge()
    throttle.purge()
    batches.purge()
    SignIn.delete().where(SignIn.expires_at < now).execute()
    SecurityCode.delete().where(SecurityCode.expires_at < now).execute()
    TimetableRun.delete().where(TimetableRun.ran_at < now - timedelta(days=RUNS_KEPT)).execute()
