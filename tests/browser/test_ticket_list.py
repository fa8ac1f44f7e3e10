"""The list of tickets in Chromium: ticking, undo, filters and news, by mouse and by keyboard."""

import pytest

from helpdesk import tickets
from helpdesk.lists import counting
from models import Agent, Ticket
from tests.browser.test_desk import width
from tests.support import cast, sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only]

LIST = "/admin/tickets/"


@pytest.fixture
def many(carol, billing, invoices):
    """Thirty tickets: more than a page."""
    return [cast.open_ticket(carol, billing, invoices, subject=f"Ticket {n}") for n in range(30)]


@pytest.fixture
def listed(page, many, ana):
    """The list of Ana, who is signed in."""
    counting.forget_counts()
    enter(page, ana)
    page.goto(f"{LIST}?view=open")
    return page


def ticked(page) -> str:
    return page.locator("[data-bulk-count]").inner_text()


def test_ticking_all_that_match_counts_them_and_unticking_one_row_ends_it(listed):
    assert not listed.locator(".bulk").is_visible()
    listed.check("[data-tick-all]")
    assert ticked(listed) == "25 ticked"
    listed.check("[data-tick-everything]")
    assert ticked(listed) == "30 ticked"
    listed.uncheck("input[name=number] >> nth=3")
    assert (ticked(listed), listed.is_checked("[data-tick-everything]")) == ("24 ticked", False)


def test_all_that_match_are_deleted_and_brought_back(listed):
    listed.check("[data-tick-all]")
    listed.check("[data-tick-everything]")
    listed.click(".bulk > button >> text=Delete")
    listed.get_by_text("30 tickets are in the bin.").wait_for()
    assert Ticket.select().where(Ticket.in_bin).count() == 30
    listed.click("text=Undo")
    listed.get_by_text("30 tickets are as before.").wait_for()
    assert Ticket.select().where(Ticket.in_bin).count() == 0
    assert listed.url.endswith("?view=open")


def test_the_keyboard_assigns_and_takes_back(listed, ana):
    listed.focus("input[name=number] >> nth=0")
    listed.keyboard.press("Space")
    listed.focus(".bulk summary >> text=Assign to")
    listed.keyboard.press("Enter")
    # The button itself: the name in it stands beside a note when they are away.
    listed.focus(".bulk .menu-item:has-text('Ana')")
    listed.keyboard.press("Enter")
    listed.get_by_text("1 ticket has been assigned.").wait_for()
    assert Ticket.select().where(Ticket.assignee == ana).count() == 1
    listed.focus("text=Undo")
    listed.keyboard.press("Enter")
    listed.get_by_text("1 ticket is as before.").wait_for()
    assert Ticket.select().where(Ticket.assignee == ana).count() == 0


def test_enter_in_the_new_tag_adds_it_and_nothing_else(listed):
    listed.check("input[name=number] >> nth=0")
    listed.click(".bulk summary >> text=Tags")
    listed.fill("#new-tag", "brand new")
    listed.press("#new-tag", "Enter")
    listed.get_by_text("1 ticket has been updated.").wait_for()
    assert listed.locator(".tag", has_text="brand new").count() >= 1
    assert Ticket.select().where(Ticket.assignee.is_null(False)).count() == 0


def test_a_filter_stays_when_one_goes_back_and_reloads(listed, many, ana):
    tickets.close(many[0], actor=ana)
    listed.click("summary:has-text('Filter')")
    listed.select_option("#f-view", "closed")
    listed.click(".menu-form >> text=Show")
    listed.wait_for_url("**view=closed")
    listed.click("a.subject")
    listed.go_back()
    listed.reload()
    assert listed.locator("a.subject").all_inner_texts() == ["Ticket 0"]


def test_a_list_is_saved_from_its_menu(listed):
    listed.click("summary:has-text('Filter')")
    listed.check("[name=waits]")
    listed.click(".menu-form >> text=Show")
    listed.click("summary:has-text('Save this list')")
    listed.fill("#f-name", "Late")
    listed.press("#f-name", "Enter")
    listed.get_by_text("The list “Late” is saved.").wait_for()
    assert listed.locator(".side a[aria-current=page]").inner_text().split() == ["Late", "30"]


def test_new_tickets_are_told_and_no_row_moves(listed, carol, billing, invoices):
    listed.clock.install()
    listed.goto(LIST)
    rows = listed.locator("a.subject").all_inner_texts()
    cast.open_ticket(carol, billing, invoices, subject="Fresh")
    listed.clock.run_for(40_000)
    listed.get_by_text("1 new ticket since you came").wait_for()
    assert listed.locator("a.subject").all_inner_texts() == rows
    assert listed.locator("[role=status] .fresh").count() == 1
    listed.click("text=Refresh")
    listed.wait_for_load_state()
    assert listed.locator(".fresh").count() == 0


def test_nothing_is_asked_where_nobody_moves(listed):
    listed.clock.install()
    listed.goto(LIST)
    asked = []
    listed.on("request", lambda request: "/news" in request.url and asked.append(request.url))
    listed.clock.fast_forward(16 * 60_000)
    listed.clock.run_for(90_000)
    assert asked == []
    listed.keyboard.press("Shift")
    listed.clock.run_for(40_000)
    assert asked != []


def test_a_telephone_shows_the_list_the_filters_and_a_search(listed):
    listed.set_viewport_size({"width": 390, "height": 844})
    for address in (f"{LIST}?waits=1", f"{LIST}?view=search&q=ticket", "/admin/views/"):
        listed.goto(address)
        assert width(listed) == 390
    listed.goto(LIST)
    listed.click("summary:has-text('Filter')")
    box = listed.locator(".is-filters").bounding_box()
    assert (box["x"] >= 0, box["x"] + box["width"] <= 390, box["y"] + box["height"] <= 844) == (True, True, True)


def test_numbers_are_whole_and_subjects_have_room(listed):
    whole = "all => all.every(cell => cell.scrollWidth <= cell.clientWidth)"
    for viewport in (880, 1120, 1280, 1600):
        listed.set_viewport_size({"width": viewport, "height": 900})
        listed.reload()
        assert listed.locator(".c-number, .c-when").evaluate_all(whole), viewport
        assert listed.locator(".c-subject").first.bounding_box()["width"] > 140, viewport


def test_a_telephone_selects_and_leaving_unticks(listed):
    listed.set_viewport_size({"width": 390, "height": 844})
    listed.goto(LIST)
    assert not listed.locator("[name=number]").first.is_visible()
    listed.get_by_role("button", name="Select", exact=True).click()
    assert listed.locator(".selecting [role=status]").inner_text() == "Tick the tickets, then choose an action below."
    listed.locator("a.subject").first.click()
    listed.locator("[name=number]").nth(1).check()
    assert ticked(listed) == "2 ticked"
    bar = listed.locator(".bulk")
    sizes = [one.bounding_box() for one in bar.locator(".btn:visible").all()]
    assert sizes
    assert all(box["height"] >= 24 and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in sizes)
    assert width(listed) == 390
    listed.get_by_role("button", name="Stop selecting").click()
    assert listed.evaluate("document.activeElement.textContent") == "Select"
    assert not bar.is_visible()
    assert listed.locator("[name=number]:checked").count() == 0
    listed.locator("a.subject").first.click()
    listed.locator(".ticket-head").wait_for()


def test_what_is_ticked_on_a_telephone_is_deleted(listed):
    listed.set_viewport_size({"width": 390, "height": 844})
    listed.goto(LIST)
    listed.get_by_role("button", name="Select", exact=True).click()
    listed.check("[data-tick-all]")
    listed.click(".bulk summary:has-text('More')")
    listed.click(".bulk .menu-item:has-text('Delete')")
    listed.get_by_text("25 tickets are in the bin.").wait_for()


def test_a_wide_window_needs_no_button_to_tick(listed):
    assert not listed.locator("[data-select]").is_visible()
    listed.locator("[name=number]").first.wait_for()


def test_a_telephone_shows_twelve_rows_on_its_first_two_screens(listed):
    listed.set_viewport_size({"width": 390, "height": 844})
    listed.goto(LIST)
    places = listed.locator("a.subject").evaluate_all("links => links.map(link => link.getBoundingClientRect().bottom)")
    assert len([bottom for bottom in places if bottom < 2 * 844]) >= 12
    assert places[0] < 200


@pytest.mark.parametrize("viewport", [880, 1280, 1600])
def test_a_row_is_one_line_and_dense_rows_are_seen_at_once(listed, viewport):
    listed.set_viewport_size({"width": viewport, "height": 900})
    heights = "rows => [...new Set(rows.map(row => Math.round(row.getBoundingClientRect().height)))]"
    assert max(listed.locator("tbody tr").evaluate_all(heights)) <= 47
    listed.click("summary:has-text('Display')")
    listed.check("#rows-dense")
    assert max(listed.locator("tbody tr").evaluate_all(heights)) <= 35
    listed.click("text=Keep this display")
    listed.get_by_text("Your lists look like this from now on.").wait_for()
    assert max(listed.locator("tbody tr").evaluate_all(heights)) <= 35


def test_the_first_words_lead_to_the_ticket_too(listed):
    words = listed.locator(".words").first.bounding_box()
    listed.mouse.click(words["x"] + 20, words["y"] + words["height"] / 2)
    listed.locator(".ticket-head").wait_for()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_bar_is_one_line(listed, ana, language):
    Agent.update(locale=language).where(Agent.id == ana.id).execute()
    for viewport in (860, 900, 1000, 1024, 1120, 1240, 1280):
        listed.set_viewport_size({"width": viewport, "height": 800})
        listed.reload()
        listed.check("[data-tick-all]")
        bar = listed.locator(".bulk").bounding_box()
        assert bar["height"] < 60, viewport
        assert bar["x"] + bar["width"] <= viewport
        assert width(listed) == viewport


def test_a_menu_of_the_bar_is_searched(listed, billing):
    for number in range(9):
        cast.make_agent(f"Agent {number}", billing)
    zoe = cast.make_agent("Zoé Über", billing)
    listed.reload()
    listed.check("input[name=number] >> nth=0")
    listed.click(".bulk summary >> text=Assign to")
    listed.fill("#find-assignee", "zoe ub")
    assert listed.locator(".bulk .menu-item:visible").all_inner_texts() == ["ZÜ\nZoé Über"]
    listed.press("#find-assignee", "Enter")
    listed.get_by_text("1 ticket has been assigned.").wait_for()
    assert Ticket.select().where(Ticket.assignee == zoe).count() == 1


def test_services_fold_and_stay_folded(listed, billing):
    fold = listed.locator(f"[data-fold='{billing.id}']")
    assert fold.evaluate("node => node.open")
    fold.locator("summary").click()
    listed.goto(LIST)
    assert not fold.evaluate("node => node.open")
    listed.goto(f"{LIST}?service={billing.id}")
    assert fold.evaluate("node => node.open")


def test_thirty_departments_leave_the_other_lists_in_sight(listed, root):
    for number in range(10):
        cast.make_service(f"Service number {number} with a very long name", "First", "Second", "Third")
    enter(listed, root)
    listed.set_viewport_size({"width": 1280, "height": 720})
    listed.goto(LIST)
    for name in ("Unassigned", "Spam", "Bin"):
        box = listed.locator(".side-low").get_by_role("link", name=name).bounding_box()
        assert box["y"] + box["height"] <= 720
    assert max(listed.locator(".side-link").evaluate_all("all => all.map(one => one.offsetHeight)")) <= 32
    assert listed.locator(".side-fold[open]").count() == 0
