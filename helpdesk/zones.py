"""Time zones as people call them: by place, in the reader's language."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import combining, normalize
from zoneinfo import available_timezones

from babel import Locale

from helpdesk import i18n
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


def offered() -> tuple[tuple[str, str, str | None], ...]:
    """Return name, place and region of the zones one may choose; the desk's is among them, whatever its name."""
    places = _places(i18n.language())
    desk = str(i18n.desk("timezone"))
    return places if any(name == desk for name, _place, _region in places) else ((desk, desk, None), *places)


@lru_cache(maxsize=len(i18n.LANGUAGES))
def _places(code: str) -> tuple[tuple[str, str, str | None], ...]:
    cities = Locale.parse(code).time_zones
    found: list[tuple[str, str, str | None]] = []
    for name in available_timezones():
        region, _slash, place = name.partition("/")
        if region in REGIONS and place:
            city = cities.get(name, {}).get("city")
            found.append((name, str(city or _words(place)), str(REGIONS[region])))
    return (("UTC", "UTC", None), *sorted(found, key=lambda row: (_plain(row[2] or ""), _plain(row[1]))))


def _words(place: str) -> str:
    """Write “Indiana/Tell_City” as “Tell City, Indiana”."""
    return ", ".join(reversed(place.replace("_", " ").split("/")))


def _plain(text: str) -> str:
    return "".join(letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))
