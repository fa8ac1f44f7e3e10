"""The orders of what is open (RULES 34): the heaviest first, then what waits, then the longest wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpdesk import tickets
from helpdesk.lists import criteria
from models import Priority, Ticket
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def four(carol, billing, invoices, ana):
    """An answered ticket, two that came later and wait, and a heavy one that was answered last."""
    answered, first, second, heavy = (
        cast.open_ticket(carol, billing, invoices, subject=subject)
        for subject in ("answered", "first", "second", "heavy")
    )
    tickets.reply(answered, "<p>Here you are.</p>", actor=ana)
    tickets.set_priority(heavy, Priority.get(Priority.identifier == "high"), actor=ana)
    tickets.reply(heavy, "<p>Here you are.</p>", actor=ana)
    # The oldest of all, but nobody waits for it.
    tickets.receive_message(first, "<p>And one thing more.</p>", actor=carol)
    return answered, first, second, heavy


def subjects(agent, **words):
    rows, after = [], ""
    while True:
        page = replace(criteria.listing_of(agent, criteria.parse(words)), size=2).page(after=after)
        rows += [Ticket.get(Ticket.number == row.number).subject for row in page.rows]
        if page.after is None:
            return rows
        after = page.after


def test_what_waits_stands_before_what_does_not_within_one_priority(four, ana):
    assert subjects(ana) == ["heavy", "first", "second", "answered"]


def test_what_waits_first_is_an_order_one_may_choose(four, ana):
    assert subjects(ana, sort="waiting") == ["first", "second", "answered", "heavy"]


def test_a_ticket_whose_customer_writes_again_waits_from_then_on(four, ana, carol):
    answered = Ticket.get_by_id(four[0].id)
    tickets.receive_message(answered, "<p>Still there.</p>", actor=carol)
    assert subjects(ana) == ["heavy", "first", "second", "answered"]
    tickets.reply(Ticket.get_by_id(four[1].id), "<p>Done.</p>", actor=ana)
    assert subjects(ana) == ["heavy", "second", "answered", "first"]
