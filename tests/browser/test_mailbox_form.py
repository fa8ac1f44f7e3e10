"""A mailbox is set up in the browser: axe finds nothing in what unfolds, and its keyboard reaches the sign-in."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk import settings
from models import Mailbox, Service
from tests.support import axe, sqlite_only
from tests.support.mails import make_mailbox

pytestmark = [pytest.mark.browser, sqlite_only]


@pytest.mark.parametrize(("width", "language"), [(1280, "fr"), (390, "en")])
def test_the_form_of_a_mailbox_and_what_unfolds(world: Any, browse: Any, width: int, language: str) -> None:
    row = make_mailbox(
        Service.get(), address="help@shop.example", name="Shop", kind="imap", auth="google", host="imap.gmail.com",
        username="help@shop.example", client_id="1234", client_secret=settings.encrypt("x"),
    )  # fmt: skip
    with browse("root", width, language=language) as page:
        page.goto(f"/admin/mailboxes/edit/?id={row.id}")
        page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        assert axe.complaints(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        way = page.get_by_role("link", name="Se connecter avec Google" if language == "fr" else "Sign in with Google")
        assert "/admin/mailboxes/sign-in/" in way.get_attribute("href")
        assert page.locator("#redirect-url").input_value().endswith("/admin/mailboxes/oauth")
        page.goto("/setup/mailbox")
        assert axe.complaints(page) == []


def test_the_form_shows_what_matters_by_what_was_chosen(world: Any, browse: Any) -> None:
    with browse("root", 1280) as page:
        page.goto("/admin/mailboxes/new/")

        def visible(*names: str) -> list[bool]:
            return [page.locator(f"[name={name}]").is_visible() for name in names]

        names = ("password", "client_id", "tenant", "host", "after_days", "after_folder")
        assert visible(*names) == [True, False, False, True, False, False]
        assert not page.get_by_role("group", name="Google or Microsoft").is_visible()
        page.select_option("#auth", "microsoft")
        page.select_option("#after", "move")
        assert visible(*names) == [False, True, True, False, True, True]
        page.select_option("#kind", "pipe")
        assert visible(*names) == [False] * 6
        assert page.locator("#address").is_visible()


def test_a_setting_shows_once_the_switch_it_needs_is_on(world: Any, browse: Any) -> None:
    with browse("root", 1280) as page:
        page.goto("/admin/configuration/")
        part = page.locator("[data-needs]").first
        switch = page.locator(f"#{part.get_attribute('data-needs')}")
        for _turn in range(2):
            assert part.evaluate("part => part.hidden") is not switch.is_checked()
            switch.evaluate("box => box.click()")


def test_the_set_up_stores_a_mailbox(world: Any, browse: Any) -> None:
    with browse("root", 390) as page:
        page.goto("/setup/mailbox")
        page.get_by_label("Address").fill("help@shop.example")
        page.get_by_label("Server").fill("imap.shop.example")
        page.get_by_label("Password").fill("open-sesame")
        page.get_by_role("button", name="Store and finish").click()
        page.wait_for_url("**/admin/ready/")
    row = Mailbox.get(Mailbox.address == "help@shop.example")
    assert (row.host, settings.decrypt(row.secret)) == ("imap.shop.example", "open-sesame")
