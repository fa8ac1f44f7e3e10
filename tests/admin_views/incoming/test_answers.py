"""The screens of answers by e-mail: switches, the server that confirms senders, the way from a message to its mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk import i18n, settings
from helpdesk.incoming import pipeline
from helpdesk.notifications import reply_address
from helpdesk.people import customer_absences
from models import Agent, Customer, IncomingMail, Mailbox, OutgoingEmail, Service, Ticket
from tests.support import doors
from tests.support.mails import mail, make_mailbox, take

Clients = Callable[[Agent | Customer], FlaskClient]


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    return make_mailbox(billing, billing.departments.get(), sub_addresses=True)


def test_a_message_says_how_it_was_recognised_and_leads_to_its_mail(
    client_of: Clients, ana: Agent, ben: Agent, mailbox: Mailbox, app: Any, ticket: Ticket
) -> None:
    ours = OutgoingEmail.select().where(OutgoingEmail.ticket == ticket.id, OutgoingEmail.address.is_null(False)).get()
    letter = mail("Thanks\n\n-- \nCarol\n0123", sender="carol@customer.example", to=reply_address.of(ours))
    row = take(mailbox, letter)
    with app.app_context(), i18n.in_language("en"):
        pipeline.decide_waiting()
    row = IncomingMail.get_by_id(row.id)
    page = client_of(ana).get(f"/admin/tickets/{ticket.number}").get_data(as_text=True)
    assert "Recognised by its answer address." in page
    assert "Signature of the e-mail" in page
    address = f"/admin/incoming/details/?id={row.id}"
    assert f'href="{address}"' in page
    assert "Sent to the answer address of a ticket" in doors.text_of(client_of(ana).get(address))
    listed = client_of(ana).get("/admin/incoming/").get_data(as_text=True)
    assert re.search(r'<span class="outcome"><svg[^>]*><use href="[^"]*icons[^"]*\.svg[^"]*#i-reply"/>', listed)
    # Who does not see the ticket does not see its mail.
    assert client_of(ben).get(address).status_code in {302, 404}
    assert "0123" not in doors.text_of(client_of(ben).get(address, follow_redirects=True))


def test_the_composer_says_that_the_customer_is_away(client_of: Clients, ana: Agent, ticket: Ticket, app: Any) -> None:
    def page() -> str:
        return doors.text_of(client_of(ana).get(f"/admin/tickets/{ticket.number}"))

    assert "Away, as" not in page()
    with app.app_context():
        customer_absences.note(ticket.customer_id, customer_absences.today(), "until <b>Friday</b>")
    assert "Away, as their automatic answer says: “until <b>Friday</b>”" in page()
    with app.app_context():
        customer_absences.note(ticket.customer_id, customer_absences.today() - timedelta(days=1), "until Friday")
    assert "Away, as" not in page()


def test_an_agent_switches_answers_off_where_the_desk_has_them(client_of: Clients, ana: Agent) -> None:
    client, form = client_of(ana), {"name": "Ana", "locale": "", "timezone": "", "after_act": "stay"}
    assert "answers_by_mail" not in client.get("/admin/profile").get_data(as_text=True)
    doors.post(client, "/admin/profile", form)
    assert Agent.get_by_id(ana.id).answers_by_mail
    settings.save({"agents_answer": True})
    assert "Answer by e-mail" in doors.text_of(client.get("/admin/profile"))
    doors.post(client, "/admin/profile", form)
    assert not Agent.get_by_id(ana.id).answers_by_mail
    doors.post(client, "/admin/profile", {**form, "answers_by_mail": "y"})
    assert Agent.get_by_id(ana.id).answers_by_mail


@pytest.mark.parametrize(
    ("text", "stored"), [("MX.Desk.Example ", "mx.desk.example"), ("two words", None), ("a;b", None)]
)
def test_the_server_that_confirms_senders_is_a_name(
    client_of: Clients, root: Agent, mailbox: Mailbox, billing: Service, text: str, stored: str | None
) -> None:
    form = {"kind": "pipe", "address": mailbox.address, "service": billing.id, "trusted_server": text, "enabled": "y"}
    answer = doors.post(client_of(root), f"/admin/mailboxes/edit/?id={mailbox.id}", form)
    page = doors.text_of(answer)
    assert (answer.status_code == 302) == (stored is not None), page
    assert Mailbox.get().trusted_server == (stored or "")
    if stored is None:
        assert "This is not the name of a server. Example: mx.example.org." in page
        assert text in answer.get_data(as_text=True)


def test_the_form_shows_which_server_looked_at_the_test_e_mail(
    client_of: Clients, root: Agent, mailbox: Mailbox
) -> None:
    def page() -> str:
        return doors.text_of(client_of(root).get(f"/admin/mailboxes/edit/?id={mailbox.id}"))

    assert "calls itself" not in page()
    mailbox.seen_server, mailbox.seen_hops = "mx.desk.example", 1
    mailbox.save()
    assert "calls itself “mx.desk.example”" in page()
    mailbox.trusted_server = "mx.desk.example"
    mailbox.save()
    # Its name alone says nothing of its place.
    assert "calls itself “mx.desk.example”" in page()
    mailbox.trusted_hops = 1
    mailbox.save()
    assert "calls itself" not in page()
