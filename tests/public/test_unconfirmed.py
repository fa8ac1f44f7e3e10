"""For who cannot read the security code: hearing it, or confirming the message by a mailed link."""

from __future__ import annotations

import io
import re
import wave
from datetime import timedelta

import pytest
import time_machine

from database import Stamp
from helpdesk import clock, outbox, settings
from helpdesk.operations import upkeep
from helpdesk.visitors import unconfirmed
from models import CustomerAddress, Department, OutgoingEmail, SecurityCode, Ticket, UnconfirmedRequest
from public.codes import SOUNDS_PER_NETWORK
from tests.public.filling import fill, hidden, send
from tests.support import cast, doors
from tests.support.mailbox import text_of


def ask(client, **values):
    """Send the form without its code."""
    answer = send(client, fill(client, unread="1", code="", **values))
    assert (answer.status_code, answer.location) == (303, "/tickets/waiting")


def mailed(smtp, address="vera@visitor.example"):
    outbox.deliver_due()
    (mail,) = smtp.to(address)
    return mail, re.search(r"/confirm/[\w-]+", text_of(mail))[0]


def test_the_code_can_be_heard(client, sales):
    token = fill(client)["code_token"]
    sound = client.get(f"/security-code/{token}.wav")
    with wave.open(io.BytesIO(sound.data)) as opened:
        assert opened.getnframes() / opened.getframerate() > 5
    assert sound.headers["Cache-Control"] == "no-store"


def test_a_code_that_was_heard_is_the_one_that_is_shown(client, sales):
    fields = fill(client)
    client.get(f"/security-code/{fields['code_token']}.wav")
    assert send(client, fields).status_code == 303


def test_used_and_unknown_codes_are_silent(client, sales):
    fields = fill(client)
    send(client, fields)
    for token in (fields["code_token"], "unknown"):
        assert client.get(f"/security-code/{token}.wav").status_code == 404


def test_sounds_run_out(client, sales):
    token = fill(client)["code_token"]
    SecurityCode.update(answer="A").execute()
    answers = [client.get(f"/security-code/{token}.wav").status_code for _ in range(SOUNDS_PER_NETWORK + 1)]
    assert (answers[0], answers[-1]) == (200, 429)


def test_the_english_voice_is_not_offered_in_french(client, sales):
    assert "data-listen" in client.get("/").get_data(as_text=True)
    assert "data-listen" not in client.get("/", headers={"Accept-Language": "fr"}).get_data(as_text=True)


def test_a_message_waits_for_its_author(client, sales, smtp):
    ask(client)
    assert "once you confirm it by e-mail" in doors.text_of(client.get("/tickets/waiting"))
    assert not Ticket.select().exists()


def test_the_mail_holds_nothing_that_was_typed(client, sales, smtp):
    ask(client, subject="Buy pills", message="at https://spam.example", last_name="Cheap", first_name="Pills")
    mail, _link = mailed(smtp)
    raw = mail.as_string() + mail["Subject"] + text_of(mail)
    assert not any(word in raw for word in ("pills", "Pills", "spam.example", "Cheap"))
    assert mail["Auto-Submitted"] == "auto-replied"


def test_the_button_sends_it_and_proves_the_address(client, sales, smtp):
    ask(client)
    _mail, link = mailed(smtp)
    assert "Send my message" in doors.text_of(client.get(link))
    assert not Ticket.select().exists()
    assert doors.post(client, link).location == "/tickets/sent"
    ticket = Ticket.get()
    assert (ticket.subject, ticket.address.is_proven) == ("A question", True)
    assert client.get(f"/tickets/{ticket.number}").status_code == 200
    assert UnconfirmedRequest.get().request == {}


def test_a_used_link_leads_its_browser_to_the_ticket_and_others_nowhere(app, client, sales, smtp):
    ask(client)
    _mail, link = mailed(smtp)
    doors.post(client, link)
    assert doors.post(client, link).location == f"/tickets/{Ticket.get().number}"
    assert app.test_client().get(link).status_code == 410
    assert doors.post(app.test_client(), link).status_code == 410
    assert Ticket.select().count() == 1


def test_an_old_link_and_a_made_up_one_open_nothing(no_files, client, sales, smtp):
    ask(client)
    _mail, link = mailed(smtp)
    assert client.get("/confirm/made-up").status_code == 404
    with time_machine.travel(clock.now() + unconfirmed.LIFETIME + timedelta(minutes=1)):
        assert doors.post(client, link).status_code == 410
        upkeep.run()
    assert not UnconfirmedRequest.select().exists()


def test_a_double_click_is_kept_and_mailed_once(client, sales, smtp):
    fields = fill(client, unread="1", code="")
    assert [send(client, fields).status_code for _ in range(3)] == [303] * 3
    assert (UnconfirmedRequest.select().count(), OutgoingEmail.select().count()) == (1, 1)


def test_one_address_is_mailed_a_few_times_an_hour(client, sales, smtp):
    answers = [send(client, fill(client, unread="1", code="")).status_code for _ in range(unconfirmed.PER_ADDRESS + 1)]
    assert answers == [303] * unconfirmed.PER_ADDRESS + [429]


def test_robots_are_stopped_here_too(client, sales, smtp):
    assert send(client, fill(client, unread="1", website="https://spam.example")).status_code == 422
    assert send(client, fill(client, ago=0, unread="1")).status_code == 422
    assert not UnconfirmedRequest.select().exists()


def test_wrong_fields_come_back_with_what_was_typed(client, sales, smtp):
    page = send(client, fill(client, unread="1", code="", email="vera")).get_data(as_text=True)
    assert "This is not an e-mail address" in page
    assert "Are there places in March?" in page
    assert "code-error" not in page
    assert hidden(page)["code_token"]


def test_without_a_mail_server_it_is_not_offered(client, sales):
    assert "I cannot read the code" not in doors.text_of(client.get("/"))
    assert send(client, fill(client, unread="1", code="")).status_code == 422
    assert not UnconfirmedRequest.select().exists()


def test_a_place_that_is_gone_is_said_and_the_request_kept(client, billing, invoices, sales, smtp):
    ask(client, unit=f"s{sales.id}")
    _mail, link = mailed(smtp)
    sales.delete_instance()
    answer = doors.post(client, link)
    assert answer.status_code == 422
    assert "Choose a service." in doors.text_of(answer)
    assert UnconfirmedRequest.get().used_at is None


def test_a_mail_whose_request_is_gone_is_not_sent(client, sales, smtp):
    ask(client)
    UnconfirmedRequest.delete().execute()
    outbox.deliver_due()
    assert smtp.messages == []
    assert OutgoingEmail.get().state == "cancelled"


def test_a_confirmed_message_shows_that_mail_arrives(client, sales, carol, smtp):
    ask(client, email=carol.primary_address.email)
    CustomerAddress.update(undeliverable_at=clock.now()).execute()
    _mail, link = mailed(smtp, carol.primary_address.email)
    doors.post(client, link)
    assert Ticket.get().address.undeliverable_at is None


def test_a_known_customer_confirms_too(client, sales, carol, smtp):
    ask(client, email="carol@customer.example")
    _mail, link = mailed(smtp, "carol@customer.example")
    doors.post(client, link)
    assert Ticket.get().customer == carol
    assert CustomerAddress.select().count() == 1


@pytest.mark.parametrize("page", ["/", "/tickets/sent"])
def test_hours_delay_and_closure_are_shown(client, sales, page):
    settings.save({"opening_hours": {"en": "9–18"}, "expected_delay": {"en": "one working day"}})
    settings.save({"closure_notice": {"en": "Closed on <b>Monday</b>"}})
    send(client, fill(client))
    answer = client.get(page)
    said = doors.text_of(answer)
    assert "Opening hours: 9–18" in said
    assert "We usually answer within: one working day" in said
    assert "Closed on &lt;b&gt;Monday&lt;/b&gt;" in answer.get_data(as_text=True)


def test_the_closure_is_told_while_the_desk_is_off(client, sales):
    settings.save({"desk_enabled": False, "closure_notice": {"en": "Back on 3 January"}})
    assert "Back on 3 January" in doors.text_of(client.get("/tickets/new"))


def test_a_service_switched_off_on_its_screen_is_not_the_single_one(client, client_of, root, billing, sales):
    off = {"name-en": "Billing", "position": "0"}
    doors.post(client_of(root), f"/admin/services/edit/?id={billing.id}", off)
    page = client.get("/").get_data(as_text=True)
    assert "Invoices" not in page
    assert "<select" not in page
    assert send(client, fill(client)).status_code == 303
    assert Ticket.get().service == sales


def test_a_desk_switched_off_on_its_screen_says_so(client, client_of, root, sales):
    page = client_of(root)
    form = page.get("/admin/configuration/").get_data(as_text=True)
    # As a browser would: what is not ticked is not sent.
    ticked = re.sub(r'<input(?![^>]* checked\b)[^>]*type="checkbox"[^>]*>', "", form)
    names = dict(re.findall(r'<(?:input|textarea)[^>]*name="([\w-]+)"[^>]*value="([^"]*)"', ticked))
    chosen = re.findall(r'<select[^>]*name="(\w+)".*?<option selected value="([^"]*)"', form, re.S)
    values = {**names, **dict(chosen)}
    values.pop("desk_enabled")
    doors.post(
        page, "/admin/configuration/", {k: v for k, v in values.items() if k not in {"csrf_token", "reset", "test"}}
    )
    assert settings.get("desk_enabled") is False
    assert "closed for now" in doors.text_of(client.get("/"))


def test_whom_a_confirmed_message_copies_in_is_mailed_at_once(client, sales, smtp, carol):
    ask(client, email="carol@customer.example", copies="eve@copied.example")
    _mail, link = mailed(smtp, "carol@customer.example")
    doors.post(client, link)
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == "eve@copied.example").count() == 1


def copied(start: int, count: int) -> str:
    """Return so many addresses of strangers."""
    return ", ".join(f"p{number}@copied.example" for number in range(start, start + count))


def test_people_in_copy_count_for_the_network_that_names_them(app, client, sales, smtp):
    """A request that waits names people as any form does: twenty a day (RULES 21)."""
    ask(client, email="a@visitor.example", copies=copied(0, 10))
    ask(client, email="b@visitor.example", copies=copied(5, 10))
    ask(client, email="c@visitor.example", copies=copied(15, 5))
    answer = send(client, fill(client, unread="1", code="", email="d@visitor.example", copies=copied(20, 1)))
    assert (answer.status_code, "Too many attempts" in doors.text_of(answer)) == (429, True)
    assert UnconfirmedRequest.select().count() == 3


def test_people_in_copy_count_for_the_network_that_confirms(client, sales, smtp):
    """Requests of several days, confirmed on one, put no more people in copy than others may."""
    links = []
    for day in range(3):
        with time_machine.travel(clock.now() + timedelta(days=day), tick=False):
            ask(client, email=f"v{day}@visitor.example", copies=copied(10 * day, 10))
            links.append(mailed(smtp, f"v{day}@visitor.example")[1])
    with time_machine.travel(clock.now() + timedelta(days=4), tick=False):
        assert [doors.post(client, link).status_code for link in links] == [303, 303, 429]
        assert Ticket.select().count() == 2
        assert doors.post(client, links[1]).location == f"/tickets/{Ticket.get_by_id(2).number}"
    with time_machine.travel(clock.now() + timedelta(days=5, hours=1), tick=False):
        assert doors.post(client, links[2]).location == "/tickets/sent"


@pytest.mark.parametrize("others", [1, 2])
def test_a_message_to_a_service_that_is_gone_goes_to_another_one(client, billing, sales, smtp, others):
    if others == 2:
        cast.make_service("Workshop")
    ask(client, unit=f"s{sales.id}", message="Line one\nline <two>")
    _mail, link = mailed(smtp)
    sales.delete_instance()
    Department.delete().where(Department.service == billing).execute()
    Stamp.bump()
    for unit in ({}, {"unit": f"s{sales.id}"}):
        answer = doors.post(client, link, unit)
        assert answer.status_code == 422
        assert "Choose where your message goes now" in doors.text_of(answer)
        assert "Line one\nline &lt;two&gt;" in answer.get_data(as_text=True)
        assert f'value="s{billing.id}"' in answer.get_data(as_text=True)
    assert not Ticket.select().exists()
    assert doors.post(client, link, {"unit": f"s{billing.id}"}).location == "/tickets/sent"
    assert (Ticket.get().service, Ticket.get().subject) == (billing, "A question")


def test_a_message_that_no_service_is_left_for_is_given_back(client, sales, smtp):
    ask(client, message="Still worth reading.")
    _mail, link = mailed(smtp)
    sales.delete_instance()
    Stamp.bump()
    answer = doors.post(client, link)
    assert answer.status_code == 422
    assert "Still worth reading." in answer.get_data(as_text=True)
