"""Coming in as a customer: password, link, lost links, the account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from helpdesk import links, settings
from models import AccessLink, Customer, CustomerAddress, OutgoingEmail, SignIn
from tests.support import cast, doors


@pytest.fixture
def mailing(database):
    """A desk whose mails leave."""
    settings.save({"mail_host": "127.0.0.1"})


def sign_in(client, email="carol@customer.example", password=cast.PASSWORD, **values):
    return doors.post(client, "/sign-in", {"email": email, "password": password, **values})


def test_a_password_signs_in(client, carol):
    assert sign_in(client).location == "/tickets"
    assert "Welcome, Carol Jones" in doors.text_of(client.get("/tickets"))


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(client, carol):
    wrong, unknown = sign_in(client, password="wrong"), sign_in(client, "nobody@customer.example", "wrong")
    assert wrong.status_code == unknown.status_code == 422
    assert "is not right" in doors.text_of(wrong)
    assert doors.text_of(wrong) == doors.text_of(unknown)


def test_guessing_passwords_is_slowed_down(client, carol):
    for _ in range(11):
        answer = sign_in(client, password="wrong")
    assert "Too many attempts" in doors.text_of(answer)
    assert sign_in(client).status_code == 429


def test_each_refused_try_is_logged_also_during_a_block(client, carol, caplog):
    caplog.set_level("WARNING", logger="guichet")
    for _ in range(12):
        sign_in(client, password="wrong")
    refused = [record.fields for record in caplog.records if record.message == "sign-in refused"]
    assert [row["reason"] for row in refused] == ["wrong"] * 10 + ["blocked"] * 2
    assert {(row["account"], row["from"]) for row in refused} == {("customer", "127.0.0.1")}


def test_who_signed_in_here_before_is_not_shut_out_by_the_neighbours(app, client, carol):
    sign_in(client)
    doors.post(client, "/sign-out")
    neighbour = app.test_client()
    for _ in range(11):
        answer = sign_in(neighbour, password="wrong")
    assert answer.status_code == 429
    assert sign_in(client).location == "/tickets"


def test_a_known_browser_has_a_cookie_that_signs_nobody_in_and_cannot_be_made(app, client, carol):
    sign_in(client)
    cookie = client.get_cookie("known")
    assert (cookie.http_only, cookie.same_site, cookie.max_age) == (True, "Lax", 31_536_000)
    assert "carol" not in cookie.value
    stranger = app.test_client()
    stranger.set_cookie("known", cookie.value)
    assert stranger.get("/tickets").status_code == 302
    for made in ("", "x", f"{cookie.value}x", '["a"]'):
        stranger.set_cookie("known", made)
        assert sign_in(stranger, password="wrong").status_code == 422


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\t/evil"])
def test_signing_in_leads_nowhere_else(client, carol, target):
    assert sign_in(client, next=target).location == "/tickets"


def test_signing_in_leads_back(client, carol):
    assert sign_in(client, next="/tickets/100001?x=1").location == "/tickets/100001?x=1"


def test_a_link_is_mailed_to_customers_only_and_said_to_all(client, carol, mailing):
    pages = []
    for email in ("carol@customer.example", "nobody@customer.example"):
        answer = doors.post(client, "/sign-in", {"email": email, "link": "1"})
        pages.append(doors.text_of(client.get(answer.location)))
    assert "If we know this address" in pages[0]
    assert pages[0] == pages[1]
    assert [row.to_email for row in OutgoingEmail.select()] == ["carol@customer.example"]


def test_links_for_one_address_run_out(client, carol, mailing):
    ask = [doors.post(client, "/sign-in", {"email": "carol@customer.example", "link": "1"}) for _ in range(4)]
    assert [answer.status_code for answer in ask] == [303, 303, 303, 429]


def test_a_sign_in_link_is_used_by_its_button_once(client, app, database):
    vera = cast.make_customer("Vera", proven=False)
    token = links.make("sign-in", address=vera.primary_address)
    assert client.get(f"/sign-in/{token}").status_code == 200
    assert doors.post(client, f"/sign-in/{token}").location == "/tickets"
    assert CustomerAddress.get(CustomerAddress.customer == vera).is_proven
    assert doors.post(app.test_client(), f"/sign-in/{token}").status_code == 410


@pytest.mark.parametrize("kind", ["ticket", "sign-in"])
def test_an_old_link_explains_itself_and_offers_a_new_one(client, ticket, kind, mailing):
    with time_machine.travel(datetime.now(UTC) - timedelta(days=31)):
        token = links.make(kind, address=ticket.address, ticket=ticket if kind == "ticket" else None)
    answer = client.get(links.PATHS[kind] + token)
    assert answer.status_code == 410
    assert "has expired" in doors.text_of(answer)
    assert 'action="/links/new"' in answer.get_data(as_text=True)


def test_an_unknown_link_offers_a_new_one(client, mailing):
    for path in ("/t/unknown", "/sign-in/unknown"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Receive a new link" in doors.text_of(answer)


def test_a_new_link_goes_to_the_typed_address(client, carol, mailing):
    assert doors.post(client, "/links/new", {"email": "carol@customer.example"}).status_code == 303
    assert OutgoingEmail.get().link_kind == "sign-in"


@pytest.mark.parametrize(("path", "values"), [("/sign-in", {"link": "1"}), ("/links/new", {})])
def test_without_a_mail_server_no_link_is_promised_to_anybody(client, carol, path, values):
    pages = [doors.text_of(client.get("/sign-in")), doors.text_of(client.get("/t/unknown"))]
    for email in ("carol@customer.example", "nobody@customer.example"):
        answer = doors.post(client, path, {"email": email, **values})
        assert answer.status_code == 422
        pages.append(doors.text_of(answer))
    assert pages[2] == pages[3]
    for page in pages:
        assert "This desk sends no e-mail yet, so it cannot mail you a link." in page
        assert "on its way" not in page
        assert "Receive a link" not in page
    assert not OutgoingEmail.select().exists()


def test_a_password_is_asked_for_by_its_honest_label(client, carol, mailing):
    assert "(optional)" not in doors.text_of(client.get("/sign-in"))
    assert "Write your password, or ask for a link." in doors.text_of(sign_in(client, password=""))


def test_the_link_comes_first_and_enter_asks_for_it(client, carol, mailing):
    page = client.get("/sign-in").text
    assert page.index('name="link"') < page.index('name="password"')
    answer = doors.post(client, "/sign-in", {"email": "carol@customer.example", "password": "", "enter": "1"})
    assert (answer.status_code, OutgoingEmail.get().link_kind) == (303, "sign-in")
    signed = {"email": "carol@customer.example", "password": cast.PASSWORD, "enter": "1"}
    assert doors.post(client, "/sign-in", signed).location == "/tickets"


def test_without_a_mail_server_only_a_password_signs_in(client, client_of, carol):
    assert "Write your password. " in doors.text_of(sign_in(client, password=""))
    assert "link by e-mail" not in doors.text_of(client_of(carol).get("/account"))


def test_a_link_of_one_kind_opens_no_other_door(client, ticket):
    token = links.make("ticket", address=ticket.address, ticket=ticket)
    assert client.get(f"/sign-in/{token}").status_code == 404
    assert not AccessLink.get().used_at


def test_signing_out_ends_it_on_the_server(client_of, carol):
    client = client_of(carol)
    doors.post(client, "/sign-out")
    assert client.get("/tickets").status_code == 302
    assert not SignIn.select().exists()


def test_a_customer_chooses_a_password(client_of, database):
    vera = cast.make_customer("Vera", password_hash=None)
    client = client_of(vera)
    assert doors.post(client, "/account", {"password": "a long new password"}).status_code == 303
    assert Customer.get_by_id(vera.id).password_hash
    assert client.get("/account").status_code == 200


def test_changing_a_password_needs_the_present_one(client_of, carol):
    answer = doors.post(client_of(carol), "/account", {"current": "wrong", "password": "a long new password"})
    assert answer.status_code == 422
    assert "not your current password" in doors.text_of(answer)


def test_the_account_of_nobody_asks_to_sign_in(client):
    assert client.get("/account").location == "/sign-in?next=/account"
