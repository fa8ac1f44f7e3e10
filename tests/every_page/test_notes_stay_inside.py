"""What the team writes for itself reaches no customer: not in a page, not in a mail (marker strings)."""

from __future__ import annotations

import re
from html import unescape

import pytest

from database import Label
from helpdesk import links, outbox, tickets
from helpdesk.tickets import cc
from models import CustomerAddress, EmailText, OutgoingEmail
from tests.support import doors

NOTE, HANDED, GONE, CLOSED = "Zanzibar-one", "Zanzibar-two", "Zanzibar-three", "Zanzibar-four"
MARKER = re.compile("zanzibar", re.IGNORECASE)
EVE = "eve@copied.example"


@pytest.fixture
def secrets(app, ticket, carol, dan, ana, mona, root):
    """Carol's ticket with Dan and Eve in copy, and a note at every turn; the mails say all they can."""
    for kind in ("notification", "confirmation", "team_message"):
        EmailText.create(kind=kind, subject=Label(en="{{ticket_object}}"), body=Label(en="{{message}}"))
    cc.add_cc(ticket, [EVE, dan.primary_address.email], actor=carol)
    tickets.add_note(ticket, f"<p>{NOTE}</p>", actor=ana)
    tickets.receive_message(ticket, "Any news?", actor=carol)
    tickets.delete_note(tickets.add_note(ticket, f"<p>{GONE}</p>", actor=ana), actor=ana)
    tickets.transfer(ticket, mona, actor=ana, note=HANDED)
    tickets.reply(ticket, "<p>Here it is</p>", actor=mona)
    tickets.add_note(ticket, f"<p>{CLOSED}</p>", actor=mona)
    tickets.close(ticket, actor=carol)
    return ticket


def walk(client, start: str) -> dict[str, str]:
    """Return every public page that links lead to from here."""
    pages: dict[str, str] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in pages or path.startswith(("/admin", "/static", "/assets", "//")):
            continue
        with client.get(path, follow_redirects=True) as answer:
            pages[path] = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        waiting += [unescape(found).partition("#")[0] for found in re.findall(r'href="(/[^"]*)"', pages[path])]
    return pages


def guest(app, ticket, email: str):
    client = app.test_client()
    address = CustomerAddress.get(CustomerAddress.email == email)
    doors.post(client, f"/t/{links.make('ticket', address=address, ticket=ticket)}")
    return client


def test_no_page_of_a_customer_holds_a_note(app, secrets, client_of, carol, dan):
    browsers = {
        "carol": client_of(carol),
        "dan, in copy": client_of(dan),
        "guest": guest(app, secrets, "carol@customer.example"),
        "eve, in copy": guest(app, secrets, EVE),
        "visitor": app.test_client(),
    }
    for who, client in browsers.items():
        pages = {**walk(client, "/tickets"), **walk(client, f"/tickets/{secrets.number}")}
        pages["an empty answer"] = doors.post(client, f"/tickets/{secrets.number}").get_data(as_text=True)
        assert [path for path, page in pages.items() if MARKER.search(page)] == [], who
        assert who == "visitor" or "Here it is" in pages[f"/tickets/{secrets.number}"], who


def test_the_team_reads_its_notes(secrets, client_of, root):
    page = client_of(root).get(f"/admin/tickets/{secrets.number}").get_data(as_text=True)
    assert all(word in page for word in (NOTE, HANDED, CLOSED))


def test_no_mail_to_a_customer_holds_a_note(secrets, request_context):
    mails = list(OutgoingEmail.select())
    outside = [mail for mail in mails if mail.address_id is not None]
    assert {mail.to_email for mail in outside} == {"carol@customer.example", "dan@customer.example", EVE}
    for mail in outside:
        assert not MARKER.search(mail.subject + mail.body + outbox.render(mail).as_string())


def test_only_the_mail_of_a_transfer_carries_its_note_and_to_an_agent(secrets):
    telling = [mail for mail in OutgoingEmail.select() if MARKER.search(mail.subject + mail.body)]
    assert [(mail.kind, mail.to_email) for mail in telling] == [("transfer", "mona@desk.example")]
    assert HANDED in telling[0].body


def test_a_note_tells_nobody(secrets, ana):
    before = OutgoingEmail.select().count()
    tickets.add_note(secrets, f"<p>{NOTE}</p>", actor=ana)
    assert OutgoingEmail.select().count() == before
