"""From *Add a mailbox* to the first ticket by mail: what a stranger stumbled over."""

from __future__ import annotations

from typing import Any

from helpdesk import clock, settings
from models import Agent, Mailbox, Service
from tests.support import doors

NEW = "/admin/mailboxes/new/"
FORM = {
    "kind": "imap", "address": "help@shop.example", "auth": "password", "host": "imap.shop.example", "port": "993",
    "security": "tls", "username": "help@shop.example", "password": "open-sesame", "folder": "INBOX", "begin": "new",
    "copies": "propose", "after": "leave", "after_days": "30", "locale": "en", "enabled": "y",
}  # fmt: skip


def test_without_a_service_one_is_made_first(client_of: Any, root: Agent) -> None:
    answer = client_of(root).get(NEW, follow_redirects=True)
    assert answer.request.path == "/admin/services/new/"
    assert "become tickets of a service: create one first." in doors.text_of(answer)


def test_a_mailbox_is_called_by_its_address_and_tried_at_once(client_of: Any, root: Agent, sales: Service) -> None:
    client = client_of(root)
    answer = doors.post(client, NEW, {**FORM, "host": "no-such-host.invalid", "service": str(sales.id), "test": "1"})
    row = Mailbox.get()
    assert (row.name, settings.decrypt(row.secret)) == ("help@shop.example", "open-sesame")
    assert answer.location.endswith(f"/admin/mailboxes/test/?id={row.id}")
    text = doors.text_of(client.get(answer.location))
    assert "help@shop.example” was added" in text
    assert "Record was" not in text
    assert "Check its spelling, or ask your provider" in text


def test_a_form_that_is_refused_says_that_its_password_is_gone(client_of: Any, root: Agent, sales: Service) -> None:
    answer = doors.post(client_of(root), NEW, {**FORM, "host": "not a host", "service": str(sales.id)})
    assert "a password is never sent back to a page" in answer.text
    assert "open-sesame" not in answer.text


def test_another_server_forgets_the_password_and_says_so(client_of: Any, root: Agent, sales: Service) -> None:
    client = client_of(root)
    doors.post(client, NEW, {**FORM, "service": str(sales.id)})
    row, changed = Mailbox.get(), {**FORM, "host": "mail.shop.example", "password": "", "service": str(sales.id)}
    doors.post(client, f"/admin/mailboxes/edit/?id={row.id}", changed)
    assert "No password is stored: type it into the form. It is forgotten when server" in doors.text_of(
        client.get("/admin/mailboxes/")
    )
    assert Mailbox.get().secret == ""


def test_reading_now_tells_what_failed(client_of: Any, root: Agent, sales: Service) -> None:
    client = client_of(root)
    doors.post(client, NEW, {**FORM, "host": "no-such-host.invalid", "service": str(sales.id)})
    doors.post(client, "/admin/mailboxes/read/", {"id": str(Mailbox.get().id)})
    text = doors.text_of(client.get("/admin/mailboxes/"))
    assert "Check its spelling, or ask your provider" in text
    assert "0 e-mails were taken" not in text


def test_a_password_that_is_not_there_is_no_refusal_of_the_server(client_of: Any, root: Agent, sales: Service) -> None:
    client = client_of(root)
    doors.post(client, NEW, {**FORM, "service": str(sales.id)})
    values = {**FORM, "host": "127.0.0.1", "password": "", "service": str(sales.id), "test": "1"}
    answer = doors.post(client, f"/admin/mailboxes/edit/?id={Mailbox.get().id}", values)
    assert "No password is stored: type it into the form." in doors.text_of(client.get(answer.location))


def test_a_new_mailbox_is_asked_for_its_password(client_of: Any, root: Agent, sales: Service) -> None:
    client = client_of(root)
    assert doors.text_of(client.get(NEW)).count("Password *") == 1
    answer = doors.post(client, NEW, {**FORM, "password": "", "service": str(sales.id)})
    assert "Password: This field is required." in doors.text_of(answer)
    assert not Mailbox.select().exists()


def test_a_mailbox_that_fails_stands_out_in_the_list(client_of: Any, root: Agent, sales: Service) -> None:
    client = client_of(root)
    doors.post(client, NEW, {**FORM, "service": str(sales.id)})
    page = "/admin/mailboxes/"
    assert 'class="is-danger"' not in client.get(page).text
    Mailbox.update(failing_since=clock.now(), last_error="refused <b>").execute()
    assert '<span class="is-danger">' in client.get(page).text


def test_an_agent_who_signs_in_among_customers_is_shown_the_way(client: Any, root: Agent) -> None:
    text = doors.text_of(doors.post(client, "/sign-in", {"email": root.email, "password": "x", "enter": "1"}))
    assert "Customers sign in here. Do you work here? Sign in to the desk" in text
