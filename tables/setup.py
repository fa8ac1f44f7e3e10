"""What an owner configures beside services and people: statuses, priorities, tags, canned responses, texts of mails."""

from __future__ import annotations

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField

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
    #: Whether whoever has a ticket that wears it is not erased.
    keeps = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])

    def __str__(self) -> str:
        return self.label.get(Label.languages()[0]) or self.name

    @property
    def all_names(self) -> str:
        """Its name, and what it is called in each language."""
        return " ".join([self.name, *self.label.values()])


#: Whom a canned response is for.
EVERYBODY, TEAM, OWN = "everybody", "team", "own"


class CannedResponse(Cached):
    """A canned response of one service or (no service) of all, in each language; the body is HTML.

    One with acts (`CannedAct`) is a macro, and may have no text. `team_id` is the team it is for; it outlives the team,
    and is its author's alone then.
    """

    service = ForeignKeyField(Service, backref="canned_responses", null=True, on_delete="CASCADE")
    name = LabelField()
    body = LabelField(default=Label)
    author = ForeignKeyField(Agent, null=True, on_delete="SET NULL")
    position = IntegerField(default=0)
    shortcut = CharField(max_length=30, default="", constraints=[SQL("DEFAULT ''")])
    audience = CharField(max_length=10, default=EVERYBODY, constraints=[SQL("DEFAULT 'everybody'")])
    team_id = BigIntegerField(null=True)
    uses = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])

    def __str__(self) -> str:
        return str(self.name)


CannedResponse.add_index(
    CannedResponse.index(
        CannedResponse.service,
        CannedResponse.name,
        unique=True,
        where=SQL("service_id IS NOT NULL AND audience <> 'own'"),
        name="canned_own",
    )
)
CannedResponse.add_index(
    CannedResponse.index(
        CannedResponse.name,
        unique=True,
        where=SQL("service_id IS NULL AND audience <> 'own'"),
        name="canned_general",
    )
)


class CannedAct(Cached):
    """What a canned response does to a ticket beside its text; `argument` names what the act needs.

    The acts are those of ``helpdesk.macros.acts``.
    """

    response = ForeignKeyField(CannedResponse, backref="acts", on_delete="CASCADE")
    act = CharField(max_length=20)
    argument = CharField(max_length=40)


class EmailText(Cached):
    """The owner's text of one kind of e-mail; an empty sender means the default e-mail of the desk."""

    kind = CharField(max_length=40, unique=True)
    enabled = BooleanField(default=True)
    sender_email = CharField(max_length=254, default="")
    sender_name = LabelField(default=Label)
    subject = LabelField(default=Label)
    body = LabelField(default=Label)
