"""E-mails that go out, and requests that wait for one to be answered."""

from __future__ import annotations

from typing import Any

from peewee import SQL, CharField, Check, ForeignKeyField, IntegerField, JSONField, TextField

from database import Base, LastingId, UtcDateTimeField
from tables.agents import Agent
from tables.customers import CustomerAddress
from tables.messages import Message
from tables.tickets import Ticket

EMAIL_STATES = ("pending", "sending", "sent", "failed", "cancelled")


class OutgoingEmail(Base):
    """An outgoing e-mail: written in the transaction of the act that causes it, sent afterwards.

    `link_kind` and its target say which private link the mail carries: the link is made when the mail is sent,
    so that no token rests in the database.
    """

    id: Any = LastingId()
    kind = CharField(max_length=40)
    ticket = ForeignKeyField(Ticket, backref="emails", null=True, on_delete="SET NULL")
    message = ForeignKeyField(Message, backref="emails", null=True, on_delete="SET NULL")
    agent = ForeignKeyField(Agent, null=True, on_delete="CASCADE")
    address = ForeignKeyField(CustomerAddress, null=True, on_delete="CASCADE")
    to_email = CharField(max_length=254)
    from_email = CharField(max_length=254)
    from_name = CharField(max_length=120, default="")
    locale = CharField(max_length=8)
    subject = CharField(max_length=255)
    body = TextField()
    link_kind = CharField(max_length=20, default="")
    mail_id = CharField(max_length=200, unique=True)
    in_reply_to = CharField(max_length=200, default="")
    references = TextField(default="", column_name="reference_ids")
    automatic = CharField(max_length=20, default="auto-generated")
    state = CharField(max_length=10, default="pending")
    attempts = IntegerField(default=0)
    due_at = UtcDateTimeField()
    claimed_at = UtcDateTimeField(null=True)
    sent_at = UtcDateTimeField(null=True)
    #: Why it could not be sent (`helpdesk.settings.mail_failures` writes and reads it).
    last_error = TextField(default="")
    created_at = UtcDateTimeField()
    #: The process that is sending it.
    claimed_by = CharField(max_length=100, null=True)
    #: Since when the mail server has put it off.
    deferred_since = UtcDateTimeField(null=True)
    #: When a mail server reported that it did not arrive, and what it said: a status code (RFC 3463), then its words.
    bounced_at = UtcDateTimeField(null=True)
    bounce_reason = TextField(null=True)
    #: Why it was cancelled before anybody tried to send it.
    withheld = CharField(max_length=20, null=True)
    #: What became of its copy for the folder of sent e-mails: due, tried, stored or refused; none for most.
    sent_copy = CharField(max_length=10, null=True)

    class Meta:
        constraints = [
            Check("state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')", name="email_state"),
        ]


# Whole, not of the live ones only: SQLite takes a partial index where its condition stands in the statement, and
# then prefers the other one, which makes it sort all that waits.
OutgoingEmail.add_index(
    OutgoingEmail.index(OutgoingEmail.state, OutgoingEmail.due_at, OutgoingEmail.id, name="email_due")
)
OutgoingEmail.add_index(OutgoingEmail.index(OutgoingEmail.state, OutgoingEmail.id, name="email_by_state"))
OutgoingEmail.add_index(
    OutgoingEmail.index(OutgoingEmail.bounced_at, where=SQL("bounced_at IS NOT NULL"), name="email_bounced")
)
OutgoingEmail.add_index(
    OutgoingEmail.index(OutgoingEmail.id, where=SQL("sent_copy IN ('due', 'tried')"), name="email_to_copy")
)


class UnconfirmedRequest(Base):
    """A ticket requested without the security code: it waits until its author uses the link mailed to the address."""

    nonce = CharField(max_length=64)
    token_hash = CharField(max_length=64, unique=True)
    request = JSONField(default=dict)
    mail = ForeignKeyField(OutgoingEmail, null=True, on_delete="SET NULL")
    ticket = ForeignKeyField(Ticket, null=True, on_delete="CASCADE")
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField(index=True)
    used_at = UtcDateTimeField(null=True)

    class Meta:
        # The table keeps its first name.
        table_name = "held_request"
