"""Languages: texts of the program (gettext), labels of the owner, dates of the reader."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask_babel import Babel, force_locale, format_datetime, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext as ngettext
from flask_babel.speaklater import LazyString

from models import Label

__all__ = ["DEFAULT", "LANGUAGES", "_", "babel", "in_language", "language", "lazy", "ngettext", "when"]

#: Languages of the desk and how they call themselves.
LANGUAGES = {"en": "English", "fr": "Français"}
DEFAULT = "en"

# With it, a translated text passes for markup, and what somebody typed would stand in a page unescaped.
del LazyString.__html__

babel = Babel()

#: Gives a stored setting by its key. ``helpdesk.settings`` puts its reader here: its own texts need this module first.
desk: Callable[[str], Any] = {"language": DEFAULT, "timezone": "UTC"}.__getitem__


def language() -> str:
    """Return the language of whoever reads now (``en`` or ``fr``)."""
    locale = get_locale()
    return locale.language if locale is not None and locale.language in LANGUAGES else DEFAULT


def supported(code: str | None) -> str:
    """Return this language code when the desk speaks it, else the desk's own language."""
    if code in LANGUAGES:
        return str(code)
    return str(desk("language"))


def in_language(code: str | None) -> AbstractContextManager[None]:
    """Speak this language (or the desk's, when it is unknown) inside a ``with`` block."""
    manager: AbstractContextManager[None] = force_locale(supported(code))
    return manager


def zone(name: str | None) -> str:
    """Return this time zone when it exists, else the desk's."""
    if name and name in available_timezones():
        return name
    return str(desk("timezone"))


def when(moment: datetime, pattern: str = "short", *, timezone: str | None = None) -> str:
    """Write a naive UTC time in the reader's language and zone (`pattern` as Babel's ``format_datetime``)."""
    if timezone is not None:
        moment = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(timezone))
        return str(format_datetime(moment, pattern, rebase=False))
    return str(format_datetime(moment, pattern))


def _label_languages() -> tuple[str, str]:
    return language(), str(desk("language"))


Label.languages = staticmethod(_label_languages)


def choose(candidates: list[str | None], accepted: Callable[[list[str]], Any]) -> str:
    """Return the first spoken language of `candidates`, else the browser's best, else the desk's."""
    for code in candidates:
        if code in LANGUAGES:
            return str(code)
    return supported(accepted(list(LANGUAGES)))
