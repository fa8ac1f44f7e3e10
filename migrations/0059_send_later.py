"""Replies that leave at a moment, and their files."""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)
from playhouse.migrate import SchemaMigrator, migrate


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class Ticket(Frozen):
    id = BigAutoField()


class Agent(Frozen):
    id = BigAutoField()


class ScheduledReply(Frozen):
    id = LastingId()
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL")
    author_name = CharField(max_length=254)
    body = TextField()
    close = BooleanField()
    save_as = BooleanField()
    canned_name = CharField(max_length=120)
    macro = CharField(max_length=40)
    used = CharField(max_length=200)
    unless_answered = BooleanField()
    due_at = DateTimeField()
    stopped_at = DateTimeField(null=True, index=True)
    stopped_why = CharField(max_length=20)
    created_at = DateTimeField()
    form_key = CharField(max_length=64, null=True, unique=True)


ScheduledReply.add_index(
    ScheduledReply.index(
        ScheduledReply.due_at, ScheduledReply.id, where=SQL("stopped_at IS NULL"), name="scheduled_reply_due"
    )
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, Agent, ScheduledReply)):
        db.create_tables([ScheduledReply])
    migrate(migrator.add_column("upload", "scheduled_reply", BigIntegerField(null=True, index=True)))
