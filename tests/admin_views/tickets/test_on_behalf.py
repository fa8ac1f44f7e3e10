"""A ticket opened by an agent for somebody who phoned or came in."""

from __future__ import annotations

import pytest

from models import Customer, CustomerAddress, OutgoingEmail, Ticket
from tests.support import cast
from tests.support.doors import post, text_of

NEW = "/admin/tickets/new"


@pytest.fixture
def form_values(billing, invoices):
    """What Ana writes down for Carol."""
    return {
        "source": "phone",
        "email": "carol@customer.example",
        "place": f"{billing.id}/{invoices.id}",
        "subject": "Wrong total",
        "message": "She was billed twice.",
        "form_key": "once",
    }


def test_lists_lead_to_the_form(client_of, ana, billing):
    assert f'href="{NEW}"' in client_of(ana).get("/admin/tickets/").get_data(as_text=True)


def test_a_ticket_is_opened_for_a_known_customer(client_of, ana, carol, form_values):
    client = client_of(ana)
    answer = post(client, NEW, form_values)
    ticket = Ticket.get()
    assert (ticket.customer, ticket.subject) == (carol, "Wrong total")
    page = text_of(client.get(answer.location))
    assert f"Ticket {ticket.number} is open for Carol Jones." in page
    assert "Ana opened the ticket for Carol Jones, who phoned" in page


def test_the_customer_gets_the_confirmation_and_the_opener_nothing(client_of, ana, root, carol, form_values, billing):
    for agent in (ana, root):
        cast.permit(agent, None, notify=True)
    post(client_of(ana), NEW, form_values)
    assert sorted(mail.to_email for mail in OutgoingEmail.select()) == ["carol@customer.example", root.email]


def test_a_newcomer_needs_a_name(client_of, ana, form_values):
    client, form_values = client_of(ana), {**form_values, "email": "new@customer.example"}
    answer = post(client, NEW, form_values)
    assert answer.status_code == 422
    assert "Nobody with this address is known yet: write a name." in text_of(answer)
    assert "She was billed twice.</textarea>" in answer.get_data(as_text=True)
    assert post(client, NEW, {**form_values, "last_name": "Young"}).status_code == 302
    assert Ticket.get().customer.last_name == "Young"


def test_a_known_name_is_not_changed(client_of, ana, carol, form_values):
    post(client_of(ana), NEW, {**form_values, "last_name": "Smith"})
    assert Customer.get_by_id(carol.id).last_name == "Jones"


def test_only_places_within_ones_sight_are_offered(client_of, ana, billing, invoices, sales, form_values):
    client = client_of(ana)
    page = client.get(NEW).get_data(as_text=True)
    assert f'value="{billing.id}/{invoices.id}"' in page
    assert f'value="{sales.id}/"' not in page
    answer = post(client, NEW, {**form_values, "place": f"{sales.id}/"})
    assert answer.status_code == 422
    assert Ticket.select().count() == 0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "", "Write the customer’s e-mail address."),
        ("email", "carol", "This is not an e-mail address."),
        ("subject", " ", "Write a subject."),
        ("message", "", "Write what the customer asks."),
        ("place", "", "Choose a service."),
        ("place", "9/9", "Choose a service."),
        ("place", "²/x", "Choose a service."),
        ("place", "9" * 30, "Choose a service."),
        ("source", "owl", "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client_of, ana, carol, form_values, field, value, said):
    answer = post(client_of(ana), NEW, {**form_values, field: value})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert Ticket.select().count() == 0


def test_a_service_alone_must_have_no_department(client_of, ana, carol, billing, form_values):
    answer = post(client_of(ana), NEW, {**form_values, "place": f"{billing.id}/"})
    assert "Choose a department." in text_of(answer)


def test_sending_the_form_twice_opens_one_ticket(client_of, ana, carol, form_values):
    for _twice in range(2):
        assert post(client_of(ana), NEW, form_values).status_code == 302
    assert Ticket.select().count() == 1


def test_a_blocked_authors_ticket_is_said_to_be_spam(client_of, ana, carol, form_values):
    Customer.update(blocked_at=carol.created_at).execute()
    client = client_of(ana)
    page = text_of(client.get(post(client, NEW, form_values).location))
    assert "Its author is blocked" in page


def test_an_unproven_caller_gets_the_link_only(client_of, ana, form_values):
    post(client_of(ana), NEW, {**form_values, "email": "new@customer.example", "first_name": "Ned"})
    address = CustomerAddress.get(CustomerAddress.email == "new@customer.example")
    mail = OutgoingEmail.get(OutgoingEmail.address == address)
    assert (mail.kind, "billed twice" in mail.body) == ("received", False)


@pytest.mark.parametrize(
    "field", ["form_key", "email", "last_name", "first_name", "place", "subject", "message", "source"]
)
def test_no_field_keeps_a_nul(client_of, ana, form_values, field):
    answer = post(client_of(ana), NEW, {**form_values, field: f"{form_values.get(field, '')}\0"})
    assert answer.status_code in {302, 422}


def test_no_place_is_chosen_beforehand_and_none_is_refused_kindly(client_of, root, carol, form_values, sales):
    client = client_of(root)
    page = client.get(NEW).get_data(as_text=True)
    select = page.partition('id="place"')[2].partition("</select>")[0]
    assert 'required><option value="">Choose…</option>' in select
    assert "selected" not in select
    answer = post(client, NEW, {**form_values, "place": ""})
    assert answer.status_code == 422
    assert "Choose a service." in text_of(answer)
    assert "She was billed twice.</textarea>" in answer.get_data(as_text=True)
    assert not Ticket.select().exists()


def test_the_only_place_needs_no_choosing(client_of, sales, ben):
    assert "Choose…" not in text_of(client_of(ben).get(NEW))


def test_the_form_sent_again_with_another_text_comes_back(client_of, ana, carol, form_values):
    client = client_of(ana)
    first = post(client, NEW, form_values).location
    assert post(client, NEW, form_values).location == first
    refused = post(client, NEW, {**form_values, "message": "She was billed three times."})
    assert refused.status_code == 422
    assert "This form has sent another text already. Send yours once more." in text_of(refused)
    assert "She was billed three times.</textarea>" in refused.text
    assert 'name="form_key" type="hidden" value="once"' not in refused.text
    assert Ticket.select().count() == 1
