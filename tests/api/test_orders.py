"""The door of shops: one key, one address per order, and errors that name the field."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
import time_machine

from helpdesk.people import addresses, api_keys, customers
from models import ApiKey, Customer, JournalEntry, Order, OrderLine, SignIn, Throttle
from tests.support import doors

URL = "/api/orders/web/2026-0142"
LINES = [
    {"name": "Brake pads", "quantity": 2, "price": "12.50"},
    {"name": "Helmet, size M", "quantity": 1, "price": "104.90"},
]
ORDER = {
    "email": "Carol@Customer.example",
    "date": "2026-03-31T14:30:00+02:00",
    "total": "129.90",
    "currency": "EUR",
    "status": "Shipped",
    "url": "https://shop.example.org/orders/2026-0142",
    "lines": LINES,
}


@pytest.fixture
def secret(app, root):
    return api_keys.make("Web shop", actor=root)[1]


@pytest.fixture
def put(client, secret):
    """Send an order: the usual one with changes, or these bytes."""

    def send(path=URL, data=None, **changes):
        body = json.dumps({**ORDER, **changes}) if data is None else data
        return client.put(path, data=body, headers={"Authorization": f"Bearer {secret}"})

    return send


def refusal(answer):
    return answer.status_code, answer.json.get("field")


def test_a_key_that_names_a_shop_opens_no_other(client, root, put):
    secret = api_keys.make("Book shop", "books", actor=root)[1]
    headers = {"Authorization": f"Bearer {secret}"}
    assert put().status_code == 201
    assert refusal(client.put(URL, json=ORDER, headers=headers)) == (403, "shop")
    assert client.get(URL, headers=headers).status_code == 403
    theirs = "/api/orders/books/1"
    assert client.put(theirs, json=ORDER, headers=headers).status_code == 201
    assert client.get(theirs, headers=headers).json["shop"] == "books"


def test_the_screen_makes_a_key_for_a_shop(client_of, root):
    client = client_of(root)
    page = doors.post(client, "/admin/api-keys/new/", {"name": "Book shop", "shop": " books "})
    assert "/api/orders/books/" in page.text
    assert ApiKey.get(ApiKey.name == "Book shop").shop == "books"
    assert "books" in doors.text_of(client.get("/admin/api-keys/"))


# --- Telling ------------------------------------------------------------------------------------------------------


def test_a_new_order_is_stored_whole(put, carol):
    answer = put()
    row = Order.get()
    assert answer.status_code == 201
    assert (row.shop, row.number, row.email) == ("web", "2026-0142", "carol@customer.example")
    assert (row.customer, row.total, row.currency) == (carol, 12_990, "EUR")
    assert row.placed_at == datetime(2026, 3, 31, 12, 30)
    assert [(line.name, line.quantity, line.price) for line in row.lines.order_by(OrderLine.position)] == [
        ("Brake pads", 2, 1_250), ("Helmet, size M", 1, 10_490)
    ]  # fmt: skip


def test_the_same_again_changes_nothing(put):
    first = put().json
    before = list(Order.select().tuples())
    again = put()
    assert (again.status_code, again.json) == (200, first)
    assert list(Order.select().tuples()) == before
    assert OrderLine.select().count() == 2


def test_what_is_answered_can_be_sent_again(client, put, secret):
    put()
    told = client.get(URL, headers={"Authorization": f"Bearer {secret}"}).json
    assert told["date"] == "2026-03-31T12:30:00Z"
    assert put(data=json.dumps(told)).json == told


def test_a_change_replaces_the_whole_order(put):
    put()
    told = put(status="Returned", total=0, url=None, lines=None).json
    assert (told["status"], told["total"], told["url"], told["lines"]) == ("Returned", "0.00", "", [])
    assert OrderLine.select().count() == 0


def test_a_number_may_hold_slashes_and_accents(put):
    assert put("/api/orders/Vélo/2026/é 1").json["number"] == "2026/é 1"


def test_amounts_are_exact(put):
    assert put(data=json.dumps(ORDER).replace('"129.90"', "0.29")).json["total"] == "0.29"
    assert put(total="1000", currency="JPY", lines=[]).json["total"] == "1000"
    assert put(total="1.234", currency="TND", lines=[]).json["total"] == "1.234"


def test_an_order_waits_for_its_address(put):
    put(email="later@customer.example")
    assert Order.get().customer is None
    address = customers.find_or_make("later@customer.example")
    assert Order.get().customer == address.customer


def test_an_order_joins_an_address_added_by_hand(put, carol, root):
    put(email="carol@work.example")
    addresses.add(carol, "carol@work.example", actor=root)
    assert Order.get().customer == carol


def test_an_order_parts_from_an_address_that_is_taken_away(put, carol, root):
    address = addresses.add(carol, "carol@work.example", actor=root)
    put(email="carol@work.example")
    addresses.remove(address, actor=root)
    assert Order.get().customer is None


def test_deleting_a_customer_keeps_the_order(put, carol, root):
    put()
    customers.delete_customer(carol, actor=root)
    assert Order.get().customer is None
    assert not Customer.select().where(Customer.id == carol.id).exists()


# --- What is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": ["a@b.example"]}, "email"),
        ({"email": "\ud800@x.example"}, "email"),
        ({"date": None}, "date"),
        ({"date": "yesterday"}, "date"),
        ({"date": "0001-01-01T00:00:00+14:00"}, "date"),
        ({"date": 20260331}, "date"),
        ({"total": "12.345"}, "total"),
        ({"total": "1,50"}, "total"),
        ({"total": -1}, "total"),
        ({"total": True}, "total"),
        ({"total": 10**40}, "total"),
        ({"total": "٣"}, "total"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": 5}, "currency"),
        ({"status": "x" * 61}, "status"),
        ({"status": {}}, "status"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://[oops"}, "url"),
        ({"url": "//shop.example"}, "url"),
        ({"lines": "2 pads"}, "lines"),
        ({"lines": [LINES[0]] * 201}, "lines"),
        ({"lines": [LINES[0], "pads"]}, "lines[1]"),
        ({"lines": [{**LINES[0], "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{**LINES[0], "quantity": 1.5}]}, "lines[0].quantity"),
        ({"lines": [{**LINES[0], "price": "x"}]}, "lines[0].price"),
        ({"lines": [{**LINES[0], "colour": "red"}]}, "lines[0].colour"),
        ({"lines": [{"quantity": 1, "price": 1}]}, "lines[0].name"),
        ({"number": "another"}, "number"),
        ({"totl": 1}, "totl"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_nothing_is_stored(put, changes, field):
    assert refusal(put(**changes)) == (422, field)
    assert Order.select().count() == 0


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b'"x"', b"{", b"\xff\xfe", b"\0", b"[" * 100_000, b'{"total": ' + b"9" * 5_000 + b"}",
        b'{"total": NaN}', b'{"total": 1e99999999999999999999}',
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused(put, data):
    answer = put(data=data)
    assert answer.status_code == 400
    assert answer.json["error"].startswith("The body")


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999", "1e12", "-Infinity"])
def test_a_huge_number_is_refused_quickly(put, number):
    assert put(data=json.dumps(ORDER).replace('"129.90"', number)).status_code in {400, 422}


def test_a_number_longer_than_it_may_be_is_refused(put):
    assert refusal(put(f"/api/orders/web/{'9' * 61}")) == (422, "number")


def test_a_nul_is_stored_as_a_space(put):
    assert put(status="a\0b").json["status"] == "a b"


def test_a_large_body_is_refused(put):
    answer = put(data=b" " * (256 * 1024 + 1))
    assert (answer.status_code, answer.json["error"]) == (413, "The body is larger than 256 KB.")


def test_what_is_not_there_is_not_found(client, secret):
    answer = client.get("/api/orders/web/none%00", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json["error"]) == (404, "There is no such order.")


def test_other_addresses_and_methods_answer_in_json(client, secret):
    assert client.get("/api/nothing").json == {"error": "There is nothing here"}
    assert client.post(URL).json["error"] == "This address is not a page"


def test_another_host_is_refused(client, secret):
    answer = client.get(URL, headers={"Authorization": f"Bearer {secret}", "Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.is_json


# --- Keys ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic dXNlcjpwYXNz", "Bearer é"])
def test_without_the_key_nothing_is_told(client, secret, header):
    headers = {} if header is None else {"Authorization": header}
    answer = client.put(URL, data=json.dumps(ORDER), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert Order.select().count() == 0


def test_a_revoked_key_is_worthless_at_once(put, root):
    api_keys.revoke(ApiKey.get(), actor=root)
    assert put().status_code == 401


def test_an_administrators_cookie_opens_nothing(app, root, secret):
    assert doors.signed_in(app, root).put(URL, data=json.dumps(ORDER)).status_code == 401


def test_no_cookie_is_set_and_no_sign_in_made(put):
    assert "Set-Cookie" not in put().headers
    assert SignIn.select().count() == 0


def test_errors_are_in_english_whoever_asks(client, secret):
    headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "fr"}
    assert client.put(URL, data="{}", headers=headers).json["error"] == "This field is required."


def test_only_the_hash_is_stored(secret):
    key = ApiKey.get()
    assert secret not in str(ApiKey.select().dicts().get())
    assert (len(key.token_hash), secret.startswith(key.prefix)) == (64, True)


def test_the_last_use_is_noted_every_five_minutes(put):
    with time_machine.travel(datetime(2026, 3, 31, 12, 0), tick=False) as now:
        put()
        now.shift(timedelta(minutes=4))
        put()
        assert ApiKey.get().last_used_at == datetime(2026, 3, 31, 12, 0)
        now.shift(timedelta(minutes=2))
        put()
        assert ApiKey.get().last_used_at == datetime(2026, 3, 31, 12, 6)


def test_a_key_is_held_to_its_rate(put):
    put()
    Throttle.update(count=api_keys.REQUESTS_A_MINUTE).execute()
    answer = put()
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_guessing_is_slowed_down_and_the_shop_goes_on(client, put):
    for _ in range(api_keys.WRONG_AN_HOUR):
        client.get(URL, headers={"Authorization": "Bearer wrong"})
    assert client.get(URL, headers={"Authorization": "Bearer wrong"}).status_code == 429
    assert put().status_code == 201


# --- Their screen -------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once(client_of, root):
    client = client_of(root)
    page = doors.post(client, "/admin/api-keys/new/", {"name": "Web shop"}).text
    secret = page.partition('value="guichet_')[2].partition('"')[0]
    assert len(secret) == 43
    listed = client.get("/admin/api-keys/").text
    assert ApiKey.get().prefix in listed
    assert secret not in listed


def test_a_name_is_taken_once_while_its_key_works(client_of, root, secret):
    client = client_of(root)
    page = doors.post(client, "/admin/api-keys/new/", {"name": "Web shop"})
    assert "There is a key of this name already." in doors.text_of(page)
    doors.post(client, "/admin/api-keys/revoke/", {"id": ApiKey.get().id, "confirmed": "1"})
    doors.post(client, "/admin/api-keys/new/", {"name": "Web shop"})
    assert ApiKey.select().count() == 2


def test_a_key_needs_a_name(client_of, root):
    doors.post(client_of(root), "/admin/api-keys/new/", {"name": " "})
    assert ApiKey.select().count() == 0


def test_revoking_asks_first(client_of, root, secret):
    client, key = client_of(root), ApiKey.get()
    page = client.get(f"/admin/api-keys/revoke/?id={key.id}")
    assert "Revoke the key “Web shop”?" in doors.text_of(page)
    assert ApiKey.get().revoked_at is None
    doors.post(client, "/admin/api-keys/revoke/", {"id": key.id, "confirmed": "1"})
    assert ApiKey.get().revoked_at is not None


def test_keys_are_in_the_journal(root, secret):
    api_keys.revoke(ApiKey.get(), actor=root)
    assert [row.act for row in JournalEntry.select().order_by(JournalEntry.id)] == ["key-made", "key-revoked"]
