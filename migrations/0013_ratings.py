"""Whether customers were satisfied with their closed tickets."""

from peewee import BigAutoField, CharField, Check, Database, DateTimeField, ForeignKeyField, Model
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Ticket(Frozen):
    pass


class Rating(Frozen):
    ticket = ForeignKeyField(Ticket, on_delete="CASCADE", unique=True)
    score = CharField(max_length=4)
    comment = CharField(max_length=1000, default="")
    rated_at = DateTimeField(index=True)

    class Meta:
        constraints = [Check("score IN ('good', 'bad')", name="rating_score")]


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, Rating)):
        db.create_tables((Rating,))
