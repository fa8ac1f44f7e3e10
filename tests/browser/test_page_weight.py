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
LIST, COMPOSER, FORM = 90 * KB, 130 * KB, 40 * KB


def weight(page: Any, url: str) -> dict[str, int]:
    """Return the compressed size in bytes of everything one page loads, file by file."""
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    return {answer.url: len(gzip.compress(answer.body())) for answer in answers if not answer.url.startswith("data:")}


def test_the_public_form(page, billing, sales):
    found = weight(page, "/")
    assert sum(found.values()) <= FORM, found


def test_the_list(page, app):
    demo.fill(tickets=300)
    enter(page, Agent.get(Agent.is_admin))
    found = weight(page, "/admin/tickets/?view=all&rows=50")
    assert page.locator("tbody tr").count() >= 25
    assert sum(found.values()) <= LIST, found


def test_a_ticket_with_its_composer(page, app):
    demo.fill(tickets=40)
    enter(page, Agent.get(Agent.is_admin))
    found = weight(page, f"/admin/tickets/{Ticket.get().number}")
    assert page.locator("trix-editor").count()
    assert sum(found.values()) <= COMPOSER, found


def test_every_file_comes_from_the_desk(page, app, ticket, root, live_server):
    enter(page, root)
    for url in ("/", "/admin/tickets/", f"/admin/tickets/{ticket.number}", "/admin/configuration/"):
        assert [name for name in weight(page, url) if not name.startswith(live_server.url)] == []
