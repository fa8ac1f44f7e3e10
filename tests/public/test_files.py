"""Files of visitors and customers, through their real pages."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
import time_machine

from helpdesk import clock, links, settings, tickets
from helpdesk.files import file_store, uploads
from helpdesk.lib import throttle
from helpdesk.visitors import unconfirmed
from models import Attachment, Message, Ticket, UnconfirmedRequest, Upload
from tests.public import filling
from tests.support import attached, doors, sqlite_only

pytestmark = pytest.mark.usefixtures("no_files")


@pytest.fixture
def visitor(client, sales):
    """A visitor's browser, and a desk that takes tickets."""
    return client


def file(content: bytes = attached.PDF, name: str = "invoice.pdf") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def chosen(client, **values):
    """Fill the form in and choose files."""
    return filling.fill(client, **{"files": [file()], **values})


def file_names(page: str) -> list[str]:
    """Return the names a form lists with a button to remove them."""
    page = re.sub(r"(?s)<template>.*?</template>", "", page)
    return re.findall(r'class="file-name" data-name>([^<]+)</bdi> <span', page)


def removes(page: str) -> list[str]:
    return [value for value in re.findall(r'name="remove_file" value="([^"]*)"', page) if value]


def upload(client, key: str, content: bytes = attached.PDF, name: str = "invoice.pdf"):
    return doors.post(client, "/uploads", {"files_key": key, "files": file(content, name)})


def fetch(client, path: str):
    """Get a file, read to its end."""
    return client.get(path, buffered=True)


def test_a_visitor_sends_files_with_a_ticket(visitor):
    assert filling.send(visitor, chosen(visitor, files=[file(), file(attached.GIF, "dot.gif")])).status_code == 303
    first = Message.get()
    assert [(row.name, row.message_id) for row in Attachment.select().order_by(Attachment.id)] == [
        ("invoice.pdf", first.id),
        ("dot.gif", first.id),
    ]


def test_the_form_says_the_limits_before(visitor):
    page = visitor.get("/").get_data(as_text=True)
    assert "jpeg, gif, png, pdf; at most 2 MB each, 2 MB together, 10 files." in page
    assert 'accept=".jpeg,.gif,.png,.pdf,.jpg,.jfif,.jpe"' in page


def test_the_form_says_the_limits_in_french(visitor):
    page = visitor.get("/", headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert re.search(r"2\sMo par fichier", page)


def test_a_wrong_code_keeps_the_files(visitor):
    fields = chosen(visitor, code="wrong")
    answer = filling.send(visitor, fields)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, file_names(page), Ticket.select().count()) == (422, ["invoice.pdf"], 0)
    token = filling.hidden(page)["code_token"]
    again = {**fields, "code_token": token, "code": filling.answer_of(token), "files": []}
    assert filling.send(visitor, again).status_code == 303
    assert Attachment.get().name == "invoice.pdf"


def test_a_kept_file_is_removed_without_script(visitor):
    fields = chosen(visitor, code="wrong")
    page = filling.send(visitor, fields).get_data(as_text=True)
    again = filling.send(visitor, {**fields, "files": [], "remove_file": removes(page)[0]})
    assert (again.status_code, file_names(again.get_data(as_text=True)), attached.stored()) == (200, [], [])
    assert "Are there places in March?" in again.get_data(as_text=True)


def test_a_refused_file_is_named_at_its_field_and_the_good_one_stays(visitor):
    answer = filling.send(visitor, chosen(visitor, files=[file(), file(attached.SVG, "drawing.png")]))
    page = answer.get_data(as_text=True)
    assert (answer.status_code, file_names(page), Ticket.select().count()) == (422, ["invoice.pdf"], 0)
    assert page.count("“drawing.png” does not hold what its extension “png” says.") == 2
    assert 'href="#files"' in page


def test_a_name_is_shown_as_text(visitor):
    page = filling.send(visitor, chosen(visitor, files=[file(name="<img src=x>.pdf")], code="wrong")).get_data(
        as_text=True
    )
    assert file_names(page) == ["&lt;img src=x&gt;.pdf"]


def test_a_double_click_makes_one_ticket_with_its_files(visitor):
    fields = chosen(visitor)
    first = filling.send(visitor, fields)
    second = filling.send(visitor, {**fields, "files": [file()]})
    assert (first.location, Ticket.select().count(), Attachment.select().count()) == (second.location, 1, 1)


def test_a_kept_file_expires_after_an_hour(visitor):
    fields = chosen(visitor, code="wrong")
    filling.send(visitor, fields)
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        page = filling.send(visitor, {**fields, "files": []}).get_data(as_text=True)
    assert file_names(page) == []


def test_an_upload_waits_for_its_form(visitor):
    fields = filling.fill(visitor)
    answer = upload(visitor, fields["files_key"])
    assert (answer.status_code, answer.json["name"], answer.json["size"]) == (200, "invoice.pdf", "45 bytes")
    assert filling.send(visitor, fields).status_code == 303
    assert Attachment.get().sha256


def test_an_upload_is_removed_by_the_form_that_holds_it(visitor):
    key = filling.fill(visitor)["files_key"]
    number = upload(visitor, key).json["id"]
    doors.post(visitor, "/uploads/remove", {"files_key": filling.fill(visitor)["files_key"], "remove_file": number})
    assert Upload.select().count() == 1
    doors.post(visitor, "/uploads/remove", {"files_key": key, "remove_file": number})
    assert (Upload.select().count(), attached.stored()) == (0, [])


def test_an_upload_under_a_key_of_ones_own_choice_is_in_no_form(visitor):
    upload(visitor, "a")
    assert Upload.get().form_key != "a"


def test_an_upload_of_a_visitor_is_not_the_customers(app, visitor, carol, client_of):
    key = filling.fill(visitor)["files_key"]
    upload(visitor, key)
    answer = doors.post(client_of(carol), "/tickets/new", {"files_key": key})
    assert file_names(answer.get_data(as_text=True)) == []


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (attached.pdf(102_401), "big.pdf", "“big.pdf” is larger than 100 KB, the most for one file."),
        (b"", "empty.pdf", "“empty.pdf” is empty."),
        (attached.HTML, "page.html", "“page.html” is not of an allowed type: jpeg, gif, png, pdf."),
    ],
)
def test_a_refused_upload_says_why(visitor, content, name, said):
    settings.save({"max_file_size": "100K"})
    answer = upload(visitor, filling.fill(visitor)["files_key"], content, name)
    assert (answer.status_code, answer.json["message"], attached.stored()) == (422, said, [])


def test_too_many_uploads_are_refused_for_a_while(visitor, monkeypatch):
    monkeypatch.setattr("public.files.FILES_PER_NETWORK", 1)
    key = filling.fill(visitor)["files_key"]
    assert [upload(visitor, key).status_code for _again in range(2)] == [200, 429]
    throttle.clear("file 127.0.0.1")


def test_a_request_beyond_every_limit_is_answered_kindly(visitor):
    answer = visitor.post("/tickets/new", data=bytes(33 << 20), content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, "may have 32 MB at most" in doors.text_of(answer)) == (413, True)


def test_a_request_may_be_as_large_as_the_files_of_a_message(visitor, monkeypatch):
    monkeypatch.setitem(visitor.application.config, "MAX_CONTENT_LENGTH", 10_000)
    monkeypatch.setattr(file_store, "LEAST_BODY", 10_000)
    assert upload(visitor, filling.fill(visitor)["files_key"], attached.pdf(200_000)).status_code == 200


def test_without_attachments_there_is_no_field(visitor):
    fields = chosen(visitor)
    settings.save({"allow_attachments": False})
    assert 'name="files"' not in visitor.get("/").get_data(as_text=True)
    answer = filling.send(visitor, fields)
    assert (answer.status_code, "Files cannot be sent here." in doors.text_of(answer)) == (422, True)
    assert filling.send(visitor, {**fields, "files": []}).status_code == 303
    assert not Attachment.select().exists()


def test_a_request_that_is_confirmed_later_keeps_its_files(visitor, smtp):
    fields = chosen(visitor, code="", unread="1")
    assert filling.send(visitor, fields).status_code in {200, 303}
    with time_machine.travel(clock.now() + timedelta(days=2)):
        assert uploads.drop_expired() == 0
        unconfirmed.send(UnconfirmedRequest.get())
    assert Attachment.get().name == "invoice.pdf"


# --- Threads ------------------------------------------------------------------------------------------------------


def test_a_customer_answers_with_files(client_of, ticket, carol):
    client = client_of(carol)
    answer = doors.post(client, f"/tickets/{ticket.number}", {"message": "There.", "files": file(name="reçu 日本.pdf")})
    assert (answer.status_code, Attachment.get().name) == (303, "reçu 日本.pdf")
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert ("reçu 日本.pdf" in page, "45 bytes" in page) == (True, True)


def test_an_answer_sent_twice_with_its_file_is_one(client_of, ticket, carol):
    client, path = client_of(carol), f"/tickets/{ticket.number}"
    page = client.get(path).get_data(as_text=True)
    key, form_key = attached.files_key(page), filling.hidden(page)["form_key"]
    number = upload(client, key).json["id"]
    fields = {"message": "There. <3", "files_key": key, "files_shown": number, "form_key": form_key}
    for _click in range(2):
        assert doors.post(client, path, fields).status_code == 303
    assert (Attachment.select().count(), Message.select().count()) == (1, 2)
    # A new answer with the file that went out is told so, and comes back.
    page = client.get(path).get_data(as_text=True)
    fields |= {"message": "Once more.", "form_key": filling.hidden(page)["form_key"]}
    refused = doors.post(client, path, fields)
    assert (refused.status_code, "A file is not here any more" in doors.text_of(refused)) == (422, True)
    assert "Once more." in refused.get_data(as_text=True)


def test_an_answer_without_words_keeps_its_files(client_of, ticket, carol):
    client, path = client_of(carol), f"/tickets/{ticket.number}"
    page = doors.post(client, path, {"message": "", "files": file()}).get_data(as_text=True)
    assert file_names(page) == ["invoice.pdf"]
    doors.post(client, path, {"message": "There.", "files_key": attached.files_key(page)})
    assert Attachment.get().name == "invoice.pdf"


def test_a_kept_file_of_an_answer_is_removed_without_script(client_of, ticket, carol):
    client, path = client_of(carol), f"/tickets/{ticket.number}"
    page = doors.post(client, path, {"message": "", "files": file()}).get_data(as_text=True)
    fields = {"message": "Typed.", "files_key": attached.files_key(page), "remove_file": removes(page)[0]}
    again = doors.post(client, path, fields)
    assert (again.status_code, file_names(again.get_data(as_text=True)), Message.select().count()) == (200, [], 1)
    assert "Typed." in again.get_data(as_text=True)


def test_files_of_notes_are_not_in_the_customers_thread(client_of, ticket, carol, ana):
    note = tickets.add_note(ticket, "<p>Ours.</p>", actor=ana, files=[attached.received(name="margin.pdf")])
    client = client_of(carol)
    assert "margin.pdf" not in client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert client.get(f"/files/{Attachment.get(message=note).id}/margin.pdf").status_code == 404


def test_a_guest_reads_the_files_of_the_ticket_of_their_link(client, ticket):
    row = attached.file(ticket)
    assert fetch(client, f"/files/{row.id}/x").status_code == 404
    doors.post(client, f"/t/{links.make('ticket', address=ticket.address, ticket=ticket)}")
    assert fetch(client, f"/files/{row.id}/x").data == attached.PDF


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "1'"])
def test_a_file_that_is_not_there_is_404(client_of, carol, number):
    assert fetch(client_of(carol), f"/files/{number}/a.pdf").status_code == 404


@sqlite_only
def test_a_file_is_a_download_that_can_do_nothing(client_of, ticket, carol):
    row = attached.file(ticket, name='日本 "x".pdf')
    headers = fetch(client_of(carol), f"/files/{row.id}/x?inline=1").headers
    assert headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''%E6%97%A5%E6%9C%AC%20%22x%22.pdf" in headers["Content-Disposition"]
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "application/pdf"


@sqlite_only
@pytest.mark.parametrize(
    ("content", "name", "shown"),
    [
        (attached.png(), "a.png", True),
        (attached.JPEG, "a.jpg", True),
        (attached.GIF, "a.gif", True),
        (attached.PDF, "a.pdf", False),
    ],
)
def test_only_real_pictures_are_shown_in_place(client_of, ticket, carol, content, name, shown):
    row, client = attached.file(ticket, content, name), client_of(carol)
    inline = fetch(client, f"/files/{row.id}/{name}?inline=1").headers["Content-Disposition"]
    assert inline.startswith("inline" if shown else "attachment")
    assert fetch(client, f"/files/{row.id}/{name}").headers["Content-Disposition"].startswith("attachment")
    assert ("<img" in client.get(f"/tickets/{ticket.number}").get_data(as_text=True)) is shown


@sqlite_only
def test_a_file_that_is_lost_on_disk_is_404(client_of, ticket, carol):
    row = attached.file(ticket)
    attached.forget(row)
    assert fetch(client_of(carol), f"/files/{row.id}/x").status_code == 404
