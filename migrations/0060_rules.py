"""Rules when something happens or time has passed: more columns of filters, and what rules did."""

from peewee import (
    BigAutoField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    SqliteDatabase,
)
from playhouse.migrate import SchemaMigrator

COLUMNS = (
    "\"beginning\" VARCHAR(8) NOT NULL DEFAULT 'arrives'",
    "\"trigger\" VARCHAR(20) NOT NULL DEFAULT ''",
    '"hours" INTEGER',
    "\"frequency\" VARCHAR(5) NOT NULL DEFAULT 'once'",
    '"active_from" {moment}',
    '"gone_mailed_at" {moment}',
)


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Filter(Frozen):
    pass


class Ticket(Frozen):
    pass


class Message(Frozen):
    pass


class RuleMark(Frozen):
    rule = ForeignKeyField(Filter, backref="+", on_delete="CASCADE", index=False)
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")
    acted_at = DateTimeField()

    class Meta:
        indexes = ((("rule", "ticket"), True),)


class RuleRecord(Frozen):
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    beginning = CharField(max_length=8)
    trigger = CharField(max_length=20)
    acts = IntegerField()
    rests = BooleanField()
    data = JSONField()
    created_at = DateTimeField()

    class Meta:
        indexes = (
            (("ticket", "created_at", "id"), False),
            (("created_at",), False),
        )


class RuleMoment(Frozen):
    ticket = ForeignKeyField(Ticket, backref="+", null=True, on_delete="CASCADE")
    rule = ForeignKeyField(Filter, backref="+", null=True, on_delete="CASCADE", index=False)
    message = ForeignKeyField(Message, backref="+", null=True, on_delete="CASCADE", unique=True)
    due_at = DateTimeField(index=True)
    data = JSONField()

    class Meta:
        indexes = ((("rule", "ticket"), True),)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    moment = "DATETIME" if isinstance(db, SqliteDatabase) else "TIMESTAMP"
    for column in COLUMNS:
        db.execute_sql(f'ALTER TABLE "filter" ADD COLUMN {column.format(moment=moment)}')
    tables = (RuleMark, RuleRecord, RuleMoment)
    with db.bind_ctx((Filter, Ticket, Message, *tables)):
        db.create_tables(tables)
