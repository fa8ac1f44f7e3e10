"""A ticket on paper: the thread and nothing to press, light whatever the screen wears; and still where one wants it."""

import pytest

from tests.support import sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only]

TO_PRESS = "main button, main select, main textarea, trix-editor, .side > :not(.brand), .bar, .public-head nav, .crumbs"


def seen(page, selector: str) -> int:
    return sum(found.is_visible() for found in page.locator(selector).all())


def colours(page) -> tuple[str, str]:
    return page.evaluate("(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))")


def test_an_agent_prints_the_thread_alone(page, ticket, ana):
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    assert seen(page, TO_PRESS) > 5
    page.emulate_media(media="print")
    assert seen(page, TO_PRESS) == 0
    page.get_by_role("heading", name=ticket.subject).wait_for()
    page.locator(".msg-body").first.wait_for()


def test_a_customer_prints_the_thread_alone(page, ticket, carol, app):
    page.goto("/sign-in")
    page.fill("input[name=email]", carol.primary_address.email)
    page.fill("input[name=password]", "correct horse battery staple")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/tickets")
    page.goto(f"/tickets/{ticket.number}")
    page.emulate_media(media="print")
    assert seen(page, TO_PRESS) == 0
    page.locator(".msg-body").first.wait_for()


def test_paper_tells_exact_times(page, ticket, ana):
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    page.emulate_media(media="print")
    written = "(node => [getComputedStyle(node).fontSize, getComputedStyle(node, '::after').content, node.title])"
    size, content, exact = page.locator(".msg-head time").first.evaluate(written)
    assert size == "0px"
    assert content == f'"{exact}"'


def test_a_dark_desk_prints_dark_on_light(page, ticket, ana):
    enter(page, ana)
    page.goto("/admin/")
    page.locator(".side-me summary").click()
    page.get_by_role("button", name="Dark").click()
    page.goto(f"/admin/tickets/{ticket.number}")
    ink, _paper = colours(page)
    page.emulate_media(media="print")
    assert colours(page)[0] == "rgb(36, 30, 35)" != ink


def test_a_line_of_reading_is_not_too_long(page, ticket, ana):
    enter(page, ana)
    page.set_viewport_size({"width": 1920, "height": 900})
    page.goto(f"/admin/tickets/{ticket.number}")
    assert page.locator(".msg-body").first.bounding_box()["width"] <= 46 * 16


def test_nothing_moves_for_who_wants_it_still(page, billing):
    page.goto("/")
    moving = """() => [...document.querySelectorAll("a, button, input")]
        .filter(one => parseFloat(getComputedStyle(one).transitionDuration) > 0).length"""
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) > 0
