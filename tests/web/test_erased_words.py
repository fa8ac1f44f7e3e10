"""What stands for an erased person, in the language of whoever reads it: stored as a mark, shown as words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import time_machine
from flask.testing import FlaskClient

from database import database
from helpdesk import clock, outbox, tickets
from helpdesk.erasing import carrying_out, requests
from models import Agent, Customer, Message, OutgoingEmail, Service, Ticket
from tests.support import cast

ClientOf = Callable[[Agent | Customer], FlaskClient]


def erase(customer: Customer, root: Agent, app: Any) -> int:
    row = requests.request(customer, kind="anonymise", word="ERASE", actor=root)
    with time_machine.travel(clock.now() + timedelta(days=8)), app.app_context():
        assert carrying_out.run_due() == 1
    return int(row.id)


def test_each_reads_it_in_the_own_language(
    app: Any, client_of: ClientOf, root: Agent, carol: Customer, ticket: Ticket
) -> None:
    number = erase(carol, root, app)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.subject, stored.customer.last_name) == ("[[erased]]", f"[[erased:{number}]]")
    for locale, person, text in (
        ("en", f"Erased customer no. {number}", "(text erased)"),
        ("fr", f"Client effacé n°\u00a0{number}", "(texte effacé)"),
    ):
        root.locale = locale
        root.save()
        client = client_of(root)
        places = ("/admin/tickets/?view=closed", f"/admin/tickets/{ticket.number}", f"/admin/customers/{carol.id}")
        for place in places:
            page = client.get(place).text
            assert "[[erased" not in page
            assert person in page
        assert text in client.get(places[0]).text
        # A file goes out piece by piece.
        lines = client.get("/admin/customers/export/csv/").text
        assert person in lines
        assert "[[erased" not in lines


def test_who_types_a_mark_poses_as_nobody(client_of: ClientOf, root: Agent, carol: Customer, sales: Service) -> None:
    typed = "[[erased:5]] and [[erased]]"
    ticket = cast.open_ticket("visitor@customer.example", sales, subject=typed, body=typed, first_name=typed)
    tickets.add_note(ticket, f"<p>{typed}</p>", actor=root)
    client = client_of(root)
    for place in ("/admin/tickets/?view=open", f"/admin/tickets/{ticket.number}"):
        page = client.get(place).text
        assert "[ [erased:5]] and [ [erased]]" in page
        assert "Erased customer" not in page, page[page.index("Erased customer") - 150 :][:300]
        assert "(text erased)" not in page


def test_a_mail_says_it_in_the_language_of_its_reader(app: Any, root: Agent, ticket: Ticket, smtp: Any) -> None:
    mail = OutgoingEmail(
        kind="new-browser", to_email=root.email, subject="[[erased:7]]", body="<p>[[erased]]</p>", locale="fr",
        from_email="desk@desk.example", from_name="", mail_id="<1@desk.example>", created_at=clock.now(),
    )  # fmt: skip
    letter = outbox.render(mail)
    assert letter["Subject"] == "Client effacé n° 7"
    body = letter.get_body(("plain",))
    assert body is not None
    assert "(texte effacé)" in body.get_content()


def test_what_was_stored_in_words_becomes_a_mark(root: Agent, carol: Customer, ticket: Ticket) -> None:
    Customer.update(last_name="Client effacé n°\u00a012", erased_at=clock.now()).where(
        Customer.id == carol.id
    ).execute()
    Ticket.update(subject="(texte effacé)", is_anonymised=True).where(Ticket.id == ticket.id).execute()
    Message.update(author_name="Erased customer no. 12", body="<p>(text erased)</p>").execute()
    other = cast.make_customer("Erased customer no. 5")
    import_module("migrations.0073_erased_marks").up(None, database)
    assert Customer.get_by_id(carol.id).last_name == "[[erased:12]]"
    assert Customer.get_by_id(other.id).full_name == "Erased customer no. 5"
    assert Ticket.get_by_id(ticket.id).subject == "[[erased]]"
    message = Message.get(Message.ticket == ticket.id)
    assert (message.author_name, message.body) == ("[[erased:12]]", "<p>[[erased]]</p>")
