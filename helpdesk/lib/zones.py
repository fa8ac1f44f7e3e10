"""Time zones under the names of places, in the reader's language."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from babel.core import get_global

from helpdesk import folding, i18n
from helpdesk.i18n import lazy

#: The regions offered. Names under others are former ones of the same zones.
REGIONS = {
    "Africa": lazy("Africa"),
    "America": lazy("America"),
    "Antarctica": lazy("Antarctica"),
    "Arctic": lazy("Arctic"),
    "Asia": lazy("Asia"),
    "Atlantic": lazy("Atlantic Ocean"),
    "Australia": lazy("Australia"),
    "Europe": lazy("Europe"),
    "Indian": lazy("Indian Ocean"),
    "Pacific": lazy("Pacific Ocean"),
}


def choices(chosen: str | None = None) -> tuple[tuple[str, str, str | None], ...]:
    """Return name, place and region of each time zone one may choose.

    Includes the desk's zone and the one `chosen` before, even under a name that is no longer offered.
    """
    places = _places(i18n.language())
    names = {name for name, _place, _region in places}
    further = dict.fromkeys(name for name in (chosen, str(i18n.read_setting("timezone"))) if name and name not in names)
    return (*((name, name, None) for name in further), *places)


@lru_cache(maxsize=len(i18n.LANGUAGES))
def _places(code: str) -> tuple[tuple[str, str, str | None], ...]:
    cities = Locale.parse(code).time_zones
    names: dict[tuple[str, str], str] = {}
    for name in sorted(i18n.zones() - get_global("zone_aliases").keys()):
        region, _slash, place = name.partition("/")
        if region in REGIONS and place:
            city = cities.get(name, {}).get("city")
            names.setdefault((str(REGIONS[region]), str(city or _words(place))), name)
    ordered = sorted(names, key=lambda spot: (folding.fold(spot[0]), folding.fold(spot[1])))
    return (("UTC", "UTC", None), *((names[spot], spot[1], spot[0]) for spot in ordered))


def place(name: str) -> str:
    """Return how a time zone is called by its place alone."""
    city = Locale.parse(i18n.language()).time_zones.get(name, {}).get("city")
    return str(city or _words(name.partition("/")[2] or name))


def _words(place: str) -> str:
    """Write “Indiana/Tell_City” as “Tell City, Indiana”."""
    return ", ".join(reversed(place.replace("_", " ").split("/")))
