"""axe finds nothing in what opens over a page: dialogs, menus, cards that are added, in both themes and widths."""

from __future__ import annotations

import pytest

from helpdesk.notifications import email_texts
from helpdesk.settings.email_kinds import KINDS
from tests.support import axe, cast, sqlite_only

pytestmark = [pytest.mark.browser, sqlite_only]


def keys(page, world):
    """The help of the keyboard."""
    page.goto(world.url("desk_dashboard.index_view"))
    page.keyboard.press("?")
    return page.get_by_role("dialog", name="Keyboard")


def finder(page, world):
    """What is found while one types."""
    page.goto(world.url("desk_dashboard.index_view"))
    page.keyboard.press("Control+k")
    page.keyboard.type("a")
    return page.locator(".finder-list [aria-selected=true]")


def found_nothing(page, world):
    """The words for nothing found."""
    page.goto(world.url("desk_dashboard.index_view"))
    page.keyboard.press("Control+k")
    page.keyboard.type("zzzz")
    return page.get_by_text("Nothing matches")


def question(page, world):
    """The dialog that asks before something is lost."""
    kind = next(iter(KINDS.values()))
    values = email_texts.form_values(kind)
    email_texts.save_text(kind, {**values, "subject": {**values["subject"], "en": "Mine"}}, actor=world.people["root"])
    page.goto(world.url("desk_emails.edit_view"))
    page.get_by_role("button", name="Restore the original").click()
    return page.get_by_role("dialog")


def drawer(page, world):
    """The menu of the desk, a drawer on a telephone."""
    page.goto(world.url("desk_tickets.index_view"))
    page.evaluate("location.hash = 'menu'")
    return page.get_by_role("navigation", name="Desk")


def list_tools(page, world):
    """The filters of the list."""
    page.goto(world.url("desk_tickets.index_view"))
    page.locator(".tools summary").first.click()
    return page.locator(".menu-list.is-filters")


def list_order(page, world):
    """The orders of the list."""
    page.goto(world.url("desk_tickets.index_view"))
    page.locator(".tools details:not(.is-display) > summary").last.click()
    return page.locator(".tools details:not(.is-display) > .menu-list").last


def bulk(page, world):
    """What is done to ticked tickets."""
    page.goto(world.url("desk_tickets.index_view"))
    page.locator("[name=number]").first.check()
    page.locator(".bulk summary", has_text="Tags").click()
    return page.locator("#new-tag")


def bulk_assigning(page, world):
    """Whom ticked tickets are given to."""
    page.goto(world.url("desk_tickets.index_view"))
    page.locator("[name=number]").first.check()
    page.locator(".bulk summary", has_text="Assign").click()
    return page.locator(".bulk .menu-item", has_text="Nobody")


def transfer(page, world):
    """Handing a ticket over."""
    page.goto(world.url("desk_ticket.ticket_view"))
    page.locator(".acts summary", has_text="Transfer").click()
    return page.locator(".acts textarea")


def move(page, world):
    """Moving a ticket to another place."""
    page.goto(world.url("desk_ticket.ticket_view"))
    page.locator(".acts summary", has_text="Move").click()
    return page.locator("#place")


def subject(page, world):
    """The field of the subject."""
    page.goto(world.url("desk_ticket.ticket_view"))
    page.locator(".ticket-head summary").click()
    return page.locator("#subject")


def merging(page, world):
    """What is asked before two tickets are merged, after a number that cannot be."""
    other = cast.open_ticket(world.people["carol"], world.ticket.service, world.ticket.department)
    page.goto(world.url("desk_merge.merge_view"))
    page.fill("#number", "999")
    page.get_by_role("button", name="Continue").click()
    page.locator("#choice-error").wait_for()
    assert complaints(page, page.viewport_size["width"]) == []
    page.fill("#number", "")
    page.check(f"#into-{other.number}")
    page.get_by_role("button", name="Continue").click()
    return page.get_by_text("It can be undone for 30 days")


def trying(page, world):
    """What a filter would have acted on."""
    page.goto(world.url("desk_filters.create_view"))
    page.locator("[name=conditions-0-value]").fill("invoice")
    page.get_by_role("button", name="Test").click()
    return page.locator("#try mark").first


def problems_of_a_filter(page, world):
    """What is wrong with a filter."""
    page.goto(world.url("desk_filters.create_view"))
    page.get_by_role("button", name="Save").last.click()
    return page.locator("#errors")


def canned(page, world):
    """The canned responses of the composer."""
    page.goto(f"{world.url('desk_ticket.ticket_view')}#reply")
    page.locator("[data-canned] summary").click()
    return page.locator("#canned-search")


def note(page, world):
    """The composer as an internal note, with a name for a canned response asked for."""
    page.goto(f"{world.url('desk_ticket.ticket_view')}#reply")
    page.check("#save_as")
    page.locator("#canned_name").wait_for()
    page.locator(".kind label", has_text="Internal note").click()
    return page.locator(".composer trix-toolbar")


def permission_card(page, world):
    """A permission added to a user."""
    page.goto(world.url("desk_users.edit_view"))
    page.locator("[data-inline] [data-add]").click()
    return page.locator("[data-inline] [data-row]").last


OPENERS = (
    *(keys, finder, found_nothing, question, drawer, list_tools, list_order),
    *(subject, merging, transfer, move, trying, problems_of_a_filter, canned, note, permission_card),
)
#: Rows are ticked where there is room for it.
WIDE = (bulk, bulk_assigning)


def complaints(page, width):
    """Return what axe finds in what is open, in both themes, and whether the page has become too wide for it."""
    return axe.complaints(page) + ["too wide"] * (page.evaluate("document.documentElement.scrollWidth") > width)


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_what_opens(world, browse, width):
    found = {}
    with browse("root", width) as page:
        for opener in OPENERS + WIDE * (width > 390):
            page.goto("about:blank")
            opener(page, world).wait_for()
            found[opener.__name__] = complaints(page, width)
    assert {name: said for name, said in found.items() if said} == {}
