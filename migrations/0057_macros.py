"""Canned responses may act: whom they are for, how often they were used, and what they do to a ticket."""

from peewee import SQL, BigAutoField, CharField, Database, ForeignKeyField, Model, NodeList, SqliteDatabase
from playhouse.migrate import SchemaMigrator

#: Names stay unique among those that several people may see.
NAMES = {
    "canned_own": ('"service_id", "name"', "service_id IS NOT NULL"),
    "canned_general": ('"name"', "service_id IS NULL"),
}


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class CannedResponse(Frozen):
    id = LastingId()


class CannedAct(Frozen):
    id = LastingId()
    response = ForeignKeyField(CannedResponse, backref="+", on_delete="CASCADE")
    act = CharField(max_length=20)
    argument = CharField(max_length=40)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    key = "INTEGER" if isinstance(db, SqliteDatabase) else "BIGINT"
    for table, column in (
        ("canned_response", "\"shortcut\" VARCHAR(30) NOT NULL DEFAULT ''"),
        ("canned_response", "\"audience\" VARCHAR(10) NOT NULL DEFAULT 'everybody'"),
        ("canned_response", f'"team_id" {key}'),
        ("canned_response", f'"uses" {key} NOT NULL DEFAULT 0'),
        ("draft", f'"macro_id" {key}'),
        ("draft", "\"used\" VARCHAR(200) NOT NULL DEFAULT ''"),
    ):
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN {column}')
    for name, (columns, where) in NAMES.items():
        db.execute_sql(f'DROP INDEX "{name}"')
        condition = f"{where} AND audience <> 'own'"
        db.execute_sql(f'CREATE UNIQUE INDEX "{name}" ON "canned_response" ({columns}) WHERE {condition}')
    with db.bind_ctx((CannedResponse, CannedAct)):
        db.create_tables([CannedAct])
