"""Received mails are found by mailbox, recipient, size, and whether a program wrote them."""

import json
import re
from typing import Any

from peewee import BigAutoField, BooleanField, CharField, Database, ForeignKeyField, Model
from playhouse.migrate import SchemaMigrator, migrate

#: Mails at once, and recipients of one that are kept.
CHUNK, MOST = 500, 50
INDEXES = (
    'CREATE INDEX "incoming_mail_of_mailbox" ON "incoming_mail" ("mailbox_id", "id")',
    'CREATE INDEX "incoming_mail_automatic" ON "incoming_mail" ("id") WHERE automatic',
    'CREATE INDEX "incoming_mail_large" ON "incoming_mail" ("id", "size") WHERE size >= 1048576',
)
_EMAIL = re.compile(r"[^\s<>,;\"]+@[^\s<>,;\"]+")


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class IncomingMail(Frozen):
    pass


class MailRecipient(Frozen):
    mail = ForeignKeyField(IncomingMail, backref="+", on_delete="CASCADE", index=False)
    email = CharField(max_length=254)

    class Meta:
        indexes = ((("mail", "email"), True), (("email", "mail"), False))


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrate(migrator.add_column("incoming_mail", "automatic", BooleanField(default=False)))
    with db.bind_ctx((IncomingMail, MailRecipient)):
        db.create_tables((MailRecipient,))
    for statement in INDEXES:
        db.execute_sql(statement)
    _fill(db)


def _fill(db: Database) -> None:
    """Note of the mails that are there what is sought from now on, as far as their rows say it."""
    last, mark = 0, db.param
    while rows := db.execute_sql(
        f"SELECT id, explanation FROM incoming_mail WHERE id > {mark} ORDER BY id LIMIT {CHUNK}", (last,)
    ).fetchall():
        last = rows[-1][0]
        explained = [(mail, _read(explanation)) for mail, explanation in rows]
        people = [(mail, email) for mail, explanation in explained for email in _recipients(explanation)]
        db.cursor().executemany(f"INSERT INTO mail_recipient (mail_id, email) VALUES ({mark}, {mark})", people)
        programs = [(True, mail) for mail, explanation in explained if _is_automatic(explanation)]
        db.cursor().executemany(f"UPDATE incoming_mail SET automatic = {mark} WHERE id = {mark}", programs)


def _read(explanation: Any) -> dict[str, Any]:
    value = json.loads(explanation) if isinstance(explanation, str) else explanation
    return value if isinstance(value, dict) else {}


def _recipients(explanation: dict[str, Any]) -> list[str]:
    read = explanation.get("read") or {}
    named = " ".join(str(one) for name in ("to", "cc", "delivered") for one in read.get(name) or ())
    return list(dict.fromkeys(email.lower()[:254] for email in _EMAIL.findall(named)))[:MOST]


def _is_automatic(explanation: dict[str, Any]) -> bool:
    tests = explanation.get("tests") or ()
    return any(test.get("seen") for test in tests if test.get("name") in {"automatic", "automatic-answer"})
