"""The e-mails that were sent: who may read them afterwards, and when they are forgotten."""

from __future__ import annotations

from datetime import timedelta

from peewee import Expression, ModelSelect

from helpdesk import access, clock
from helpdesk.events import transaction
from helpdesk.settings.email_kinds import KINDS
from helpdesk.settings.uneditable import ACCOUNT, NAMED
from helpdesk.settings.uneditable_emails import UNEDITABLE
from helpdesk.tickets.spam_and_bin import BIN_DAYS
from helpdesk.visitors import unconfirmed
from models import Agent, MailId, OutgoingEmail, Ticket

#: Kinds that speak of an account or an address and quote no ticket.
OF_ACCOUNTS = frozenset(
    {
        *(kind.key for kind in KINDS.values() if kind.group == "accounts"),
        *(kind.key for kind in UNEDITABLE.values() if kind.of == ACCOUNT),
        *(unconfirmed.KIND, "test"),
    }
)
#: Kinds that may belong to no ticket, and name some.
DIGESTS = frozenset(kind.key for kind in UNEDITABLE.values() if kind.of == NAMED)
#: Days a mail is kept once it was sent or cancelled: a quarter, for whoever says that no answer came.
DAYS_KEPT = 90
#: Mails looked at and deleted in one transaction.
AT_ONCE = 500


def readable_by(agent: Agent, mails: ModelSelect) -> ModelSelect:
    """Keep to the mails this agent may read: they quote tickets, and a digest names those of others, too (RULES 4)."""
    if access.sees_all(agent):
        return mails
    seen = access.visible_tickets(agent).select(Ticket.id)
    of_none = OutgoingEmail.ticket.is_null() & OutgoingEmail.kind.in_(sorted(OF_ACCOUNTS))
    return mails.where(of_none | OutgoingEmail.ticket.in_(seen))


def purge() -> int:
    """Delete what was sent or cancelled long ago, and what purged tickets left behind; return how many."""
    now = clock.now()
    # A ticket in a digest may have been purged: by then its digest is as old as the bin.
    left = OutgoingEmail.kind.not_in(sorted(OF_ACCOUNTS | DIGESTS))
    left |= OutgoingEmail.kind.in_(sorted(DIGESTS)) & (OutgoingEmail.created_at < now - timedelta(days=BIN_DAYS))
    deleted = int(OutgoingEmail.delete().where(OutgoingEmail.ticket.is_null(), left).execute())
    for state in ("sent", "cancelled"):
        while count := _purge_oldest(OutgoingEmail.state == state):
            deleted += count
    return deleted


def _purge_oldest(condition: Expression) -> int:
    """Delete what is too old among the first mails, which are the oldest: no more of them are looked at."""
    limit = clock.now() - timedelta(days=DAYS_KEPT)
    with transaction():
        first = OutgoingEmail.select(OutgoingEmail.id, OutgoingEmail.created_at).where(condition)
        rows = first.order_by(OutgoingEmail.id).limit(AT_ONCE).tuples()
        old = [key for key, written in rows if written < limit]
        _remember_ids(old)
        return int(OutgoingEmail.delete().where(OutgoingEmail.id.in_(old), condition).execute()) if old else 0


def _remember_ids(keys: list[int]) -> None:
    """Keep the ids of sent mails about tickets: whoever answers one later still finds the ticket."""
    columns = (OutgoingEmail.mail_id, OutgoingEmail.ticket, OutgoingEmail.address, OutgoingEmail.agent)
    sent = OutgoingEmail.select(*columns).where(
        OutgoingEmail.id.in_(keys), OutgoingEmail.ticket.is_null(False), OutgoingEmail.state == "sent"
    )
    if keys and sent.exists():
        MailId.insert_from(sent, (MailId.mail_id, MailId.ticket, MailId.address, MailId.agent)).execute()
