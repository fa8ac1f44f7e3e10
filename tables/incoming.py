"""Mailboxes, and every e-mail that came in."""

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
)

from database import Base, Cached, LastingId, UtcDateTimeField
from tables.agents import Agent
from tables.customers import CustomerAddress
from tables.messages import Message
from tables.services import Department, Service
from tables.tickets import Ticket


class Mailbox(Cached):
    """An address whose mail the desk takes: from a folder on a mail server, or from the standard input of ``receive``.

    The columns from `uid_validity` on say how far it has been read and what went wrong; nobody edits them.
    """

    #: How it is called here: its address, unless somebody names it.
    name = CharField(max_length=120, default="")
    address = CharField(max_length=254, unique=True)
    aliases = TextField(default="")
    kind = CharField(max_length=10, default="imap")
    host = CharField(max_length=253, default="")
    port = IntegerField(default=993)
    security = CharField(max_length=10, default="tls")
    auth = CharField(max_length=10, default="password")
    username = CharField(max_length=254, default="")
    secret = TextField(default="")
    folder = CharField(max_length=200, default="INBOX")
    other_folders = TextField(default="")
    held_folders = TextField(default="")
    sent_folder = CharField(max_length=200, default="")
    service = ForeignKeyField(Service, backref="+", on_delete="RESTRICT")
    department = ForeignKeyField(Department, backref="+", null=True, on_delete="RESTRICT")
    locale = CharField(max_length=8, null=True)
    copies = CharField(max_length=10, default="propose")
    hold_lists = BooleanField(default=False)
    begin = CharField(max_length=10, default="new")
    after = CharField(max_length=10, default="leave")
    after_days = IntegerField(default=30)
    after_folder = CharField(max_length=200, default="")
    idle = BooleanField(default=False)
    sub_addresses = BooleanField(default=False)
    trusted_server = CharField(max_length=253, default="")
    enabled = BooleanField(default=True)
    position = IntegerField(default=0)
    last_success_at = UtcDateTimeField(null=True)
    failing_since = UtcDateTimeField(null=True)
    #: Why it cannot be read (`helpdesk.settings.mail_failures` writes and reads it).
    last_error = TextField(default="")
    #: The application of the owner at Google or Microsoft, and what they gave for a sign-in there (both encrypted).
    client_id = CharField(max_length=200, default="")
    client_secret = TextField(default="")
    tenant = CharField(max_length=100, default="")
    tokens = TextField(default="")
    #: The process that is connected and waits for what comes.
    watched_by = CharField(max_length=100, null=True)
    copy_sent = BooleanField(default=False)
    #: How many ``Received`` stand above what `trusted_server` writes; what the last test e-mail showed of both.
    trusted_hops = IntegerField(default=0)
    seen_server = CharField(max_length=253, default="")
    seen_hops = IntegerField(default=0)
    #: Whether what lies in the folder of sent e-mails is taken, too: answers that other programs sent.
    read_sent = BooleanField(default=False)
    #: Whether the owner’s application at Microsoft opens it by itself, without a person who signs in.
    as_application = BooleanField(default=False)
    #: Since when it is read as it is set up now: what arrived before is history where `begin` is "new".
    begins_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [
            Check("kind IN ('imap', 'pipe')", name="mailbox_kind"),
            Check("security IN ('tls', 'starttls', 'none')", name="mailbox_security"),
            Check("auth IN ('password', 'google', 'microsoft')", name="mailbox_auth"),
            Check("copies IN ('propose', 'add')", name="mailbox_copies"),
            Check("begin IN ('new', 'week', 'all')", name="mailbox_begin"),
            Check("after IN ('leave', 'move', 'delete')", name="mailbox_after"),
        ]

    def __str__(self) -> str:
        return self.name


class MailFolder(Base):
    """How far one folder of a mailbox has been read: the last UID, under the validity its server named.

    Up to `silent_until` it is history, for which no mail goes out; up to `rescan_until` what is known comes again.
    """

    mailbox = ForeignKeyField(Mailbox, backref="folders", on_delete="CASCADE", index=False)
    name = CharField(max_length=200)
    uid_validity = BigIntegerField(default=0)
    last_uid = BigIntegerField(default=0)
    silent_until = BigIntegerField(default=0)
    rescan_until = BigIntegerField(default=0)

    class Meta:
        indexes = ((("mailbox", "name"), True),)


#: What can become of a mail that came in; the first two are not decided yet.
MAIL_STATES = (
    *("stored", "working", "new", "message", "reply", "note"),
    *("bounce", "automatic", "ignored", "held"),
)


class IncomingMail(Base):
    """A mail that came in: its bytes lie at `path`, `state` and `reason` say what became of it, `explanation` why."""

    id: Any = LastingId()
    mailbox = ForeignKeyField(Mailbox, backref="mails", on_delete="RESTRICT", index=False)
    folder = CharField(max_length=200, default="")
    uid_validity = BigIntegerField(null=True)
    uid = BigIntegerField(null=True)
    sha256 = CharField(max_length=64)
    body_hash = CharField(max_length=64, default="")
    mail_id = CharField(max_length=200, default="")
    size = BigIntegerField()
    path = CharField(max_length=300, null=True, unique=True)
    silent = BooleanField(default=False)
    state = CharField(max_length=10, default="stored")
    reason = CharField(max_length=40, default="")
    from_email = CharField(max_length=254, default="")
    from_name = CharField(max_length=120, default="")
    subject = CharField(max_length=200, default="")
    explanation = JSONField(default=dict)
    ticket = ForeignKeyField(Ticket, backref="incoming_mails", null=True, on_delete="SET NULL")
    message = ForeignKeyField(Message, backref="incoming_mails", null=True, on_delete="SET NULL")
    attempts = IntegerField(default=0)
    claimed_at = UtcDateTimeField(null=True)
    received_at = UtcDateTimeField()
    decided_at = UtcDateTimeField(null=True)
    #: When its server was done with: moved there, deleted there, or gone before.
    tidied_at = UtcDateTimeField(null=True)
    #: Whether its headers alone are here: it was too large, and whole it is on its server alone.
    headers_only = BooleanField(default=False)
    #: Whether a program wrote it, as it says of itself.
    automatic = BooleanField(default=False)
    #: Whether it lies in the folder of sent e-mails: the team wrote it with another program.
    is_sent = BooleanField(default=False)
    #: When its bytes were deleted because a part of it was masked.
    masked_at = UtcDateTimeField(null=True)

    class Meta:
        indexes = ((("mailbox", "folder", "uid_validity", "uid"), True), (("mailbox", "sha256"), False))
        constraints = [
            Check(
                "state IN ('stored', 'working', 'new', 'message', 'reply', 'note', 'bounce', 'automatic', 'ignored', "
                "'held')",
                name="incoming_mail_state",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.from_email or f"#{self.id}"


IncomingMail.add_index(
    IncomingMail.index(
        IncomingMail.state,
        IncomingMail.id,
        where=SQL("state IN ('stored', 'working', 'held')"),
        name="incoming_mail_waiting",
    )
)
IncomingMail.add_index(IncomingMail.index(IncomingMail.mail_id, where=SQL("mail_id <> ''"), name="incoming_mail_by_id"))
IncomingMail.add_index(
    IncomingMail.index(
        IncomingMail.mailbox,
        IncomingMail.id,
        where=SQL("tidied_at IS NULL AND uid IS NOT NULL"),
        name="incoming_mail_on_server",
    )
)
IncomingMail.add_index(IncomingMail.index(IncomingMail.from_email, IncomingMail.id, name="incoming_mail_by_sender"))
IncomingMail.add_index(IncomingMail.index(IncomingMail.received_at, IncomingMail.id, name="incoming_mail_recent"))
IncomingMail.add_index(IncomingMail.index(IncomingMail.mailbox, IncomingMail.id, name="incoming_mail_of_mailbox"))
IncomingMail.add_index(IncomingMail.index(IncomingMail.id, where=SQL("automatic"), name="incoming_mail_automatic"))
#: Bytes from which on a mail is large enough to be sought for its size.
LARGE_MAIL = 1 << 20
IncomingMail.add_index(
    IncomingMail.index(
        IncomingMail.id, IncomingMail.size, where=SQL(f"size >= {LARGE_MAIL}"), name="incoming_mail_large"
    )
)


class MailRecipient(Base):
    """Somebody to whom a mail was written or delivered, by their address in lower case."""

    mail = ForeignKeyField(IncomingMail, backref="recipients", on_delete="CASCADE", index=False)
    email = CharField(max_length=254)

    class Meta:
        indexes = ((("mail", "email"), True), (("email", "mail"), False))


class MailedMessage(Base):
    """What a message that came by mail has beyond others: what it quotes (`rest`), what is doubtful of its author."""

    message = ForeignKeyField(Message, backref="+", on_delete="CASCADE", unique=True)
    sender = CharField(max_length=254)
    mailbox = CharField(max_length=254)
    evidence = CharField(max_length=20, default="")
    doubt = CharField(max_length=20, default="")
    rest = TextField(default="")
    notes = JSONField(default=list)
    #: What the author’s mail program puts below each mail.
    mail_signature = TextField(default="")


class MailId(Base):
    """The id of an e-mail that has left the outbox: an answer to it finds its ticket for as long as that lives."""

    mail_id = CharField(max_length=200, index=True)
    ticket = ForeignKeyField(Ticket, backref="mail_ids", on_delete="CASCADE")
    address = ForeignKeyField(CustomerAddress, backref="+", null=True, on_delete="SET NULL", index=False)
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)


class SenderRule(Cached):
    """What is done with the mail of an address, or of a domain: with its sub-domains when it begins with a dot."""

    pattern = CharField(max_length=254, unique=True)
    does = CharField(max_length=12, default="hold")
    note = CharField(max_length=200, default="")
    hits = BigIntegerField(default=0)
    last_hit_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [Check("does IN ('accept', 'never_answer', 'hold', 'ignore')", name="sender_rule_does")]

    def __str__(self) -> str:
        return self.pattern
