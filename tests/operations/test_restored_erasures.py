"""A restored backup forgets again who was erased since it was made, and nobody else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from database import database
from helpdesk import clock, settings, tickets
from helpdesk.erasing import carrying_out, erasure_log, requests
from helpdesk.operations import backup, migrate, nightly_backup, restore
from models import Agent, Customer, CustomerAddress, Erasure, Service, Ticket
from tests.helpdesk.erasing import planting
from tests.support import cast
from tests.support.desks import Desks
from tests.support.fresh import fresh_database

pytestmark = pytest.mark.usefixtures("request_context", "no_files")


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)
    shutil.rmtree(data_dir / nightly_backup.FOLDER, ignore_errors=True)


@pytest.fixture
def desk_with_backup(sales: Service, ben: Agent, root: Agent, dan: Customer, tmp_path: Path) -> Path:
    """A desk of which a backup was made, and then somebody was erased: the backup."""
    customer = planting.person()
    planting.plant(customer, sales, agent=ben, other=dan)
    archive = tmp_path / "away" / "desk.zip"
    archive.parent.mkdir()
    backup.backup(archive)
    settings.save({"erasure_days": 0})
    requests.request(customer, kind="anonymise", word="ERASE", actor=root, blanks_replies=True)
    assert carrying_out.run_due() == 1
    return archive


def test_an_older_backup_forgets_them_again(
    desk_with_backup: Path, data_dir: Path, engine: str, desks: Desks, tmp_path: Path
) -> None:
    shutil.copy(data_dir / erasure_log.NAME, desk_with_backup.parent / erasure_log.NAME)
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        restore.restore(desk_with_backup)
        migrate.migrate(database)
        assert planting.left() == {}
        row = Erasure.get()
        assert (row.state, row.actor_name, row.kind) == ("done", "Root", "anonymise")
        assert Customer.get_by_id(row.customer_id).full_name == f"[[erased:{row.id}]]"
        # Others are untouched, and what is asked for next gets the next number.
        dan = CustomerAddress.get(CustomerAddress.email == "dan@customer.example").customer
        assert Ticket.select().where(Ticket.customer == dan.id).exists()
        root = Agent.get(Agent.is_admin)
        assert requests.request(dan, kind="delete", word="ERASE", actor=root).id > row.id


def test_tickets_of_theirs_that_were_merged_since_hold_nothing_of_them(
    sales: Service, root: Agent, data_dir: Path, engine: str, desks: Desks, tmp_path: Path
) -> None:
    customer = planting.person()
    words = {"subject": planting.MARKERS["subject"], "body": planting.MARKERS["body"]}
    first, second = (cast.open_ticket(customer, sales, **words) for _time in range(2))
    archive = tmp_path / "away" / "desk.zip"
    archive.parent.mkdir()
    backup.backup(archive)
    settings.save({"erasure_days": 0})
    requests.request(customer, kind="anonymise", word="ERASE", actor=root)
    assert carrying_out.run_due() == 1
    tickets.merge(Ticket.get_by_id(first.id), Ticket.get_by_id(second.id), actor=root)
    shutil.copy(data_dir / erasure_log.NAME, archive.parent / erasure_log.NAME)
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        restore.restore(archive)
        migrate.migrate(database)
        assert planting.left() == {}
        # Apart again, as in the backup, and both without a word of theirs.
        assert Ticket.select().count() == 2


def test_a_backup_without_a_log_says_all_it_holds(
    desk_with_backup: Path, engine: str, desks: Desks, tmp_path: Path
) -> None:
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        restore.restore(desk_with_backup)
        assert not Erasure.select().exists()
        assert CustomerAddress.select().where(CustomerAddress.email == planting.MARKERS["address"]).exists()


def test_the_nightly_backups_have_the_log_beside_them(desk_with_backup: Path, data_dir: Path) -> None:
    nightly_backup.run()
    assert erasure_log.read(data_dir / nightly_backup.FOLDER / erasure_log.NAME)


def test_a_new_person_with_the_same_address_is_not_forgotten(
    desk_with_backup: Path, sales: Service, data_dir: Path, engine: str, desks: Desks, tmp_path: Path
) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        cast.open_ticket(planting.MARKERS["address"], sales, subject="Here again")
        backup.backup(desk_with_backup)
    shutil.copy(data_dir / erasure_log.NAME, desk_with_backup.parent / erasure_log.NAME)
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        restore.restore(desk_with_backup)
        assert Ticket.select().where(Ticket.subject == "Here again").exists()
        assert Erasure.select().count() == 1


def test_what_waited_begins_to_wait_anew(
    carol: Customer, ticket: Ticket, root: Agent, engine: str, desks: Desks, tmp_path: Path
) -> None:
    requests.request(carol, kind="delete", word="ERASE", actor=root)
    archive = tmp_path / "desk.zip"
    backup.backup(archive)
    # Cancelled since, which the backup does not know.
    requests.cancel(carol, actor=root)
    with time_machine.travel(clock.now() + timedelta(days=30)), fresh_database(engine, desks, tmp_path / "elsewhere"):
        restore.restore(archive)
        migrate.migrate(database)
        assert carrying_out.run_due() == 0
        assert Erasure.get().due_at > clock.now() + timedelta(days=6)
