"""What became of due times; and a `rank` with room for what is overdue before the others of its priority."""

from peewee import BigAutoField, BooleanField, CharField, Database, DateTimeField, ForeignKeyField, IntegerField, Model
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class Ticket(Frozen):
    id = BigAutoField()


class DueOutcome(Frozen):
    id = BigAutoField()
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")
    target = CharField(max_length=12)
    started_at = DateTimeField()
    ended_at = DateTimeField()
    due_at = DateTimeField(null=True)
    minutes = IntegerField()
    is_met = BooleanField()

    class Meta:
        indexes = ((("ticket", "target", "started_at"), True),)


DueOutcome.add_index(
    DueOutcome.index(
        *(DueOutcome.target, DueOutcome.ended_at, DueOutcome.ticket, DueOutcome.is_met), name="due_outcome_ended"
    )
)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, DueOutcome)):
        db.create_tables([DueOutcome])
    db.execute_sql("UPDATE ticket SET rank = rank * 2 WHERE rank <> 0")
