"""Statements written once: new values at each run, a form for each shape, the same rows as the query gives."""

from __future__ import annotations

from datetime import datetime

import pytest
from peewee import ModelSelect, ModelUpdate

from database import database
from helpdesk.lib.statements import Prepared, Slot, insert
from models import Service, TicketEvent

NOW = datetime(2026, 1, 2, 3, 4, 5, 6)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def two() -> list[Service]:
    return [Service.create(name={"en": name}, position=place) for place, name in enumerate(("One", "Two"))]


@Prepared
def _services(newest_first: bool) -> ModelSelect:
    query = Service.select().where(Service.id.in_([Slot("one"), Slot("other")]), Service.enabled)
    return query.order_by(Service.id.desc() if newest_first else Service.id)


def test_each_run_has_its_own_values(two):
    one, other = two

    assert _services(False, one=one.id, other=0) == [one]
    assert _services(False, one=other.id, other=0) == [other]


def test_what_gives_the_form_changes_the_statement(two):
    one, other = two

    assert _services(True, one=one.id, other=other.id) == [other, one]
    assert _services(False, one=one.id, other=other.id) == [one, other]


def test_the_rows_are_whole_models(two):
    row = _services.first(False, one=two[0].id, other=0)

    assert str(row.name) == "One"
    assert not row.is_dirty()


def test_no_row_is_none():
    assert _services.first(False, one=-1, other=-1) is None


def test_a_statement_is_written_once(two, monkeypatch):
    _services(False, one=1, other=2)
    monkeypatch.setattr(database.obj, "get_sql_context", None)

    assert _services(False, one=two[0].id, other=0) == two[:1]


def line_of(ticket, **values):
    return TicketEvent(ticket=ticket, kind="opened", data={"é": [1, None, "’"]}, created_at=NOW, **values)


def test_a_row_is_stored_as_its_save_stores_it(ticket):
    saved, inserted = line_of(ticket, actor_name="Ana"), line_of(ticket, actor_name="Ana")
    saved.save()
    insert(inserted)

    one, other = (TicketEvent.select().where(TicketEvent.id == row.id).dicts().get() for row in (saved, inserted))
    assert {**one, "id": other["id"]} == other


def test_a_row_that_was_stored_has_its_id_and_nothing_to_save(ticket):
    row = line_of(ticket)
    insert(row)

    assert TicketEvent.get_by_id(row.id).ticket == ticket
    assert not row.is_dirty()


def test_several_rows_go_in_together(ticket):
    insert(*(line_of(ticket, actor_name=name) for name in "abc"))

    names = TicketEvent.select(TicketEvent.actor_name).order_by(TicketEvent.id.desc()).limit(3)
    assert [row.actor_name for row in names] == ["c", "b", "a"]


def test_a_change_says_how_many_rows_it_changed(two):
    @Prepared
    def rename() -> ModelUpdate:
        return Service.update(position=Slot("place")).where(Service.id == Slot("service"))

    assert [rename.run(service=row, place=7) for row in (two[0].id, -1)] == [1, 0]
    assert Service.get_by_id(two[0].id).position == 7
