"""Time zones by place, in the reader's language."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from helpdesk import i18n, settings
from helpdesk.lib import zones


@pytest.fixture
def french(app):
    with app.test_request_context(), i18n.in_language("fr"):
        yield


def test_places_are_named_in_the_language_of_the_reader(french):
    named = {name: (place, region) for name, place, region in zones.choices()}
    assert named["Europe/London"] == ("Londres", "Europe")
    assert named["Indian/Reunion"] == ("La Réunion", "Océan Indien")


def test_accents_do_not_change_the_order(french):
    places = [place for _name, place, region in zones.choices() if region == "Europe"]
    assert places.index("Amsterdam") < places.index("Athènes") < places.index("Paris")


def test_no_place_is_offered_twice(french):
    places = [(place, region) for _name, place, region in zones.choices()]
    assert len(places) == len(set(places))


def test_every_zone_offered_exists(french):
    offered = [name for name, _place, _region in zones.choices()]
    assert offered[0] == "UTC"
    assert set(offered) <= available_timezones()


def test_the_zone_of_the_desk_is_kept_whatever_its_name(french):
    settings.save({"timezone": "Canada/Eastern"})
    assert zones.choices()[0] == ("Canada/Eastern", "Canada/Eastern", None)
    assert zones.choices("Canada/Eastern")[0] == ("Canada/Eastern", "Canada/Eastern", None)
    assert zones.choices("Canada/Eastern")[1][0] == "UTC"


def test_former_names_of_a_zone_are_not_offered(french):
    offered = {name: place for name, place, _region in zones.choices()}
    assert not {"America/Knox_IN", "Australia/ACT", "Australia/LHI", "Australia/NSW", "Asia/Calcutta"} & set(offered)
    assert {"Asia/Kolkata", "Europe/Kyiv", "America/Argentina/Buenos_Aires"} <= set(offered)
    assert [place for place in offered.values() if "Buenos Aires" in place] == ["Buenos Aires, Argentina"]


def test_the_zone_an_account_has_is_kept_whatever_its_name(french):
    assert zones.choices("US/Pacific")[0] == ("US/Pacific", "US/Pacific", None)
    assert zones.choices("Europe/Paris") == zones.choices()
