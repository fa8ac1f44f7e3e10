"""Copying somebody in, from the form and the thread; what those in copy meet."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from helpdesk import links, outbox, settings, tickets
from helpdesk.tickets import cc
from models import CustomerAddress, Message, OutgoingEmail, Ticket
from tests.public.filling import fill, hidden, send
from tests.support import cast, doors

EVE = "eve@copied.example"


def copied(ticket: Ticket) -> list[str]:
    return [address.email for address in cc.in_copy(ticket)]


def page_of(client, ticket: Ticket) -> str:
    return client.get(f"/tickets/{ticket.number}").get_data(as_text=True)


def come_by_link(client, ticket: Ticket, email: str = EVE):
    token = links.make("ticket", address=CustomerAddress.get(CustomerAddress.email == email), ticket=ticket)
    return doors.post(client, f"/t/{token}")


@pytest.fixture
def eve(app, ticket, carol):
    """The browser of somebody in copy of Carol's ticket, come by the own link."""
    cc.add_cc(ticket, [EVE], actor=carol)
    client = app.test_client()
    come_by_link(client, ticket)
    return client


# --- The form -----------------------------------------------------------------------------------------------------


def test_a_visitor_copies_two_people_in(client, sales):
    send(client, fill(client, copies="Eve Adams <eve@copied.example>, fay@copied.example"))
    assert copied(Ticket.get()) == [EVE, "fay@copied.example"]
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == EVE).count() == 0


def test_a_customer_copies_somebody_in_who_is_mailed(client_of, carol, sales):
    client = client_of(carol)
    send(client, fill(client, ago=0, copies=EVE))
    assert OutgoingEmail.get(OutgoingEmail.to_email == EVE).kind == "copied"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nobody", "“nobody” is not an e-mail address."),
        ("Vera@visitor.example", "vera@visitor.example needs no copy"),
        ("support@desk.example", "support@desk.example is an address of this help desk"),
        (", ".join(f"p{number}@copied.example" for number in range(11)), "At most 10 people"),
    ],
)
def test_an_address_that_cannot_be_in_copy_is_named_and_kept(client, sales, typed, said):
    settings.save({"default_sender": "support@desk.example"})
    answer = send(client, fill(client, copies=typed))
    assert answer.status_code == 422
    assert said in doors.text_of(answer)
    assert f'value="{typed}"' in answer.get_data(as_text=True)
    assert Ticket.select().count() == 0


def test_the_wait_ends_with_the_link(client, app, sales, smtp):
    send(client, fill(client, copies=EVE))
    ticket = Ticket.get()
    come_by_link(client, ticket, "vera@visitor.example")
    assert OutgoingEmail.get(OutgoingEmail.to_email == EVE).ticket_id == ticket.id


def test_the_mail_of_who_is_in_copy_carries_the_own_link(client_of, app, carol, sales, smtp):
    client = client_of(carol)
    send(client, fill(client, ago=0, copies=EVE))
    outbox.deliver_due()
    [mail] = [mail for mail in smtp.messages if mail["To"].endswith(EVE)]
    text = mail.get_body(("plain",)).get_content()
    assert "Somebody has put you in copy of ticket" in text
    browser = app.test_client()
    opened = doors.post(browser, re.search(r"/t/[\w-]+", text).group(0))
    assert "Carol Jones has put you in copy" in doors.text_of(browser.get(opened.location))


# --- The thread ---------------------------------------------------------------------------------------------------


def test_a_customer_copies_in_while_answering_and_drops_again(client_of, carol, ticket):
    client = client_of(carol)
    doors.post(client, f"/tickets/{ticket.number}", {"message": "Eve knows", "copies": EVE})
    assert EVE in page_of(client, ticket)
    gone = doors.post(client, f"/tickets/{ticket.number}/copies/drop", {"email": EVE})
    assert f"{EVE} is not in copy any more." in doors.text_of(client.get(gone.location))
    assert copied(ticket) == []


def test_a_wrong_copy_keeps_the_message(client_of, carol, ticket):
    answer = doors.post(
        client_of(carol), f"/tickets/{ticket.number}", {"message": "Eve knows", "copies": "carol@customer.example"}
    )
    assert answer.status_code == 422
    assert "carol@customer.example needs no copy" in doors.text_of(answer)
    assert "Eve knows" in answer.get_data(as_text=True)
    assert ticket.messages.count() == 1


def test_dropping_who_is_not_in_copy_is_not_found(client_of, carol, ticket, dan):
    for email in ("dan@customer.example", "who@knows.example", "x\0"):
        answer = doors.post(client_of(carol), f"/tickets/{ticket.number}/copies/drop", {"email": email})
        assert answer.status_code == 404


def test_a_double_click_stores_one_message(client_of, carol, ticket):
    client = client_of(carol)
    fields = {**hidden(page_of(client, ticket)), "message": "Any news?"}
    for _ in range(2):
        answer = doors.post(client, f"/tickets/{ticket.number}", fields)
        assert answer.status_code == 303
    assert Message.select().where(Message.ticket == ticket.id).count() == 2
    assert "Your message has been sent. " in doors.text_of(client.get(answer.location))


# --- In copy ------------------------------------------------------------------------------------------------------


def test_who_is_in_copy_reads_and_answers_by_the_own_link(eve, ticket, carol):
    text = doors.text_of(eve.get(f"/tickets/{ticket.number}"))
    assert "Carol Jones has put you in copy of this ticket" in text
    assert "Carol Jones message" in text
    doors.post(eve, f"/tickets/{ticket.number}", {"message": "I know more"})
    assert "eve@copied.example your message" in doors.text_of(eve.get(f"/tickets/{ticket.number}"))


def test_who_is_in_copy_meets_no_button_and_no_way_to_close(eve, ticket, carol):
    page = page_of(eve, ticket)
    assert "/close" not in page
    assert "/copies/drop" not in page
    assert 'name="copies"' not in page
    assert doors.post(eve, f"/tickets/{ticket.number}/close").status_code == 403
    assert doors.post(eve, f"/tickets/{ticket.number}/copies/drop", {"email": EVE}).status_code == 403
    doors.post(eve, f"/tickets/{ticket.number}", {"message": "And Fay?", "copies": "fay@copied.example"})
    assert copied(ticket) == [EVE]
    assert Ticket.get_by_id(ticket.id).is_open


def test_the_link_opens_that_ticket_only(eve, ticket, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices, copies=(EVE,))
    assert eve.get(f"/tickets/{other.number}").status_code == 404
    listed = doors.text_of(eve.get("/tickets"))
    assert ticket.number in listed
    assert other.number not in listed


def test_the_link_tells_what_it_opens(client, ticket, carol):
    cc.add_cc(ticket, [EVE], actor=carol)
    token = links.make("ticket", address=CustomerAddress.get(CustomerAddress.email == EVE), ticket=ticket)
    assert "You are in copy of this ticket." in doors.text_of(client.get(f"/t/{token}"))


def test_who_was_dropped_is_out_at_once(eve, ticket, carol):
    cc.remove_cc(ticket, CustomerAddress.get(CustomerAddress.email == EVE), actor=carol)
    assert eve.get(f"/tickets/{ticket.number}").status_code == 404
    assert doors.post(eve, f"/tickets/{ticket.number}", {"message": "Still here?"}).status_code == 404


def test_my_tickets_mark_those_i_am_in_copy_of(client_of, ticket, carol, dan):
    cc.add_cc(ticket, ["dan@customer.example"], actor=carol)
    theirs = doors.text_of(client_of(dan).get("/tickets"))
    assert f"{ticket.number} in copy Message from Carol Jones" in theirs
    assert "in copy Message" not in doors.text_of(client_of(carol).get("/tickets"))


def test_who_is_in_copy_and_signed_in_opens_the_ticket(client_of, ticket, carol, dan):
    cc.add_cc(ticket, ["dan@customer.example"], actor=carol)
    client = client_of(dan)
    assert "has put you in copy" in doors.text_of(client.get(f"/tickets/{ticket.number}"))
    tickets.close(ticket, actor=carol)
    assert ticket.subject in doors.text_of(client.get("/tickets?show=closed"))


# --- My tickets ---------------------------------------------------------------------------------------------------


def test_the_list_shows_number_subject_status_and_activity(client_of, ticket, carol):
    page = client_of(carol).get("/tickets")
    text = doors.text_of(page)
    for word in (ticket.number, ticket.subject, str(ticket.status), "Open", "Closed", "Your message"):
        assert word in text
    assert "<time" in page.get_data(as_text=True)


def test_a_note_is_nothing_that_the_list_tells(client_of, ticket, carol, ana):
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        tickets.add_note(ticket, "<p>Between us</p>", actor=ana)
        page = client_of(carol).get("/tickets")
    assert "Your message, 2 h" in doors.text_of(page)
    assert "Ana" not in page.get_data(as_text=True)


def test_the_label_and_the_top_link_are_as_set(client_of, carol):
    client = client_of(carol)
    settings.save({"menu_label": {"en": "Support – My tickets"}})
    assert "Support – My tickets" in doors.text_of(client.get("/tickets/new"))
    settings.save({"top_link": False})
    assert "Support – My tickets" not in doors.text_of(client.get("/tickets/new"))
    assert "Support – My tickets" in doors.text_of(client.get("/tickets"))


def test_closing_and_reopening_by_answering(client_of, ticket, carol, ana):
    client = client_of(carol)
    closed = doors.post(client, f"/tickets/{ticket.number}/close")
    assert "The ticket has been closed." in doors.text_of(client.get(closed.location))
    desk = doors.text_of(client_of(ana).get(f"/admin/tickets/{ticket.number}"))
    assert "Carol Jones closed the ticket from their account" in desk
    doors.post(client, f"/tickets/{ticket.number}", {"message": "One more thing"})
    assert Ticket.get_by_id(ticket.id).is_open


# --- The account --------------------------------------------------------------------------------------------------


NEW = "a new battery staple horse"


def test_a_password_opens_no_account_without_a_proven_address(client, app):
    cast.make_customer("Zoe", proven=False)
    answer = doors.post(client, "/sign-in", {"email": "zoe@customer.example", "password": cast.PASSWORD})
    assert answer.status_code == 422


def test_a_mailed_link_lets_a_forgotten_password_be_replaced(client, app, carol):
    doors.post(client, f"/sign-in/{links.make('sign-in', address=carol.primary_address)}")
    page = client.get("/account").get_data(as_text=True)
    assert "without the old one" in page
    assert 'name="current"' not in page
    assert doors.post(client, "/account", {"password": NEW}).status_code == 303
    other = app.test_client()
    assert doors.post(other, "/sign-in", {"email": "carol@customer.example", "password": NEW}).status_code == 303


def test_a_browser_that_came_by_password_needs_the_old_one(client_of, carol):
    client = client_of(carol)
    assert 'name="current"' in client.get("/account").get_data(as_text=True)
    assert doors.post(client, "/account", {"password": NEW}).status_code == 422


def test_the_link_stands_for_the_password_for_half_an_hour_only(client, carol):
    doors.post(client, f"/sign-in/{links.make('sign-in', address=carol.primary_address)}")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=31)):
        assert doors.post(client, "/account", {"password": NEW}).status_code == 422


def test_the_number_of_a_merged_ticket_takes_nobody_out_of_the_other_one(client_of, ticket, carol, ana, invoices):
    other = cast.open_ticket(carol, invoices.service, invoices)
    cc.add_cc(ticket, [EVE], actor=carol)
    tickets.merge(other, ticket, actor=ana)
    answer = doors.post(client_of(carol), f"/tickets/{other.number}/copies/drop", {"email": EVE})
    assert (answer.status_code, answer.location) == (303, f"/tickets/{ticket.number}")
    assert copied(ticket) == [EVE]
