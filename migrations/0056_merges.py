"""What a merge of tickets moved and changed, stored while it can be undone."""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    Database,
    DateTimeField,
    ForeignKeyField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
)
from playhouse.migrate import SchemaMigrator


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class FormerNumber(Frozen):
    id = BigAutoField()


class Merge(Frozen):
    id = LastingId()
    former = ForeignKeyField(FormerNumber, backref="+", on_delete="CASCADE", unique=True)
    into_id = BigIntegerField(index=True)
    source = JSONField()
    before = JSONField()
    after = JSONField()
    moved = JSONField()
    terms = JSONField()
    merged_at = DateTimeField(index=True)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((FormerNumber, Merge)):
        db.create_tables([Merge])
