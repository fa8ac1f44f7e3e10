"""Statements written once: new values at each run, a form for each shape, the same rows as the query gives."""

from __future__ import annotations

import pytest
from peewee import ModelSelect

import models
from helpdesk.statements import Prepared, Slot
from models import Service

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
    monkeypatch.setattr(models.database.obj, "get_sql_context", None)

    assert _services(False, one=two[0].id, other=0) == two[:1]
