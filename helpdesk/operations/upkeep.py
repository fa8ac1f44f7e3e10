"""What the desk forgets by itself, once a day."""

from __future__ import annotations

from collections.abc import Callable

from helpdesk import clock, imports, journal_lines, links, orders, tickets
from helpdesk.files import attachments
from helpdesk.incoming import condition
from helpdesk.incoming import retention as received
from helpdesk.lib import throttle
from helpdesk.lists import bulk
from helpdesk.outbox import retention
from helpdesk.tickets import drafts, presence
from helpdesk.visitors import unconfirmed
from models import SecurityCode, SignIn


def run() -> None:
    """Do all of it at once; the timetable does each step by itself."""
    for step in STEPS.values():
        step()


def _forget_rows() -> None:
    now = clock.now()
    SignIn.delete().where(SignIn.expires_at < now).execute()
    SecurityCode.delete().where(SecurityCode.expires_at < now).execute()


#: What is purged when expired, old or spent, each by itself: one that fails holds no other up.
STEPS: dict[str, Callable[[], object]] = {
    "the bin": tickets.purge_bin,
    "mails": retention.purge,
    "incoming mails": received.purge,
    "mails to check": condition.tell_of_held,
    "files": attachments.sweep,
    "links": links.purge,
    "held requests": unconfirmed.purge,
    "the journal": journal_lines.purge,
    "drafts": drafts.purge,
    "presence": presence.purge,
    "imports": imports.purge,
    "waiting orders": orders.link_waiting,
    "throttles": throttle.purge,
    "batches": bulk.purge,
    "sign-ins and codes": _forget_rows,
}
