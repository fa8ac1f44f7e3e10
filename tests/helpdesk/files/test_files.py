"""Files: what is taken, where it lies, who may read it, and when it goes."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from database import Stamp
from helpdesk import clock, settings, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.files import attachments, file_store, filetypes, orphans, uploads
from helpdesk.operations import upkeep
from helpdesk.settings import environment
from models import Agent, Attachment, Customer, Message, Setting, Ticket, Upload
from tests.support import attached, cast, sqlite_only

pytestmark = pytest.mark.usefixtures("request_context", "no_files")
MEGA = 1 << 20


def keep(content: bytes = attached.PDF, name: str = "invoice.pdf", key: str = "form", owner: str = "visitor") -> Upload:
    return uploads.keep(io.BytesIO(content), name, form_key=key, owner=owner)


def refused(content: bytes, name: str) -> str:
    """Return why a file is refused; nothing of it stays."""
    with pytest.raises(InvalidInput) as caught:
        attached.received(content, name)
    assert (caught.value.field, attached.stored()) == ("files", [])
    return str(caught.value)


# --- What is taken ------------------------------------------------------------------------------------------------


@sqlite_only
@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\Users\\zoe\\photo.PNG", "photo.PNG"),
        ("日本.png", "日本.png"),
        ("a\r\nSet-Cookie: x=1.png", "a Set-Cookie: x=1.png"),
        ("invoice\u202egnp.pdf.png", "invoicegnp.pdf.png"),
        ("  .hidden.png. ", "hidden.png"),
        ("e\u0301te\u0301.png", "été.png"),
        ("x" * 5_000 + ".png", "x" * 146 + ".png"),
    ],
)
def test_a_name_is_made_harmless_and_kept(name, clean):
    assert filetypes.clean_name(name) == clean
    assert attached.received(attached.png(), name).name == clean


@sqlite_only
@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.png", attached.png(), "image/png"),
        ("a.JPG", attached.JPEG, "image/jpeg"),
        ("a.jpeg", attached.JPEG, "image/jpeg"),
        ("a.gif", attached.GIF, "image/gif"),
        ("a.html.pdf", attached.PDF, "application/pdf"),
    ],
)
def test_what_a_file_is_is_decided_by_its_content(name, content, media_type):
    assert attached.received(content, name).media_type == media_type


BYTES = "application/octet-stream"
BOX = b"\0\0\0\x18ftyp"
#: What people sent and a stricter desk refused (RULES 43), and as what it is handed out.
SENT = [
    ("IMG_0001.HEIC", BOX + b"heic" + bytes(40), "image/heic"),
    ("photo.png", attached.JPEG, "image/jpeg"),
    ("photo.jpg", b"RIFF\x24\0\0\0WEBPVP8 " + bytes(20), "image/webp"),
    ("photo.jfif", attached.JPEG, "image/jpeg"),
    ("letter.doc", rb"{\rtf1\ansi Hello}", BYTES),
    ("export.xls", b"<html><table><tr><td>1</td></tr></table></html>", BYTES),
    ("walk.gpx", b'<?xml version="1.0"?><gpx version="1.1"></gpx>', "application/gpx+xml"),
    ("film.mp4", BOX + b"iso5" + bytes(40), "video/mp4"),
    ("film.mp4", BOX + b"iso6" + bytes(40), "video/mp4"),
    ("voice.mp3", b"\xff\xf3\x84\xc4" + bytes(400), "audio/mpeg"),
    ("server.log", b"12:00 started\n12:01 \0\0 stopped\n", BYTES),
    ("scan.pdf", b"\xef\xbb\xbf" + attached.PDF, "application/pdf"),
    ("page.html", attached.HTML, BYTES),
    ("drawing.svg", attached.SVG, BYTES),
    ("words.gif", b"plain words", BYTES),
    ("MZ.txt", b"MZ is the beginning of this text", "text/plain"),
    ("backup.txt", b"#!/bin/sh\nrm -rf /\n", BYTES),
]


@sqlite_only
@pytest.mark.parametrize(("name", "content", "media_type"), SENT, ids=[row[0] for row in SENT])
def test_what_an_owner_allows_is_accepted_by_what_it_is(name, content, media_type):
    settings.save({"allowed_extensions": ",".join({row[0].rpartition(".")[2].lower() for row in SENT})})
    taken = attached.received(content, name)
    # Python 3.11 to 3.13 do not know a type for every extension: then it is bytes.
    is_unknown = filetypes.media_type(filetypes.extension(name)) == BYTES
    assert taken.media_type in {media_type, BYTES if is_unknown else media_type}


@sqlite_only
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.pdf", "a.webp"])
@pytest.mark.parametrize(
    "content",
    [
        attached.SVG,
        attached.HTML,
        b"\xef\xbb\xbf \n<!-- x --><SCRIPT>alert(1)</SCRIPT>",
        b'<?xml version="1.0"?><!-- x --><svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>',
        b"#!/usr/bin/python3\n",
        b"<?php echo 1;",
    ],
)
def test_a_page_or_script_under_the_name_of_a_picture_is_refused(name, content):
    settings.save({"allowed_extensions": "png,jpg,pdf,webp"})
    extension = filetypes.extension(name)
    assert refused(content, name) == f"“{name}” does not hold what its extension “{extension}” says."


@sqlite_only
@pytest.mark.parametrize(
    "content", [b"MZ" + bytes(100), b"\x7fELF" + bytes(9), b"\xcf\xfa\xed\xfe\x07", b"\xca\xfe\xba\xbe", b"\0asm\1"]
)
@pytest.mark.parametrize("name", ["a.pdf", "a.txt", "a.exe"])
def test_a_program_is_refused_under_any_name(name, content):
    settings.save({"allowed_extensions": "pdf,txt,exe"})
    assert refused(content, name) == f"“{name}” is a program: programs are not taken."


@sqlite_only
@pytest.mark.parametrize("name", ["a.svg", "a.png.html", "passwd", ".png", "a.pn\u200bg.exe", "a."])
def test_an_extension_that_is_not_allowed_is_refused_by_name(name):
    assert "is not of an allowed type: jpeg, gif, png, pdf." in refused(attached.png(), name)


@sqlite_only
def test_an_empty_file_is_refused():
    assert refused(b"", "empty.pdf") == "“empty.pdf” is empty."


@sqlite_only
@pytest.mark.parametrize(
    "text", ["naïve; été\r\n", "naïve".encode("cp1252"), "naïve".encode("utf-16"), b"\xef\xbb\xbfa;b"]
)
def test_text_is_what_decodes_as_text(text):
    settings.save({"allowed_extensions": "txt, CSV,.md"})
    content = text.encode() if isinstance(text, str) else text
    assert attached.received(content, "list.csv").media_type == "text/csv"


@sqlite_only
@pytest.mark.parametrize("content", [b"a\0b", b"\xff\xfe\x00"])
def test_what_does_not_decode_is_no_text_and_handed_out_as_bytes(content):
    settings.save({"allowed_extensions": "txt"})
    assert attached.received(content, "a.txt").media_type == BYTES


@sqlite_only
@pytest.mark.parametrize("extension", ["svg", "html", "xml"])
def test_what_could_act_in_a_browser_is_handed_out_as_bytes(extension):
    assert filetypes.media_type(extension) == "application/octet-stream"


@sqlite_only
def test_a_file_of_exactly_the_limit_is_taken_and_one_byte_more_is_not():
    assert attached.received(attached.pdf(2 * MEGA), "fits.pdf").size == 2 * MEGA
    with pytest.raises(InvalidInput, match=r"“big\.pdf” is larger than 2 MB"):
        attached.received(attached.pdf(2 * MEGA + 1), "big.pdf")
    assert len(attached.stored()) == 1


@sqlite_only
def test_a_file_is_private_has_a_random_name_and_its_hash():
    found = attached.received(name="../../invoice.pdf")
    path = file_store.location(found.path)
    assert file_store.PLACE.fullmatch(found.path)
    assert found.path.startswith("helpdesk/files/")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (attached.PDF, 0o600)
    assert {folder.stat().st_mode & 0o777 for folder in list(path.parents)[:3]} == {0o700}
    assert found.sha256 == hashlib.sha256(attached.PDF).hexdigest()


@sqlite_only
def test_a_folder_that_leads_out_of_ours_takes_nothing(tmp_path, data_dir):
    (data_dir / "away").symlink_to(tmp_path)
    Setting.create(key="attachment_folder", value="away/files", changed_at=clock.now())
    Stamp.bump()
    assert "could not be stored" in refused(attached.PDF, "a.pdf")
    assert list(tmp_path.iterdir()) == []


@sqlite_only
@pytest.mark.parametrize("path", ["../secret_key", "secret_key", "/etc/passwd", "helpdesk/files/ab/../../x", "a/b"])
def test_a_path_that_is_not_ours_leads_nowhere(path):
    with pytest.raises(NotFound):
        file_store.location(path)


# --- Settings -----------------------------------------------------------------------------------------------------


@sqlite_only
@pytest.mark.parametrize(("text", "size"), [("500", 500), ("300k", 300 << 10), ("2M", 2 * MEGA), ("1 G", 1 << 30)])
def test_sizes_are_bytes_or_have_a_unit(text, size):
    settings.save({"max_file_size": text, "max_total_size": "1G"})
    assert file_store.limits().file == size


@sqlite_only
@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("max_file_size", text) for text in ("", "0", "-1", "2T", "two", "2.5M", "9G", "1e3")),
        *(("attachment_folder", text) for text in ("", "..", "../out", "a/../../b", "/", "a//b", ".git", "x" * 99)),
        *(("allowed_extensions", text) for text in ("", " , ", "p/ng", "*", "tar.gz")),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(key, value):
    with pytest.raises(InvalidInput) as caught:
        settings.save({key: value})
    assert caught.value.field == key


@sqlite_only
def test_changing_the_folder_loses_no_old_file(ticket, ana):
    old = attached.file(ticket)
    settings.save({"attachment_folder": "/elsewhere/kept/"})
    new = attached.file(ticket)
    assert new.path.startswith("elsewhere/kept/")
    assert [file_store.location(row.path).read_bytes() for row in (old, new)] == [attached.PDF] * 2
    assert attachments.folders() == {"helpdesk/files", "elsewhere/kept"}


# --- Waiting in a form --------------------------------------------------------------------------------------------


def test_a_file_waits_an_hour_for_its_form(database):
    kept = keep()
    assert uploads.of_form("form", "visitor") == [kept]
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert uploads.of_form("form", "visitor") == []
        assert uploads.drop_expired() == 1
    assert attached.stored() == []


def test_nobody_else_sees_or_drops_what_waits(database):
    kept = keep(owner="customer 1")
    uploads.drop(kept.id, form_key="form", owner="customer 2")
    uploads.drop(kept.id, form_key="another", owner="customer 1")
    assert uploads.of_form("form", "customer 2") == uploads.of_form("another", "customer 1") == []
    assert uploads.of_form("form", "customer 1") == [kept]


def test_files_of_one_form_keep_to_the_total(database):
    keep(attached.pdf(MEGA), "half.pdf")
    keep(attached.pdf(MEGA), "other half.pdf")
    with pytest.raises(InvalidInput, match=r"With “more\.pdf” the files are larger than 2 MB, the most together"):
        keep(name="more.pdf")
    assert len(attached.stored()) == 2


def test_a_message_takes_ten_files(database):
    for number in range(10):
        keep(name=f"{number}.pdf")
    with pytest.raises(InvalidInput, match=r"“11th\.pdf” is one too many: a message takes 10 files"):
        keep(name="11th.pdf")


# --- Of a message -------------------------------------------------------------------------------------------------


def test_a_message_gets_its_files_and_the_form_loses_them(ticket, carol):
    message = tickets.receive_message(ticket, "See there.", actor=carol, files=[keep(), keep(attached.GIF, "dot.gif")])
    assert [row.name for row in attachments.of_messages([message])[message.id]] == ["invoice.pdf", "dot.gif"]
    assert not Upload.select().exists()


@pytest.mark.parametrize("act", [tickets.reply, tickets.add_note])
def test_agents_attach_to_replies_and_notes(ticket, ana, act):
    settings.save({"allow_attachments": False})
    message = act(ticket, "<p>There.</p>", actor=ana, files=[attached.received()])
    assert Attachment.get().message == message


def test_a_message_that_is_refused_keeps_its_files_in_the_form(ticket, carol):
    kept = keep()
    with pytest.raises(InvalidInput):
        tickets.receive_message(ticket, " ", actor=carol, files=[kept])
    assert uploads.of_form("form", "visitor") == [kept]


def test_customers_attach_nothing_when_the_switch_is_off(ticket, carol):
    kept = keep()
    settings.save({"allow_attachments": False})
    with pytest.raises(InvalidInput, match="Files cannot be sent here") as caught:
        tickets.receive_message(ticket, "There.", actor=carol, files=[kept])
    assert (caught.value.field, Message.select().count()) == ("files", 1)


def test_a_file_is_attached_once(ticket, carol):
    kept = keep()
    tickets.receive_message(ticket, "There.", actor=carol, files=[kept])
    with pytest.raises(InvalidInput, match="waited for too long"):
        tickets.receive_message(ticket, "Again.", actor=carol, files=[kept])
    assert Attachment.select().count() == 1


def readers(ticket: Ticket, row: Attachment, people: list[Agent | Customer | TicketGuest]) -> list[bool]:
    """Return for each whether they may read the file."""

    def reads(person: Agent | Customer | TicketGuest) -> bool:
        try:
            return attachments.find(person, row.id) == row
        except NotFound:
            return False

    return [reads(person) for person in people]


def test_a_file_is_read_by_who_sees_its_ticket(ticket, ana, ben, root, carol, dan):
    guest = TicketGuest(carol, ticket.id, carol.primary_address)
    people = [ana, ben, root, carol, dan, guest]
    assert readers(ticket, attached.file(ticket), people) == [True, False, True, True, False, True]


def test_a_file_of_a_note_is_the_teams(ticket, ana, carol):
    note = tickets.add_note(ticket, "<p>Ours.</p>", actor=ana, files=[attached.received()])
    guest = TicketGuest(carol, ticket.id, carol.primary_address)
    assert readers(ticket, Attachment.get(message=note), [ana, carol, guest]) == [True, False, False]


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30])
def test_there_is_no_such_file(ticket, root, number):
    with pytest.raises(NotFound):
        attachments.find(root, number)


# --- Forgetting ---------------------------------------------------------------------------------------------------


def test_a_deleted_note_takes_its_files_along(ticket, ana):
    note = tickets.add_note(ticket, "<p>Ours.</p>", actor=ana, files=[attached.received()])
    tickets.delete_note(note, actor=ana)
    assert (Attachment.select().count(), attached.stored()) == (0, [])


def test_a_note_whose_deletion_is_undone_keeps_its_files(ticket, ana, database):
    note = tickets.add_note(ticket, "<p>Ours.</p>", actor=ana, files=[attached.received()])
    with tickets.transaction(), database.savepoint() as undone:
        tickets.delete_note(note, actor=ana)
        undone.rollback()
    assert file_store.location(Attachment.get(message=note).path).exists()


def test_the_bin_is_purged_with_its_files(ticket, root, carol, billing, invoices):
    other = attached.file(cast.open_ticket(carol, billing, invoices))
    attached.file(ticket)
    tickets.delete(ticket, actor=root)
    with time_machine.travel(clock.now() + timedelta(days=31)):
        upkeep.run()
    assert attached.stored() == [other.path.rpartition("/")[2]]


def age(path: str, **span: float) -> None:
    """Make a file this old."""
    then = (clock.now() - timedelta(**span)).timestamp()
    os.utime(file_store.location(path), (then, then))


def test_what_a_crash_left_between_file_and_row_is_swept(ticket):
    orphan, young, named, waiting = attached.received(), attached.received(), attached.file(ticket), keep()
    for row in (orphan, named, waiting):
        age(row.path, hours=36)
    age(young.path, hours=1)
    assert attachments.sweep() == 1
    assert not file_store.location(orphan.path).exists()
    assert [path.exists() for path in map(file_store.location, (young.path, named.path, waiting.path))] == [True] * 3


def test_a_swept_file_rests_in_a_bin_for_thirty_days(ticket, data_dir):
    orphan, _named = attached.received(), [attached.file(ticket) for _ in range(3)]
    age(orphan.path, hours=36)
    attachments.sweep()
    (binned,) = (data_dir / "orphans").rglob(Path(orphan.path).name)
    with time_machine.travel(clock.now() + timedelta(days=29), tick=False):
        attachments.sweep()
    assert binned.exists()
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        attachments.sweep()
    assert not binned.exists()


def test_the_sweep_stops_when_it_would_take_most_files(ticket, data_dir):
    rows = [attached.file(ticket) for _ in range(5)]
    for row in rows:
        age(row.path, hours=36)
    paths = [row.path for row in rows]
    Attachment.delete().execute()
    with pytest.raises(orphans.WrongPicture):
        attachments.sweep()
    assert all(file_store.location(path).exists() for path in paths)


def test_a_swept_file_comes_back_with_its_row(ticket, data_dir):
    rows = [attached.file(ticket) for _ in range(4)]
    lost = rows[0]
    facts = {name: getattr(lost, name) for name in (*attachments.COLUMNS, "message", "created_at")}
    lost.delete_instance()
    age(facts["path"], hours=36)
    assert attachments.sweep() == 1
    Attachment.create(**facts)
    attachments.sweep()
    assert file_store.location(facts["path"]).exists()


def test_the_sweep_touches_nothing_but_its_own(ticket, data_dir):
    folder = data_dir / "helpdesk" / "files" / "ab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "precious.txt").write_text("mine")
    os.utime(folder / "precious.txt", (0, 0))
    attachments.sweep()
    assert (folder / "precious.txt").read_text() == "mine"


def test_orphans_of_a_former_folder_are_swept_too(ticket):
    attached.file(ticket)
    orphan = attached.received()
    settings.save({"attachment_folder": "new"})
    age(orphan.path, days=2)
    assert (attachments.sweep(), environment.current().data_dir.joinpath(orphan.path).exists()) == (1, False)
