"""Passkeys in the browser, with a device that Chromium plays: made, used at sign-in, and before what hurts."""

from __future__ import annotations

import pytest

from models import Passkey, RecoveryCode
from tests.support import axe, browsing, cast, sqlite_only

pytestmark = [pytest.mark.browser, sqlite_only]

DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def page(browser, live_server):
    """A page that finds the desk by name: browsers keep no passkeys for an address in numbers."""
    desk = live_server.url.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=desk, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(browsing.PATIENCE)
    page = context.new_page()
    watcher = browsing.Watcher(page, desk)
    yield page
    context.close()
    assert watcher.unexpected() == []


@pytest.fixture
def device(page):
    """Says whether the device that Chromium plays knows whose finger it is."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    key = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
    return lambda is_verified: session.send(
        "WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": is_verified}
    )


def test_one_is_made_and_opens_the_desk_in_place_of_password_and_code(page, device, ana):
    page.goto("/admin/sign-in?next=/admin/profile")
    page.get_by_label("E-mail address").fill(ana.email)
    page.get_by_label("Password", exact=True).fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Set up two-factor authentication").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    assert axe.complaints(page) == []
    device(False)
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_text("The passkey was not made. Try again.").wait_for()
    device(True)
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_label("Recovery codes", exact=True).wait_for()
    assert (Passkey.get().name, RecoveryCode.select().count()) == ("Laptop", 10)
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Manage two-factor authentication").click()
    page.get_by_role("cell", name="Laptop").first.wait_for()
    assert axe.complaints(page) == []
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_text("This device has a passkey of this desk already.").wait_for()

    page.context.clear_cookies()
    page.goto("/admin/sign-in?next=/admin/profile")
    assert axe.complaints(page) == []
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    page.get_by_role("heading", name="My profile").wait_for()

    page.context.clear_cookies()
    page.goto("/admin/sign-in?next=/admin/profile")
    page.get_by_label("E-mail address").fill(ana.email)
    page.get_by_label("Password", exact=True).fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use the passkey").wait_for()
    assert axe.complaints(page) == []
    page.get_by_role("button", name="Use the passkey").click()
    page.get_by_role("heading", name="My profile").wait_for()
    assert Passkey.get().last_used_at is not None
