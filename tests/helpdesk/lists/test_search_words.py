"""Where a search looks: order number, file names, the last digits of a number."""

from __future__ import annotations

import pytest

from helpdesk import search, tickets
from helpdesk.operations import search_index
from tests.support import attached, cast


def met(text, scope="everywhere"):
    ids = search.ticket_ids(text, scope)
    return [key for (key,) in ids.tuples()] if ids is not None else []


@pytest.fixture
def other(ticket, carol):
    return cast.open_ticket(carol, ticket.service, ticket.department, order_number="WEB-4711")


@pytest.mark.parametrize("is_renewed", [False, True])
def test_order_files_and_endings_are_met(database, ticket, other, no_files, is_renewed):
    attached.file(other, name="Kostenvoranschlag März.pdf")
    if is_renewed:
        search_index.renew()
    for text in ("4711", "web-4711", "kostenvoranschlag", "marz pdf", other.number[-4:], other.number[-3:]):
        assert met(text) == [other.id], text
    assert met("4711", "subject") == [other.id]
    assert met("kostenvoranschlag", "content") == [other.id]


def test_a_new_subject_keeps_them(database, ticket, other, root):
    tickets.rename(other, "Something else", actor=root)
    assert met("4711") == met(other.number[-3:]) == met("something") == [other.id]
