"""A large export of a person: written in the background, mailed about, fetched for seven days, erased with them."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine

from helpdesk import clock, settings
from helpdesk.erasing import carrying_out, erasure_log, requests
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.files import file_store
from helpdesk.lib import process
from helpdesk.privacy import person_archive, person_exports
from models import Agent, Customer, CustomerMerge, OutgoingEmail, PersonExport, Ticket
from tests.support import attached, racing

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture(autouse=True)
def folder(data_dir: Path) -> Iterator[Path]:
    """Where the files lie; nothing is left to other tests."""
    yield data_dir / person_exports.FOLDER
    shutil.rmtree(data_dir / person_exports.FOLDER, ignore_errors=True)
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("by_customer", [False, True])
def test_it_is_written_mailed_about_and_fetched_for_seven_days(
    by_customer: bool, ticket: Ticket, carol: Customer, root: Agent, folder: Path
) -> None:
    actor = carol if by_customer else root
    row = person_exports.ask(carol, actor=actor)
    # One at a time: who asks again waits for the same.
    assert person_exports.ask(carol, actor=actor).id == row.id
    assert person_exports.next_due() is not None
    with pytest.raises(NotFound):
        person_exports.find(carol, actor=actor)
    assert person_exports.run()
    assert not person_exports.run()
    path = person_exports.find(carol, actor=actor)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert f"tickets/{ticket.number}.html" in archive.namelist()
    assert (path.stat().st_mode & 0o777, path.stat().st_size) == (0o600, PersonExport.get().size)
    mail = OutgoingEmail.get(OutgoingEmail.kind == "export-ready")
    where = "/account" if by_customer else f"/admin/customers/{carol.id}"
    assert (mail.to_email, where in mail.body) == (
        "carol@customer.example" if by_customer else "root@desk.example", True,
    )  # fmt: skip
    # What is hers is not the administrator’s, and the other way round.
    with pytest.raises(NotFound):
        person_exports.find(carol, actor=root if by_customer else carol)
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        assert person_exports.of(carol, actor=actor) is None
        assert person_exports.purge() == 1
    assert files(folder) == []


def test_nobody_else_takes_it(carol: Customer, dan: Customer, ana: Agent, root: Agent) -> None:
    person_exports.ask(carol, actor=root)
    person_exports.run()
    with pytest.raises(NotAllowed):
        person_exports.find(carol, actor=ana)
    with pytest.raises(NotAllowed):
        person_exports.ask(carol, actor=ana)
    with pytest.raises(NotFound):
        person_exports.ask(carol, actor=dan)


def test_a_new_one_takes_the_place_of_the_old(carol: Customer, root: Agent, folder: Path) -> None:
    for _time in range(2):
        person_exports.ask(carol, actor=root)
        person_exports.run()
    assert PersonExport.select().count() == len(files(folder)) == 1


def test_what_a_dead_process_left_is_begun_again(carol: Customer, root: Agent) -> None:
    person_exports.ask(carol, actor=root)
    PersonExport.update(state="working", claimed_by="dead@host").execute()
    assert person_exports.next_due() is None
    assert person_exports.claimants() == ["dead@host"]
    person_exports.release(process.name())
    assert person_exports.next_due() is None
    person_exports.release("dead@host")
    assert person_exports.run()
    assert PersonExport.get().is_ready


def test_a_full_disk_leaves_nothing_and_is_tried_again_some_times(
    carol: Customer, root: Agent, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    person_exports.ask(carol, actor=root)
    for time in range(person_exports.TRIES):
        assert PersonExport.get().state == "waiting"
        with time_machine.travel(clock.now() + time * timedelta(minutes=11)):
            assert person_exports.run()
    assert PersonExport.get().state == "failed"
    assert files(folder) == []
    # It is told for as long as a file could be fetched.
    with time_machine.travel(clock.now() + person_exports.LIFETIME + timedelta(minutes=30)):
        assert person_exports.purge() == 1


def test_what_each_process_dies_of_is_not_begun_for_ever(carol: Customer, root: Agent) -> None:
    person_exports.ask(carol, actor=root)
    PersonExport.update(state="working", claimed_by="dead@host", attempts=person_exports.TRIES).execute()
    person_exports.release("dead@host")
    assert PersonExport.get().state == "failed"
    assert not person_exports.run()


@pytest.mark.parametrize("kind", ["anonymise", "delete"])
def test_it_goes_with_the_person(kind: str, carol: Customer, root: Agent, folder: Path) -> None:
    person_exports.ask(carol, actor=root)
    person_exports.run()
    assert len(files(folder)) == 1
    settings.save({"erasure_days": 0})
    requests.request(carol, kind=kind, word="ERASE", actor=root)
    assert carrying_out.run_due() == 1
    assert not PersonExport.select().exists()
    assert files(folder) == []


def test_it_is_in_their_language_and_has_their_former_names(ticket: Ticket, carol: Customer, root: Agent) -> None:
    carol.locale = "fr"
    carol.save()
    source = {"first_name": "Caroline", "last_name": "Joneson"}
    CustomerMerge.create(
        customer=carol, former_id=99, source=source, into_id=carol.id, terms={"created_at": "x"}, moved={},
        merged_at=clock.now(),
    )  # fmt: skip
    person_exports.ask(carol, actor=root)
    person_exports.run()
    with zipfile.ZipFile(person_exports.find(carol, actor=root)) as archive:
        names = archive.namelist()
        assert {"LISEZMOI.txt", "personne.json", "ailleurs/messages.html", f"tickets/{ticket.number}.html"} <= set(
            names
        )
        assert '<html lang="fr">' in archive.read("index.html").decode()
        assert "Caroline Joneson" in archive.read("personne.json").decode()


def test_what_is_large_is_told_by_its_tickets_and_files(
    ticket: Ticket, carol: Customer, root: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    extent = person_archive.for_administrator(carol)
    assert not person_exports.is_large(extent)
    monkeypatch.setattr(person_exports, "TICKETS", 0)
    assert person_exports.is_large(extent)


def test_a_file_that_no_row_names_goes_after_a_day(carol: Customer, root: Agent, folder: Path) -> None:
    person_exports.ask(carol, actor=root)
    person_exports.run()
    PersonExport.delete().execute()
    assert person_exports.purge() == 0
    assert len(files(folder)) == 1
    with time_machine.travel(clock.now() + timedelta(days=2)):
        person_exports.purge()
    assert files(folder) == []


def test_files_of_tickets_that_lie_in_a_folder_of_that_name_stay(ticket: Ticket) -> None:
    settings.save({"attachment_folder": "exports"})
    row = attached.file(ticket)
    with pytest.raises(InvalidInput):
        settings.save({"attachment_folder": person_exports.FOLDER})
    with time_machine.travel(clock.now() + timedelta(days=2)):
        person_exports.purge()
    assert file_store.location(row.path).is_file()


def test_who_asks_twice_at_once_has_asked_once(carol: Customer, root: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    first = racing.meeting(monkeypatch, person_archive, "note", 0.3)
    ask = partial(person_exports.ask, carol, actor=root)
    assert racing.beside(ask, lambda: first.wait(60) and ask()) == ["done", "done"]
    assert PersonExport.select().count() == 1
