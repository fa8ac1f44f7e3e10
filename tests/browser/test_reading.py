"""Reading in Chromium: what is new, the list beside a ticket, exact times, the address of a message."""

from __future__ import annotations

import pytest

from helpdesk import clock, tickets
from helpdesk.lists import counting
from helpdesk.tickets import unread
from models import Message, Ticket
from tests.browser.test_desk import width
from tests.support import axe, cast, sqlite_only
from tests.support.browsing import enter, stop_clock

pytestmark = [pytest.mark.browser, sqlite_only]

LIST = "/admin/tickets/?view=open"
WIDE = {"width": 1536, "height": 800}


@pytest.fixture
def several(carol, billing, invoices):
    """Three tickets of Billing."""
    made = [cast.open_ticket(carol, billing, invoices, subject=f"Ticket {n}") for n in range(3)]
    counting.forget_counts()
    return made


@pytest.fixture
def wide(page, several, ana):
    """Ana's wide window."""
    page.set_viewport_size(WIDE)
    enter(page, ana)
    return page


def address(ticket):
    return f"/admin/tickets/{ticket.number}?view=open"


def opened(page, ticket):
    """Open a ticket and wait until its list stands beside it."""
    page.goto(address(ticket))
    page.locator(".beside-row").first.wait_for()


def tall(ticket, carol, lines=40):
    """Let the customer write a message that is taller than the window."""
    return tickets.receive_message(Ticket.get_by_id(ticket.id), "\n\n".join(["One more line."] * lines), actor=carol)


def top(page):
    return page.evaluate("scrollY")


# --- What is new --------------------------------------------------------------------------------------------------


def test_opening_a_ticket_clears_it_in_the_list(page, several, ana):
    enter(page, ana)
    page.goto(LIST)
    assert page.locator(".is-unread").count() == 3
    with page.expect_response("**/read"):
        page.get_by_role("link", name="Ticket 1").click()
    page.goto(LIST)
    assert page.locator(".is-unread").count() == 2
    assert page.locator(".is-unread .subject", has_text="Ticket 1").count() == 0


def test_a_thread_opens_at_what_is_new_where_that_is_out_of_sight(page, ticket, ana, carol):
    unread.read(ticket, tall(ticket, carol).id, actor=ana)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "And now?", actor=carol)
    enter(page, ana)
    with page.expect_response("**/read"):
        page.goto(address(ticket))
    assert top(page) > 0
    assert 0 < page.locator("#new").bounding_box()["y"] < 800


def test_what_is_in_sight_does_not_move(page, ticket, ana, carol):
    unread.read(ticket, Message.get().id, actor=ana)
    tall(ticket, carol)
    enter(page, ana)
    with page.expect_response("**/read"):
        page.goto(address(ticket))
    page.get_by_text("New since your last visit").wait_for()
    assert top(page) == 0


def test_a_ticket_marked_as_unread_leads_to_the_list_in_weight(page, several, ana):
    enter(page, ana)
    with page.expect_response("**/read"):
        page.goto(address(several[0]))
    page.get_by_role("button", name="Mark as unread").click()
    page.get_by_text("The ticket is marked as unread.").wait_for()
    assert page.locator("tr.is-unread", has_text="Ticket 0").count() == 1
    assert page.get_by_role("button", name="Mark as read", exact=True).count() == 0


# --- The list beside a ticket -------------------------------------------------------------------------------------


def test_on_a_wide_window_the_list_stands_beside_the_ticket(wide, several):
    opened(wide, several[1])
    pane = wide.get_by_role("navigation", name="Open tickets")
    assert pane.get_by_role("link").count() == 3
    assert "Ticket 1" in pane.locator("[aria-current=page]").inner_text()
    assert width(wide) == WIDE["width"]


def test_j_and_k_walk_beside_a_ticket_and_o_opens(wide, several):
    opened(wide, several[0])
    for key in "jjk":
        wide.keyboard.press(key)
    assert "Ticket 1" in wide.evaluate("document.activeElement.innerText")
    wide.keyboard.press("o")
    wide.get_by_role("heading", name="Ticket 1").wait_for()


def test_the_list_is_one_stop_for_tab_and_arrows_walk_it(wide, several):
    opened(wide, several[1])
    assert (
        wide.locator('.beside-row[tabindex="0"]').all_inner_texts()
        == wide.locator(".beside-row[aria-current]").all_inner_texts()
    )
    wide.focus(".beside-row[aria-current]")
    wide.keyboard.press("ArrowDown")
    assert "Ticket 2" in wide.evaluate("document.activeElement.innerText")
    wide.keyboard.press("Home")
    assert "Ticket 0" in wide.evaluate("document.activeElement.innerText")


def test_the_list_is_folded_away_and_comes_back(wide, several):
    opened(wide, several[0])
    toggle = wide.get_by_role("button", name="List beside")
    toggle.click()
    assert (toggle.get_attribute("aria-expanded"), wide.locator("#beside").is_visible()) == ("false", False)
    wide.goto(address(several[1]))
    assert not wide.locator("#beside").is_visible()
    toggle.click()
    wide.locator(".beside-row").first.wait_for()
    opened(wide, several[2])


def test_a_narrower_window_asks_for_no_list(page, several, ana):
    asked = []
    page.on("request", lambda sent: asked.append(sent.url))
    enter(page, ana)
    page.goto(address(several[0]))
    page.wait_for_load_state("networkidle")
    assert not page.locator("#beside").is_visible()
    assert [url for url in asked if "beside?" in url] == []
    page.set_viewport_size(WIDE)
    page.locator(".beside-row").first.wait_for()


def test_a_list_that_cannot_be_had_leaves_the_ticket_alone_until_one_asks_again(wide, watcher, several):
    watcher.expected.append("beside")
    wide.route("**/beside?*", lambda route: route.abort())
    wide.goto(address(several[0]))
    toggle = wide.locator(".beside-toggle[aria-expanded=false]")
    toggle.wait_for()
    assert not wide.locator("#beside").is_visible()
    wide.unroute("**/beside?*")
    toggle.click()
    wide.locator(".beside-row").first.wait_for()


def test_without_script_the_ticket_stands_alone(page, several, ana, browser, live_server):
    enter(page, ana)
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, viewport=WIDE, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(address(several[0]))
    assert not plain.locator("#beside").is_visible()
    assert not plain.get_by_role("button", name="List beside").is_visible()
    plain.get_by_role("button", name="Mark as read", exact=True).wait_for()
    context.close()


def test_axe_finds_nothing_with_the_list_beside(wide, several, ana, root):
    unread.read(several[1], Message.get(Message.ticket == several[1].id).id, actor=ana)
    tickets.add_note(several[1], "<p>Look.</p>", actor=root)
    opened(wide, several[1])
    wide.get_by_text("New since your last visit").wait_for()
    wide.focus(".beside-row[aria-current]")
    assert axe.complaints(wide) == []


# --- Exact times --------------------------------------------------------------------------------------------------


def drawn(page, selector):
    """Return what stands beside a time: the exact one, or "none"."""
    return page.locator(selector).first.evaluate("node => getComputedStyle(node, '::after').content")


@pytest.mark.parametrize(
    ("where", "link", "time"),
    [
        (LIST, ".subject", ".c-when time"),
        ("ticket", ".msg .when", ".msg .when time"),
    ],
)
def test_the_exact_time_shows_on_focus_until_escape(page, ticket, ana, where, link, time):
    enter(page, ana)
    page.goto(address(ticket) if where == "ticket" else where)
    title = page.locator(time).first.get_attribute("title")
    assert drawn(page, time) == "none"
    page.keyboard.press("Tab")
    page.focus(link)
    assert drawn(page, time) == f'"{title}"'
    page.keyboard.press("Escape")
    assert drawn(page, time) == "none"


def test_a_customer_meets_the_exact_time_on_focus(page, app, ticket, carol):
    enter(page, carol)
    page.goto("/tickets")
    title = page.locator(".mine time").get_attribute("title")
    page.keyboard.press("Tab")
    page.focus(".mine a")
    assert drawn(page, ".mine time") == f'"{title}"'


# --- The address of a message -------------------------------------------------------------------------------------


def test_the_address_of_a_message_is_copied_and_said(page, ticket, ana, live_server):
    page.clock.install()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(page, ana)
    page.goto(address(ticket))
    button = page.get_by_role("button", name="Copy the link")
    button.focus()
    stop_clock(page)
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Link copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{live_server.url}/admin/tickets/{ticket.number}#m{Message.get().id}"
    page.clock.run_for(5_000)
    button.wait_for()


def test_a_message_of_a_long_thread_is_shown_by_its_address(page, ticket, ana, carol):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    now = clock.now()
    rows = [
        {"ticket": ticket, "kind": "customer", "author_name": "Carol", "body": f"<p>{n}</p>", "created_at": now}
        for n in range(140)
    ]
    Message.insert_many(rows).execute()
    enter(page, ana)
    page.goto(address(ticket))
    page.locator(".msg .copy").first.focus()
    page.keyboard.press("Enter")
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    assert page.locator(".msg:target").count() == 1
    page.get_by_role("link", name="Earlier messages").wait_for()


# --- A telephone --------------------------------------------------------------------------------------------------


def test_list_ticket_and_composer_are_separate_screens_on_a_telephone(page, several, ana):
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, ana)
    page.goto(LIST)
    page.get_by_role("link", name="Ticket 1").click()
    page.locator("trix-editor").wait_for(state="attached")
    assert not page.locator("trix-editor").is_visible()
    page.get_by_role("link", name="Answer").click()
    page.locator("trix-editor").wait_for()
    box = page.locator("#reply").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    page.get_by_role("link", name="Back to the ticket").click()
    page.get_by_role("heading", name="Ticket 1").wait_for()
    page.get_by_role("link", name="Back to the list").click()
    page.wait_for_url("**/admin/tickets/?view=open")


def test_the_finder_is_closed_without_a_keyboard(page, ticket, ana):
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, ana)
    page.goto(LIST)
    page.get_by_role("link", name="Open the menu").click()
    page.get_by_text("Find anything").first.click()
    page.get_by_role("dialog", name="Find anything").wait_for()
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("dialog", name="Find anything").wait_for(state="hidden")
