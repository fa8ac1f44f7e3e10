"""The first words of each ticket's newest message, and how each agent likes the lists and what follows an act."""

import html
import re

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

#: Columns of the desk: the table, and what follows its name.
COLUMNS = {
    "ticket": ("excerpt\" VARCHAR(120) NOT NULL DEFAULT ''", 'excerpt_by" {integer}'),
    "agent": (
        "list_rows\" VARCHAR(12) NOT NULL DEFAULT 'comfortable'",
        "list_columns\" VARCHAR(120) NOT NULL DEFAULT ''",
        "after_act\" VARCHAR(12) NOT NULL DEFAULT 'stay'",
    ),
}
#: Tickets at once, and characters stored and looked at.
CHUNK, LONGEST, LOOKED_AT = 1_000, 120, 2_000
NEWEST = (
    "SELECT m.ticket_id, substr(m.body, 1, {looked}), m.agent_id FROM message AS m"
    " WHERE m.id IN (SELECT max(n.id) FROM message AS n WHERE n.kind <> 'note' AND n.deleted_at IS NULL"
    " AND n.ticket_id > {mark} AND n.ticket_id <= {mark} GROUP BY n.ticket_id)"
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    for table, columns in COLUMNS.items():
        for column in columns:
            kind = column.format(integer="INTEGER" if is_sqlite else "BIGINT")
            db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{kind}')
    mark = "?" if is_sqlite else "%s"
    [(last,)] = db.execute_sql("SELECT max(id) FROM ticket").fetchall()
    for start in range(0, last or 0, CHUNK):
        rows = db.execute_sql(NEWEST.format(looked=LOOKED_AT, mark=mark), (start, start + CHUNK)).fetchall()
        values = [(_first_words(body), agent, ticket) for ticket, body, agent in rows]
        db.cursor().executemany(f"UPDATE ticket SET excerpt = {mark}, excerpt_by = {mark} WHERE id = {mark}", values)


def _first_words(body: str) -> str:
    joined = re.sub(r"</?(?:a|b|code|del|em|i|s|strong|u)\b[^>]*>?", "", body)
    plain = html.unescape(re.sub(r"<[^>]*>?", " ", joined))
    line = " ".join(plain.replace("\0", "").split())
    if len(line) <= LONGEST:
        return line
    end = line.rfind(" ", LONGEST // 2, LONGEST - 1)
    return line[: end if end > 0 else LONGEST - 1] + "…"
