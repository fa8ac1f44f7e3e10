"""What a first visit costs, compressed, on a desk full of tickets; and nothing is asked of another host."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from helpdesk.examples import demo
from models import Agent, Ticket
from tests.support import sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only]

KB = 1_000
LIST, COMPOSER, FORM, FONTS = 90 * KB, 130 * KB, 40 * KB, 90 * KB


def size(answer: Any) -> int:
    """Return how many bytes an answer costs; a font is sent as it is, and its body may be that of an earlier page."""
    return int(answer.headers["content-length"]) if ".woff2" in answer.url else len(gzip.compress(answer.body()))


def weight(page: Any, url: str) -> dict[str, int]:
    """Return the compressed size in bytes of everything one page loads, file by file."""
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    return {answer.url: size(answer) for answer in answers if not answer.url.startswith("data:")}


def without_fonts(found: dict[str, int]) -> int:
    """Return the sum of what is not a font: fonts come once, and all pages share them."""
    return sum(size for url, size in found.items() if ".woff2" not in url)


def test_the_public_form(page, billing, sales):
    found = weight(page, "/")
    assert sum(found.values()) <= FORM, found


def test_the_list(page, app):
    demo.fill(tickets=300)
    enter(page, Agent.get(Agent.is_admin))
    found = weight(page, "/admin/tickets/?view=all&rows=50")
    assert page.locator("tbody tr").count() >= 25
    assert without_fonts(found) <= LIST, found
    assert sum(found.values()) - without_fonts(found) <= FONTS, found


def test_a_ticket_with_its_composer(page, app):
    demo.fill(tickets=40)
    enter(page, Agent.get(Agent.is_admin))
    found = weight(page, f"/admin/tickets/{Ticket.get().number}")
    assert page.locator("trix-editor").count()
    assert without_fonts(found) <= COMPOSER, found


def test_every_file_comes_from_the_desk(page, app, ticket, root, live_server):
    enter(page, root)
    for url in ("/", "/admin/tickets/", f"/admin/tickets/{ticket.number}", "/admin/configuration/"):
        assert [name for name in weight(page, url) if not name.startswith(live_server.url)] == []


#: Before the first one is asked for, nothing is loading either.
LOADED = """() => document.fonts.status === "loaded" &&
  [...document.fonts].some(one => one.family.includes("Guichet Text") && one.status === "loaded")"""
SHIFTS = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  resolve(list.getEntries().reduce((sum, entry) => sum + (entry.hadRecentInput ? 0 : entry.value), 0));
}).observe({ type: "layout-shift", buffered: true }) ?? setTimeout(() => resolve(0), 600))"""


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_jumps_when_fonts_and_scripts_come_late(page, app, width):
    demo.fill(tickets=40)
    enter(page, Agent.get(Agent.is_admin))
    page.set_viewport_size({"width": width, "height": 800})

    def late(route: Any) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    for name in ("*.woff2*", "trix.umd*", "form.js*"):
        page.route(f"**/{name}", late)
    page.goto("/admin/tickets/")
    page.wait_for_function(LOADED)
    assert page.evaluate("document.fonts.check('1em \"Guichet Text\"')")
    assert page.evaluate(SHIFTS) < 0.02
    for path, ready in ((f"/admin/tickets/{Ticket.get().number}", "trix-toolbar"), ("/tickets/new", "#email")):
        page.goto(path)
        page.locator(ready).wait_for(state="attached")
        assert page.evaluate(SHIFTS) < 0.02
