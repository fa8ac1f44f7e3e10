"""Leave of agents, and whether they take tickets that are handed out in turn."""

from peewee import SQL, BigAutoField, Check, Database, DateField, ForeignKeyField, Model, NodeList, SqliteDatabase
from playhouse.migrate import SchemaMigrator


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class Agent(Frozen):
    id = BigAutoField()


class Leave(Frozen):
    id = LastingId()
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE", index=False)
    first_day = DateField()
    last_day = DateField()
    substitute = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL")

    class Meta:
        constraints = (Check("last_day >= first_day", name="leave_days"),)
        indexes = ((("agent", "last_day"), False),)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    db.execute_sql(
        'ALTER TABLE "agent" ADD COLUMN "takes_tickets" {kind} NOT NULL DEFAULT TRUE'.format(
            kind="INTEGER" if isinstance(db, SqliteDatabase) else "BOOLEAN"
        )
    )
    with db.bind_ctx((Agent, Leave)):
        db.create_tables([Leave])
