"""Languages: texts of the program (gettext), labels of the owner, dates of the reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, get_decimal_symbol
from flask import g, has_app_context
from flask_babel import Babel, force_locale, get_locale, get_timezone, get_translations
from flask_babel import ngettext as plural_of
from flask_babel.speaklater import LazyString

__all__ = [
    "CHOICES",
    "DEFAULT",
    "LANGUAGES",
    "_",
    "babel",
    "in_language",
    "language",
    "language_name",
    "lazy",
    "ngettext",
    "when",
]

#: Languages of the desk, each under its own name, as the language switch shows them.
LANGUAGES = {"en": "English", "fr": "Français"}
#: How dates with times are written: never with a day that could be read as a month.
DATE_TIME_PATTERN = {"en": "d MMM y, HH:mm", "fr": "dd/MM/y HH:mm"}
DEFAULT = "en"

# With it, a translated text counts as markup, and variables in it would stand in a page unescaped.
del LazyString.__html__

babel = Babel()

#: What `g` stands for: pages ask hundreds of times, and each question through `g` itself takes several times as long.
_globals: Callable[[], Any] = g._get_current_object

#: Returns a stored setting by its key. ``helpdesk.wiring`` sets it: the settings need this module for their own texts.
read_setting: Callable[[str], Any] = {"language": DEFAULT, "timezone": "UTC"}.__getitem__


def language() -> str:
    """Return the code of the present reader's language (``en`` or ``fr``)."""
    try:
        cached: str | None = _globals().get("language")
    except RuntimeError:
        cached = None
    if cached is not None:
        return cached
    locale = get_locale()
    code = locale.language if locale is not None and locale.language in LANGUAGES else DEFAULT
    if has_app_context():
        # A page asks hundreds of times, and the library looks everything up each time.
        g.language = code
    return code


_catalogs: dict[str, Any] = {}


def translate(text: str, /, **variables: Any) -> str:
    """Translate a text of the program and fill in its variables; the template that shows it escapes them."""
    code = language()
    if code not in _catalogs:
        _catalogs[code] = get_translations()
    translated: str = _catalogs[code].ugettext(text)
    return translated % variables if variables else translated


_ = translate


def lazy(text: str, /, **variables: Any) -> LazyString:
    """Return a text that is translated whenever it is shown, for declarations made before any reader is known."""
    return LazyString(translate, text, **variables)


def source_of(message: Any) -> tuple[str, dict[str, str]]:
    """Return a lazy text as it can be stored and translated for each reader: in English, and what stands in it."""
    if isinstance(message, LazyString):
        return str(message._args[0]), {key: str(value) for key, value in message._kwargs.items()}
    return str(message), {}


def language_name(code: str, *, alone: bool = False) -> str:
    """Return the name of a language in the reader's language; with `alone`, capitalised."""
    name = Locale.parse(language()).languages.get(code) or LANGUAGES.get(code, code)
    return name[:1].upper() + name[1:] if alone else name


#: The languages one may choose, each named in the reader's language.
CHOICES = tuple((code, LazyString(language_name, code, alone=True)) for code in LANGUAGES)


class Count(int):
    """A number that is written with separated thousands where a text says ``%(num)s``."""

    def __str__(self) -> str:
        return str(format_decimal(int(self), locale=language())) if self >= 1_000 else int.__repr__(self)


def ngettext(singular: str, plural: str, num: int, **variables: Any) -> str:
    """Translate a text that depends on a number, which is its variable ``num``."""
    return str(plural_of(singular, plural, Count(num), **variables))


def supported(code: str | None) -> str:
    """Return this language code when the desk has the language, else the code of the desk's own."""
    if code in LANGUAGES:
        return str(code)
    return str(read_setting("language"))


@contextmanager
def in_language(code: str | None) -> Iterator[None]:
    """Use this language (or the desk's, when it is unknown) inside a ``with`` block."""
    before = g.get("language")
    g.language = supported(code)
    try:
        with force_locale(g.language):
            yield
    finally:
        g.language = before


@cache
def zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones())


def zone(name: str | None) -> str:
    """Return this time zone when it exists, else the desk's."""
    return name if name and name in zones() else str(read_setting("timezone"))


def when(time: datetime, pattern: str = "", *, timezone: str | None = None) -> str:
    """Write a naive UTC time in the reader's language and zone, to the minute (`pattern` as Babel's)."""
    code = language()
    minute = time.replace(second=0, microsecond=0)
    return _format(
        minute, pattern or DATE_TIME_PATTERN.get(code, DATE_TIME_PATTERN[DEFAULT]), code, timezone or zone_of_reader()
    )


def zone_of_reader() -> str:
    """Return the name of the present reader's time zone."""
    try:
        name: str | None = _globals().get("timezone")
    except RuntimeError:
        name = None
    if name is None:
        name = str(get_timezone())
        if has_app_context():
            g.timezone = name
    return name


def days_in_words(first: date, last: date) -> str:
    """Write a period in the reader's language: its first and its last day."""
    texts = [day_text(day, "d MMMM y") for day in (first, last)]
    return texts[0] if first == last else _("%(first)s to %(last)s", first=texts[0], last=texts[1])


def long_day(day: date) -> str:
    """Write a day with its day of the week, in the reader's language."""
    return day_text(day, "EEEE d MMMM y")


def day_text(day: date, pattern: str) -> str:
    """Write a day in the reader's language (`pattern` as Babel's)."""
    return str(format_date(day, _ordinal(day, pattern, language()), locale=language()))


def _ordinal(day: date, pattern: str, code: str) -> str:
    """Let French write the first of a month as it does, “1er mai”: the data of Babel know no ordinals."""
    return re.sub(r"\bd(?= MMM)", "d'er'", pattern) if code == "fr" and day.day == 1 else pattern


@lru_cache(maxsize=8_192)
def _format(time: datetime, pattern: str, code: str, timezone: str) -> str:
    local = time.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(timezone))
    return str(format_datetime(local, _ordinal(local, pattern, code), tzinfo=ZoneInfo(timezone), locale=code))


@lru_cache(maxsize=2_048)
def span(minutes: int, code: str) -> str:
    """Write a length of time, in short."""
    return str(format_timedelta(minutes * 60, granularity="minute", format="short", threshold=1.0, locale=code))


def decimal_mark() -> str:
    """Return what stands before the decimals of a number in the reader's language."""
    return str(get_decimal_symbol(language()))


def size(count: int) -> str:
    """Write a number of bytes, in short: “412 KB”, “1.5 MB”."""
    return _size(count, language())


@lru_cache(maxsize=2_048)
def _size(count: int, _code: str) -> str:
    if count < 1 << 10:
        return str(ngettext("%(num)s byte", "%(num)s bytes", count))
    if count < 1 << 20:
        return str(_("%(number)s KB", number=_decimal(count / (1 << 10))))
    if count < 1 << 30:
        return str(_("%(number)s MB", number=_decimal(count / (1 << 20))))
    return str(_("%(number)s GB", number=_decimal(count / (1 << 30))))


def _decimal(number: float) -> str:
    return str(format_decimal(number, "#,##0" if number >= 10 else "#,##0.#", locale=language()))


def languages_of_labels() -> tuple[str, str]:
    """Return the languages an owner’s words are looked for in: the reader’s, then the desk’s."""
    return language(), str(read_setting("language"))


def choose(candidates: list[str | None], accepted: Callable[[list[str]], Any]) -> str:
    """Return the first available language of `candidates`, else the browser's best, else the desk's."""
    for code in candidates:
        if code in LANGUAGES:
            return str(code)
    return supported(accepted(list(LANGUAGES)))
