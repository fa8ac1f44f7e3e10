"""The rows of automatic closing: what is refused, and at which field."""

from __future__ import annotations

import pytest

from helpdesk.automatic_closing import places
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.settings import lookups
from models import AutomaticClosing, Status

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def usual(database):
    return {"after_days": 14, "warning_days": 3, "statuses": [lookups.pending_status().id], "enabled": True}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"after_days": 0}, "after_days"),
        ({"after_days": 1}, "after_days"),
        ({"after_days": 10_000}, "after_days"),
        ({"after_days": None}, "after_days"),
        ({"warning_days": 14}, "warning_days"),
        ({"warning_days": 15}, "warning_days"),
        ({"warning_days": 0}, "warning_days"),
        ({"after_days": 90, "warning_days": 31}, "warning_days"),
        ({"warning_days": None}, "warning_days"),
        ({"statuses": []}, "statuses"),
        ({"statuses": [10**6]}, "statuses"),
        ({"service": 10**6}, "service"),
        ({"department": 10**6}, "department"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(root, usual, wrong, field):
    with pytest.raises(InvalidInput) as refused:
        places.save(AutomaticClosing(), usual | wrong, actor=root)
    assert refused.value.field == field
    assert not AutomaticClosing.select().exists()


def test_an_open_or_closed_status_cannot_be_chosen(root, usual):
    for status in (lookups.default_status(), lookups.closed_status()):
        with pytest.raises(InvalidInput):
            places.save(AutomaticClosing(), usual | {"statuses": [status.id]}, actor=root)


def test_a_place_has_one_row(root, usual, billing, invoices, sales):
    for place, field in (
        ({}, "service"),
        ({"service": billing.id}, "service"),
        ({"department": invoices.id}, "department"),
    ):
        places.save(AutomaticClosing(), usual | place, actor=root)
        with pytest.raises(InvalidInput) as refused:
            places.save(AutomaticClosing(), usual | place, actor=root)
        assert refused.value.field == field
    with pytest.raises(InvalidInput):
        places.save(AutomaticClosing(), usual | {"service": sales.id, "department": invoices.id}, actor=root)


def test_only_who_configures_may(ana, root, usual):
    row = places.save(AutomaticClosing(), usual, actor=root)
    for rule in (
        lambda: places.save(AutomaticClosing(), usual, actor=ana),
        lambda: places.include_older(row, actor=ana),
        lambda: places.delete(row, actor=ana),
    ):
        with pytest.raises(NotAllowed):
            rule()


def test_what_it_names_goes_and_it_stays_sound(root, usual, sales):
    spare = Status.create(label=lookups.pending_status().label, identifier="spare", category="pending")
    row = places.save(AutomaticClosing(), usual | {"service": sales.id, "statuses": [spare.id]}, actor=root)
    spare.delete_instance()
    assert places.counting(AutomaticClosing.get_by_id(row.id)) == []
    sales.delete_instance()
    assert places.rows() == []


def test_a_wider_row_that_gets_tickets_of_a_narrower_one_begins_anew(root, usual, billing):
    wide = places.save(AutomaticClosing(), usual, actor=root)
    places.include_older(wide, actor=root)
    narrow = places.save(AutomaticClosing(), usual | {"service": billing.id, "enabled": False}, actor=root)
    before = AutomaticClosing.get_by_id(wide.id)
    places.delete(narrow, actor=root)
    after = AutomaticClosing.get_by_id(wide.id)
    assert (before.includes_older, after.includes_older) == (True, False)
    assert after.acts_from >= before.acts_from
