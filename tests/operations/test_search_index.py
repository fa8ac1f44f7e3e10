"""The index of an older desk is brought up to the present folding, a part at a time."""

from __future__ import annotations

import pytest

from database import database as db
from helpdesk import search
from helpdesk.operations import search_index
from helpdesk.settings import run_state
from models import Tag
from tests.support import cast


def met(word):
    return [row[0] for row in search.ticket_ids(word).tuples()]


@pytest.fixture
def old(database, ticket, carol):
    """Tickets indexed as an earlier program did."""
    rows = [cast.open_ticket(carol, ticket.service, ticket.department, subject=f"Łódź {n}") for n in range(3)]
    search.message_search.update({search.message_search.subject: "łodz"}).execute(db)
    return rows


def test_messages_are_indexed_anew_a_part_at_a_time(old, monkeypatch):
    monkeypatch.setattr(search_index, "AT_ONCE", 1)
    monkeypatch.setattr(search_index, "TIMES", 2)
    assert met("lodz") == []
    search_index.renew()
    assert sorted(met("lodz")) == sorted(row.id for row in old[1:])
    for _minute in range(3):
        search_index.renew()
    assert sorted(met("lodz")) == sorted(row.id for row in old)
    assert run_state.read(search_index.KEY) == {"version": search_index.VERSION, "below": 0, "customers with keys": 0}


def test_once_done_nothing_is_written(old, monkeypatch):
    search_index.renew()
    monkeypatch.setattr(search, "index_again", None)
    search_index.renew()


def test_tags_get_their_present_keys_unless_two_become_one(database):
    for name, key in (("Łódź", "łodz"), ("Kraków", "krakow"), ("Lublin", "lublin"), ("LUBLIN", "lublin2")):
        Tag.create(name=name, key=key)
    search_index.renew()
    assert [row.key for row in Tag.select().order_by(Tag.id)] == ["lodz", "krakow", "lublin", "lublin2"]
