"""What a visitor wrote: kept in the browser for a day, gone once it is sent; a network that is gone is told."""

from __future__ import annotations

import pytest

from models import Ticket, UnconfirmedRequest
from tests.public.filling import open_form
from tests.public.test_form_in_browser import type_ticket
from tests.support import sqlite_only

pytestmark = [pytest.mark.browser, sqlite_only]

DAY = 86_400_000


def stored_drafts(page):
    return page.evaluate("Object.entries(localStorage).filter(([name]) => name.startsWith('draft:')).map(String)")


@pytest.fixture
def written(page, sales):
    """A page on which something was written."""
    page.goto("/")
    page.get_by_text("Give an order number").click()
    page.get_by_label("Order number").fill("W-17")
    page.get_by_label("Subject").fill("A wheel")
    page.get_by_label("Message").fill("It squeaks.")
    return page


def values(page):
    return [page.locator(f"#{name}").input_value() for name in ("subject", "message", "order_number")]


def test_a_draft_survives_a_reload_and_a_closed_tab(written):
    written.reload()
    assert values(written) == ["A wheel", "It squeaks.", "W-17"]
    other = written.context.new_page()
    written.close()
    other.goto("/")
    assert values(other) == ["A wheel", "It squeaks.", "W-17"]
    other.get_by_text("What you wrote at").wait_for()
    other.locator("#order_number").wait_for()


def test_only_the_words_are_kept(written):
    written.get_by_label("E-mail address").fill("vera@visitor.example")
    written.get_by_label("Security code").fill("SECRET")
    (entry,) = stored_drafts(written)
    assert not any(word in entry for word in ("vera", "SECRET"))
    written.get_by_text("This browser keeps what you write for a day, until you send it.").wait_for()


def test_starting_again_empties_fields_and_drawer(written):
    written.reload()
    written.get_by_role("button", name="Start again").click()
    assert (values(written), stored_drafts(written)) == (["", "", ""], [])
    assert written.evaluate("document.activeElement.id") == "subject"
    written.reload()
    assert values(written) == ["", "", ""]


def test_a_draft_of_yesterday_is_gone(written):
    written.evaluate(
        """day => { const left = JSON.parse(localStorage["draft:"]); left.at -= day;
        localStorage["draft:"] = JSON.stringify(left) }""",
        DAY,
    )
    written.reload()
    assert (values(written), stored_drafts(written)) == (["", "", ""], [])


@pytest.mark.parametrize("button", ["Send", "I cannot read the code"])
def test_nothing_is_kept_once_it_is_sent(page, sales, smtp, button):
    open_form(page)
    type_ticket(page)
    assert len(stored_drafts(page)) == 1
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("heading", name="What happens next").wait_for()
    assert Ticket.select().count() + UnconfirmedRequest.select().count() == 1
    assert stored_drafts(page) == []


def test_a_refused_form_is_still_kept(written, watcher):
    watcher.expected.append("422")
    written.get_by_role("button", name="Send").click()
    written.locator("#errors:focus").wait_for()
    assert len(stored_drafts(written)) == 1


def test_who_signs_out_leaves_nothing_and_others_see_nothing(page, sales, carol):
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("carol@customer.example")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Welcome, ").wait_for()
    page.goto("/")
    page.get_by_label("Subject").fill("Between us")
    assert len(stored_drafts(page)) == 1
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").wait_for()
    assert stored_drafts(page) == []


# --- The network --------------------------------------------------------------------------------------------------


def test_a_lost_network_is_told_and_sending_waits(page, watcher, sales):
    open_form(page)
    type_ticket(page)
    page.context.set_offline(True)
    page.get_by_text("You are offline. What you wrote stays here.").wait_for()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Nothing was sent: the desk cannot be reached.").wait_for()
    assert page.get_by_label("Subject").input_value() == "A question"
    page.context.set_offline(False)
    page.get_by_text("You are online again.").wait_for()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/sent")
    assert Ticket.select().count() == 1


def test_a_desk_that_does_not_answer_is_told(page, watcher, sales):
    watcher.expected.append("Failed to load resource")
    open_form(page)
    type_ticket(page)
    page.route("**/favicon.svg*", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Nothing was sent: the desk cannot be reached.").wait_for()
    page.unroute("**/favicon.svg*")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/sent")
