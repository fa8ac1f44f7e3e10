"""What an owner configures beside services and people: statuses, priorities, tags, canned responses, texts of mails."""

from __future__ import annotations

from peewee import SQL, BooleanField, CharField, Check, ForeignKeyField, IntegerField

from database import Cached, Label, LabelField
from tables.agents import Agent
from tables.services import Service

OPEN, PENDING, CLOSED = "open", "pending", "closed"
CATEGORIES = (OPEN, PENDING, CLOSED)


class Status(Cached):
    """A step in the life of a ticket; rules read its category, never its label."""

    identifier = CharField(max_length=60, unique=True)
    label = LabelField()
    text_color = CharField(max_length=24, default="#ffffff")
    background_color = CharField(max_length=24, default="#574f55")
    category = CharField(max_length=10, default=OPEN)
    enabled = BooleanField(default=True)
    position = IntegerField(default=0)

    class Meta:
        constraints = [Check("category IN ('open', 'pending', 'closed')", name="status_category")]

    def __str__(self) -> str:
        return str(self.label)


class Priority(Cached):
    """How much a ticket weighs: the heaviest stands first."""

    identifier = CharField(max_length=60, unique=True)
    label = LabelField()
    text_color = CharField(max_length=24, default="#ffffff")
    background_color = CharField(max_length=24, default="#574f55")
    weight = IntegerField(default=0)
    enabled = BooleanField(default=True)

    def __str__(self) -> str:
        return str(self.label)


class Tag(Cached):
    """A tag of tickets; `key` is its folded name, so that Stage and stâge are one tag.

    `label` is what it is called in each language, where that differs from its name.
    """

    name = CharField(max_length=40)
    key = CharField(max_length=40, unique=True)
    label = LabelField(default=Label)

    def __str__(self) -> str:
        return self.label.get(Label.languages()[0]) or self.name

    @property
    def all_names(self) -> str:
        """Its name, and what it is called in each language."""
        return " ".join([self.name, *self.label.values()])


class CannedResponse(Cached):
    """A canned response of one service or (no service) of all, in each language; the body is HTML."""

    service = ForeignKeyField(Service, backref="canned_responses", null=True, on_delete="CASCADE")
    name = LabelField()
    body = LabelField()
    author = ForeignKeyField(Agent, null=True, on_delete="SET NULL")
    position = IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.name)


CannedResponse.add_index(
    CannedResponse.index(
        CannedResponse.service, CannedResponse.name, unique=True, where=SQL("service_id IS NOT NULL"), name="canned_own"
    )
)
CannedResponse.add_index(
    CannedResponse.index(CannedResponse.name, unique=True, where=SQL("service_id IS NULL"), name="canned_general")
)


class EmailText(Cached):
    """The owner's text of one kind of e-mail; an empty sender means the default e-mail of the desk."""

    kind = CharField(max_length=40, unique=True)
    enabled = BooleanField(default=True)
    sender_email = CharField(max_length=254, default="")
    sender_name = LabelField(default=Label)
    subject = LabelField(default=Label)
    body = LabelField(default=Label)
