"""Files in the composer and the thread of agents, and their settings."""

from __future__ import annotations

import io
import re
from email import message_from_bytes
from email.policy import default

import pytest

from admin_views.tickets.files import form_files
from database import Label
from helpdesk import outbox, settings, tickets
from helpdesk.notifications import mailed_pictures
from models import Attachment, CannedResponse, EmailText, Message, OutgoingEmail, Upload
from tests.support import attached, doors

pytestmark = pytest.mark.usefixtures("no_files")
FIELDS = ("allowed_extensions", "attachment_folder", "max_file_size", "max_total_size")


def file(content: bytes = attached.PDF, name: str = "invoice.pdf") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def reply(client, ticket, **fields):
    return doors.post(client, f"/admin/tickets/{ticket.number}/reply", {"body": "There.", **fields})


@pytest.mark.parametrize(("kind", "stored"), [("message", "reply"), ("note", "note")])
def test_an_agent_sends_files(client_of, ticket, ana, kind, stored):
    client = client_of(ana)
    assert reply(client, ticket, kind=kind, files=file()).status_code == 302
    row = Attachment.get()
    assert (row.message.kind, row.name) == (stored, "invoice.pdf")
    assert f"/admin/files/{row.id}/invoice.pdf" in client.get(f"/admin/tickets/{ticket.number}").get_data(as_text=True)


def test_agents_may_attach_though_customers_may_not(client_of, ticket, ana):
    settings.save({"allow_attachments": False})
    reply(client_of(ana), ticket, files=file())
    assert Attachment.get().message.kind == "reply"


def test_agents_keep_to_the_same_limits(client_of, ticket, ana):
    settings.save({"max_file_size": "1K"})
    answer = reply(client_of(ana), ticket, files=file(attached.pdf(1025)))
    assert (answer.status_code, "“invoice.pdf” is larger than 1 KB" in doors.text_of(answer)) == (422, True)
    assert (Message.select().count(), "There." in answer.get_data(as_text=True)) == (1, True)


def test_a_reply_that_comes_back_keeps_its_files(client_of, ticket, ana):
    client = client_of(ana)
    page = reply(client, ticket, body="", files=file()).get_data(as_text=True)
    assert "invoice.pdf" in page
    reply(client, ticket, files_key=attached.files_key(page))
    assert Attachment.get().name == "invoice.pdf"


def test_a_kept_file_is_removed_without_script(client_of, ticket, ana):
    client = client_of(ana)
    page = reply(client, ticket, body="", files=file()).get_data(as_text=True)
    number = re.findall(r'name="remove_file" value="(\d+)"', page)[0]
    answer = reply(client, ticket, files_key=attached.files_key(page), remove_file=number)
    assert (answer.status_code, Upload.select().count(), Message.select().count()) == (200, 0, 1)
    assert "There." in answer.get_data(as_text=True)


def test_the_script_uploads_and_removes(client_of, ticket, ana, ben):
    client = client_of(ana)
    key = attached.files_key(client.get(f"/admin/tickets/{ticket.number}").get_data(as_text=True))
    sent = doors.post(client, "/admin/files/upload", {"files_key": key, "files": file()})
    assert sent.json["name"] == "invoice.pdf"
    fields = {"files_key": key, "remove_file": sent.json["id"]}
    doors.post(client_of(ben), "/admin/files/remove", fields)
    assert Upload.select().count() == 1
    doors.post(client, "/admin/files/remove", fields)
    assert attached.stored() == []


def test_an_agent_opens_a_callers_ticket_with_files(client_of, ana, billing, invoices):
    fields = {"source": "email", "email": "zoe@customer.example", "last_name": "Z", "subject": "S", "message": "M"}
    fields = {**fields, "place": f"{billing.id}/{invoices.id}"}
    client = client_of(ana)
    answer = doors.post(client, "/admin/tickets/new", {**fields, "files": file(attached.SVG, "a.png")})
    assert (answer.status_code, "“a.png” does not hold" in doors.text_of(answer)) == (422, True)
    assert doors.post(client, "/admin/tickets/new", {**fields, "files": file()}).status_code == 302
    assert Attachment.get().message.kind == "customer"


def test_a_file_of_another_department_is_404(client_of, ticket, ana, ben):
    row = attached.file(ticket)
    path = f"/admin/files/{row.id}/invoice.pdf"
    assert client_of(ana).get(path, buffered=True).data == attached.PDF
    assert client_of(ben).get(path).status_code == 404


def test_deleting_a_note_deletes_its_files(client_of, ticket, ana):
    note = tickets.add_note(ticket, "<p>Ours.</p>", actor=ana, files=[attached.received()])
    doors.post(client_of(ana), f"/admin/tickets/{ticket.number}/notes/{note.id}/delete", {"confirmed": "1"})
    assert (Attachment.select().count(), attached.stored()) == (0, [])


# --- Settings -----------------------------------------------------------------------------------------------------


def configuration(client, **changes):
    """Send the screen of settings as it stands, with these changes."""
    page = client.get("/admin/configuration/").get_data(as_text=True)
    found = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    shown = {key: found[key] for key in FIELDS}
    stored = {
        key: settings.get(key)
        for key, row in settings.DECLARED.items()
        if row.kind not in {"label", "secret", "picture"}
    }
    values = {key: "y" if value is True else value for key, value in stored.items() if value is not False}
    labels = {f"{key}-{code}": text for key in ("menu_label",) for code, text in settings.get(key).items()}
    return doors.post(client, "/admin/configuration/", {**values, **labels, **shown, **changes})


def test_the_limits_are_set_on_the_screen(client_of, root):
    changes = {"allowed_extensions": "PDF, docx", "max_file_size": "5 m", "attachment_folder": "kept/files"}
    assert configuration(client_of(root), **changes).status_code == 302
    assert [settings.get(key) for key in FIELDS] == ["pdf,docx", "kept/files", "5M", "2M"]


@pytest.mark.parametrize(
    ("key", "value"), [("max_file_size", "two"), ("attachment_folder", "../out"), ("allowed_extensions", ",")]
)
def test_a_limit_that_makes_no_sense_is_refused_in_place(client_of, root, key, value):
    answer = configuration(client_of(root), **{key: value})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, f'id="{key}-error"' in page, settings.get(key)) == (
        200,
        True,
        settings.DECLARED[key].default,
    )
    assert f'value="{value}"' in page


def test_what_came_with_a_form_is_taken_once(app, ana, no_files):
    with app.test_request_context(method="POST", data={"files": file()}):
        files = form_files(ana)
        for _ in range(2):
            files.take()
        assert ([row.name for row in files.stored], files.errors) == (["invoice.pdf"], [])


def uploaded(client, ticket, content, name):
    """Send a picture ahead as the script of the editor does; return the key of the form and the answer."""
    key = attached.files_key(client.get(f"/admin/tickets/{ticket.number}").get_data(as_text=True))
    address = f"/admin/files/upload?ticket={ticket.number}"
    return key, doors.post(client, address, {"files_key": key, "files": file(content, name)}).json


@pytest.fixture
def telling(database):
    """A desk whose mails hold the message."""
    EmailText.create(kind="notification", body=Label(en="<p>{{message}}</p>"))


def test_a_picture_of_the_editor_goes_out_in_the_text(client_of, ticket, ana, ben, carol, telling):
    client, content = client_of(ana), attached.png()
    key, sent = uploaded(client, ticket, content, "Écran 1.png")
    address = sent["picture"]
    assert client.get(address, buffered=True).data == content
    assert client_of(ben).get(address).status_code == 404
    figure = f'<figure data-trix-attachment="{{}}"><img src="{address}"><figcaption></figcaption></figure>'
    body = f"<div>Look: {figure} Here.<img src='https://web.example/x.png'></div>"
    fields = {"body": body, "format": "html", "files_key": key, "files_shown": sent["id"]}
    # Its draft shows the picture again.
    doors.post(client, f"/admin/tickets/{ticket.number}/draft", fields)
    assert address in client.get(f"/admin/tickets/{ticket.number}").get_data(as_text=True)

    assert reply(client, ticket, **fields).status_code == 302
    assert Attachment.get().message.body.count("<img") == 1
    for reader, path in ((ana, "/admin/tickets"), (carol, "/tickets")):
        html = client_of(reader).get(f"{path}/{ticket.number}").get_data(as_text=True)
        [source] = re.findall(r'<img src="([^"]+)" alt="Écran 1.png">', html)
        assert client_of(reader).get(source, buffered=True).data == content
        assert "file-shot" not in html
    row = OutgoingEmail.get(OutgoingEmail.kind == "notification")
    mail = message_from_bytes(outbox.render(row, "https://desk.example/t/1").as_bytes(), policy=default)
    html, picture = mail.get_body(("html",)), next(part for part in mail.walk() if part["Content-ID"])
    assert f'src="cid:{picture["Content-ID"].strip("<>")}" alt="Écran 1.png"' in html.get_content()
    assert picture.get_content() == content
    assert (picture.get_content_type(), picture.get_content_disposition()) == ("image/png", "inline")
    assert "[Écran 1.png]" in mail.get_body(("plain",)).get_content()


def test_a_reply_sent_twice_with_its_files_is_one(client_of, ticket, ana):
    client = client_of(ana)
    key, sent = uploaded(client, ticket, attached.png(), "a.png")
    other = doors.post(client, "/admin/files/upload", {"files_key": key, "files": file()}).json
    body = f'<div>Look: <img src="{sent["picture"]}"></div>'
    shown = {"format": "html", "files_key": key, "files_shown": f"{sent['id']} {other['id']}", "form_key": "once"}
    for _click in range(2):
        assert reply(client, ticket, body=body, **shown).status_code == 302
    assert (Message.select().where(Message.kind == "reply").count(), Attachment.select().count()) == (1, 2)
    # Another text, or another picture, is not lost.
    _key, new = uploaded(client, ticket, attached.png(9), "b.png")
    for changed in ("<div>Look again</div>", body.replace(sent["picture"], new["picture"])):
        assert reply(client, ticket, body=changed, **shown).status_code == 422


@pytest.mark.parametrize(
    "around", ["<div>Look: {} Here.</div>", "<div>A</div><div>{}</div><div>B</div>", "{}<br>C<br>"]
)
def test_a_reply_with_a_picture_that_is_saved_and_taken_back_is_sent_again(client_of, ticket, ana, around):
    settings.save({"undo_send_seconds": 10})
    client = client_of(ana)
    key, sent = uploaded(client, ticket, attached.png(), "a.png")
    picture = f'<figure data-trix-attachment="{{}}"><img src="{sent["picture"]}"><figcaption></figcaption></figure>'
    fields = {"body": around.format(picture), "format": "html", "save_as": "1", "canned_name": "Look"}
    fields |= {"files_key": key, "files_shown": sent["id"]}
    answer = doors.post(client, f"/admin/tickets/{ticket.number}/reply", fields, follow_redirects=True)
    assert "The canned response has been saved without the pictures." in doors.text_of(answer)
    assert "<img" not in str(CannedResponse.get().body)
    undo = re.search(rf'action="(/admin/tickets/{ticket.number}/withdraw/[^"]+)"', answer.get_data(as_text=True))
    doors.post(client, undo[1], {"files_key": key})
    assert CannedResponse.select().count() == 0
    fields["files_shown"] = Upload.get().id
    answer = doors.post(client, f"/admin/tickets/{ticket.number}/reply", fields)
    assert (answer.status_code, CannedResponse.get().name) == (302, {"en": "Look"})


def test_a_picture_of_no_file_of_the_form_leaves_no_hole(client_of, ticket, ana):
    client = client_of(ana)
    other = attached.file(ticket, attached.png(), "other.png")
    body = f'<div>Look: <img src="cid:{other.sha256[:32]}"></div>'
    assert reply(client, ticket, body=body, format="html").status_code == 302
    message = Message.get(Message.kind == "reply")
    assert message.body == "<div>Look: </div>"


def test_a_large_picture_is_named_in_the_mail_and_shown_on_the_page(client_of, ticket, ana, telling, monkeypatch):
    monkeypatch.setattr(mailed_pictures, "MOST_BYTES", 10)
    client = client_of(ana)
    key, sent = uploaded(client, ticket, attached.png(), "a.png")
    fields = {"body": f'<img src="{sent["picture"]}">', "format": "html", "files_key": key, "files_shown": sent["id"]}
    assert reply(client, ticket, **fields).status_code == 302
    mail = outbox.render(OutgoingEmail.get(OutgoingEmail.kind == "notification"), "https://desk.example/t/1")
    assert "[a.png]" in mail.get_body(("html",)).get_content()
    assert not any(part["Content-ID"] for part in mail.walk())
