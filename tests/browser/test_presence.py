"""Two agents in one ticket, in Chromium."""

import pytest

from helpdesk import clock
from helpdesk.tickets import presence
from models import Presence
from tests.support import cast, sqlite_only
from tests.support.browsing import enter, stop_clock

pytestmark = [pytest.mark.browser, sqlite_only]


@pytest.fixture
def lea(billing):
    """A colleague of Ana's."""
    return cast.make_agent("Léa", billing)


def test_a_colleague_who_replies_is_told_within_ten_seconds_and_goes(page, ticket, ana, lea):
    page.clock.install()
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    page.locator("trix-editor").wait_for()
    page.wait_for_load_state("networkidle")
    stop_clock(page)
    presence.touch(ticket, actor=lea)
    banner = page.get_by_role("status").filter(has_text="Léa is replying")
    page.clock.run_for(9_000)
    banner.wait_for()
    Presence.update(seen_at=clock.now() - presence.FRESH).execute()
    page.clock.run_for(9_000)
    banner.wait_for(state="detached")


def test_who_stands_in_the_composer_gives_a_sign_of_life(page, ticket, ana):
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    page.locator("trix-editor").wait_for()
    page.wait_for_load_state("networkidle")
    assert Presence.select().count() == 0
    with page.expect_response("**/presence"):
        page.locator("trix-editor").click()
    assert Presence.get().agent == ana


@pytest.mark.parametrize("is_refused", [False, True])
def test_an_open_ticket_asks_for_nothing_but_who_else_writes(page, watcher, ticket, ana, is_refused):
    """Two minutes of a page that is only read: one attribute once sent it to fetch itself each half minute."""
    page.clock.install()
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    if is_refused:
        watcher.expected.append("422")
        page.get_by_role("button", name="Send", exact=True).click()
        page.get_by_text("Write a message first.").wait_for()
    page.locator("trix-editor").wait_for()
    page.wait_for_load_state("networkidle")
    asked = []
    page.on("request", lambda request: asked.append((request.method, request.url.rpartition("/")[2])))
    page.clock.run_for(120_000)
    assert set(asked) == {("POST", "presence")}
    assert len(asked) <= 15
