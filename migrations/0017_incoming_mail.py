"""Mailboxes, the mails that came in by them, and what is done with senders."""

from typing import Any

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class LastingId(BigAutoField):
    def ddl(self, ctx: Any) -> Any:
        column = super().ddl(ctx)
        return NodeList((column, SQL("AUTOINCREMENT"))) if self.model.lasting else column


class Frozen(Model):
    id = BigAutoField()
    lasting = False

    class Meta:
        legacy_table_names = False


class Lasting(Frozen):
    id = LastingId()


class Service(Frozen):
    pass


class Department(Frozen):
    pass


class Ticket(Frozen):
    pass


class Message(Frozen):
    pass


class Mailbox(Lasting):
    name = CharField(max_length=120)
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
    last_success_at = DateTimeField(null=True)
    failing_since = DateTimeField(null=True)
    last_error = TextField(default="")

    class Meta:
        constraints = [
            Check("kind IN ('imap', 'pipe')", name="mailbox_kind"),
            Check("security IN ('tls', 'starttls', 'none')", name="mailbox_security"),
            Check("auth IN ('password', 'google', 'microsoft')", name="mailbox_auth"),
            Check("copies IN ('propose', 'add')", name="mailbox_copies"),
            Check("begin IN ('new', 'week', 'all')", name="mailbox_begin"),
            Check("after IN ('leave', 'move', 'delete')", name="mailbox_after"),
        ]


class MailFolder(Frozen):
    mailbox = ForeignKeyField(Mailbox, backref="+", on_delete="CASCADE", index=False)
    name = CharField(max_length=200)
    uid_validity = BigIntegerField(default=0)
    last_uid = BigIntegerField(default=0)
    silent_until = BigIntegerField(default=0)
    rescan_until = BigIntegerField(default=0)

    class Meta:
        indexes = ((("mailbox", "name"), True),)


class IncomingMail(Frozen):
    id = LastingId()
    mailbox = ForeignKeyField(Mailbox, backref="+", on_delete="RESTRICT", index=False)
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
    ticket = ForeignKeyField(Ticket, backref="+", null=True, on_delete="SET NULL")
    message = ForeignKeyField(Message, backref="+", null=True, on_delete="SET NULL")
    attempts = IntegerField(default=0)
    claimed_at = DateTimeField(null=True)
    received_at = DateTimeField()
    decided_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("mailbox", "folder", "uid_validity", "uid"), True), (("mailbox", "sha256"), False))
        constraints = [
            Check(
                "state IN ('stored', 'working', 'new', 'message', 'reply', 'note', 'bounce', 'automatic', 'ignored', "
                "'held')",
                name="incoming_mail_state",
            ),
        ]


IncomingMail.add_index(
    IncomingMail.index(
        IncomingMail.state,
        IncomingMail.id,
        where=SQL("state IN ('stored', 'working', 'held')"),
        name="incoming_mail_waiting",
    )
)
IncomingMail.add_index(IncomingMail.index(IncomingMail.mail_id, where=SQL("mail_id <> ''"), name="incoming_mail_by_id"))
IncomingMail.add_index(IncomingMail.index(IncomingMail.from_email, IncomingMail.id, name="incoming_mail_by_sender"))
IncomingMail.add_index(IncomingMail.index(IncomingMail.received_at, IncomingMail.id, name="incoming_mail_recent"))


class MailedMessage(Frozen):
    message = ForeignKeyField(Message, backref="+", on_delete="CASCADE", unique=True)
    sender = CharField(max_length=254)
    mailbox = CharField(max_length=254)
    evidence = CharField(max_length=20, default="")
    doubt = CharField(max_length=20, default="")
    rest = TextField(default="")
    notes = JSONField(default=list)


class SenderRule(Lasting):
    pattern = CharField(max_length=254, unique=True)
    does = CharField(max_length=12, default="hold")
    note = CharField(max_length=200, default="")
    hits = BigIntegerField(default=0)
    last_hit_at = DateTimeField(null=True)

    class Meta:
        constraints = [Check("does IN ('accept', 'never_answer', 'hold', 'ignore')", name="sender_rule_does")]


MADE = (Mailbox, MailFolder, IncomingMail, MailedMessage, SenderRule)


def up(migrator: SchemaMigrator, db: Database) -> None:
    Frozen.lasting = isinstance(db, SqliteDatabase)
    with db.bind_ctx((Service, Department, Ticket, Message, *MADE)):
        db.create_tables(MADE)
