"""What is written in a ticket: messages, their files, drafts, and who has read or is writing."""

from __future__ import annotations

from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, TextField

from database import Base, LastingId, UtcDateTimeField
from tables.agents import Agent
from tables.customers import Customer
from tables.tickets import Ticket

#: Types of files that a page shows as pictures, up to so many pixels: more of them stop a browser.
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MOST_PIXELS = 25_000_000

CUSTOMER_MESSAGE, REPLY, NOTE = "customer", "reply", "note"


class Message(Base):
    """A message in a ticket: of the customer, of an agent (reply), or of an agent for the team only (note)."""

    id: Any = LastingId()
    ticket = ForeignKeyField(Ticket, backref="messages", on_delete="CASCADE", index=False)
    kind = CharField(max_length=10)
    agent = ForeignKeyField(Agent, null=True, on_delete="SET NULL")
    customer = ForeignKeyField(Customer, null=True, on_delete="SET NULL")
    author_name = CharField(max_length=254)
    body = TextField()
    signature = TextField(default="")
    created_at = UtcDateTimeField()
    deleted_at = UtcDateTimeField(null=True)
    # Until then the customer does not see it, and its author may withdraw it; null: public at once.
    public_at = UtcDateTimeField(null=True)
    form_key = CharField(max_length=64, null=True, unique=True)
    # When its author or a manager last corrected it (`helpdesk.corrections`).
    corrected_at = UtcDateTimeField(null=True)

    class Meta:
        indexes = ((("ticket", "id"), False),)
        constraints = [Check("kind IN ('customer', 'reply', 'note')", name="message_kind")]

    @property
    def is_note(self) -> bool:
        """Whether only the team may read it."""
        return self.kind == NOTE


class Draft(Base):
    """The message an agent is writing in a ticket: nobody else sees it, and sending deletes it."""

    ticket = ForeignKeyField(Ticket, backref="drafts", on_delete="CASCADE", index=False)
    agent = ForeignKeyField(Agent, backref="drafts", on_delete="CASCADE")
    kind = CharField(max_length=10, default=REPLY)
    body = TextField()
    close = BooleanField(default=False)
    save_as = BooleanField(default=False)
    canned_name = CharField(max_length=120, default="")
    updated_at = UtcDateTimeField(index=True)
    # The canned response whose acts go with the text, and (ids between commas) those inserted in it.
    macro_id = BigIntegerField(null=True)
    used = CharField(max_length=200, default="", constraints=[SQL("DEFAULT ''")])

    class Meta:
        indexes = ((("ticket", "agent"), True),)
        constraints = [Check("kind IN ('reply', 'note')", name="draft_kind")]


class ScheduledReply(Base):
    """A reply that leaves at a moment (``helpdesk.send_later``): until then only the team sees it.

    Stopped, it is a draft of its ticket, and `stopped_why` is the reason in the ticket's history.
    """

    id: Any = LastingId()
    ticket = ForeignKeyField(Ticket, backref="scheduled_replies", on_delete="CASCADE")
    agent = ForeignKeyField(Agent, backref="scheduled_replies", null=True, on_delete="SET NULL")
    author_name = CharField(max_length=254)
    body = TextField()
    close = BooleanField(default=False)
    save_as = BooleanField(default=False)
    canned_name = CharField(max_length=120, default="")
    # What a form holds of the canned response whose acts go with it, and (ids between commas) those inserted in it.
    macro = CharField(max_length=40, default="")
    used = CharField(max_length=200, default="")
    unless_answered = BooleanField(default=True)
    due_at = UtcDateTimeField()
    stopped_at = UtcDateTimeField(null=True, index=True)
    stopped_why = CharField(max_length=20, default="")
    created_at = UtcDateTimeField()
    form_key = CharField(max_length=64, null=True, unique=True)

    @property
    def waits(self) -> bool:
        """Whether it leaves at its moment."""
        return self.stopped_at is None


ScheduledReply.add_index(
    ScheduledReply.index(
        ScheduledReply.due_at, ScheduledReply.id, where=SQL("stopped_at IS NULL"), name="scheduled_reply_due"
    )
)


class Presence(Base):
    """An agent who was writing in a ticket seconds ago (``helpdesk.tickets.presence``)."""

    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    seen_at = UtcDateTimeField()

    class Meta:
        indexes = ((("ticket", "agent"), True),)


class StoredPicture:
    """What files of messages and files of forms know of themselves as pictures."""

    media_type: Any
    pixels: Any

    @property
    def is_image(self) -> bool:
        """Whether it is a picture that a page may show."""
        return self.media_type in IMAGES and (self.pixels is None or 0 < self.pixels <= MOST_PIXELS)


class Attachment(StoredPicture, Base):
    """A file of a message: `name` is its sender's, `path` is relative to the data folder."""

    message = ForeignKeyField(Message, backref="attachments", on_delete="CASCADE")
    name = CharField(max_length=255)
    media_type = CharField(max_length=100)
    size = BigIntegerField()
    sha256 = CharField(max_length=64)
    path = CharField(max_length=300, unique=True)
    created_at = UtcDateTimeField()
    #: Of a picture; 0 for one that cannot be measured, None for one that was not measured yet.
    pixels = BigIntegerField(null=True)


class Upload(StoredPicture, Base):
    """A file of a form that is not sent yet: it expires after an hour, or waits with a reply that is sent later."""

    form_key = CharField(max_length=64, index=True)
    owner = CharField(max_length=40)
    name = CharField(max_length=255)
    media_type = CharField(max_length=100)
    size = BigIntegerField()
    sha256 = CharField(max_length=64)
    path = CharField(max_length=300, unique=True)
    expires_at = UtcDateTimeField(index=True)
    pixels = BigIntegerField(null=True)
    # The id of the reply it waits with.
    scheduled_reply = BigIntegerField(null=True, index=True)


class ReadMark(Base):
    """The last message of a ticket that an agent has read (``helpdesk.tickets.unread``).

    `message` is an id, even when that message was deleted.
    """

    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    message = BigIntegerField()

    class Meta:
        table_name = "reading_mark"
        indexes = ((("ticket", "agent"), True),)
