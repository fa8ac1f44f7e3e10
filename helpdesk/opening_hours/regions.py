"""Countries and regions whose public holidays may be proposed, as the library ``holidays`` calls them."""

from __future__ import annotations

import importlib
from functools import lru_cache
from types import ModuleType

from babel import Locale
from babel.core import get_global

from database import Label
from helpdesk import folding, i18n

#: Regions whose holidays differ from those of their country: the code of the library, and how people call them. What
#: has a code of a country of its own, as Martinique has, is among the countries.
REGIONS: dict[str, dict[str, Label]] = {
    "FR": {"57": Label(en="Alsace and Moselle", fr="Alsace-Moselle")},
    "CH": {
        "AG": Label(en="Aargau", fr="Argovie"),
        "AI": Label(en="Appenzell Inner Rhodes", fr="Appenzell Rhodes-Intérieures"),
        "AR": Label(en="Appenzell Outer Rhodes", fr="Appenzell Rhodes-Extérieures"),
        "BL": Label(en="Basel-Landschaft", fr="Bâle-Campagne"),
        "BS": Label(en="Basel-Stadt", fr="Bâle-Ville"),
        "BE": Label(en="Bern", fr="Berne"),
        "FR": Label(en="Fribourg", fr="Fribourg"),
        "GE": Label(en="Geneva", fr="Genève"),
        "GL": Label(en="Glarus", fr="Glaris"),
        "GR": Label(en="Grisons", fr="Grisons"),
        "JU": Label(en="Jura", fr="Jura"),
        "LU": Label(en="Lucerne", fr="Lucerne"),
        "NE": Label(en="Neuchâtel", fr="Neuchâtel"),
        "NW": Label(en="Nidwalden", fr="Nidwald"),
        "OW": Label(en="Obwalden", fr="Obwald"),
        "SG": Label(en="St. Gallen", fr="Saint-Gall"),
        "SH": Label(en="Schaffhausen", fr="Schaffhouse"),
        "SZ": Label(en="Schwyz", fr="Schwytz"),
        "SO": Label(en="Solothurn", fr="Soleure"),
        "TG": Label(en="Thurgau", fr="Thurgovie"),
        "TI": Label(en="Ticino", fr="Tessin"),
        "UR": Label(en="Uri", fr="Uri"),
        "VS": Label(en="Valais", fr="Valais"),
        "VD": Label(en="Vaud", fr="Vaud"),
        "ZG": Label(en="Zug", fr="Zoug"),
        "ZH": Label(en="Zurich", fr="Zurich"),
    },
    "CA": {
        "AB": Label(en="Alberta", fr="Alberta"),
        "BC": Label(en="British Columbia", fr="Colombie-Britannique"),
        "MB": Label(en="Manitoba", fr="Manitoba"),
        "NB": Label(en="New Brunswick", fr="Nouveau-Brunswick"),
        "NL": Label(en="Newfoundland and Labrador", fr="Terre-Neuve-et-Labrador"),
        "NT": Label(en="Northwest Territories", fr="Territoires du Nord-Ouest"),
        "NS": Label(en="Nova Scotia", fr="Nouvelle-Écosse"),
        "NU": Label(en="Nunavut", fr="Nunavut"),
        "ON": Label(en="Ontario", fr="Ontario"),
        "PE": Label(en="Prince Edward Island", fr="Île-du-Prince-Édouard"),
        "QC": Label(en="Quebec", fr="Québec"),
        "SK": Label(en="Saskatchewan", fr="Saskatchewan"),
        "YT": Label(en="Yukon", fr="Yukon"),
    },
    "GB": {
        "ENG": Label(en="England", fr="Angleterre"),
        "NIR": Label(en="Northern Ireland", fr="Irlande du Nord"),
        "SCT": Label(en="Scotland", fr="Écosse"),
        "WLS": Label(en="Wales", fr="Pays de Galles"),
    },
}


def library() -> ModuleType:
    """Return the module that knows the library of public holidays: read only once somebody asks for them."""
    return importlib.import_module("helpdesk.opening_hours.holiday_library")


def choices() -> tuple[tuple[str, str, str | None], ...]:
    """Return key, name and country of each region one may choose, in the reader's language; None for a country."""
    return _choices(i18n.language())


@lru_cache(maxsize=len(i18n.LANGUAGES))
def _choices(language: str) -> tuple[tuple[str, str, str | None], ...]:
    names = Locale.parse(language).territories
    codes = [code for code in library().countries() if code in names]
    rows: list[tuple[str, str, str | None]] = []
    for code in sorted(codes, key=lambda code: folding.fold(names[code])):
        rows.append((code, names[code], None))
        parts = [
            (f"{code}-{key}", name.text(language, "en"), names[code]) for key, name in REGIONS.get(code, {}).items()
        ]
        rows += sorted(parts, key=lambda row: folding.fold(row[1]))
    return tuple(rows)


def nearest(timezone: str) -> str:
    """Return the key of the country that a time zone belongs to; empty where it is none one may choose."""
    country = str(get_global("zone_territories").get(timezone, ""))
    return country if exists(country) else ""


def exists(key: str) -> bool:
    """Whether this is the key of a country or region one may choose."""
    return any(row[0] == key for row in choices())
