"""One whole sign-in with the organisation's account, in the browser: linked, then in, under the strict policy."""

from __future__ import annotations

import pytest

from models import Identity
from tests.support import axe, browsing, cast, sqlite_only

pytestmark = [pytest.mark.browser, sqlite_only]


@pytest.fixture
def page(browser, live_server):
    """A page at the public address of the desk, where the provider leads back to."""
    context = browser.new_context(base_url=live_server.url, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(browsing.PATIENCE)
    page = context.new_page()
    yield page
    context.close()


def test_an_account_is_linked_and_from_then_on_signs_in(page, acme, provider, ana):
    acme.sign_in_as(ana.email)
    page.goto("/admin/sign-in?next=/admin/profile")
    assert axe.complaints(page) == []
    page.get_by_role("link", name="Sign in with Acme").click()
    page.get_by_role("heading", name="Acme").wait_for()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_text("No account here is linked to this account of “Acme” yet").wait_for()
    assert axe.complaints(page) == []
    page.get_by_label("E-mail address").fill(ana.email)
    page.get_by_label("Password", exact=True).fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("From now on, “Acme” opens your account.").wait_for()
    page.get_by_role("heading", name="Linked accounts").wait_for()
    assert axe.complaints(page) == []
    assert Identity.get().agent_id == ana.id
    page.context.clear_cookies()
    page.goto("/admin/sign-in?next=/admin/profile")
    page.get_by_role("link", name="Sign in with Acme").click()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("heading", name="My profile").wait_for()
