"""Marks in the place of what was written, in the language of the desk, for erased persons and their texts."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

PERSONS = ("Erased customer no. ", "Client effacé n°\u00a0")
NOBODY = ("Erased customer", "Client effacé")
TEXTS = ("(text erased)", "(texte effacé)")
GONE = "customer_id IS NULL OR customer_id IN (SELECT id FROM customer WHERE erased_at IS NOT NULL)"
#: Columns that name a person, with the rows in which it is an erased one.
NAMES = (
    ("customer", "last_name", "erased_at IS NOT NULL"),
    ("message", "author_name", f"agent_id IS NULL AND ({GONE})"),
    ("ticket_event", "actor_name", f"agent_id IS NULL AND ({GONE})"),
    ("journal_entry", "subject", "act = 'person-erased'"),
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for table, column, where in NAMES:
        for words in PERSONS:
            number = f"substr({column}, {len(words) + 1})"
            named = f"substr({column}, 1, {len(words)}) = '{words}' AND length({column}) <= {len(words) + 19}"
            db.execute_sql(f"UPDATE {table} SET {column} = '[[erased:' || {number} || ']]' WHERE {named} AND ({where})")
        for words in NOBODY:
            db.execute_sql(f"UPDATE {table} SET {column} = '[[erased:0]]' WHERE {column} = '{words}' AND ({where})")
    for words in TEXTS:
        db.execute_sql(f"UPDATE ticket SET subject = '[[erased]]' WHERE subject = '{words}' AND is_anonymised")
        db.execute_sql(f"UPDATE ticket SET excerpt = '[[erased]]' WHERE excerpt = '{words}'")
        db.execute_sql(f"UPDATE message SET body = '<p>[[erased]]</p>' WHERE body = '<p>{words}</p>'")
