"""The database that migrations make is the database that ``models.py`` declares."""

from __future__ import annotations

import re
import runpy
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from peewee import IntegrityError
from playhouse.migrate import SchemaMigrator

import models
from database import Label
from engines import DatabaseFile, open_database
from helpdesk import clock, journal, settings, tickets
from helpdesk.filters import running
from helpdesk.operations import migrate
from helpdesk.settings import environment, lookups, seed
from models import TABLES
from tests.support import cast, postgresql_only, sqlite_only
from tests.support.desks import Desk, Desks
from tests.support.fresh import fresh_database

CATALOGUES = {
    "columns": "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default"
    " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
    " FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
}


@pytest.fixture
def empty(desk: Desk, engine: str, desks: Desks, tmp_path: Path) -> Iterator[Any]:
    """An empty database of the engine, in use, with a data folder of its own."""
    with fresh_database(engine, desks, tmp_path) as database:
        yield database


@pytest.fixture
def no_mailboxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk of before its mailboxes: the rules of today ask for them, and their table is not there yet.

    Nor have its filters authors and beginnings.
    """
    monkeypatch.setattr(lookups, "_mailboxes", dict)
    monkeypatch.setattr(running, "_enabled", dict)


def begin_at(database: Any, version: str) -> None:
    """Make a desk of an older version, with the columns that the rules of today write in each ticket."""
    runner = migrate.runner(database)
    runner.up(version)
    added = ("_excerpts", "_bounces", "_customer_search", "_answers", "_absences", "_first_responses")
    # What every line of the journal has, and every role.
    added += ("_journal_search", "_second_factor", "_snooze", "_due_times", "_due_alerts", "_macros", "_erasing")
    added += ("_organisations", "_leave", "_retention", "_automatic_closing", "_customer_merges", "_customer_sign_ins")
    for row in runner.status():
        if row.name > version and row.name.endswith(added):
            runner._run(row.name, row.load(), "up")


def own(rows: list[Any]) -> list[Any]:
    """Leave out the history of migrations and the indexes of the search, which are no models."""
    return [
        row
        for row in rows
        if not row[0].startswith(("schema_migration", "message_search", "customer_search", "sqlite_"))
    ]


def ddl(database: Any) -> list[Any]:
    rows = database.execute_sql("SELECT tbl_name, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
    return own([(table, name, re.sub(r"\s+", " ", sql or "")) for table, name, sql in rows])


def catalogues(database: Any) -> dict[str, list[Any]]:
    return {name: own(database.execute_sql(sql).fetchall()) for name, sql in CATALOGUES.items()}


@sqlite_only
def test_migrations_make_what_the_models_declare_on_sqlite(empty: Any, tmp_path: Path) -> None:
    declared = open_database(f"sqlite:///{tmp_path / 'declared.db'}")
    declared.may_create = True
    with declared.bind_ctx(TABLES):
        declared.create_tables(TABLES)
    migrate.migrate(empty, backup=False)
    assert ddl(empty) == ddl(declared)
    declared.close_all()


@postgresql_only
def test_migrations_make_what_the_models_declare_on_postgresql(empty: Any) -> None:
    empty.create_tables(TABLES)
    declared = catalogues(empty)
    empty.drop_tables(TABLES[::-1])
    migrate.migrate(empty, backup=False)
    assert catalogues(empty) == declared
    assert len(declared["columns"]) > 200


def test_a_second_migration_changes_nothing(empty: Any) -> None:
    assert migrate.migrate(empty)[0] == "0001_initial"
    assert migrate.migrate(empty) == []
    assert migrate.pending(empty) == []


def test_an_empty_database_gets_the_defaults_without_a_backup(empty: Any) -> None:
    migrate.migrate(empty)
    assert models.Status.select().count() == 4
    assert not (environment.current().data_dir / "backups").exists()


def test_a_newer_database_is_refused(empty: Any) -> None:
    migrate.migrate(empty, backup=False)
    empty.execute_sql("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
    with pytest.raises(migrate.NewerDatabase):
        migrate.migrate(empty)


def test_the_first_words_of_older_messages_keep_their_words_whole() -> None:
    first_words = runpy.run_path(str(migrate.MIGRATIONS / "0025_excerpts.py"))["_first_words"]
    assert first_words("<p>L’<b>urgence</b>, <em>vite</em> !</p><p>One<br>two</p>") == "L’urgence, vite ! One two"


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """The migrations of a later version of the program."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in migrate.MIGRATIONS.glob("*.py"):
        (folder / path.name).write_text(path.read_text())
    (folder / "9000_next.py").write_text(
        "def up(migrator, db):\n    db.execute_sql('CREATE TABLE later (id INTEGER)')\n"
    )
    return folder


def test_a_desk_is_backed_up_before_it_is_migrated(
    empty: Any, next_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.migrate(empty)
    monkeypatch.setattr(migrate, "MIGRATIONS", next_version)
    lines: list[str] = []
    assert migrate.migrate(empty, report=lines.append) == ["9000_next"]
    [backup] = (environment.current().data_dir / "backups").iterdir()
    assert backup.stat().st_mode & 0o777 == 0o600
    assert lines[0].endswith(" to 9000_next (1 migrations).")
    assert lines[1:] == [
        f"What was before, without the attached files, is in {backup}.",
        "The database is of this version now.",
    ]
    assert migrate.migrate(empty, report=lines.append) == []
    assert len(lines) == 3


def test_a_migration_that_breaks_leaves_nothing_behind(
    empty: Any, next_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.migrate(empty)
    monkeypatch.setattr(migrate, "MIGRATIONS", next_version)
    with (next_version / "9000_next.py").open("a") as file:
        file.write("    raise ValueError('half way')\n")
    with pytest.raises(ValueError, match="half way"):
        migrate.migrate(empty)
    assert "later" not in empty.get_tables()
    assert migrate.pending(empty) == ["9000_next"]


def test_the_last_five_automatic_backups_are_kept(empty: Any) -> None:
    migrate.migrate(empty)
    folder = environment.current().data_dir / "backups"
    folder.mkdir()
    for day in range(10, 18):
        (folder / f"202001{day}-000000-before-0001_initial.zip").touch()
    migrate._back_up(before="0002_next")
    assert len(list(folder.iterdir())) == migrate.KEPT_BACKUPS
    assert not list(folder.glob("20200113*"))
    with time_machine.travel("2019-12-31", tick=False):
        newest = migrate._back_up(before="0003_late")
    assert newest.exists()
    assert len(list(folder.iterdir())) == migrate.KEPT_BACKUPS


@sqlite_only
def test_the_index_of_messages_is_made(empty: Any, tmp_path: Path) -> None:
    migrate.migrate(empty, backup=False)
    with closing(sqlite3.connect(tmp_path / "guichet.db")) as connection:
        connection.execute("INSERT INTO message_search (rowid, subject, author, body) VALUES (7, 'a', 'b', 'printer')")
        assert connection.execute("SELECT rowid FROM message_search('print*')").fetchall() == [(7,)]


@postgresql_only
def test_the_server_knows_the_words_of_the_new_index(empty: Any) -> None:
    """Without statistics it takes a rare word for a common one, until it looks at the table by itself."""
    migrate.migrate(empty, backup=False)
    empty.execute_sql("ALTER TABLE message_search DROP CONSTRAINT message_search_rowid_fkey")
    add = "INSERT INTO message_search (rowid, subject, author, body) SELECT place, 'a', 'b', 'printer ' || place"
    empty.execute_sql(f"{add} FROM generate_series(1, 100) place")
    runner = migrate.runner(empty)
    module = next(row for row in runner.status() if row.name.endswith("_search_weights")).load()
    module.up(SchemaMigrator.from_database(runner.database), runner.database)
    known = "SELECT COUNT(*) FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'message_search'"
    assert empty.execute_sql(f"{known} AND attname = 'tsv'").fetchone() == (1,)


def columns_of(database: Any) -> dict[str, list[str]]:
    """The columns of the tables there are."""
    names = [table._meta.table_name for table in TABLES]
    there = [name for name in names if name in database.get_tables()]
    return {name: [f'"{column.name}"' for column in database.get_columns(name)] for name in there}


def rows(database: Any, columns: dict[str, list[str]]) -> dict[str, list[Any]]:
    """Every row, in these columns: a later version may have more of them."""
    return {
        name: database.execute_sql(f'SELECT {", ".join(listed)} FROM "{name}" ORDER BY id').fetchall()
        for name, listed in columns.items()
    }


def test_the_last_run_of_each_job_is_kept(empty: Any) -> None:
    migrate.runner(empty).up("0015_lasting_ids")
    runs = [("files", "2026-03-01"), ("files", "2026-03-02"), ("uploads", "2026-03-02 11")]
    for job, period in runs:
        values = f"'{job}', '{period}', '{period[:10]} 11:00:00'"
        empty.execute_sql(f"INSERT INTO timetable_run (job, period, ran_at) VALUES ({values})")
    migrate.runner(empty).up()
    at = datetime(2026, 3, 2, 11)
    runs_left = models.TimetableRun.select().order_by(models.TimetableRun.id)
    kept = [(row.job, row.period, row.ended_at) for row in runs_left]
    assert kept == [("files", "2026-03-02", at), ("uploads", "2026-03-02 11", at)]


@postgresql_only
def test_the_tables_of_the_queue_go(empty: Any) -> None:
    migrate.runner(empty).up("0015_lasting_ids")
    empty.execute_sql("CREATE TABLE huey_task (id bigserial PRIMARY KEY); INSERT INTO huey_task DEFAULT VALUES")
    migrate.runner(empty).up()
    assert "huey_task" not in empty.get_tables()


def add_filter(db: Any, name: str) -> int:
    """Add a filter as it was before there were other rules; return its id."""
    db.execute_sql(
        f"INSERT INTO filter (name, enabled, mode, position, hits) VALUES ('{name.replace(chr(39), chr(39) * 2)}', "
        "TRUE, 'all', 0, 0)"
    )
    return int(db.execute_sql("SELECT max(id) FROM filter").fetchone()[0])


@sqlite_only
def test_tables_made_anew_keep_their_rows_and_never_give_an_id_twice(empty: Any, no_mailboxes: None) -> None:
    begin_at(empty, "0014_former_numbers")
    seed.seed_defaults()
    sales, ana = cast.make_service("Sales"), cast.make_agent("Ana", None)
    wanted = cast.open_ticket(cast.make_customer("Carol"), sales)
    rule = add_filter(empty, "Gone")
    models.FilterAction.create(rule=rule, action="transfer", argument=str(ana.id + 5))
    models.ReadMark.create(ticket=wanted, agent=ana, message=40)
    there = columns_of(empty)
    before = rows(empty, there)

    migrate.runner(empty).up()

    assert rows(empty, there) == before
    assert empty.execute_sql("PRAGMA foreign_keys").fetchone() == (1,)
    # What refers to them still does, and what is no more was named by somebody.
    assert cast.make_agent("Ben").id == ana.id + 6
    assert tickets.receive_message(wanted, "More", actor=wanted.customer).id == 41
    models.Permission.create(agent=ana, service=sales)
    models.Agent.delete().where(models.Agent.id == ana.id).execute()
    assert not models.Permission.select().where(models.Permission.agent == ana.id).exists()
    with pytest.raises(IntegrityError):
        models.Status.create(identifier="odd", label=Label(en="Odd"), category="none")


def test_a_filter_is_whose_saved_it_last_else_the_first_administrator_s(empty: Any, no_mailboxes: None) -> None:
    begin_at(empty, "0019_mail_ids")
    seed.seed_defaults()
    root, ana = cast.make_agent("Root", is_admin=True), cast.make_agent("Ana")
    for name, editors in (("Hers", (root, ana)), ("Nobody's", ())):
        add_filter(empty, name)
        for agent in editors:
            journal.record(
                journal.Act.CHANGED, actor=agent, subject=name, what="Filter", fields=["name"], kind="set-up"
            )
    journal.record(journal.Act.CHANGED, actor=ana, subject="Nobody's", what="Tag", fields=["name"], kind="set-up")
    migrate.runner(empty).up()
    assert [(row.name, row.author_id) for row in models.Filter.select().order_by(models.Filter.id)] == [
        ("Hers", ana.id),
        ("Nobody's", root.id),
    ]


def test_lines_of_an_older_journal_are_found_by_what_they_are_about(empty: Any) -> None:
    migrate.runner(empty).up("0042_application_permission")
    mark = "?" if isinstance(empty.obj, DatabaseFile) else "%s"
    insert = (
        "INSERT INTO journal_entry (kind, act, actor_name, subject, data, network, created_at)"
        f" VALUES ({mark}, 'deleted', '', {mark}, {mark}, '', '2026-01-01')"
    )
    for kind, subject, data in (
        ("rights", "Ana Smith: Billing: late", '{"what": "Permission"}'),
        ("rights", "Team: A", '{"what": "Team"}'),
        ("mail", "Carol@Customer.Example", "{}"),
        ("data", "", "{}"),
    ):
        empty.execute_sql(insert, (kind, subject, data))
    migrate.runner(empty).up()
    about = [row.about for row in models.JournalEntry.select().order_by(models.JournalEntry.id)]
    assert about == ["ana smith", "team: a", "carol@customer.example", ""]


def test_the_second_copy_of_a_history_goes_and_what_outlives_its_ticket_stays(empty: Any, no_mailboxes: None) -> None:
    begin_at(empty, "0015_lasting_ids")
    seed.seed_defaults()
    ticket = cast.open_ticket(cast.make_customer("Carol"), cast.make_service("Sales"))
    models.FormerNumber.create(number="7", ticket=ticket, former_id=ticket.id + 6, merged_at=ticket.created_at)
    told = ((ticket.number, "closed"), (ticket.number, "deleted"), ("7", "opened"), ("7", "merged"), ("9", "opened"))
    for subject, kind in told:
        row = {"kind": "activity", "act": "ticket", "data": {"event_event": kind}, "created_at": ticket.created_at}
        models.JournalEntry.create(subject=subject, **row)
    models.JournalEntry.create(kind="data", act="exported", subject=ticket.number, created_at=ticket.created_at)
    history = list(models.TicketEvent.select().dicts())
    migrate.runner(empty).up()
    left = [(row.subject, row.data.get("event_event")) for row in models.JournalEntry.select()]
    assert left == [(ticket.number, "deleted"), ("7", "merged"), ("9", "opened"), (ticket.number, None)]
    assert list(models.TicketEvent.select().dicts()) == history


def test_a_desk_that_began_again_at_a_merged_ticket_counts_on(empty: Any, no_mailboxes: None) -> None:
    begin_at(empty, "0014_former_numbers")
    seed.seed_defaults()
    customer, sales = cast.make_customer("Carol"), cast.make_service("Sales")
    first = cast.open_ticket(customer, sales)
    models.FormerNumber.create(number="7", ticket=first, former_id=first.id + 6, merged_at=first.created_at)
    migrate.runner(empty).up()
    assert cast.open_ticket(customer, sales).id > first.id + 6


def test_canned_responses_are_in_the_language_of_the_desk(empty: Any, no_mailboxes: None) -> None:
    begin_at(empty, "0031_mail_signatures")
    seed.seed_defaults()
    settings.save({"language": "fr"})
    body = "{{customer_firstname}}, merci."
    models.CannedResponse.create(name="Merci « à tous »", body=body)
    migrate.runner(empty).up()
    row = models.CannedResponse.get()
    assert (row.name, row.body) == ({"fr": "Merci « à tous »"}, {"fr": body})


@sqlite_only
def test_no_later_migration_lets_an_id_be_given_twice(empty: Any, no_mailboxes: None) -> None:
    begin_at(empty, "0017_incoming_mail")
    # The newest row of each table is gone, and something may still name it.
    empty.execute_sql("DELETE FROM sqlite_sequence")
    empty.execute_sql(
        "INSERT INTO sqlite_sequence (name, seq) SELECT name, 70 FROM sqlite_master"
        " WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    )
    before = dict(empty.execute_sql("SELECT name, seq FROM sqlite_sequence").fetchall())
    assert {"canned_response", "agent", "outgoing_email", "mailbox", "incoming_mail"} <= set(before)
    migrate.runner(empty).up()
    after = dict(empty.execute_sql("SELECT name, seq FROM sqlite_sequence").fetchall())
    assert {table: after.get(table) for table in before if empty.table_exists(table)} == before
    seed.seed_defaults()
    reply = models.CannedResponse.create(name=Label(en="Thanks"), body=Label(en="Thank you."))
    assert reply.id == 71


def test_what_was_too_large_is_known_to_be_here_by_its_headers_alone(empty: Any, no_mailboxes: None) -> None:
    migrate.runner(empty).up()
    seed.seed_defaults()
    mailbox = models.Mailbox.create(name="Support", address="support@desk.example", service=cast.make_service("Sales"))
    closed = {"data": {"who": "Ana"}}
    decided: tuple[tuple[str, str, Any], ...] = (
        ("held", "too-large", {}),
        ("ignored", "closed", closed | {"before": ["held", "too-large"]}),
        ("ignored", "closed", closed | {"before": ["held", "colleague"]}),
        ("new", "new", {}),
    )
    for uid, (state, reason, explanation) in enumerate(decided, 1):
        models.IncomingMail.create(
            mailbox=mailbox, uid=uid, sha256=str(uid), size=1, received_at=clock.now(), state=state, reason=reason,
            explanation=explanation,
        )  # fmt: skip
    empty.execute_sql('ALTER TABLE "incoming_mail" DROP COLUMN "headers_only"')
    runner = migrate.runner(empty)
    module = next(row for row in runner.status() if row.name.endswith("_headers_only")).load()
    module.up(SchemaMigrator.from_database(runner.database), runner.database)
    rows = models.IncomingMail.select(models.IncomingMail.headers_only).order_by(models.IncomingMail.uid)
    assert [row.headers_only for row in rows] == [True, True, False, False]


def test_mails_that_are_there_are_found_by_recipient_and_program(empty: Any, no_mailboxes: None) -> None:
    migrate.runner(empty).up()
    seed.seed_defaults()
    mailbox = models.Mailbox.create(name="Support", address="support@desk.example", service=cast.make_service("Sales"))
    program = {"name": "automatic", "fits": False, "seen": "Precedence: bulk"}
    explanations: tuple[Any, ...] = (
        {"read": {"to": ["Ann <Support@desk.example>"], "cc": ["bob@b.example"]}, "tests": [program | {"seen": ""}]},
        {"read": {}, "tests": [program]},
        {},
    )
    for uid, explanation in enumerate(explanations, 1):
        models.IncomingMail.create(
            mailbox=mailbox, uid=uid, sha256=str(uid), size=1, received_at=clock.now(), explanation=explanation
        )
    empty.drop_tables([models.MailRecipient])
    for index in ("of_mailbox", "automatic", "large"):
        empty.execute_sql(f'DROP INDEX "incoming_mail_{index}"')
    empty.execute_sql('ALTER TABLE "incoming_mail" DROP COLUMN "automatic"')
    runner = migrate.runner(empty)
    module = next(row for row in runner.status() if row.name.endswith("_mail_filters")).load()
    module.up(SchemaMigrator.from_database(runner.database), runner.database)
    recipients = models.MailRecipient.select(models.MailRecipient.email).order_by(models.MailRecipient.id)
    assert [row.email for row in recipients] == ["support@desk.example", "bob@b.example"]
    rows = models.IncomingMail.select(models.IncomingMail.automatic).order_by(models.IncomingMail.uid)
    assert [row.automatic for row in rows] == [False, True, False]


def test_first_words_are_filled_in_for_the_tickets_there_are(empty: Any, no_mailboxes: None) -> None:
    begin_at(empty, "0019_mail_ids")
    seed.seed_defaults()
    ana, sales = cast.make_agent("Ana", None), cast.make_service("Sales")
    models.Permission.create(agent=ana, service=sales)
    ticket = cast.open_ticket(cast.make_customer("Carol"), sales, body="Is it 1 < 2?\n\nYours & truly")
    tickets.reply(ticket, "<p>Yes,<br><b>surely</b>.</p>", actor=ana)
    tickets.add_note(ticket, "<p>Odd.</p>", actor=ana)
    written = models.Ticket.select(models.Ticket.excerpt, models.Ticket.excerpt_by).tuples().get()
    for column in ("excerpt", "excerpt_by"):
        empty.execute_sql(f'ALTER TABLE "ticket" DROP COLUMN "{column}"')
    for column in ("list_rows", "list_columns", "after_act"):
        empty.execute_sql(f'ALTER TABLE "agent" DROP COLUMN "{column}"')
    module = next(row for row in migrate.runner(empty).status() if row.name.endswith("_excerpts")).load()
    module.up(None, migrate.runner(empty).database)
    filled = models.Ticket.select(models.Ticket.excerpt, models.Ticket.excerpt_by).tuples().get()
    assert written == ("Yes, surely.", ana.id)
    assert (filled[0].replace(" ", ""), filled[1]) == ("Yes,surely.", ana.id)


def test_first_responses_are_filled_in_for_the_tickets_there_are(empty: Any, no_mailboxes: None) -> None:
    runner = migrate.runner(empty)
    runner.up()
    seed.seed_defaults()
    ana, sales, carol = cast.make_agent("Ana", None), cast.make_service("Sales"), cast.make_customer("Carol")
    answered, by_filter, silent = (cast.open_ticket(carol, sales) for _number in range(3))
    opened = datetime(2026, 3, 1, 12)
    models.Ticket.update(created_at=opened).execute()
    for ticket, name, hours in ((answered, "Ana", 30), (answered, ana.name, 2), (answered, "", 1), (by_filter, "", 1)):
        at = opened + timedelta(hours=hours)
        models.TicketEvent.create(ticket=ticket, kind="replied", actor_name=name, created_at=at)
    for column in ("created_at", "closed_at"):
        empty.execute_sql(f'DROP INDEX "ticket_by_{column}"')
    empty.execute_sql('ALTER TABLE "ticket" DROP COLUMN "first_response"')
    for column in ("created_at", "closed_at"):
        empty.execute_sql(f'CREATE INDEX "ticket_by_{column}" ON "ticket" ("{column}")')
    module = next(row for row in runner.status() if row.name.endswith("_first_responses")).load()
    module.up(None, runner.database)
    rows = dict(models.Ticket.select(models.Ticket.id, models.Ticket.first_response).tuples())
    assert rows == {answered.id: 2 * 3_600, by_filter.id: None, silent.id: None}
