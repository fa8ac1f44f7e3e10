"""Time zones by place, in the reader's language."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from helpdesk import i18n, settings, zones


@pytest.fixture
def french(app):
    with app.test_request_context(), i18n.in_language("fr"):
        yield


def test_places_are_named_in_the_language_of_the_reader(french):
    named = {name: (place, region) for name, place, region in zones.offered()}
    assert named["Europe/London"] == ("Londres", "Europe")
    assert named["Indian/Reunion"] == ("La Réunion", "Océan Indien")


def test_accents_do_not_change_the_order(french):
    places = [place for _name, place, region in zones.offered() if region == "Europe"]
    assert places.index("Amsterdam") < places.index("Athènes") < places.index("Paris")


def test_no_place_is_offered_twice(french):
    places = [(place, region) for _name, place, region in zones.offered()]
    assert len(places) == len(set(places))


def test_every_zone_offered_exists(french):
    offered = [name for name, _place, _region in zones.offered()]
    assert offered[0] == "UTC"
    assert set(offered) <= available_timezones()


def test_the_zone_of_the_desk_is_kept_whatever_its_name(french):
    settings.save({"timezone": "Canada/Eastern"})
    assert zones.offered()[0] == ("Canada/Eastern", "Canada/Eastern", None)
