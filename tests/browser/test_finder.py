"""The box that finds anything, in Chromium, by keyboard alone."""

import pytest

from models import Ticket
from tests.support import cast, sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only]


@pytest.fixture
def opened(page, ticket, ana):
    """The box, open on Ana's page of the ticket."""
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    page.locator("trix-editor").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_role("dialog", name="Find anything").wait_for()
    return page


def find(page, text):
    page.keyboard.type(text)
    page.locator(".finder-list [aria-selected=true]", has_text=text).wait_for()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("text", "title"), [("Unassigned", "Unassigned"), ("Jones", "Search")])
def test_it_leads_to_screens_and_customers(opened, text, title):
    find(opened, text)
    opened.get_by_role("heading", name=title, level=1).wait_for()


def test_it_leads_to_tickets(opened, ticket):
    opened.goto("/admin/dashboard/")
    opened.keyboard.press("Control+k")
    find(opened, ticket.subject)
    opened.get_by_role("heading", name=ticket.subject, level=1).wait_for()


def test_it_does_what_the_page_can(opened, ana):
    find(opened, "Take")
    opened.get_by_text("The ticket is yours.").wait_for()
    assert Ticket.get().assignee == ana


def test_enter_waits_for_the_lines_of_what_is_typed(opened, ticket, ana):
    other = cast.open_ticket(ticket.customer, ticket.service, ticket.department, subject="Another matter")
    opened.keyboard.type("take")
    opened.locator(".finder-list [aria-selected=true]", has_text="Take").wait_for()
    opened.keyboard.press("Control+a")
    opened.keyboard.type(other.number)
    opened.keyboard.press("Enter")
    opened.get_by_role("heading", name="Another matter", level=1).wait_for()
    assert Ticket.get_by_id(ticket.id).assignee is None


def test_a_text_that_is_changed_after_enter_leads_nowhere(opened, ticket):
    opened.route("**/find/**", lambda route: None if route.request.url.endswith("q=take") else route.continue_())
    opened.keyboard.type("take")
    with opened.expect_request("**/find/**"):
        opened.keyboard.press("Enter")
    opened.keyboard.type(" it all")
    opened.get_by_text("Nothing matches").wait_for()
    assert Ticket.get_by_id(ticket.id).assignee is None


def test_escape_closes_it_and_gives_the_focus_back(opened):
    opened.keyboard.press("Escape")
    opened.focus("[data-finder]")
    opened.keyboard.press("Enter")
    opened.get_by_role("dialog", name="Find anything").wait_for()
    opened.keyboard.press("Escape")
    assert not opened.get_by_role("dialog").is_visible()
    assert opened.evaluate("document.activeElement.matches('[data-finder]')")
