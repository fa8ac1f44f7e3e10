"""What spares people typing and remembering: completion, password managers, pasting, nothing asked twice."""

from __future__ import annotations

import re

import pytest

from helpdesk import settings
from tests.support import cast, doors, sqlite_only


def completions(page: str) -> dict[str, str]:
    """Return the completion of each field of a page, by its name."""
    fields = re.findall(r"<(?:input|textarea)\b[^>]*>", page)
    pairs = ((re.search(r' name="([^"]*)"', field), re.search(r'autocomplete="([^"]*)"', field)) for field in fields)
    return {name.group(1): said.group(1) for name, said in pairs if name and said}


def test_the_form_is_completed_by_the_browser(client, sales):
    settings.save({"always_ask_name": True})
    said = completions(client.get("/").text)
    assert {name: said[name] for name in ("email", "first_name", "last_name")} == {
        "email": "email", "first_name": "given-name", "last_name": "family-name",
    }  # fmt: skip
    assert {said[name] for name in ("subject", "order_number", "code", "website")} == {"off"}


@pytest.mark.parametrize("path", ["/sign-in", "/admin/sign-in"])
def test_password_managers_fill_in_the_sign_in(client, sales, path):
    said = completions(client.get(path).text)
    assert (said["email"], said["password"]) == ("username", "current-password")


def test_who_is_signed_in_is_asked_for_nothing_the_desk_knows(client_of, carol, sales):
    page = client_of(carol).get("/").text
    asked = set(re.findall(r'name="([^"]*)"', page[page.index("data-ticket-form") :]))
    assert not asked & {"email", "first_name", "last_name", "code"}


def test_a_refused_sign_in_keeps_the_address(client, carol):
    answer = doors.post(client, "/sign-in", {"email": "carol@customer.example", "password": "wrong"})
    assert 'value="carol@customer.example"' in answer.text


def test_the_only_cookie_of_the_form_is_its_own(client, sales):
    (cookie,) = client.get("/").headers.getlist("Set-Cookie")
    assert cookie.startswith("guichet=")
    assert "HttpOnly" in cookie
    assert not re.search("expires|max-age", cookie, re.IGNORECASE)


def test_an_e_mail_is_not_broken_at_its_hyphen(client, sales):
    settings.save({"mail_host": "127.0.0.1"})
    page = client.get("/", headers={"Accept-Language": "fr"}).text
    lede = re.search(r'(?s)<p class="lede">(.*?)</p>', page).group(1)
    assert '<span class="nowrap">e-mail</span>' in lede
    assert '<h1>Comment <span class="nowrap">pouvons-nous</span> vous aider' in page


@pytest.mark.browser
@sqlite_only
@pytest.mark.parametrize("path", ["/sign-in", "/admin/sign-in"])
def test_a_password_is_pasted(page, sales, carol, path):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(path)
    page.evaluate("text => navigator.clipboard.writeText(text)", cast.PASSWORD)
    page.get_by_label("Password").focus()
    page.keyboard.press("Control+V")
    assert page.get_by_label("Password").input_value() == cast.PASSWORD
