"""Passkeys on the screens: at sign-in, before what hurts, added and removed."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from helpdesk.settings import environment
from helpdesk.two_factor import passkeys, second_factors
from helpdesk.two_factor.passkeys import Site
from models import Agent, Passkey, RecoveryCode
from tests.support import cast, doors, passkey_devices, phones
from tests.support.passkey_devices import Device
from web import passkey_site

HERE = Site("localhost", "http://localhost")
OURS = {"Origin": "http://localhost"}
PAGE, NEW = "/admin/profile/two-factor", "/admin/profile/passkeys/new"
SIGN_IN, BY_PASSKEY, CODE = "/admin/sign-in", "/admin/sign-in/passkey", "/admin/sign-in/code"


def options_on(page: Any) -> str:
    found = re.search(r'data-options="([^"]+)"', page.text)
    assert found, "the page asks for no passkey"
    return html.unescape(found.group(1))


def with_password(client: FlaskClient, agent: Agent) -> str:
    answer = doors.post(client, SIGN_IN, {"email": agent.email, "password": cast.PASSWORD})
    return str(answer.location)


# --- Signing in -----------------------------------------------------------------------------------------------------


def test_a_passkey_alone_signs_in(client: FlaskClient, ana: Agent) -> None:
    assert "data-passkey" not in client.get(SIGN_IN).text
    device = passkey_devices.added(ana, HERE)
    answer = device.use(options_on(client.get(f"{SIGN_IN}?next=/admin/dashboard/")), HERE)
    entered = doors.post(client, BY_PASSKEY, {"passkey": answer, "next": "/admin/dashboard/"})
    assert (entered.status_code, entered.location) == (303, "/admin/dashboard/")
    assert client.get("/admin/profile").status_code == 200
    again = doors.post(client.application.test_client(), BY_PASSKEY, {"passkey": answer})
    assert again.status_code == 422
    assert "This passkey was not accepted" in doors.text_of(again)


def test_one_is_not_led_elsewhere_by_it(client: FlaskClient, ana: Agent) -> None:
    device = passkey_devices.added(ana, HERE)
    answer = device.use(options_on(client.get(SIGN_IN)), HERE)
    assert doors.post(client, BY_PASSKEY, {"passkey": answer, "next": "//evil.example"}).location == "/admin/"


def test_after_the_password_a_passkey_is_enough_and_must_be_ones_own(
    client: FlaskClient, ana: Agent, ben: Agent
) -> None:
    device, other = passkey_devices.added(ana, HERE), passkey_devices.added(ben, HERE)
    assert with_password(client, ana).startswith(CODE)
    page = client.get(CODE)
    assert "Show now with your passkey" in doors.text_of(page)
    assert 'name="code"' not in page.text
    wrong = doors.post(client, BY_PASSKEY, {"passkey": other.use(options_on(page), HERE)})
    assert wrong.location.startswith(CODE)
    assert "was not accepted" in doors.text_of(client.get(CODE))
    answer = device.use(options_on(client.get(CODE)), HERE)
    assert doors.post(client, BY_PASSKEY, {"passkey": answer}).location == "/admin/"
    assert ana.name in client.get("/admin/profile").text


def test_without_the_device_a_recovery_code_opens(client: FlaskClient, ana: Agent) -> None:
    phones.set_up(ana)
    codes = phones.set_up(ana)[1]
    passkey_devices.added(ana, HERE)
    with_password(client, ana)
    assert 'name="code"' in client.get(CODE).text
    assert doors.post(client, f"{CODE}?recovery=1", {"code": codes[0]}).location == "/admin/"


def test_at_another_address_recovery_codes_are_asked_for_at_once(client: FlaskClient, ana: Agent) -> None:
    passkey_devices.added(ana)
    with_password(client, ana)
    page = client.get(CODE)
    assert "data-passkey" not in page.text
    assert "Enter one of the recovery codes" in doors.text_of(page)


# --- Before what hurts ----------------------------------------------------------------------------------------------


def test_it_stands_for_password_and_code_before_what_hurts(client: FlaskClient, root: Agent) -> None:
    device = passkey_devices.added(root, HERE)
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        doors.post(client, BY_PASSKEY, {"passkey": device.use(options_on(client.get(SIGN_IN)), HERE)})
        clock.move_to("2026-03-02T12:20:00Z")
        asked = client.get("/admin/api-keys/new/")
        assert asked.location.startswith("/admin/confirm?next=")
        page = client.get(asked.location)
        bad = doors.post(client, "/admin/confirm/passkey", {"passkey": "{}", "next": "/admin/api-keys/new/"})
        assert bad.status_code == 422
        assert "data-passkey" in bad.text
        assert client.get("/admin/api-keys/new/").status_code == 303
        answer = device.use(options_on(page), HERE)
        form = {"passkey": answer, "next": "/admin/api-keys/new/"}
        assert doors.post(client, "/admin/confirm/passkey", form).location == "/admin/api-keys/new/"
        assert client.get("/admin/api-keys/new/").status_code == 200


def test_adding_and_removing_ask_again_when_the_sign_in_is_some_time_ago(app: Any, client_of: Any, ana: Agent) -> None:
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        passkey_devices.added(ana, HERE)
        client = client_of(ana)
        clock.move_to("2026-03-02T12:20:00Z")
        assert client.get(NEW).location.startswith("/admin/confirm")
        removed = doors.post(
            client, f"/admin/profile/passkeys/{Passkey.get().id}/remove", {"name": "Laptop"}, headers=OURS
        )
        assert removed.status_code == 403
        assert "send it again from here" in doors.text_of(removed)
        assert Passkey.select().exists()


# --- One's own ------------------------------------------------------------------------------------------------------


def test_one_is_added_and_named(client_of: Any, ana: Agent) -> None:
    client, device = client_of(ana), Device()
    page = client.get(NEW)
    refused = doors.post(client, NEW, {"name": "", "passkey": device.make(options_on(page), HERE)})
    assert refused.status_code == 422
    assert "Name: This field is required." in doors.text_of(refused)
    made = doors.post(client, NEW, {"name": "Blue <b>", "passkey": device.make(options_on(refused), HERE)})
    assert "Recovery codes" in doors.text_of(made)
    assert RecoveryCode.select().count() == 10
    second = doors.post(client, NEW, {"name": "Phone", "passkey": Device().make(options_on(client.get(NEW)), HERE)})
    assert second.location == PAGE
    shown = client.get(PAGE)
    assert "Blue &lt;b&gt;" in shown.text
    assert "The passkey “Phone” was added." in doors.text_of(shown)
    answer = doors.post(client, f"/admin/profile/passkeys/{Passkey.get(name='Phone').id}/remove")
    assert answer.location == PAGE
    assert "The passkey “Phone” was removed." in doors.text_of(client.get(PAGE))


def test_what_the_browser_made_badly_is_told(client_of: Any, ana: Agent) -> None:
    client = client_of(ana)
    options = options_on(client.get(NEW))
    answer = doors.post(client, NEW, {"name": "x", "passkey": Device().make(options, passkey_devices.SITE)})
    assert answer.status_code == 422
    assert "The passkey was not made" in doors.text_of(answer)


def test_where_browsers_have_no_passkeys_the_page_says_why(client_of: Any, ana: Agent) -> None:
    passkey_devices.added(ana, HERE)
    client = client_of(ana)
    environment.use(replace(environment.current(), site_url="http://desk.example.org"))
    page = client.get(PAGE)
    assert "needs a public address with https" in doors.text_of(page)
    assert "Works at localhost only." in doors.text_of(page)
    assert client.get(NEW).location == PAGE
    refused = doors.post(client, BY_PASSKEY, {"passkey": "{}"})
    assert refused.status_code == 422


@pytest.mark.parametrize("address", ["https://192.0.2.7", "https://[2001:db8::7]:8443"])
def test_at_an_address_in_numbers_browsers_have_none(app: Any, address: str) -> None:
    environment.use(replace(environment.current(), site_url=address))
    with app.test_request_context(base_url=address):
        assert passkey_site.site() is None


def test_at_an_https_address_they_are_bound_to_its_name(app: Any, ana: Agent) -> None:
    environment.use(replace(environment.current(), site_url="https://desk.example.org:8443"))
    site = Site("desk.example.org", "https://desk.example.org:8443")
    client, base = app.test_client(), "https://desk.example.org:8443"
    device = passkey_devices.added(ana, site)
    page = client.get(SIGN_IN, base_url=base)
    assert '"rpId": "desk.example.org"' in options_on(page)
    token = doors.printed_token(page.text)
    form = {"csrf_token": token, "passkey": device.use(options_on(page), site)}
    answer = client.post(BY_PASSKEY, data=form, base_url=base, headers={"Referer": f"{base}/admin/sign-in"})
    assert answer.location == "/admin/"
    assert passkeys.of(ana)[0].last_used_at is not None


def test_recovery_codes_are_made_anew_without_a_phone_too(client_of: Any, ana: Agent) -> None:
    passkey_devices.added(ana, HERE)
    client = client_of(ana)
    assert "10 recovery codes are left. Switching it off" in doors.text_of(client.get(PAGE))
    before = {row.code_hash for row in RecoveryCode.select()}
    made = doors.post(client, PAGE, {"action": "codes", "current": cast.PASSWORD})
    assert "Recovery codes" in doors.text_of(made)
    assert before.isdisjoint(row.code_hash for row in RecoveryCode.select())
    off = doors.post(client, PAGE, {"action": "off", "current": cast.PASSWORD})
    assert off.status_code == 303
    assert not Passkey.select().exists()


def test_without_a_phone_forms_ask_for_a_recovery_code_or_lead_to_the_passkey(client: FlaskClient, ana: Agent) -> None:
    device = passkey_devices.added(ana, HERE)
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        doors.post(client, BY_PASSKEY, {"passkey": device.use(options_on(client.get(SIGN_IN)), HERE)})
        clock.move_to("2026-03-02T12:20:00Z")
        for path in ("/admin/profile", PAGE):
            page = client.get(path)
            assert "Recovery code" in doors.text_of(page)
            assert "Verification code" not in doors.text_of(page)
            assert f'href="/admin/confirm?next={path}"' in page.text
        answer = device.use(options_on(client.get(f"/admin/confirm?next={PAGE}")), HERE)
        assert doors.post(client, "/admin/confirm/passkey", {"passkey": answer, "next": PAGE}).location == PAGE
        assert 'name="code"' not in client.get(PAGE).text
        environment.use(replace(environment.current(), site_url="http://desk.example.org"))
        clock.move_to("2026-03-02T12:40:00Z")
        page = client.get(PAGE)
        assert 'name="code"' in page.text
        assert "/admin/confirm" not in page.text


def test_what_goes_with_them_is_said_before_and_after(client_of: Any, ana: Agent) -> None:
    passkey_devices.added(ana, HERE)
    client, warning = client_of(ana), "It is the last one: the password alone opens your account then."
    assert warning in client.get(PAGE).text
    phones.set_up(ana)
    client = client_of(ana)
    page = client.get(PAGE)
    assert warning not in page.text
    assert "Switching it off removes your passkeys" in doors.text_of(page)
    second_factors.remove_all(ana)
    passkey_devices.added(ana, HERE)
    client = client_of(ana)
    doors.post(client, f"/admin/profile/passkeys/{Passkey.get().id}/remove")
    assert "the password alone opens your account" in doors.text_of(client.get(PAGE))


def test_a_browser_without_passkeys_is_told_what_to_do(client: FlaskClient, client_of: Any, ana: Agent) -> None:
    passkey_devices.added(ana, HERE)
    with_password(client, ana)
    assert "This browser uses no passkeys, or JavaScript is off" in doors.text_of(client.get(CODE))
    assert "This browser makes no passkeys, or JavaScript is off" in doors.text_of(client_of(ana).get(NEW))
