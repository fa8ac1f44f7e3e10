"""Public holidays of countries and regions, and what ticking them does."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine

from database import Label
from helpdesk import i18n
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.opening_hours import public_holidays, regions, saving
from models import ClosedDay, JournalEntry, OpeningHours
from tests.support import sqlite_only


@pytest.fixture
def november():
    with time_machine.travel("2026-11-30T12:00:00+00:00", tick=False):
        yield


def named(region: str, language: str = "fr") -> dict[date, str]:
    return {row.day: row.name[language] for row in public_holidays.proposal(region, None)}


def test_a_proposal_reaches_to_the_end_of_next_year(november, database):
    days = list(named("FR"))
    assert days[0] == date(2026, 12, 25)
    assert days[-1] == date(2027, 12, 25)
    assert len(days) == 12
    assert named("FR")[date(2027, 1, 1)] == "Jour de l’an"
    assert named("FR", "en")[date(2027, 3, 29)] == "Easter Monday"


@pytest.mark.parametrize(
    ("region", "day", "name"),
    [
        ("FR-57", date(2027, 3, 26), "Vendredi saint"),
        ("FR-57", date(2026, 12, 26), "Saint-Étienne"),
        ("BE", date(2027, 7, 21), "Fête nationale"),
        ("CH-GE", date(2027, 9, 9), "Jeûne genevois"),
        ("CH-VD", date(2027, 9, 20), "Lundi du Jeûne fédéral"),
        ("CA-QC", date(2027, 6, 24), "Fête nationale du Québec"),
        ("LU", date(2027, 6, 23), "Fête nationale"),
    ],
)
def test_regions_have_their_own(november, database, region, day, name):
    assert named(region)[day] == name
    assert region == "BE" or region == "LU" or day not in named(region.partition("-")[0])


@sqlite_only
def test_every_region_that_is_offered_can_be_proposed(november, database):
    names = {}
    for key, name, _country in regions.choices():
        names[key] = name
        assert all(row.name for row in public_holidays.proposal(key, None)), key
    assert {"FR", "FR-57", "BE", "LU", "CA-QC", "CH-JU", "MC", "MQ"} <= set(names)
    assert len(set(names.values())) == len(names)
    assert all(max(map(len, row)) <= 20 for row in [names])


def test_a_region_that_is_none_is_refused(database):
    for key in ("", "XX", "FR-99", "FR-57-1", "fr"):
        with pytest.raises(InvalidInput) as refusal:
            public_holidays.proposal(key, None)
        assert refusal.value.field == "region"


def test_names_of_places_are_in_the_readers_language(app, request_context):
    with i18n.in_language("fr"):
        french = {key: name for key, name, _country in regions.choices()}
    with i18n.in_language("en"):
        english = {key: name for key, name, _country in regions.choices()}
    assert (french["CH-BS"], english["CH-BS"]) == ("Bâle-Ville", "Basel-Stadt")
    assert (french["BE"], english["BE"]) == ("Belgique", "Belgium")
    assert regions.nearest("Europe/Paris") == "FR"
    assert regions.nearest("UTC") == ""


def test_what_is_ticked_is_closed_and_what_is_not_is_open(november, root):
    shown = public_holidays.proposal("FR", None)
    assert all(row.is_ticked and not row.is_closed for row in shown)
    days = {row.day for row in shown} - {date(2027, 5, 17)}
    assert public_holidays.tick("FR", None, days, actor=root) == (11, 0)
    # A second click changes nothing.
    assert public_holidays.tick("FR", None, days, actor=root) == (0, 0)
    again = {row.day: row for row in public_holidays.proposal("FR", None)}
    assert not again[date(2027, 5, 17)].is_ticked
    assert public_holidays.tick("FR", None, days - {date(2027, 5, 8)}, actor=root) == (0, 1)
    assert {row.first_day for row in ClosedDay.select()} == days - {date(2027, 5, 8)}
    assert {"added", "deleted"} == {row.act for row in JournalEntry.select().where(JournalEntry.kind == "set-up")}


def test_the_days_of_the_next_year_are_proposed_when_it_has_come(november, root):
    public_holidays.tick("FR", None, {date(2026, 12, 25), date(2027, 12, 25)}, actor=root)
    with time_machine.travel("2027-02-01T12:00:00+00:00", tick=False):
        ticked = [row.day for row in public_holidays.proposal("FR", None) if row.is_ticked]
    assert ticked[0] == date(2027, 12, 25)
    assert {day.year for day in ticked[1:]} == {2028}


def test_each_hours_and_each_region_have_their_own_days(november, root, billing):
    hours = OpeningHours.create(service=billing, monday="09:00–12:00")
    christmas = {date(2026, 12, 25)}
    assert public_holidays.tick("FR", None, christmas, actor=root) == (1, 0)
    assert public_holidays.tick("FR", hours, christmas, actor=root) == (1, 0)
    assert public_holidays.tick("BE", None, christmas, actor=root) == (1, 0)
    assert public_holidays.tick("FR", hours, set(), actor=root) == (0, 1)
    assert ClosedDay.select().count() == 2


def test_a_holiday_that_was_changed_by_hand_keeps_its_hours_or_is_ones_own(november, root):
    public_holidays.tick("FR", None, {date(2026, 12, 25), date(2027, 1, 1)}, actor=root)
    first, second = ClosedDay.select().order_by(ClosedDay.first_day)
    half = {"name": Label(en="Christmas"), "first_day": first.first_day, "open_at": "9-12"}
    saving.save_closed_day(first, half, actor=root)
    longer = {"name": second.name, "first_day": second.first_day, "last_day": date(2027, 1, 3)}
    saving.save_closed_day(second, longer, actor=root)
    assert public_holidays.tick("FR", None, {date(2026, 12, 25)}, actor=root) == (0, 0)
    assert [row.open_at for row in ClosedDay.select().order_by(ClosedDay.first_day)] == ["09:00–12:00", ""]


def test_days_that_are_not_proposed_are_not_added(november, root, ana):
    assert public_holidays.tick("FR", None, {date(2026, 12, 24), date(2031, 12, 25)}, actor=root) == (0, 0)
    with pytest.raises(NotAllowed):
        public_holidays.tick("FR", None, {date(2026, 12, 25)}, actor=ana)
    assert not ClosedDay.select().exists()
