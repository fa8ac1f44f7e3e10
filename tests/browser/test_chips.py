"""Addresses in copy as chips: checked as they are typed, removed by keyboard; the line of text without script."""

from __future__ import annotations

import pytest

from helpdesk.tickets import cc
from models import Ticket
from tests.support import cast, sqlite_only

pytestmark = [pytest.mark.browser, sqlite_only]

EVE, FAY = "eve@copied.example", "fay@copied.example"


@pytest.fixture
def entry(page, carol, sales):
    """The box of Carol's form, open."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("carol@customer.example")
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/tickets")
    page.goto("/tickets/new")
    page.locator("summary", has_text="Copy somebody in (Cc)").click()
    return page.get_by_label("Copy somebody in (Cc)")


def chips(page) -> list[str]:
    return [text.removesuffix("×") for text in page.locator(".chip").all_inner_texts()]


def send(page) -> None:
    page.get_by_label("Subject").fill("A question")
    page.get_by_label("Message").fill("Are there places in March?")
    page.get_by_role("button", name="Send").click()


def test_each_address_becomes_a_chip(page, entry):
    entry.press_sequentially(f"{EVE},{FAY} ")
    assert [chip.strip() for chip in chips(page)] == [EVE, FAY]
    assert entry.input_value() == ""
    entry.press_sequentially("gus@copied.example")
    entry.press("Enter")
    send(page)
    page.wait_for_url("**/tickets/sent")
    assert [row.email for row in cc.in_copy(Ticket.get())] == [EVE, FAY, "gus@copied.example"]


def test_what_is_no_address_is_said_at_once_and_stays(page, entry):
    entry.fill("nobody")
    entry.press("Enter")
    page.get_by_text("“nobody” is not an e-mail address.").wait_for()
    assert entry.input_value() == "nobody"
    assert entry.get_attribute("aria-invalid") == "true"
    entry.fill(EVE)
    entry.press("Enter")
    assert page.get_by_text("is not an e-mail address").is_hidden()
    assert entry.get_attribute("aria-invalid") is None


def test_an_address_is_taken_once(page, entry):
    entry.fill(f"{EVE}, Eve@Copied.example")
    entry.press("Enter")
    assert [chip.strip() for chip in chips(page)] == [EVE]


def test_chips_are_removed_by_keyboard(page, entry):
    entry.fill(f"{EVE}, {FAY}")
    entry.press("Enter")
    entry.press("Backspace")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Remove {FAY}"
    page.keyboard.press("Delete")
    assert [chip.strip() for chip in chips(page)] == [EVE]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert chips(page) == []
    assert page.evaluate("document.activeElement.id") == "copies"


def test_ones_own_address_is_said_at_once(page, sales):
    page.goto("/")
    page.get_by_label("E-mail address").fill("vera@visitor.example")
    page.locator("summary", has_text="Copy somebody in (Cc)").click()
    entry = page.get_by_label("Copy somebody in (Cc)")
    entry.fill("Vera@visitor.example")
    entry.press("Enter")
    page.get_by_text("vera@visitor.example is your own address").wait_for()
    assert chips(page) == []


def test_what_the_server_refuses_comes_back_to_be_put_right(page, entry, watcher):
    watcher.expected.append("422")
    entry.fill(f"{EVE}, nobody")
    send(page)
    page.get_by_role("link", name="Copy somebody in (Cc): “nobody” is not").click()
    assert page.evaluate("document.activeElement.id") == "copies"
    assert [chip.strip() for chip in chips(page)] == [EVE]
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/sent")
    assert [row.email for row in cc.in_copy(Ticket.get())] == [EVE]


def test_without_script_a_line_of_text_does(browser, live_server, carol, sales):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.locator("summary", has_text="Copy somebody in (Cc)").click()
    page.get_by_label("Copy somebody in (Cc)").fill(f"{EVE}, {FAY}")
    assert page.locator("[name=copies]").input_value() == f"{EVE}, {FAY}"
    context.close()
