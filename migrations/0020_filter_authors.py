"""Whose a filter is. Who saved it last is read from the journal; what it does not tell is the first administrator's."""

import json

from peewee import BigAutoField, BigIntegerField, Database, Model
from playhouse.migrate import SchemaMigrator, migrate


class Filter(Model):
    id = BigAutoField()
    author_id = BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrate(migrator.add_column("filter", "author_id", BigIntegerField(null=True)))
    rows = db.execute_sql('SELECT id, name FROM "filter"').fetchall()
    if not rows:
        return
    first = db.execute_sql("SELECT min(id) FROM agent WHERE is_admin AND active").fetchone()[0]
    journal = (
        "SELECT subject, agent_id, data FROM journal_entry WHERE kind = 'set-up' AND agent_id IS NOT NULL ORDER BY id"
    )
    authors = {subject: agent for subject, agent, data in db.execute_sql(journal).fetchall() if _of_filter(data)}
    for key, name in rows:
        Filter.update(author_id=authors.get(name, first)).where(Filter.id == key).execute(db)


def _of_filter(data: object) -> bool:
    values = json.loads(data) if isinstance(data, str | bytes) else data
    return isinstance(values, dict) and values.get("what") == "Filter"
