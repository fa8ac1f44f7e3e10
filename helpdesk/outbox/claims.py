"""Claims on e-mails that are due: several threads, processes and hosts share the outbox, one sends each mail.

A mail is claimed by itself, right before it is sent, in the name of the process. Whether that process is alive is for
`helpdesk/operations/workers.py` to know: a claim has no age.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, Expression, ModelSelect, fn

from database import database, is_sqlite
from helpdesk import access, clock, events
from helpdesk.lib import process
from helpdesk.notifications import recipients
from helpdesk.visitors import unconfirmed
from models import Erasure, Message, OutgoingEmail

#: The domain of the customers of examples (`helpdesk.examples.samples`): no mail leaves for it.
UNREACHED = "people.guichet.example"
#: How long a mail that a server has put off waits at most until it is tried again.
LONGEST_PAUSE = timedelta(hours=1)
#: How far a clock may be ahead before what it wrote is not believed.
AHEAD = timedelta(minutes=1)


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


def next_due() -> datetime | None:
    """Return when the next mail may be sent, which may be now; None when none waits."""
    now = clock.now()
    if due_now().limit(1).exists():
        return now
    later = (OutgoingEmail.state == "pending") & (OutgoingEmail.due_at > now)
    due: datetime | None = (
        OutgoingEmail.select(OutgoingEmail.due_at)
        .where(later)
        .order_by(OutgoingEmail.due_at, OutgoingEmail.id)
        .limit(1)
        .scalar()
    )
    return due


def claim(count: int = 1) -> list[OutgoingEmail]:
    """Take so many mails that are due, at most, each for this deliverer alone."""
    values = {"state": "sending", "claimed_at": clock.now(), "claimed_by": process.name()}
    take = OutgoingEmail.update(values | {"attempts": OutgoingEmail.attempts + 1})
    with database.atomic():
        claimed = take.where(_among_due(count), OutgoingEmail.state == "pending").returning(OutgoingEmail)
        return sorted(claimed.execute(), key=lambda email: email.id)


def _among_due(count: int) -> Expression:
    """Match the first mails that are due, leaving those to others that they are just taking."""
    due = due_now().limit(count)
    if is_sqlite():
        return OutgoingEmail.id.in_(due)
    # An array is made once. IN would run this again for each row, and each time find others that are not locked yet.
    return OutgoingEmail.id == fn.ANY(fn.ARRAY(due.for_update("FOR UPDATE SKIP LOCKED")))


def is_unreached(email: OutgoingEmail) -> bool:
    """Whether the mail is for nobody: an example of a customer, or somebody erased."""
    return email.to_email.lower().endswith(f"@{UNREACHED}")


def is_moot(email: OutgoingEmail) -> bool:
    """Whether the mail has no sense, or lost it while it waited: its agent, ticket or copy is gone."""
    if is_unreached(email):
        return True
    if email.agent_id is not None and not (email.agent.active and _is_seen(email)):
        return True
    if email.link_kind == unconfirmed.KIND:
        return unconfirmed.link_of(email) is None
    if email.link_kind == "erase":
        return wanted_erasure(email) is None
    ticket = email.ticket
    if email.link_kind == "ticket" and (ticket is None or email.address_id is None):
        return True
    if ticket is not None and email.address_id is not None:
        return not recipients.concerns(ticket, email.address)
    return ticket is not None and (ticket.in_bin or ticket.is_spam)


def wanted_erasure(email: OutgoingEmail) -> Erasure | None:
    """Return the erasure that this mail asks its customer to confirm; None once it was confirmed, or is too old."""
    if email.address_id is None:
        return None
    wanted = (Erasure.customer == email.address.customer_id) & (Erasure.state == "unconfirmed")
    row: Erasure | None = Erasure.select().where(wanted).first()
    return row


def _is_seen(email: OutgoingEmail) -> bool:
    """Whether the agent of a mail still sees its ticket: a right taken away counts for what waits, too."""
    return email.ticket is None or access.sees(email.agent, email.ticket)


def store(email: OutgoingEmail, **values: Any) -> None:
    """Write what became of a claimed mail, unless another deliverer has taken it over."""
    ours = (OutgoingEmail.claimed_by == email.claimed_by) & (OutgoingEmail.claimed_at == email.claimed_at)
    claimed = (OutgoingEmail.id == email.id) & (OutgoingEmail.state == "sending") & ours
    OutgoingEmail.update(values).where(claimed).execute()


def as_it_is_now(email: OutgoingEmail) -> OutgoingEmail | None:
    """Return a claimed mail as its row says now; None when it is gone, or not this deliverer's any more."""
    ours = (OutgoingEmail.claimed_by == email.claimed_by) & (OutgoingEmail.claimed_at == email.claimed_at)
    row: OutgoingEmail | None = OutgoingEmail.get_or_none(
        OutgoingEmail.id == email.id, OutgoingEmail.state == "sending", ours
    )
    return row


def claimants() -> list[str]:
    """Return the processes that are sending mails."""
    sending = OutgoingEmail.select(OutgoingEmail.claimed_by).where(OutgoingEmail.state == "sending").distinct()
    return [name or "" for (name,) in sending.tuples()]


def release(name: str) -> None:
    """Let go of the mails that a dead process was sending; an empty name stands for one that left none."""
    claimed = OutgoingEmail.claimed_by == name if name else OutgoingEmail.claimed_by.is_null()
    OutgoingEmail.update(state="pending").where(OutgoingEmail.state == "sending", claimed).execute()


def pull_in() -> None:
    """Let the mails be due that a clock which was ahead put off for too long.

    Those are mails written in what is now the future, and those whose next try lies further away than any may. A reply
    that its author keeps back, by the right clock, stays back.
    """
    now = clock.now()
    future = now + AHEAD
    written_ahead = (OutgoingEmail.created_at > future) & (OutgoingEmail.due_at >= OutgoingEmail.created_at)
    tried_ahead = OutgoingEmail.deferred_since.is_null(False) & (OutgoingEmail.due_at > future + LONGEST_PAUSE)
    kept_back = Message.select(SQL("1")).where(
        Message.id == OutgoingEmail.message, Message.public_at > now, Message.created_at <= future
    )
    waiting = (OutgoingEmail.state == "pending") & (OutgoingEmail.due_at > future)
    ahead = waiting & (written_ahead | tried_ahead) & ~fn.EXISTS(kept_back)
    with events.transaction():  # it wakes those that would look again only in some seconds
        OutgoingEmail.update(due_at=now).where(ahead).execute()
