"""What a screen reader is told in the acts of a day: roles, names and live messages (docs/access.md)."""

from __future__ import annotations

import pytest

from helpdesk import tickets
from models import Ticket
from tests.support import cast, sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only]


@pytest.fixture
def desk(page, ticket, ana, ben, billing, invoices, carol):
    """Ana's list: the ticket and an older, closed one of its customer."""
    older = cast.open_ticket(carol, billing, invoices, subject="The last time")
    tickets.close(older, actor=ana)
    enter(page, ana)
    return page


def announced(page, text):
    page.get_by_role("status").filter(has_text=text).first.wait_for()


def opened(page, ticket):
    page.goto(f"/admin/tickets/{ticket.number}?view=open")
    page.locator("trix-editor").wait_for()
    return page


def test_reading(desk, ticket):
    desk.goto("/admin/tickets/?view=open")
    desk.get_by_role("link", name=f"Unread: {ticket.subject}").press("Enter")
    desk.get_by_role("region", name="Messages").get_by_role("article", name="Carol Jones customer").wait_for()
    assert ticket.number in desk.title()
    assert desk.get_by_role("navigation", name="You are here").get_by_role("link", name="Open tickets").count() == 1
    desk.get_by_role("heading", name="Conversation history").wait_for()
    desk.get_by_role("link", name="The last time").press("Enter")
    desk.get_by_role("heading", name="The last time", level=1).wait_for()


def test_writing(desk, ticket):
    opened(desk, ticket).keyboard.press("n")
    assert desk.get_by_role("radio", name="Internal note").is_checked()
    desk.get_by_role("textbox", name="Reply").type("Ring first.")
    desk.get_by_role("button", name="Add the note").press("Enter")
    announced(desk, "Your note has been saved.")
    desk.get_by_role("link", name="Answer").press("Enter")
    assert desk.get_by_role("radio", name="Message", exact=True).is_checked()
    desk.get_by_role("textbox", name="Reply").type("We look at it.")
    desk.get_by_role("button", name="Send", exact=True).press("Enter")
    announced(desk, "Your message has been sent.")


def test_acting(desk, ticket, ben):
    opened(desk, ticket).get_by_role("button", name="Take", exact=True).press("Enter")
    announced(desk, "The ticket is yours.")
    desk.get_by_role("combobox", name="Tags").type("late")
    desk.keyboard.press("Enter")
    announced(desk, "The ticket parameters have been updated.")
    desk.get_by_role("button", name="Remove the tag late").wait_for()
    desk.get_by_role("combobox", name="Assigned to").select_option("")
    announced(desk, "The ticket parameters have been updated.")
    desk.get_by_role("status").get_by_role("button", name="Undo").wait_for()
    desk.get_by_role("button", name="Close", exact=True).press("Enter")
    announced(desk, "The ticket has been closed.")
    assert Ticket.get_by_id(ticket.id).is_closed
