"""Claims that name their process, the processes of the loop, and one row for each job of the timetable."""

from peewee import BigAutoField, BigIntegerField, CharField, Database, DateTimeField, Model
from playhouse.migrate import SchemaMigrator, SqliteMigrator, migrate


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class TimetableRun(Frozen):
    job = CharField(max_length=40, unique=True)
    period = CharField(max_length=40)
    ran_at = DateTimeField()
    claimed_by = CharField(max_length=100, null=True)
    ended_at = DateTimeField(null=True)


class Worker(Frozen):
    name = CharField(max_length=100, unique=True)
    host = CharField(max_length=60)
    beat = BigIntegerField()
    started_at = DateTimeField()
    seen_at = DateTimeField()


#: What carried wake-ups on PostgreSQL before; what it held was never needed.
QUEUE = ("huey_kv", "huey_schedule", "huey_task", "huey_counter")


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrate(migrator.add_column("outgoing_email", "claimed_by", CharField(max_length=100, null=True)))
    db.execute_sql("DROP INDEX email_due")
    db.execute_sql('CREATE INDEX "email_due" ON "outgoing_email" ("state", "due_at", "id")')
    newest = "SELECT job, max(period), max(ran_at) FROM timetable_run GROUP BY job ORDER BY job"
    runs = db.execute_sql(newest).fetchall()
    with db.bind_ctx((TimetableRun, Worker)):
        db.drop_tables((TimetableRun,))
        db.create_tables((TimetableRun, Worker))
        for job, period, ran_at in runs:
            TimetableRun.insert(job=job, period=period, ran_at=ran_at, ended_at=ran_at).execute()
    if not isinstance(migrator, SqliteMigrator):
        db.execute_sql(f"DROP TABLE IF EXISTS {', '.join(QUEUE)}")
