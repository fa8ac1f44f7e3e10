"""Two-factor authentication in the browser: set up, and given at sign-in."""

from __future__ import annotations

import re

import pytest

from tests.support import axe, cast, sqlite_only
from tests.support.browsing import enter
from tests.support.phones import Phone

pytestmark = [pytest.mark.browser, sqlite_only]


def test_it_is_set_up_and_given_at_sign_in(page, ana):
    enter(page, ana)
    page.goto("/admin/profile")
    page.get_by_role("link", name="Set up two-factor authentication").click()
    page.get_by_label("Current password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    secret = page.get_by_label("Secret", exact=True)
    secret.wait_for()
    phone = Phone(secret.input_value())
    assert axe.complaints(page) == []
    page.get_by_label("Verification code").fill(phone.code())
    page.get_by_role("button", name="Switch it on").click()
    codes = page.get_by_label("Recovery codes", exact=True)
    codes.wait_for()
    first = codes.input_value().splitlines()[0]
    assert re.fullmatch(r"\w{4}(-\w{4}){3}", first)
    assert axe.complaints(page) == []
    page.evaluate("window.print = () => document.body.setAttribute('data-printed', '')")
    page.get_by_role("button", name="Print").click()
    page.locator("[data-printed]").wait_for()
    page.context.clear_cookies()
    page.goto("/admin/sign-in?next=/admin/profile")
    page.get_by_label("E-mail address").fill(ana.email)
    page.get_by_label("Password", exact=True).fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="No phone at hand?").click()
    page.get_by_role("link", name="Use the code of the phone").wait_for()
    assert axe.complaints(page) == []
    page.get_by_label("Verification code").fill(first)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="My profile").wait_for()
    page.get_by_text("You used a recovery code: 9 are left.").wait_for()
