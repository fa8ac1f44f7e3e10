"""Canned responses have a text per language: what is there is in the language of the desk."""

import json

from peewee import Database, SqliteDatabase, TextField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrate(migrator.alter_column_type("canned_response", "name", TextField()))
    mark = "?" if isinstance(db, SqliteDatabase) else "%s"
    stored = db.execute_sql("SELECT value FROM setting WHERE key = 'language'").fetchall()
    locale = str(_value(stored[0][0])) if stored else "en"
    rows = db.execute_sql("SELECT id, name, body FROM canned_response").fetchall()
    values = [(_label(locale, name), _label(locale, body), key) for key, name, body in rows]
    statement = f"UPDATE canned_response SET name = {mark}, body = {mark} WHERE id = {mark}"
    db.cursor().executemany(statement, values)


def _value(stored: str) -> str:
    return json.loads(stored) if isinstance(stored, str) and stored.startswith('"') else stored


def _label(locale: str, text: str) -> str:
    return json.dumps({locale: text}, ensure_ascii=False)
