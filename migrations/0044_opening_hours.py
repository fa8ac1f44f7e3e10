"""When the desk and its services are open, and the days on which they are not."""

from peewee import (
    SQL,
    BigAutoField,
    CharField,
    Database,
    DateField,
    ForeignKeyField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
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


class Service(Frozen):
    id = BigAutoField()


class OpeningHours(Frozen):
    id = LastingId()
    service = ForeignKeyField(Service, backref="+", null=True, on_delete="CASCADE", unique=True)
    timezone = CharField(max_length=64, null=True)
    monday = CharField(max_length=120)
    tuesday = CharField(max_length=120)
    wednesday = CharField(max_length=120)
    thursday = CharField(max_length=120)
    friday = CharField(max_length=120)
    saturday = CharField(max_length=120)
    sunday = CharField(max_length=120)


class ClosedDay(Frozen):
    id = LastingId()
    opening_hours = ForeignKeyField(OpeningHours, backref="+", null=True, on_delete="CASCADE")
    name = TextField()
    first_day = DateField()
    last_day = DateField(null=True)
    open_at = CharField(max_length=120)
    region = CharField(max_length=20)


INDEXES = (
    'CREATE UNIQUE INDEX "opening_hours_of_desk" ON "opening_hours" ((service_id IS NULL)) WHERE service_id IS NULL',
    'CREATE UNIQUE INDEX "closed_day_holiday_of_all" ON "closed_day" ("region", "first_day")'
    " WHERE opening_hours_id IS NULL AND region <> ''",
    'CREATE UNIQUE INDEX "closed_day_holiday" ON "closed_day" ("opening_hours_id", "region", "first_day")'
    " WHERE opening_hours_id IS NOT NULL AND region <> ''",
)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Service, OpeningHours, ClosedDay)):
        db.create_tables([OpeningHours, ClosedDay])
    for index in INDEXES:
        db.execute_sql(index)
