"""Finding by a few letters, within sight."""

from __future__ import annotations

import pytest

from helpdesk.lists import quick_search
from tests.support import cast


@pytest.mark.parametrize("text", ["invoi", "question about", "100001", "INVOICE"])
def test_a_ticket_is_found_by_number_and_subject(ticket, ana, text):
    assert quick_search.tickets(ana, text) == [ticket]


@pytest.mark.parametrize("text", ["carol", "jon", "carol@customer.ex"])
def test_a_customer_is_found_by_name_and_address(ticket, ana, carol, text):
    assert [row.customer for row in quick_search.customers(ana, text)] == [carol]


@pytest.mark.parametrize("text", ["", "  ", "@?"])
def test_no_word_finds_nothing(ticket, ana, text):
    assert quick_search.tickets(ana, text) == quick_search.customers(ana, text) == []


def test_what_is_out_of_sight_is_not_found(ticket, ben):
    assert quick_search.tickets(ben, "invoice") == quick_search.customers(ben, "carol") == []


def test_eight_lines_of_a_kind_at_most_the_newest_first(carol, billing, invoices, ana):
    made = [cast.open_ticket(carol, billing, invoices, subject=f"Invoice {n}") for n in range(10)]
    assert quick_search.tickets(ana, "invoice") == made[:1:-1]
    assert len(quick_search.customers(ana, "carol")) == 1
