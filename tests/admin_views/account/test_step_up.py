"""Acts that hurt ask for the password once more, and for the code, when the sign-in is some time ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from admin_views.account import step_up
from helpdesk import clock
from helpdesk.people import api_keys
from models import AccessLink, Agent, ApiKey, SecondFactor, SignIn
from tests.support import cast, doors, phones

CONFIRM = "/admin/confirm"
EXPORTS = (
    "/admin/tickets/export.csv",
    "/admin/dashboard/export/",
    "/admin/journal/export/",
    "/admin/orders/export/csv/",
)


def age(*, minutes: int = 16) -> None:
    """Let every sign-in be so old."""
    SignIn.update(created_at=clock.now() - timedelta(minutes=minutes)).execute()


@pytest.mark.parametrize("path", EXPORTS)
def test_an_export_asks_for_the_password_after_a_quarter_of_an_hour(client_of: Any, root: Agent, path: str) -> None:
    client = client_of(root)
    age(minutes=14)
    with client.get(path) as answer:
        assert answer.status_code == 200
    age()
    place = client.get(f"{path}?q=a&x=b").location
    assert place.startswith(f"{CONFIRM}?next={path}?q%3Da%26x%3Db")
    page = client.get(place)
    assert "Confirm that it is you" in doors.text_of(page)
    wrong = doors.post(client, CONFIRM, {"current": "wrong", "next": path, "download": "1"})
    assert (wrong.status_code, 'id="current-error"' in wrong.text) == (422, True)
    onward = doors.post(client, CONFIRM, {"current": cast.PASSWORD, "next": path, "download": "1"}).location
    assert f'href="{path}"' in client.get(onward).text
    with client.get(path) as answer:
        assert answer.status_code == 200


def test_with_a_second_factor_the_code_is_asked_for_too(client_of: Any, root: Agent) -> None:
    phone, _codes = phones.set_up(root)
    client, data = client_of(root), {"current": cast.PASSWORD, "next": "/admin/api-keys/new/"}
    age()
    assert client.get("/admin/api-keys/new/").status_code == 303
    assert 'id="current-code-error"' in doors.post(client, CONFIRM, data).text
    assert 'id="current-code-error"' in doors.post(client, CONFIRM, {**data, "code": phone.wrong_code()}).text
    assert client.get("/admin/api-keys/new/").status_code == 303
    assert doors.post(client, CONFIRM, {**data, "code": phone.code()}).location == "/admin/api-keys/new/"
    assert client.get("/admin/api-keys/new/").status_code == 200
    # The next quarter of an hour asks nothing.
    assert "current-code" not in client.get("/admin/profile").text


def test_keys_are_neither_made_nor_revoked_before(client_of: Any, root: Agent) -> None:
    key, _secret = api_keys.make("Shop", actor=root)
    client, origin = client_of(root), {"Origin": "http://localhost"}
    age()
    page = doors.post(client, "/admin/api-keys/new/", {"name": "The second shop"}, headers=origin)
    assert page.status_code == 403
    assert 'value="The second shop"' in page.text
    doors.post(client, f"/admin/api-keys/revoke/?id={key.id}", {"confirmed": "1"})
    assert [(row.name, row.revoked_at) for row in ApiKey.select()] == [("Shop", None)]


def test_a_new_password_asks_for_the_code(client_of: Any, ana: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    client, data = client_of(ana), {"current": cast.PASSWORD, "password": "a brand new password"}
    age()
    assert 'id="current-code"' in client.get("/admin/profile").text
    assert doors.post(client, "/admin/profile/password", data).status_code == 422
    assert Agent.get_by_id(ana.id).password_hash == ana.password_hash
    assert doors.post(client, "/admin/profile/password", {**data, "code": phone.code()}).status_code == 303


@pytest.mark.parametrize("action", ["begin", "codes", "off"])
def test_the_second_factor_asks_for_the_code(client_of: Any, ana: Agent, action: str) -> None:
    phone, _codes = phones.set_up(ana)
    client, data = client_of(ana), {"current": cast.PASSWORD, "action": action}
    age()
    page = doors.post(client, "/admin/profile/two-factor", data)
    assert (page.status_code, 'id="current-code-error"' in page.text) == (422, True)
    answer = doors.post(client, "/admin/profile/two-factor", {**data, "code": phone.code()})
    assert answer.status_code in {200, 303}


def test_ones_own_address_asks_for_the_code(client_of: Any, root: Agent) -> None:
    phone, _codes = phones.set_up(root)
    client, path = client_of(root), f"/admin/users/edit/?id={root.id}"
    data = {"name": "Root", "email": "new@desk.example", "role": str(root.role_id), "is_admin": "1", "active": "1"}
    given = {"current": cast.PASSWORD, "next": path}
    age()
    assert client.get(path).location.startswith(CONFIRM)
    doors.post(client, path, {**data, "current": cast.PASSWORD})
    doors.post(client, CONFIRM, given)
    doors.post(client, CONFIRM, {**given, "current": "wrong", "code": phone.code()})
    doors.post(client, path, {**data, "current": cast.PASSWORD})
    assert Agent.get_by_id(root.id).email == root.email
    assert doors.post(client, CONFIRM, {**given, "code": phone.code()}).location == path
    doors.post(client, path, data)
    assert Agent.get_by_id(root.id).email == root.email
    doors.post(client, path, {**data, "current": cast.PASSWORD})
    assert Agent.get_by_id(root.id).email == "new@desk.example"


@pytest.mark.parametrize(
    "page", ["new", "edit", "import", "invitation", "invitations", "new-password", "reset-two-factor"]
)
def test_nobody_makes_themselves_a_fresh_account_instead(client_of: Any, root: Agent, ana: Agent, page: str) -> None:
    """A browser left open by an administrator opens no other account whose password its finder chooses."""
    client, path = client_of(root), f"/admin/users/{page}/?id={ana.id}"
    phones.set_up(ana)
    age()
    assert client.get(path).location.startswith(CONFIRM)
    new = {"name": "Eve", "email": "eve@evil.example", "role": str(root.role_id), "is_admin": "1", "text": "Eve"}
    answers = [doors.post(client, path, data) for data in ({}, {"confirmed": "1"}, {"mail": "1"}, new)]
    assert {answer.status_code for answer in answers} <= {303, 403}
    assert (Agent.select().count(), AccessLink.select().count(), SecondFactor.select().count()) == (2, 0, 1)


def test_no_list_of_invitations_is_confirmed_before(client_of: Any, root: Agent) -> None:
    client, path = client_of(root), "/admin/users/import/confirm"
    age()
    assert doors.post(client, path).location.startswith(CONFIRM)


def test_what_is_guarded_by_name_is_there_and_no_export_has_another_one(app: Any) -> None:
    assert not step_up.PAGES - set(app.view_functions)
    exports = {rule.endpoint for rule in app.url_map.iter_rules() if "/export" in rule.rule}
    # A page that asks for the columns of a file, and hands none out.
    assert [name for name in exports if not name.endswith(step_up.DOWNLOADS)] == ["desk_list_export.index_view"]


def test_a_clock_that_was_ahead_leaves_nothing_fresh(client_of: Any, root: Agent) -> None:
    client = client_of(root)
    age(minutes=-60)
    SignIn.update(confirmed_at=clock.now() + timedelta(days=30)).execute()
    assert client.get("/admin/api-keys/new/").status_code == 303
    doors.post(client, CONFIRM, {"current": cast.PASSWORD, "next": "/admin/"})
    assert client.get("/admin/api-keys/new/").status_code == 200


def test_it_leads_nowhere_else(client_of: Any, ana: Agent) -> None:
    client = client_of(ana)
    age()
    for place in ("//evil.example/", "https://evil.example", "/\\evil.example"):
        assert doors.post(client, CONFIRM, {"current": cast.PASSWORD, "next": place}).location == "/admin/"
