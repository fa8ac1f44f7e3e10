"""A backup holds the whole desk, on either engine, and a damaged one is never restored."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from database import Label, database, is_sqlite
from helpdesk import settings
from helpdesk.errors import NotFound
from helpdesk.files import file_store
from helpdesk.operations import backup, migrate, restore
from helpdesk.operations.backup import BackupError
from helpdesk.settings import environment
from helpdesk.two_factor import second_factors
from models import (
    TABLES,
    Agent,
    Customer,
    FormerNumber,
    Message,
    Priority,
    Service,
    Setting,
    Status,
    Ticket,
    TicketEvent,
)
from tests.conftest import ENGINES, skip
from tests.support import attached, cast, phones, sqlite_only
from tests.support.desks import Desk, Desks
from tests.support.fresh import fresh_database
from tests.support.postgres import Missing
from tests.support.waiting import wait_until

MOMENT = datetime(2026, 3, 1, 9, 30, 0, 120)


def write_ticket(customer: Customer, service: Service, number: str) -> Ticket:
    ticket = Ticket.create(
        number=number,
        subject="Où est ma commande ?",
        customer=customer,
        service=service,
        status=Status.get(),
        priority=Priority.get(),
        waiting_since=MOMENT,
        last_activity=MOMENT.replace(microsecond=0),
        created_at=MOMENT,
    )
    body = 'Bonjour,\n"Ω" \\ 😀'
    message = Message.create(ticket=ticket, kind="customer", author_name="Zoé", body=body, created_at=MOMENT)
    TicketEvent.create(ticket=ticket, kind="opened", data={"message": message.id, "é": [None, 1.5]}, created_at=MOMENT)
    add = "INSERT INTO message_search (rowid, subject, author, body) VALUES ({0}, {1}, {1}, {1})"
    mark = "?" if is_sqlite() else "%s"
    database.execute_sql(add.format(message.id, mark), ("bonjour",) * 3)
    return ticket


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A desk with a little of everything that is hard to carry."""
    service = cast.make_service("Orders", "Returns")
    customer = cast.make_customer("Zoé", "Œuvray")
    Setting.create(key="menu_label", value={"fr": "Été", "en": None}, changed_at=MOMENT)
    write_ticket(customer, service, "10001")
    write_ticket(customer, service, "10002")
    cast.make_team("Nuit", manager=cast.make_agent("Ana", service, None))
    return desk


@pytest.fixture
def archive(filled: Desk, tmp_path: Path) -> Path:
    """The backup of the filled desk."""
    path = tmp_path / "desk.zip"
    backup.backup(path)
    return path


@pytest.fixture
def elsewhere(desks: Desks, tmp_path: Path) -> Callable[[str], Any]:
    """Gives an empty database of an engine."""
    return lambda engine: fresh_database(engine, desks, tmp_path / "elsewhere")


def everything() -> dict[str, list[Any]]:
    """All rows of all tables, and the words of the index."""
    rows = {table.__name__: list(table.select().order_by(table.id).dicts()) for table in TABLES}
    index = database.execute_sql("SELECT rowid, subject, author, body FROM message_search ORDER BY rowid")
    return rows | {"index": list(map(tuple, index.fetchall()))}


@pytest.fixture(params=ENGINES)
def target(request: pytest.FixtureRequest, desks: Desks) -> str:
    """The engine that the desk is restored on. Ask for it first: the first desk of an engine becomes the process's."""
    try:
        desks.on(request.param)
    except Missing as missing:
        skip(f"PostgreSQL is missing: {missing}")
    return str(request.param)


def test_a_desk_comes_back_whole_on_either_engine(target: str, archive: Path, elsewhere: Any) -> None:
    before = everything()
    with elsewhere(target):
        restore.restore(archive, live=True)
        assert everything() == before
        assert migrate.pending(database) == []
        if not is_sqlite():
            known = database.execute_sql(
                "SELECT tablename FROM pg_stats WHERE schemaname = current_schema()"
            ).fetchall()
            assert {("ticket",), ("message_search",)} <= set(known)


def test_phones_and_recovery_codes_are_good_after_a_restore(
    target: str, filled: Desk, tmp_path: Path, elsewhere: Any
) -> None:
    ana = Agent.get()
    phone, codes = phones.set_up(ana)
    backup.backup(tmp_path / "desk.zip")
    with elsewhere(target):
        restore.restore(tmp_path / "desk.zip")
        # As the next start does, with the secret key that came back.
        folder, url = environment.current().data_dir, environment.current().database_url
        environment.use(replace(environment.read({"GUICHET_DATA_DIR": str(folder)}), database_url=url))
        assert second_factors.use(ana, phone.code())
        assert second_factors.use(ana, codes[0])


def test_a_restored_desk_goes_on_counting(archive: Path, engine: str, elsewhere: Any) -> None:
    with elsewhere(engine):
        restore.restore(archive, live=True)
        last = Ticket.select().order_by(Ticket.id.desc()).get()
        assert write_ticket(last.customer, last.service, "10003").id == last.id + 1


@pytest.fixture
def merged(filled: Desk) -> int:
    """The id of the newest ticket, which was merged into another; a note after it was taken away."""
    source, target = Ticket.get(Ticket.number == "10002"), Ticket.get(Ticket.number == "10001")
    FormerNumber.create(number=source.number, ticket=target, former_id=source.id, merged_at=MOMENT)
    Message.update(ticket=target).where(Message.ticket == source).execute()
    Ticket.delete().where(Ticket.id == source.id).execute()
    return int(source.id)


def test_a_restored_desk_gives_no_number_twice(target: str, merged: int, tmp_path: Path, elsewhere: Any) -> None:
    last = Message.create(ticket=Ticket.get(), kind="note", author_name="Ana", body="Gone", created_at=MOMENT).id
    Message.delete().where(Message.id == last).execute()
    backup.backup(tmp_path / "desk.zip")
    with elsewhere(target):
        restore.restore(tmp_path / "desk.zip")
        made = write_ticket(Customer.get(), Service.get(), "10003")
        assert (made.id, made.messages.get().id) == (merged + 1, last + 1)


def test_an_older_backup_counts_on_after_merged_tickets(
    target: str, merged: int, tmp_path: Path, elsewhere: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(backup, "_counters", lambda _rows: {})
    backup.backup(tmp_path / "desk.zip")
    with elsewhere(target):
        restore.restore(tmp_path / "desk.zip")
        assert write_ticket(Customer.get(), Service.get(), "10003").id == merged + 1


@sqlite_only
def test_files_and_the_secret_key_come_back(filled: Desk, tmp_path: Path, elsewhere: Any) -> None:
    settings.save({"attachment_folder": "elsewhere/kept"})
    moved, kept = attached.file(Ticket.get()), attached.file(Ticket.get(), attached.GIF, "dot.gif")
    secret = environment.current().secret_key
    backup.backup(tmp_path / "desk.zip")
    with elsewhere("sqlite"):
        restore.restore(tmp_path / "desk.zip")
        found = [file_store.location(row.path) for row in (moved, kept)]
        assert [path.read_bytes() for path in found] == [attached.PDF, attached.GIF]
        assert {path.stat().st_mode & 0o777 for path in found} == {0o600}
        key = environment.current().data_dir / "secret_key"
        assert (key.read_text().strip(), key.stat().st_mode & 0o777) == (secret, 0o600)


@sqlite_only
def test_a_backup_names_the_files_that_are_not_what_they_were(filled: Desk, tmp_path: Path) -> None:
    gone, changed, _sound = (attached.file(Ticket.get(), attached.pdf(100 + n)) for n in range(3))
    file_store.location(gone.path).unlink()
    file_store.location(changed.path).write_bytes(b"%PDF of somebody else")
    assert backup.backup(tmp_path / "desk.zip")["damaged_files"] == sorted([gone.path, changed.path])


@sqlite_only
def test_an_archive_writes_no_file_beside_ours(filled: Desk, archive: Path, elsewhere: Any) -> None:
    manifest = {"members": {"files/secret_key": {}}}
    with elsewhere("sqlite"), zipfile.ZipFile(archive) as content, pytest.raises(NotFound):
        restore._restore_files(content, manifest)


def test_the_archive_is_private_and_says_what_it_holds(archive: Path) -> None:
    assert archive.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(archive) as content:
        manifest = json.loads(content.read("manifest.json"))
    assert manifest["schema"] == migrate.runner(database).migrations()[-1].name
    assert manifest["members"]["tables/ticket.jsonl"]["rows"] == 2


@sqlite_only
@pytest.mark.parametrize("place", [0, 10, 11, 0.01, 0.2, 0.4, 0.6, 0.8, 0.95, -70, -1])
def test_one_wrong_byte_is_noticed(archive: Path, place: float, elsewhere: Any) -> None:
    content = bytearray(archive.read_bytes())
    content[int(place * len(content)) if isinstance(place, float) else place] ^= 1
    archive.write_bytes(content)
    with elsewhere("sqlite"), pytest.raises(BackupError, match="damaged"):
        restore.restore(archive, live=True)


@sqlite_only
def test_a_shortened_archive_is_noticed(archive: Path, elsewhere: Any) -> None:
    archive.write_bytes(archive.read_bytes()[:-1000])
    with elsewhere("sqlite") as database:
        with pytest.raises(BackupError, match="damaged"):
            restore.restore(archive, live=True)
        assert database.get_tables() == []


def test_a_desk_is_never_overwritten(archive: Path) -> None:
    with pytest.raises(BackupError, match="already"):
        restore.restore(archive, live=True)
    assert Ticket.select().count() == 2


def test_a_newer_archive_is_refused(archive: Path, engine: str, elsewhere: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(migrate, "MIGRATIONS", archive.parent)
    with elsewhere(engine), pytest.raises(BackupError, match="newer"):
        restore.restore(archive, live=True)


def test_an_empty_database_has_nothing_to_back_up(engine: str, tmp_path: Path, elsewhere: Any) -> None:
    with elsewhere(engine) as database:
        database.connect()
        with pytest.raises(BackupError, match="no desk"):
            backup.backup(tmp_path / "none.zip")
    assert not list(tmp_path.glob("none*"))


@pytest.fixture
def busy(filled: Desk) -> Iterator[list[str]]:
    """Three people who open tickets all the time; gives the numbers that were stored."""
    stored: list[str] = []
    ended = threading.Event()
    customer, service = Customer.get(), Service.get()

    def write(who: int) -> None:
        count = 0
        while not ended.is_set():
            with database.connection_context(), database.atomic():
                write_ticket(customer, service, f"{who}-{count}")
            stored.append(f"{who}-{count}")
            count += 1

    writers = [threading.Thread(target=write, args=(who,)) for who in range(3)]
    for writer in writers:
        writer.start()
    yield stored
    ended.set()
    for writer in writers:
        writer.join()


def test_a_backup_taken_while_others_write_is_consistent(
    busy: list[str], engine: str, tmp_path: Path, elsewhere: Any
) -> None:
    wait_until(lambda: len(busy) >= 30)
    stored = list(busy)
    backup.backup(tmp_path / "busy.zip")
    with zipfile.ZipFile(tmp_path / "busy.zip") as content:
        tickets, messages = (
            [json.loads(line) for line in content.read(f"tables/{name}.jsonl").splitlines()[1:]]
            for name in ("ticket", "message")
        )
    assert set(stored) <= {row[1] for row in tickets}
    assert {row[0] for row in tickets} == {row[1] for row in messages}


def test_labels_keep_their_languages(archive: Path, engine: str, elsewhere: Any) -> None:
    with elsewhere(engine):
        restore.restore(archive, live=True)
        assert Service.get().name == Label(en="Orders")
