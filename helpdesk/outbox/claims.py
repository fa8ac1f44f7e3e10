"""Claims on e-mails that are due: several threads, processes and hosts share the outbox, one sends each mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import SQL, ModelSelect, fn

from database import database, is_sqlite
from helpdesk import access, clock
from helpdesk.notifications import recipients
from helpdesk.visitors import unconfirmed
from models import Message, OutgoingEmail

#: The domain of the customers of examples (`helpdesk.examples.demo.samples`): no mail leaves for it.
UNREACHED = "people.guichet.example"
#: Minutes after which a mail that is still being sent was left behind by a crash.
STUCK = 10


def due_now() -> ModelSelect:
    """Return the ids of the mails that may be sent now, oldest first; of one ticket and address, the first only.

    A reply that its author keeps back holds up nobody else’s: that may be for an hour.
    """
    earlier = OutgoingEmail.alias()
    kept_back = Message.select(SQL("1")).where(Message.id == earlier.message, Message.public_at > clock.now())
    waits = earlier.select(SQL("1")).where(
        earlier.ticket == OutgoingEmail.ticket,
        earlier.to_email == OutgoingEmail.to_email,
        earlier.id < OutgoingEmail.id,
        earlier.state.in_(["pending", "sending"]),
        ~fn.EXISTS(kept_back),
    )
    return (
        OutgoingEmail.select(OutgoingEmail.id)
        .where(OutgoingEmail.state == "pending", OutgoingEmail.due_at <= clock.now())
        .where(~fn.EXISTS(waits))
        .order_by(OutgoingEmail.due_at, OutgoingEmail.id)
    )


def next_due(within: timedelta) -> datetime | None:
    """Return when the next mail is due that is not due yet but will be within this time."""
    now = clock.now()
    waiting = (OutgoingEmail.state == "pending") & (OutgoingEmail.due_at > now) & (OutgoingEmail.due_at <= now + within)
    query = OutgoingEmail.select(OutgoingEmail.due_at).where(waiting).order_by(OutgoingEmail.due_at).limit(1)
    due: datetime | None = query.scalar()
    return due


def claim(count: int) -> list[OutgoingEmail]:
    """Take mails that are due, each for this deliverer alone."""
    due = due_now().limit(count)
    if not is_sqlite():
        due = due.for_update("FOR UPDATE SKIP LOCKED")
    take = OutgoingEmail.update(state="sending", claimed_at=clock.now(), attempts=OutgoingEmail.attempts + 1)
    with database.atomic():
        claimed = take.where(OutgoingEmail.id.in_(due), OutgoingEmail.state == "pending").returning(OutgoingEmail)
        return sorted(claimed.execute(), key=lambda email: email.id)


def still_ours(email: OutgoingEmail) -> bool:
    """Renew the claim right before sending; another deliverer may have taken over what waited too long."""
    now = clock.now()
    ours = (OutgoingEmail.id == email.id) & (OutgoingEmail.state == "sending")
    renewed = OutgoingEmail.update(claimed_at=now).where(ours, OutgoingEmail.claimed_at == email.claimed_at).execute()
    email.claimed_at = now
    return bool(renewed)


def is_moot(email: OutgoingEmail) -> bool:
    """Whether the mail has no sense, or lost it while it waited: its agent, ticket or copy is gone."""
    if email.to_email.lower().endswith(f"@{UNREACHED}"):
        return True
    if email.agent_id is not None and not (email.agent.active and _is_seen(email)):
        return True
    if email.link_kind == unconfirmed.KIND:
        return unconfirmed.link_of(email) is None
    ticket = email.ticket
    if ticket is None and email.link_kind == "ticket":
        return True
    if ticket is not None and email.address_id is not None:
        return not recipients.concerns(ticket, email.address)
    return ticket is not None and (ticket.in_bin or ticket.is_spam)


def _is_seen(email: OutgoingEmail) -> bool:
    """Whether the agent of a mail still sees its ticket: a right taken away counts for what waits, too."""
    return email.ticket is None or access.sees(email.agent, email.ticket)


def store(email: OutgoingEmail, **values: str | int | datetime) -> None:
    """Write what became of a claimed mail, unless another deliverer has taken it over."""
    OutgoingEmail.update(values).where(
        OutgoingEmail.id == email.id, OutgoingEmail.state == "sending", OutgoingEmail.claimed_at == email.claimed_at
    ).execute()


def release_stuck() -> None:
    """Let go of the mails a crash left behind."""
    limit = clock.now() - timedelta(minutes=STUCK)
    OutgoingEmail.update(state="pending").where(
        OutgoingEmail.state == "sending", OutgoingEmail.claimed_at < limit
    ).execute()
