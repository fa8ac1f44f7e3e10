"""The library ``holidays``: read only once somebody asks for public holidays (`regions.library`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import holidays

from helpdesk.i18n import LANGUAGES


def countries() -> Iterable[str]:
    """Return the codes of the countries."""
    return holidays.list_supported_countries(include_aliases=False)


def names_of(country: str, part: str, years: tuple[int, ...]) -> dict[str, dict[date, str]]:
    """Return the holidays of a country, or of a part of it, by language: those of ours that it has, else its own."""
    languages = getattr(holidays.country_holidays(country), "supported_languages", ())
    names: dict[str, dict[date, str]] = {}
    for code in LANGUAGES:
        language = next((one for one in languages if one.partition("_")[0] == code), None)
        if language is not None or not names:
            names[code] = dict(holidays.country_holidays(country, subdiv=part or None, years=years, language=language))
    return names
