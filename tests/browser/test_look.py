"""What the eye found in a browser: long words on narrow screens, other scripts, searching on a telephone."""

from __future__ import annotations

import pytest

from helpdesk.visitors import customer_sign_in
from models import Filter, FilterAction, FilterCondition
from tests.support import cast, sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only]

NARROW = {"width": 320, "height": 640}
WIDTH = "document.documentElement.scrollWidth"


def test_a_long_word_breaks_in_a_title(page, ana, carol, billing, invoices):
    customer_sign_in.prove(carol.primary_address)
    ticket = cast.open_ticket(carol, billing, invoices, subject="Anticonstitutionnellement" * 3)
    enter(page, ana)
    page.set_viewport_size(NARROW)
    page.goto(f"/admin/tickets/{ticket.number}")
    assert page.evaluate(WIDTH) == 320


def test_a_filter_stays_on_a_narrow_screen(page, root):
    row = Filter.create(name="Watches and search engines")
    FilterCondition.create(rule=row, field="subject", operator="contains", value="every search engine there is")
    FilterAction.create(rule=row, action="spam")
    enter(page, root)
    page.set_viewport_size(NARROW)
    page.goto(f"/admin/filters/edit/?id={row.id}")
    assert page.evaluate(WIDTH) == 320


def test_a_message_in_arabic_begins_on_the_right(page, ana, carol, billing, invoices):
    ticket = cast.open_ticket(carol, billing, invoices, body="مرحبا، لم يصلني طلبي بعد.")
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    gap = """() => { const text = document.createRange(), row = document.querySelector(".msg-body > *");
      text.selectNodeContents(row);
      return row.getBoundingClientRect().right - text.getBoundingClientRect().right; }"""
    assert page.evaluate(gap) < 2


def test_the_search_has_a_line_of_its_own_on_a_telephone(page, ticket, ana):
    enter(page, ana)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/admin/tickets/?view=search")
    assert page.locator("#q").bounding_box()["width"] > 300


def test_what_is_only_read_out_draws_no_frame(page, watcher, root, billing):
    watcher.expected.append("422")
    enter(page, root)
    page.goto("/admin/tickets/new")
    page.locator(".save-bar button").press("Enter")
    summary = page.locator("#errors")
    summary.wait_for()
    assert page.evaluate("document.activeElement.id") == "errors"
    assert summary.evaluate("node => getComputedStyle(node).outlineStyle") == "none"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
