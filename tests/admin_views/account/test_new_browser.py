"""Who has an account is mailed when it is signed in to with another browser than before."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from helpdesk import links, settings
from models import Agent, Identity, OutgoingEmail
from tests.support import cast, doors, oidc_pages, phones
from tests.support.mailbox import Mailbox
from tests.support.oidc_provider import OidcProvider

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def sign_in(client: FlaskClient, agent: Agent, **options: Any) -> Any:
    form = {"email": agent.email, "password": cast.PASSWORD}
    return doors.post(client, "/admin/sign-in", form, headers=FIREFOX, **options)


def mails() -> list[OutgoingEmail]:
    return list(OutgoingEmail.select().where(OutgoingEmail.kind == "new-browser").order_by(OutgoingEmail.id))


def test_the_first_sign_in_of_a_browser_is_mailed_and_no_other(smtp: Mailbox, app: Any, ana: Agent, ben: Agent) -> None:
    Agent.update(locale="fr", timezone="Europe/Paris").where(Agent.id == ana.id).execute()
    client = app.test_client()
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False):
        sign_in(client, ana, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
        (mail,) = mails()
        assert (mail.to_email, mail.agent_id) == (ana.email, ana.id)
        doors.post(client, "/admin/sign-out")
        sign_in(client, ana)
        assert len(mails()) == 1
        doors.post(client, "/admin/sign-out")
        sign_in(client, ben)
        assert [row.to_email for row in mails()] == [ana.email, ben.email]
    assert "Firefox, Linux<br>02/03/2026 13:00<br>203.0.113.7<br>" in mail.body


def test_it_is_mailed_once_the_code_was_given(smtp: Mailbox, client: FlaskClient, ana: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    sign_in(client, ana)
    assert mails() == []
    doors.post(client, "/admin/sign-in/code", {"code": phone.code()})
    assert len(mails()) == 1


def test_a_wrong_password_mails_nobody(smtp: Mailbox, client: FlaskClient, ana: Agent) -> None:
    doors.post(client, "/admin/sign-in", {"email": ana.email, "password": "wrong"})
    assert mails() == []


def test_an_owner_may_switch_it_off(smtp: Mailbox, client: FlaskClient, ana: Agent) -> None:
    settings.save({"mail_on_new_browser": False})
    sign_in(client, ana)
    assert mails() == []


def test_without_a_mail_server_nothing_waits(client: FlaskClient, ana: Agent) -> None:
    sign_in(client, ana)
    assert mails() == []


def test_whoever_accepts_an_invitation_is_told_nothing_new(smtp: Mailbox, client: FlaskClient, ana: Agent) -> None:
    Agent.update(password_hash=None).where(Agent.id == ana.id).execute()
    token = links.make("invitation", agent=ana)
    doors.post(client, f"/admin/invitation/{token}", {"name": "Ana", "password": "a long new password"})
    assert client.get("/admin/profile").status_code == 200
    assert mails() == []


@pytest.mark.parametrize("locale", ["en", "fr"])
def test_a_browser_of_no_name_is_called_so(smtp: Mailbox, client: FlaskClient, ana: Agent, locale: str) -> None:
    Agent.update(locale=locale).execute()
    doors.post(client, "/admin/sign-in", {"email": ana.email, "password": cast.PASSWORD}, headers={"User-Agent": "x"})
    assert {"en": ">Unknown browser<", "fr": ">Navigateur inconnu<"}[locale] in mails()[0].body


def test_a_sign_in_by_a_provider_is_mailed_as_any_other(
    smtp: Mailbox, app: Any, linked: Identity, acme: OidcProvider, ana: Agent
) -> None:
    for _time in range(2):
        oidc_pages.come_back(app.test_client(), acme)
    assert [row.to_email for row in mails()] == [ana.email, ana.email]
    client = app.test_client()
    oidc_pages.come_back(client, acme)
    doors.post(client, "/admin/sign-out")
    oidc_pages.come_back(client, acme)
    assert len(mails()) == 3
