"""Who switches the second confirmation of erasures on and off: what it protects protects the switch."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from helpdesk import settings
from helpdesk.erasing import requests
from models import Agent, Customer, Erasure, JournalEntry, OutgoingEmail
from tests.every_page.test_configure_role import form
from tests.support import cast, doors

ClientOf = Callable[[Agent | Customer], FlaskClient]
PAGE, REGISTER = "/admin/configuration/", "/admin/erasures/"


def save(client: FlaskClient, **values: str) -> str:
    return doors.text_of(doors.post(client, PAGE, form(**values), follow_redirects=True))


def without() -> dict[str, str]:
    data: dict[str, str] = form()
    data.pop("erasure_second")
    return data


def test_one_administrator_alone_does_not_switch_it_on(client_of: ClientOf, root: Agent) -> None:
    client = client_of(root)
    assert "You are the only administrator who can sign in" in save(client, erasure_second="y")
    # Whoever has not taken the invitation yet confirms nothing.
    Agent.update(password_hash=None).where(Agent.id == cast.make_agent("Ivo", is_admin=True).id).execute()
    assert "You are the only administrator who can sign in" in save(client, erasure_second="y")
    assert not settings.get("erasure_second")
    cast.make_agent("Olga", is_admin=True)
    assert "The settings were saved." in save(client, erasure_second="y")
    assert settings.get("erasure_second")


def test_it_ends_once_another_administrator_confirms(client_of: ClientOf, root: Agent) -> None:
    settings.save({"erasure_second": True})
    olga = cast.make_agent("Olga", is_admin=True)
    client, other = client_of(root), client_of(olga)
    data = {**without(), "desk_name": "Canal"}
    text = doors.text_of(doors.post(client, PAGE, data, follow_redirects=True))
    assert "stays on until another administrator lets it end" in text
    assert (settings.get("erasure_second"), settings.get("desk_name")) == (True, "Canal")
    # Neither does the way back to the default, nor asking once more.
    text = doors.text_of(doors.post(client, PAGE, {"reset": "erasure_second"}, follow_redirects=True))
    assert "stays on until another administrator lets it end" in text
    assert "has its default again" not in text
    mails = OutgoingEmail.select().where(OutgoingEmail.kind == "erasure-second").order_by(OutgoingEmail.id)
    assert [mail.to_email for mail in mails] == [olga.email]
    assert "Confirm: one is enough" not in doors.text_of(client.get(REGISTER))
    answer = doors.post(client, REGISTER + "second/confirm", follow_redirects=True)
    assert "You wanted it yourself" in doors.text_of(answer)
    assert settings.get("erasure_second")
    assert "Root wants one administrator to be enough" in doors.text_of(other.get(REGISTER))
    doors.post(other, REGISTER + "second/confirm")
    assert not settings.get("erasure_second")
    lines = JournalEntry.select().where(JournalEntry.act == "second-off-confirmed")
    assert [line.subject for line in lines] == ["Root"]
    assert [mail.to_email for mail in mails.clone()] == [olga.email, root.email]


def test_it_is_kept_by_either(client_of: ClientOf, root: Agent) -> None:
    settings.save({"erasure_second": True})
    other = client_of(cast.make_agent("Olga", is_admin=True))
    doors.post(client_of(root), PAGE, without())
    doors.post(other, REGISTER + "second/keep")
    assert settings.get("erasure_second")
    assert "nothing to confirm" in doors.text_of(doors.post(other, REGISTER + "second/confirm", follow_redirects=True))


def test_whoever_runs_the_machine_lets_one_be_enough(app: Flask, root: Agent, carol: Customer) -> None:
    settings.save({"erasure_second": True})
    row = requests.request(carol, kind="delete", word="ERASE", actor=root)
    with app.app_context():
        assert requests.release() == 1
    assert not settings.get("erasure_second")
    assert not Erasure.get_by_id(row.id).is_unconfirmed
    mail = OutgoingEmail.get(OutgoingEmail.kind == "erasure-second")
    assert (mail.to_email, "access to the machine" in mail.body) == (root.email, True)
