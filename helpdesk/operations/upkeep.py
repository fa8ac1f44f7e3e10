"""What the desk forgets by itself, once a day."""

from __future__ import annotations

from collections.abc import Callable

from helpdesk import clock, departures, journal_listing, links, orders, send_later, tickets
from helpdesk.availability import leaves
from helpdesk.erasing import own_request
from helpdesk.files import attachments, room
from helpdesk.imports import confirmation
from helpdesk.incoming import mailbox_health, raw_mail_retention
from helpdesk.joining import parting
from helpdesk.lib import throttle
from helpdesk.lists import bulk
from helpdesk.operations import clock_guard, nightly_backup
from helpdesk.outbox import sent_mail_retention
from helpdesk.people import teams
from helpdesk.retention import batches
from helpdesk.rules import explaining
from helpdesk.settings import run_state
from helpdesk.tickets import drafts, merge_undo, presence
from helpdesk.visitors import guest_passes, unconfirmed
from models import PendingSignIn, SecurityCode, SignIn


def run() -> None:
    """Do all of it at once; the timetable does each step by itself."""
    for step in STEPS.values():
        step()


def by_age(step: Callable[[], object]) -> Callable[[], object]:
    """Return a step that deletes by age: it rests while the clock may be wrong (RULES 42), and in a resting copy.

    Who brings an old backup back may want what its age would delete.
    """

    def rest_or_run() -> None:
        # The guard remembers when it was asked: it comes first.
        if clock_guard.may_delete() and not run_state.is_resting_copy():
            step()

    return rest_or_run


def by_clock(step: Callable[[], object]) -> Callable[[], object]:
    """Return a step that acts by the clock: it rests while the clock may be wrong by weeks (RULES 42)."""

    def rest_or_run() -> None:
        if clock_guard.may_act():
            step()

    return at_work(rest_or_run)


def at_work(step: Callable[[], object]) -> Callable[[], object]:
    """Return a step that a resting copy leaves undone: its mails would all leave on the day it is let go."""

    def rest_or_run() -> None:
        if not run_state.is_resting_copy():
            step()

    return rest_or_run


#: What deletes nothing, and what only mends: both go on whatever the clock says.
ALWAYS: dict[str, Callable[[], object]] = {
    "mails to check": at_work(mailbox_health.tell_of_held),
    "waiting orders": orders.link_waiting,
    "tickets of disabled accounts": teams.free_leftovers,
    "the room of files": room.recount,
    "the nightly backup": nightly_backup.run,
}


def _forget_rows() -> None:
    now = clock.now()
    SignIn.delete().where(SignIn.expires_at < now).execute()
    PendingSignIn.delete().where(PendingSignIn.expires_at < now).execute()
    SecurityCode.delete().where(SecurityCode.expires_at < now).execute()


#: What is purged when expired, old or spent, each by itself: one that fails holds no other up.
_BY_AGE: dict[str, Callable[[], object]] = {
    "the bin": tickets.purge_bin,
    "mails": sent_mail_retention.purge,
    "incoming mails": raw_mail_retention.purge,
    "files": attachments.sweep,
    "links": links.purge,
    "passes of guests": guest_passes.purge,
    "held requests": unconfirmed.purge,
    "erasures not confirmed": own_request.forget_unconfirmed,
    "the journal": journal_listing.purge,
    "drafts": drafts.purge,
    "stopped replies": send_later.purge,
    "presence": presence.purge,
    "imports": confirmation.purge,
    "throttles": throttle.purge,
    "batches": bulk.purge,
    "what rules did": explaining.purge,
    "departures": departures.purge,
    "leave": leaves.purge,
    "merges": merge_undo.purge,
    "merges of customers": parting.purge,
    "sign-ins and codes": _forget_rows,
    "what its period ends": batches.run,
}
STEPS = {**ALWAYS, **{name: by_age(step) for name, step in _BY_AGE.items()}}
