"""My tickets and the thread: who reads what, answering, closing."""

from __future__ import annotations

import re

import pytest

from helpdesk import clock, links, outbox, settings, tickets
from helpdesk.visitors import guest_passes
from models import CustomerAddress, GuestPass, Ticket
from tests.public.filling import fill, hidden, send
from tests.support import cast, doors


def open_by_link(client, ticket, address=None):
    token = links.make("ticket", address=address or ticket.address, ticket=ticket)
    return doors.post(client, f"/t/{token}")


def test_without_a_mail_server_the_browser_keeps_its_ticket(app, client, sales):
    send(client, fill(client))
    number = Ticket.get().number
    assert client.get(f"/tickets/{number}").status_code == 200
    assert app.test_client().get(f"/tickets/{number}").status_code == 404


def test_without_a_mail_server_no_mail_is_promised(client, sales):
    form = doors.text_of(client.get("/"))
    assert "This desk sends no e-mail yet: you find the answer in this browser" in form
    assert "answer you by e-mail" not in form
    assert "We send the answer" not in form
    assert "on its way" not in doors.text_of(send(client, fill(client)))


def test_with_a_mail_server_the_form_says_where_the_answer_goes(client, sales):
    settings.save({"mail_host": "127.0.0.1"})
    form = doors.text_of(client.get("/"))
    assert "answer you by e-mail" in form
    assert "We send the answer" in form
    assert "sends no e-mail" not in form


def test_my_tickets_are_those_the_browser_keeps(app, client, sales, carol):
    foreign = cast.open_ticket("vera@visitor.example", sales)
    send(client, fill(client))
    linked, copied = cast.open_ticket(carol, sales), cast.open_ticket(carol, sales, copies=("eve@copied.example",))
    open_by_link(client, linked)
    open_by_link(client, copied, CustomerAddress.get(CustomerAddress.email == "eve@copied.example"))
    others = cast.open_ticket(carol, sales)
    written = Ticket.get((Ticket.id != foreign.id) & (Ticket.address == foreign.address))
    page = client.get("/tickets").get_data(as_text=True)
    assert [row.number in page for row in (written, linked, copied)] == [True] * 3
    assert [row.number in page for row in (foreign, others)] == [False] * 2
    assert page.count("<span>in copy</span>") == 1
    assert 'href="/sign-in?next=/tickets"' in page
    assert "/account" not in page
    assert app.test_client().get("/tickets").location == "/sign-in?next=/tickets"


def test_the_kept_tickets_stand_under_open_or_closed(client, sales):
    first, second = (cast.open_ticket("vera@visitor.example", sales) for _time in range(2))
    for ticket in (first, second):
        open_by_link(client, ticket)
    doors.post(client, f"/tickets/{first.number}/close")
    pages = [client.get(path).text for path in ("/tickets", "/tickets?show=closed")]
    assert [[row.number in page for row in (first, second)] for page in pages] == [[False, True], [True, False]]


def test_a_kept_ticket_that_is_hidden_or_gone_is_not_listed(client, sales):
    hidden, gone = (cast.open_ticket("vera@visitor.example", sales) for _time in range(2))
    for ticket in (hidden, gone):
        open_by_link(client, ticket)
    Ticket.update(hidden_from_customer=True).where(Ticket.id == hidden.id).execute()
    GuestPass.update(ticket_id=424242).where(GuestPass.ticket_id == gone.id).execute()
    assert client.get("/tickets").status_code == 302


@pytest.mark.parametrize("stranger_first", [True, False])
def test_who_only_wrote_reads_nothing_that_is_merged_with_it(client, root, sales, carol, stranger_first):
    hers = cast.open_ticket(carol, sales)
    # Without a mail server, somebody who typed Carol's address keeps what they wrote, and no more.
    send(client, fill(client, email=carol.primary_address.email))
    written = Ticket.select().order_by(Ticket.id.desc()).get()
    assert client.get(f"/tickets/{written.number}").status_code == 200
    pair = (written, hers) if stranger_first else (hers, written)
    tickets.merge(*pair, actor=root)
    for row in pair:
        assert client.get(f"/tickets/{row.number}").status_code == 404
    # Not in the list either: it is empty now.
    assert client.get("/tickets").status_code == 302


def test_who_only_wrote_an_address_is_not_told_whose_it_is(client, client_of, ana, billing, carol):
    carol.last_name = "Jones-Abernathy"
    carol.save()
    for email, name in ((carol.primary_address.email, ""), ("vera@visitor.example", "Cruz")):
        send(client, fill(client, email=email, last_name=name, unit=f"d{billing.departments.get().id}"))
        ticket = Ticket.select().order_by(Ticket.id.desc()).get()
        page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
        doors.post(client, f"/tickets/{ticket.number}", {**hidden(page), "message": "And one more thing."})
        page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
        assert page.count(f"<h3>{email}</h3>") == 2
        assert "Abernathy" not in page
        assert "Cruz" not in page
        known = doors.text_of(client_of(ana).get(f"/admin/tickets/{ticket.number}"))
        assert (name or "Carol Jones-Abernathy") in known


def test_who_only_wrote_an_address_learns_no_other_one_of_its_holder(client, sales, carol):
    other = "carol.at.home@customer.example"
    CustomerAddress.create(customer=carol, email=other, proven_at=clock.now(), created_at=clock.now())
    send(client, fill(client, email=carol.primary_address.email))
    ticket = Ticket.select().order_by(Ticket.id.desc()).get()
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    answer = doors.post(client, f"/tickets/{ticket.number}", {**hidden(page), "message": "And more.", "copies": other})
    assert answer.status_code == 303
    open_by_link(client, ticket)
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    answer = doors.post(client, f"/tickets/{ticket.number}", {**hidden(page), "message": "And more.", "copies": other})
    assert answer.status_code == 422


def test_who_came_by_the_link_reads_the_name(client, billing, carol):
    ticket = cast.open_ticket(carol, billing, billing.departments.get())
    open_by_link(client, ticket)
    assert "<h3>Carol Jones</h3>" in client.get(f"/tickets/{ticket.number}").get_data(as_text=True)


def test_who_wrote_both_goes_on_reading_them(client, root, sales, carol):
    first, second = (cast.open_ticket(carol, sales) for _time in range(2))
    with client.session_transaction() as session:
        token = guest_passes.give("", first, first.address)
        session["guest"] = guest_passes.give(token, second, second.address)
    tickets.merge(first, second, actor=root)
    assert client.get(f"/tickets/{first.number}").location == f"/tickets/{second.number}"
    assert client.get(f"/tickets/{second.number}").status_code == 200
    assert client.get("/tickets").text.count('class="mine"') == 1


def test_with_a_mail_server_the_link_must_come_by_mail(client, sales):
    settings.save({"mail_host": "127.0.0.1"})
    send(client, fill(client))
    assert client.get(f"/tickets/{Ticket.get().number}").status_code == 404
    assert "on its way" in doors.text_of(client.get("/tickets/sent"))


def test_the_link_of_the_mail_opens_the_ticket(client, app, sales, smtp):
    send(client, fill(client))
    outbox.deliver_due()
    mail = next(mail for mail in smtp.messages if mail["To"].endswith("vera@visitor.example"))
    path = re.search(r"/t/[\w-]+", mail.get_body(("plain",)).get_content()).group(0)
    other = app.test_client()
    assert doors.post(other, path).status_code == 303
    assert "Are there places" in doors.text_of(other.get(f"/tickets/{Ticket.get().number}"))


def test_reading_a_ticket_link_proves_nothing(client, sales):
    ticket = cast.open_ticket("vera@visitor.example", sales)
    token = links.make("ticket", address=ticket.address, ticket=ticket)
    assert "Open the ticket" in doors.text_of(client.get(f"/t/{token}"))
    assert not CustomerAddress.get(CustomerAddress.email == "vera@visitor.example").is_proven
    assert client.get(f"/tickets/{ticket.number}").status_code == 404


def test_a_link_without_its_ticket_explains_itself(client, carol):
    token = links.make("ticket", address=carol.primary_address)
    for answer in (client.get(f"/t/{token}"), doors.post(client, f"/t/{token}")):
        assert answer.status_code == 404
        assert "This link is not known." in doors.text_of(answer)


def test_a_ticket_link_opens_its_ticket_only(client, sales):
    ticket = cast.open_ticket("vera@visitor.example", sales)
    other = cast.open_ticket("vera@visitor.example", sales)
    assert open_by_link(client, ticket).location == f"/tickets/{ticket.number}"
    assert client.get(f"/tickets/{ticket.number}").status_code == 200
    assert client.get(f"/tickets/{other.number}").status_code == 404
    assert CustomerAddress.get(CustomerAddress.email == "vera@visitor.example").is_proven


def test_a_ticket_link_works_again(client, app, ticket):
    token = links.make("ticket", address=ticket.address, ticket=ticket)
    for browser in (client, app.test_client()):
        assert doors.post(browser, f"/t/{token}").status_code == 303


def test_a_browser_keeps_a_bounded_number_of_tickets(client, sales):
    opened = [cast.open_ticket("vera@visitor.example", sales) for _ in range(21)]
    for ticket in opened:
        open_by_link(client, ticket)
    assert client.get(f"/tickets/{opened[0].number}").status_code == 404
    assert client.get(f"/tickets/{opened[-1].number}").status_code == 200


def test_the_ticket_of_another_is_not_there(client_of, ticket, dan):
    theirs, nothing = client_of(dan).get(f"/tickets/{ticket.number}"), client_of(dan).get("/tickets/424242")
    assert theirs.status_code == nothing.status_code == 404
    assert doors.text_of(theirs) == doors.text_of(nothing)


def test_nobody_else_answers_or_closes(client_of, ticket, dan):
    client = client_of(dan)
    for path in ("", "/close"):
        assert doors.post(client, f"/tickets/{ticket.number}{path}", {"message": "Let me in"}).status_code == 404
    assert ticket.messages.count() == 1


def test_a_thread_shows_no_note(client_of, ticket, carol, ana):
    tickets.add_note(ticket, "<p>He is difficult</p>", actor=ana)
    tickets.reply(ticket, "<p>We look into it</p>", actor=ana)
    page = client_of(carol).get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert "We look into it" in page
    assert "Ana" in page
    assert "difficult" not in page
    assert ana.email not in page


def test_own_messages_are_told_in_words(client_of, ticket, carol, ana):
    tickets.reply(ticket, "<p>Yes</p>", actor=ana)
    text = doors.text_of(client_of(carol).get(f"/tickets/{ticket.number}"))
    assert "Carol Jones your message" in text
    assert "Ana reply" in text


def test_a_customer_answers(client_of, ticket, carol):
    client = client_of(carol)
    answer = doors.post(client, f"/tickets/{ticket.number}", {"message": "Any news?"})
    assert answer.status_code == 303
    assert "Your message has been sent. " in doors.text_of(client.get(answer.location))
    assert ticket.messages.count() == 2


def test_a_guest_answers_and_closes(client, sales):
    ticket = cast.open_ticket("vera@visitor.example", sales)
    open_by_link(client, ticket)
    doors.post(client, f"/tickets/{ticket.number}", {"message": "Solved."})
    doors.post(client, f"/tickets/{ticket.number}/close")
    assert "The ticket has been closed." in doors.text_of(client.get(f"/tickets/{ticket.number}"))
    assert Ticket.get_by_id(ticket.id).closed_by_customer


def test_an_empty_answer_is_asked_for_again(client_of, ticket, carol):
    answer = doors.post(client_of(carol), f"/tickets/{ticket.number}", {"message": "  "})
    assert answer.status_code == 422
    assert "Write your message." in doors.text_of(answer)


def test_writing_reopens_a_closed_ticket(client_of, ticket, carol):
    client = client_of(carol)
    doors.post(client, f"/tickets/{ticket.number}/close")
    assert "Writing opens it again." in doors.text_of(client.get(f"/tickets/{ticket.number}"))
    doors.post(client, f"/tickets/{ticket.number}", {"message": "Not solved after all"})
    assert Ticket.get_by_id(ticket.id).is_open


def test_acts_need_their_token(client_of, ticket, carol):
    assert client_of(carol).post(f"/tickets/{ticket.number}/close").status_code == 400


def test_the_list_shows_open_and_closed_apart(client_of, carol, sales):
    first, second = cast.open_ticket(carol, sales, subject="Lamp"), cast.open_ticket(carol, sales, subject="Chair")
    tickets.close(first, actor=carol)
    client = client_of(carol)
    assert "Chair" in doors.text_of(client.get("/tickets"))
    assert first.number not in doors.text_of(client.get("/tickets"))
    assert first.number in doors.text_of(client.get("/tickets?show=closed"))
    assert second.number not in doors.text_of(client.get("/tickets?show=closed"))


def test_the_list_goes_on_where_it_stopped(client_of, carol, sales):
    numbers = [cast.open_ticket(carol, sales).number for _ in range(27)]
    client = client_of(carol)
    newest = client.get("/tickets").get_data(as_text=True)
    oldest = client.get(f"/tickets?before={numbers[2]}").get_data(as_text=True)
    assert [f'/tickets/{number}"' in newest for number in (numbers[26], numbers[2], numbers[1])] == [True, True, False]
    assert [f'/tickets/{number}"' in oldest for number in (numbers[2], numbers[1], numbers[0])] == [False, True, True]


def test_the_list_of_nobody_asks_to_sign_in(client):
    assert client.get("/tickets?show=closed").location == "/sign-in?next=/tickets?show%3Dclosed"


def test_an_empty_list_offers_a_ticket(client_of, carol):
    assert "No open ticket" in doors.text_of(client_of(carol).get("/tickets"))


def test_the_list_goes_on_after_a_ticket_that_was_merged_meanwhile(client_of, root, sales, carol):
    first, second = (cast.open_ticket(carol, sales) for _time in range(2))
    tickets.merge(second, first, actor=root)
    assert client_of(carol).get(f"/tickets?before={second.number}").status_code == 200
