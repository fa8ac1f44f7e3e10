"""What is kept of a person: the numbers, and the archive with all of it and nothing of anybody else."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk import clock, links, orders, settings, tickets
from helpdesk.erased_marks import TEXT, of_person
from helpdesk.errors import NotAllowed, NotFound, TooMany
from helpdesk.files import attachments, file_store
from helpdesk.people import addresses, sign_ins
from helpdesk.privacy import person_archive, personal_data
from helpdesk.tickets import cc, thread
from models import Agent, Attachment, Customer, CustomerAddress, JournalEntry, Message, OutgoingEmail, Rating, Ticket
from tests.support import attached, cast

pytestmark = pytest.mark.usefixtures("request_context")

Archive = Callable[..., zipfile.ZipFile]
ORDER = {
    "shop": "web", "number": "A1", "email": "carol@customer.example", "date": "2026-03-31", "total": "12.50",
    "currency": "EUR", "lines": [{"name": "Lamp", "quantity": 1, "price": "12.50"}],
}  # fmt: skip


@pytest.fixture
def archive(carol: Customer, root: Agent) -> Archive:
    """Return Carol's archive as an administrator gets it, or as whoever is named does."""

    def read(actor: Agent | Customer = root) -> zipfile.ZipFile:
        made = zipfile.ZipFile(io.BytesIO(b"".join(person_archive.export(carol, actor=actor))))
        assert made.testzip() is None
        return made

    return read


def data_of(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


def whole(archive: zipfile.ZipFile) -> str:
    return "\n".join(
        [*archive.namelist(), *(archive.read(name).decode(errors="replace") for name in archive.namelist())]
    )


def test_it_holds_pages_data_and_files(ticket: Ticket, carol: Customer, ana: Agent, archive: Archive) -> None:
    file = attached.file(ticket)
    orders.save_order(ORDER)
    Rating.create(ticket=ticket, score="good", comment="Kind people", rated_at=clock.now())
    settings.save({"undo_send_seconds": 0})
    tickets.reply(ticket, "<p>We <strong>look</strong> into it.</p>", actor=ana)
    OutgoingEmail.update(state="sent", sent_at=clock.now()).execute()
    made = archive()
    number = ticket.number
    page = made.read(f"tickets/{number}.html").decode()
    assert "The total looks wrong to me." in page
    assert "<strong>look</strong>" in page
    assert f'href="tickets/{number}.html"' in made.read("index.html").decode()
    data = data_of(made, f"tickets/{number}.json")
    assert (data["subject"], data["opened_with"], data["rating"]["comment"]) == (
        "A question about my invoice", "carol@customer.example", "Kind people",
    )  # fmt: skip
    first, second = data["messages"]
    assert (first["from"], first["text"]) == ("you", "The total looks wrong to me.")
    assert (second["from"], second["author"]) == ("team", "Ana")
    [stored] = first["files"]
    assert made.read(stored["path"]) == file_store.location(file.path).read_bytes()
    assert stored["path"] in page
    person = data_of(made, "person.json")
    assert person["format"] == {"name": "guichet-person", "version": 1}
    assert (person["first_name"], person["addresses"][0]["email"]) == ("Carol", "carol@customer.example")
    assert (person["orders"][0]["number"], person["orders"][0]["lines"][0]["name"]) == ("A1", "Lamp")
    assert {mail["to"] for mail in person["mails_sent_to_you"]} == {"carol@customer.example"}
    assert "index.html" in made.read("README.txt").decode()


def test_it_holds_nothing_of_others(
    ticket: Ticket, carol: Customer, dan: Customer, ana: Agent, root: Agent, archive: Archive
) -> None:
    settings.save({"undo_send_seconds": 0})
    tickets.add_note(ticket, "<p>Difficult person.</p>", actor=ana)
    cc.add_cc(ticket, ["eve@visitor.example", "dan@customer.example"], actor=root)
    eve = CustomerAddress.get(CustomerAddress.email == "eve@visitor.example")
    for customer in (eve.customer, dan):
        Message.create(
            ticket=ticket, kind="customer", customer=customer, author_name=customer.display_name,
            body="<p>I read along.</p>", created_at=clock.now(),
        )  # fmt: skip
    settings.save({"undo_send_seconds": 30})
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>Not out yet.</p>", actor=ana)
    token = links.make("ticket", address=ticket.address, ticket=ticket)
    for actor in (root, carol):
        text = whole(archive(actor))
        assert text.count("I read along.") == 6
        assert "Dan Brown" in text
        assert "Somebody in copy" in text
        for foreign in ("Difficult person", "eve@visitor.example", "dan@customer.example", "Not out yet", token):
            assert foreign not in text
        assert "ana@desk.example" not in text


def test_what_they_wrote_in_tickets_of_others_is_in_it(
    ticket: Ticket, carol: Customer, dan: Customer, ana: Agent, archive: Archive
) -> None:
    tickets.change_customer(ticket, "dan@customer.example", actor=ana, seen=thread.newest_id(ticket))
    tickets.receive_message(Ticket.get_by_id(ticket.id), "Dan’s own words.", actor=dan)
    made = archive(carol)
    assert not [name for name in made.namelist() if name.startswith("tickets/")]
    [message] = data_of(made, "elsewhere/messages.json")["messages"]
    assert (message["from"], message["text"]) == ("you", "The total looks wrong to me.")
    assert "The total looks wrong to me." in made.read("elsewhere/messages.html").decode()
    assert "Dan’s own words." not in whole(made)


def test_erased_people_who_wrote_in_their_tickets_stand_there_in_words(
    ticket: Ticket, carol: Customer, archive: Archive
) -> None:
    carol.locale = "fr"
    carol.save()
    Message.update(author_name=of_person(7), body=f"<p>{TEXT}</p>", customer=None).where(
        Message.ticket == ticket.id
    ).execute()
    text = whole(archive(carol))
    assert "[[erased" not in text
    assert text.count("Client effacé n°\u00a07") == text.count("(texte effacé)") - 1 == 2


def test_a_person_gets_nothing_that_goes_by_an_address_they_have_not_proven(
    ticket: Ticket, carol: Customer, root: Agent, sales: Any, archive: Archive
) -> None:
    second = addresses.add(carol, "carol@home.example", actor=root)
    other = cast.open_ticket(carol, sales, subject="Perhaps a stranger’s")
    Ticket.update(address=second.id).where(Ticket.id == other.id).execute()
    for actor, is_shown in ((root, True), (carol, False)):
        text = whole(archive(actor))
        assert ticket.number in text
        assert ("Perhaps a stranger’s" in text) is is_shown
        assert ("carol@home.example" in text) is is_shown


def test_only_administrators_and_the_person_get_it_and_the_person_not_without_end(
    ticket: Ticket, carol: Customer, dan: Customer, ana: Agent, archive: Archive
) -> None:
    with pytest.raises(NotAllowed):
        archive(ana)
    with pytest.raises(NotFound):
        archive(dan)
    for _time in range(person_archive.PER_DAY):
        archive(carol)
    with pytest.raises(TooMany):
        archive(carol)
    archive()
    lines = JournalEntry.select().where(JournalEntry.act == "person-exported")
    assert [row.actor_name for row in lines.order_by(JournalEntry.id)] == ["Carol Jones"] * 3 + ["Root"]


def test_without_a_proven_address_there_is_none(ticket: Ticket, carol: Customer, archive: Archive) -> None:
    CustomerAddress.update(proven_at=None).execute()
    with pytest.raises(NotFound):
        archive(carol)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\boot.ini", "a\0b\n.txt", "...", "x" * 240 + ".pdf", "é*?.txt"]
)
def test_a_file_of_any_name_stays_in_its_folder(ticket: Ticket, archive: Archive, name: str) -> None:
    file = attached.file(ticket)
    Attachment.update(name=name.replace("\0", "")).where(Attachment.id == file.id).execute()
    [path] = [path for path in archive().namelist() if path.startswith("files/")]
    assert path.count("/") == 1
    assert not set(path) & set('\\:*?"<>|\0\n')
    assert len(path) < 150


def test_a_file_that_is_lost_on_disk_leaves_the_rest_whole(ticket: Ticket, archive: Archive) -> None:
    file_store.location(attached.file(ticket).path).unlink()
    [path] = [path for path in archive().namelist() if path.startswith("files/")]
    assert archive().read(path) == b""


def test_what_was_written_stands_in_pages_as_text(ticket: Ticket, carol: Customer, archive: Archive) -> None:
    tickets.receive_message(ticket, "<script>alert(1)</script>", actor=carol)
    Ticket.update(subject="<img src=x onerror=alert(1)>").execute()
    made = archive()
    pages = [made.read(name).decode() for name in made.namelist() if name.endswith(".html")]
    assert all("<script" not in page and "<img" not in page for page in pages)


def test_however_much_there_is_it_is_read_and_sent_in_small_parts(
    ticket: Ticket, carol: Customer, root: Agent, monkeypatch: Any
) -> None:
    """Messages are read ten at a time here, and what was written is sent before more is read."""
    monkeypatch.setattr(person_archive, "AT_ONCE", 10)
    read, real = list[int](), attachments.of_messages

    def counted(messages: Any) -> Any:
        rows = list(messages)
        read.append(len(rows))
        return real(rows)

    monkeypatch.setattr(attachments, "of_messages", counted)
    values = {"ticket": ticket.id, "kind": "customer", "customer": carol.id, "author_name": "Carol Jones"}
    rows = [{**values, "body": f"<p>{secrets.token_hex(2_000)}</p>", "created_at": clock.now()} for _row in range(60)]
    Message.insert_many(rows).execute()
    parts = [len(part) for part in person_archive.export(carol, actor=root)]
    # Three times: as a page, as data, and for the files; the last time around nothing more is there.
    assert sum(read) == 3 * 61
    assert max(read) == 10
    assert min(parts) > 0
    assert max(parts) < sum(parts) / 3


def test_the_numbers_are_those_of_a_recount(
    ticket: Ticket, carol: Customer, dan: Customer, root: Agent, sales: Any
) -> None:
    file = attached.file(ticket)
    orders.save_order(ORDER)
    sign_ins.start_sign_in(carol)
    links.make("ticket", address=ticket.address, ticket=ticket)
    cc.add_cc(cast.open_ticket(dan, sales), ["carol@customer.example"], actor=root)
    Rating.create(ticket=ticket, score="bad", rated_at=clock.now())
    tickets.add_note(ticket, "<p>Ours.</p>", actor=root)
    data = personal_data.of_customer(carol, addresses.of_customer(carol))
    assert (data.tickets, data.messages, data.files, data.copies, data.orders, data.ratings) == (1, 1, 1, 1, 1, 1)
    assert data.bytes == file.size
    assert (data.links, data.sign_ins, data.received) == (1, 1, 0)
    assert data.mails == OutgoingEmail.select().where(OutgoingEmail.address == ticket.address_id).count()
    assert data.lines >= 1
    assert data.since == min(carol.created_at, Message.get().created_at)
    assert attachments.of_messages([Message.get()])


def test_of_somebody_who_never_wrote_there_is_little(dan: Customer) -> None:
    data = personal_data.of_customer(dan, addresses.of_customer(dan))
    assert (data.tickets, data.messages, data.bytes, data.since) == (0, 0, 0, dan.created_at)
