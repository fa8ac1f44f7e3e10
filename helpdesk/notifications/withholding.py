"""E-mails that are owed and do not go out: to an address that takes none, and answers to mail that would feed a loop.

Their rows stand in the outbox, cancelled, with the reason. What answers a program is not even written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import fn

from helpdesk import clock, settings
from helpdesk.access import SYSTEM, Actor, System
from helpdesk.errors import TooMany
from helpdesk.events import EventKind, record
from helpdesk.i18n import lazy
from helpdesk.lib import delivery_status, throttle
from helpdesk.notifications.causes import Recipient
from models import CustomerAddress, Message, OutgoingEmail, Ticket

#: Reasons, as `OutgoingEmail.withheld` holds them.
UNDELIVERABLE, LOOP = "undeliverable", "loop"
REASONS: dict[str, Any] = {
    UNDELIVERABLE: lazy("E-mails to this address came back: none is sent there until that is corrected."),
    LOOP: lazy("Too many answers within a short time: two programs may be answering each other."),
}
#: For how long an address that takes no e-mail is left in peace.
UNDELIVERABLE_FOR = timedelta(days=90)
HOUR, DAY = 3_600, 86_400


@dataclass(frozen=True)
class Answering:
    """The running act answers an e-mail; `unanswered` says why nothing may answer it by itself, if something does."""

    unanswered: str = ""


_answering: ContextVar[Answering | None] = ContextVar("answering", default=None)


@contextmanager
def answering(unanswered: str) -> Iterator[None]:
    """Run an act that an e-mail caused: what answers it by itself is limited, or (with a reason) not written."""
    token = _answering.set(Answering(unanswered))
    try:
        yield
    finally:
        _answering.reset(token)


def is_silenced(kind: str, recipient: Recipient, actor: Actor) -> bool:
    """Whether this mail would answer an e-mail that nothing may answer by itself."""
    act = _answering.get()
    return act is not None and bool(act.unanswered) and _answers(kind, recipient, actor)


def _answers(kind: str, recipient: Recipient, actor: Actor) -> bool:
    """Whether a mail answers a customer by itself: a confirmation, or what a filter replies."""
    return recipient.address is not None and (kind == "confirmation" or isinstance(actor, System))


def withhold(mail: OutgoingEmail, kind: str, recipient: Recipient, actor: Actor, ticket: Ticket | None) -> None:
    """Cancel a mail that must not go out, with the reason."""
    if ticket is None or recipient.address is None:
        return
    if is_undeliverable(recipient.address):
        mail.state, mail.withheld = "cancelled", UNDELIVERABLE
    elif _answering.get() is not None and _answers(kind, recipient, actor) and not _count(recipient.address, ticket):
        mail.state, mail.withheld = "cancelled", LOOP
        record(ticket, EventKind.NOT_ANSWERED, actor=SYSTEM, email=recipient.email)


def is_undeliverable(address: CustomerAddress) -> bool:
    """Whether an address takes no e-mail, as far as is known."""
    since = address.undeliverable_at
    return since is not None and since > clock.now() - UNDELIVERABLE_FOR


def withhold_waiting(address: int) -> None:
    """Cancel what waits for an address that was just found to take no e-mail; links to the account go out anyway."""
    of_tickets = OutgoingEmail.ticket.is_null(False) | (OutgoingEmail.kind == "digest")
    waiting = (OutgoingEmail.address == address) & (OutgoingEmail.state == "pending") & of_tickets
    OutgoingEmail.update(state="cancelled", withheld=UNDELIVERABLE).where(waiting).execute()


def _count(address: CustomerAddress, ticket: Ticket) -> bool:
    """Count an answer; whether it may still go out."""
    email = address.email
    limits = [
        (f"answer to {email}", "answers_to_address_hourly", HOUR),
        (f"answer of a day to {email}", "answers_to_address_daily", DAY),
        (f"answer about {ticket.id}", "answers_about_ticket_daily", DAY),
    ]
    try:
        for key, ceiling, seconds in limits:
            throttle.hit(key, limit=settings.get(ceiling), seconds=seconds)
        if not address.is_proven:
            # Whoever has used a link of ours is a person, wherever their mail is kept.
            count_stranger(email)
    except TooMany:
        return False
    return True


def count_stranger(email: str) -> None:
    """Count an answer to somebody of whom nothing is known. Raises TooMany where there were too many in an hour."""
    domain = email.rpartition("@")[2]
    throttle.hit(f"answer to the domain {domain}", limit=settings.get("answers_to_domain_hourly"), seconds=HOUR)
    throttle.hit("answer of the desk", limit=settings.get("answers_hourly"), seconds=HOUR)


def fresh_try() -> dict[str, Any]:
    """Return the columns of a mail that is sent as if for the first time; that of a delayed reply waits for it."""
    now = clock.now()
    delayed = Message.select(Message.public_at).where(Message.id == OutgoingEmail.message, Message.public_at > now)
    return {
        "state": "pending", "attempts": 0, "due_at": fn.COALESCE(delayed, now), "last_error": "",
        "deferred_since": None, "bounced_at": None, "bounce_reason": None, "withheld": None,
    }  # fmt: skip


def reason(mail: OutgoingEmail) -> str:
    """Return why a mail did not go out or came back, in the reader’s language; empty for any other."""
    if mail.bounced_at is not None:
        return str(lazy("Not delivered: %(reason)s.", reason=delivery_status.words(mail.bounce_reason or "")))
    return str(REASONS.get(mail.withheld or "", ""))
