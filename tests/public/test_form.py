"""The one form: who is asked what, what robots get, and one ticket per form."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from helpdesk import settings
from helpdesk.settings import environment
from helpdesk.visitors import captcha
from models import CustomerAddress, SecurityCode, Ticket
from public import new_ticket
from public.new_ticket import TICKETS_PER_NETWORK
from tests.public.filling import answer_of, fill, hidden, send
from tests.support import cast, doors


def sole(ticket_count=1):
    assert Ticket.select().count() == ticket_count
    return Ticket.select().order_by(Ticket.id.desc()).first()


def test_a_visitor_opens_a_ticket(client, sales):
    answer = send(client, fill(client, last_name="Cruz", first_name="Vera"))
    assert (answer.status_code, answer.location) == (303, "/tickets/sent")
    assert sole().customer.full_name == "Vera Cruz"
    assert sole().number in doors.text_of(client.get("/tickets/sent"))


def test_the_chosen_department_gets_it(client, billing, invoices, sales):
    send(client, fill(client, unit=f"d{invoices.id}"))
    assert (sole().service, sole().department) == (billing, invoices)


def test_a_service_without_departments_takes_it_itself(client, billing, sales):
    send(client, fill(client, unit=f"s{sales.id}"))
    assert (sole().service, sole().department) == (sales, None)


def test_a_unit_that_is_not_offered_is_refused(client, billing, sales):
    hidden_service = cast.make_service("Old", enabled=False)
    for unit in ("", f"s{billing.id}", f"s{hidden_service.id}", "d999999", "s1'"):
        answer = send(client, fill(client, unit=unit))
        assert answer.status_code == 422
        assert "Choose the service or department" in doors.text_of(answer)
    assert not Ticket.select().exists()


def test_a_single_service_is_not_asked_for(client, billing):
    page = client.get("/").get_data(as_text=True)
    assert "Invoices" in page
    assert "<optgroup" not in page


def test_a_single_department_is_not_asked_for(client, sales):
    page = client.get("/").get_data(as_text=True)
    assert "<select" not in page
    assert f'<input type="hidden" name="unit" value="s{sales.id}">' in page


def test_a_service_switched_off_meanwhile_is_not_exchanged_for_the_last_one(client, sales):
    other = cast.make_service("Other")
    typed = fill(client, unit=f"s{other.id}", message="For the other one only.")
    other.enabled = False
    other.save()
    answer = send(client, typed)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, Ticket.select().count()) == (422, 0)
    assert "Choose the service or department" in page
    assert "For the other one only." in page
    send(client, {**typed, **hidden(page), "code": answer_of(hidden(page)["code_token"]), "unit": f"s{sales.id}"})
    assert sole().service == sales


def test_the_only_service_is_not_exchanged_for_another_one_either(client, sales):
    typed = fill(client, unit=f"s{sales.id}")
    sales.enabled = False
    sales.save()
    cast.make_service("New")
    assert send(client, typed).status_code == 422
    assert not Ticket.select().exists()


def test_departments_stand_under_their_service(client, billing, sales):
    page = client.get("/").get_data(as_text=True)
    assert '<optgroup label="Billing">' in page
    assert ">Sales</option>" in page


def test_a_signed_in_customer_is_asked_neither_address_nor_code(client_of, carol, sales):
    client = client_of(carol)
    page = client.get("/").get_data(as_text=True)
    assert not any(f'name="{name}"' in page for name in ("email", "first_name", "code"))
    send(client, fill(client, ago=0, email="mallory@visitor.example"))
    assert sole().customer == carol


def test_wrong_fields_come_back_with_what_was_typed(client, sales):
    answer = send(client, fill(client, email="not an address", subject="", message="Kept <b>text</b>"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "<title>Error:" in page
    assert "Kept &lt;b&gt;text&lt;/b&gt;" in page
    assert 'href="#subject"' in page


def test_a_wrong_code_keeps_everything_and_is_replaced(client, sales):
    fields = fill(client, code="ZZZZZ")
    answer = send(client, fields)
    page = answer.get_data(as_text=True)
    assert "This code does not match" in page
    assert "Are there places in March?" in page
    assert hidden(page)["code_token"] != fields["code_token"]
    assert not Ticket.select().exists()


def test_an_empty_code_is_no_code(client, sales):
    for values in ({"code": ""}, {"code": "", "code_token": ""}, {"code_token": "unknown"}):
        assert send(client, fill(client, **values)).status_code == 422
    assert not Ticket.select().exists()


def test_a_code_serves_one_form(client, sales):
    first, second = fill(client), fill(client)
    send(client, first)
    answer = send(client, {**second, "code_token": first["code_token"], "code": first["code"]})
    assert answer.status_code == 422
    sole()


def test_a_code_is_forgotten_whatever_came_with_its_token(database):
    captcha.forget(captcha.make() + "\0")
    assert not SecurityCode.select().exists()


def test_a_code_lives_ten_minutes(client, sales):
    assert send(client, fill(client, ago=601)).status_code == 422


def test_a_right_code_stays_while_other_fields_are_wrong(client, sales):
    fields = fill(client, subject="")
    page = send(client, fields).get_data(as_text=True)
    assert hidden(page)["code_token"] == fields["code_token"]
    assert send(client, {**fields, "subject": "Now with a subject"}).status_code == 303


def test_another_code_keeps_what_was_typed(client, sales):
    fields = fill(client)
    page = doors.post(client, "/tickets/new", {**fields, "again": "1"}).get_data(as_text=True)
    assert "Are there places in March?" in page
    assert "to put right" not in page
    assert hidden(page)["code_token"] != fields["code_token"]


def test_the_picture_does_not_tell_the_code(client, sales):
    token = fill(client)["code_token"]
    picture = client.get(f"/security-code/{token}.png")
    assert picture.data.startswith(b"\x89PNG")
    assert answer_of(token).encode() not in picture.data
    assert client.get("/security-code/unknown.png").status_code == 404


def test_codes_can_be_switched_off(client, sales):
    environment.use(replace(environment.current(), captcha="off"))
    assert send(client, fill(client, ago=0)).status_code == 303


def test_nobody_types_that_fast(client, sales):
    answer = send(client, fill(client, ago=0))
    assert "once more" in doors.text_of(answer)
    assert not Ticket.select().exists()


def test_the_field_for_robots_stops_them(client, sales):
    assert send(client, fill(client, website="https://spam.example")).status_code == 422
    assert not Ticket.select().exists()


def test_sending_twice_makes_one_ticket(client, sales):
    fields = fill(client)
    assert [send(client, fields).status_code for _ in range(3)] == [303] * 3
    sole()


def test_many_at_once_make_one_ticket(app, client, sales):
    fields = fill(client)
    cookie = client.get_cookie("guichet")

    def post(_number):
        other = app.test_client()
        other.set_cookie("guichet", cookie.value)
        return other.post("/tickets/new", data=fields).status_code

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(post, range(50))) == {303}
    sole()


def test_a_form_key_of_ones_own_making_is_refused(client, sales):
    answer = send(client, fill(client, form_key="mine"))
    assert "open for a long time" in doors.text_of(answer)
    assert not Ticket.select().exists()


def test_one_network_opens_so_many_tickets_an_hour(client, sales):
    answers = [send(client, fill(client)).status_code for _ in range(TICKETS_PER_NETWORK + 1)]
    assert answers == [303] * TICKETS_PER_NETWORK + [429]


def test_a_refused_code_cannot_be_sent_again(client, sales):
    for _ in range(TICKETS_PER_NETWORK):
        send(client, fill(client))
    fields = fill(client)
    send(client, fields)
    assert send(client, fields).status_code in (422, 429)
    assert not SecurityCode.select().where(SecurityCode.token == fields["code_token"]).exists()


def test_the_whole_desk_tells_only_so_many_addresses_an_hour(client, carol, monkeypatch):
    monkeypatch.setattr(new_ticket, "LOOKUPS_OF_DESK", 5)
    ask = {"email": "carol@customer.example"}
    answers = [
        doors.post(client, "/tickets/known", ask, environ_base={"REMOTE_ADDR": f"203.0.113.{number}"}).json["ask_name"]
        for number in range(7)
    ]
    assert answers == [False] * 5 + [True] * 2


def test_known_addresses_are_not_asked_for_a_name(client, carol):
    ask = lambda email: doors.post(client, "/tickets/known", {"email": email}).json  # noqa: E731
    assert ask("carol@customer.example") == {"ask_name": False}
    assert ask("nobody@visitor.example") == {"ask_name": True}


def test_a_desk_may_ask_everybody_for_a_name(client, carol):
    settings.save({"always_ask_name": True})
    assert doors.post(client, "/tickets/known", {"email": "carol@customer.example"}).json == {"ask_name": True}


def test_questions_about_addresses_run_out(client, carol):
    answers = [doors.post(client, "/tickets/known", {"email": "carol@customer.example"}).json for _ in range(61)]
    assert [answers[0], answers[-1]] == [{"ask_name": False}, {"ask_name": True}]


def test_without_a_service_the_desk_is_not_open(client, database):
    answer = client.get("/")
    assert answer.status_code == 200
    assert "not open yet" in doors.text_of(answer)


def test_a_desk_switched_off_says_so(client, sales):
    settings.save({"desk_enabled": False})
    answer = client.get("/tickets/new")
    assert answer.status_code == 503
    assert "closed for now" in doors.text_of(answer)


def test_the_privacy_notice_stands_under_the_form(client, sales):
    assert "serve only to answer you" in doors.text_of(client.get("/"))


def test_an_agent_is_a_visitor_here(client_of, ana, sales):
    environment.use(replace(environment.current(), captcha="off"))
    client = client_of(ana)
    assert "signed in as an agent" in doors.text_of(client.get("/"))
    send(client, fill(client, ago=0, unit=f"s{sales.id}"))
    assert sole().address == CustomerAddress.get(CustomerAddress.email == "vera@visitor.example")


def test_what_is_wrong_is_called_as_on_the_page(client, billing, root):
    """One service with departments: the page asks for the department, and the summary must not name a service."""
    page = doors.text_of(send(client, fill(client)))
    assert "Department: Choose the service or department you write to." in page
    assert "Service:" not in page
