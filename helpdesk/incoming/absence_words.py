"""Until when somebody is away, as their automatic answer says it in French, English or German.

In doubt it says nothing: several days, a day that may be read in two ways, one that is past, a weekday that does not
fit. Whose answers are believed is for `message_from_mail`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from helpdesk.incoming.parsed_mail import ParsedMail

#: Letters of an answer that are looked at, and of its words that are shown.
MOST_LETTERS, MAX_WORDS = 4_000, 80
#: Days ahead for which one may be away.
FARTHEST = 366
#: Letters before the words that say what ends then.
BEFORE = 80

_MONTHS = (
    *("janvier|january|januar|jan", "février|fevrier|february|februar|feb|févr|fév", "mars|march|märz|mar"),
    *("avril|april|apr|avr", "mai|may", "juin|june|juni|jun", "juillet|july|juli|jul|juil", "août|aout|august|aug"),
    *("septembre|september|sept|sep", "octobre|october|oktober|oct|okt", "novembre|november|nov"),
    "décembre|decembre|december|dezember|dec|déc|dez",
)
_DAYS = (
    *("lundi|monday|montag", "mardi|tuesday|dienstag", "mercredi|wednesday|mittwoch", "jeudi|thursday|donnerstag"),
    *("vendredi|friday|freitag", "samedi|saturday|samstag", "dimanche|sunday|sonntag"),
)
_MONTH, _DAY = "|".join(_MONTHS), "|".join(_DAYS)
_DATE = (
    rf"(?:(?P<weekday>{_DAY})\b,?\s+)?(?:the\s+|den\s+)?(?:(?P<iso>\d{{4}}-\d\d-\d\d)\b|"
    r"(?P<d>\d{1,2})(?P<sign>[/.])(?P<m>\d{1,2})(?:[/.](?P<y>\d{4})?)?(?![\d/])|"
    rf"(?P<day>\d{{1,2}})(?:er|st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?(?:,?\s+(?P<year>\d{{4}})\b)?|"
    rf"(?P<month2>{_MONTH})\b\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year2>\d{{4}})\b)?)"
)
_UNTIL = re.compile(
    rf"\b(?:jusqu['’]au|until|till|through|bis(?:\s+zum|\s+einschließlich)?)\s+(?:and\s+including\s+)?{_DATE}",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"\b(?:(?:de\s+)?retour(?:\s+au\s+bureau)?\s+(?:à\s+partir\s+du|dès\s+le|le)"
    r"|(?:back|return|returning)(?:\s+(?:in|to|at)\s+(?:the\s+|my\s+)?(?:office|work))?\s+on"
    rf"|(?:wieder|zurück)\s+(?:am|ab)(?:\s+dem)?)\s+{_DATE}",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\b(absen|congé|vacance|vacation|holiday|leave\b|away\b|out of (?:the )?office|not in the office|urlaub|abwesen"
    r"|nicht im büro|indisponible|unavailable|retour|back\b)",
    re.IGNORECASE,
)
#: What ends then is no absence, unless it is denied.
_PRESENT = re.compile(
    r"\bavailable|\breach|\bcontact|\bcall|joignable|\bdisponible|erreichbar|ouvert|\bopen", re.IGNORECASE
)
_DENIED = re.compile(
    r"\bno[t ]|n['’]t\b|\bpas\b|\bnicht\b|injoignable|limit|absen|congé|away|out of|leave|vacation|holiday|urlaub",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Absence:
    """The last day somebody is away, and their words for it."""

    last: date
    words: str


def read(content: ParsedMail, today: date) -> Absence | None:
    """Return until when the author of an automatic answer is away; None where it does not say so without a doubt."""
    text = " ".join(f"{content.subject}. {content.own or content.text}"[:MOST_LETTERS].split())
    if _AWAY.search(text) is None:
        return None
    until = list(_named(_UNTIL, text, today))
    if until:
        return until[0] if len({one.last for one in until}) == 1 else None
    back = list(_named(_BACK, text, today + timedelta(days=1)))
    if len({one.last for one in back}) != 1:
        return None
    return Absence(back[0].last - timedelta(days=1), back[0].words)


def _named(pattern: re.Pattern[str], text: str, today: date) -> Iterator[Absence]:
    for match in pattern.finditer(text):
        before = re.split(r"[.!?;]\s", text[max(0, match.start() - BEFORE) : match.start()])[-1]
        is_presence = _PRESENT.search(before) is not None and _DENIED.search(before) is None
        day = _day(match, today)
        if day is not None and not is_presence:
            yield Absence(day, match[0].rstrip(" .,")[:MAX_WORDS])


def _day(match: re.Match[str], today: date) -> date | None:
    """Return the day that these words name; None for one that is past, far, or may be another."""
    if match["iso"]:
        days = _days(*map(int, match["iso"].split("-")))
    elif match["d"]:
        day, month = int(match["d"]), int(match["m"])
        # With a slash, English may mean either.
        is_english = match["sign"] == "/" and re.match(r"until|till|through|back|return", match[0], re.IGNORECASE)
        if is_english and day <= 12 and month <= 12 and day != month:
            return None
        day, month = (month, day) if is_english and month > 12 else (day, month)
        days = _of_years(match["y"], month, day, today)
    else:
        month = _number(_MONTHS, match["month"] or match["month2"]) + 1
        days = _of_years(match["year"] or match["year2"], month, int(match["day"] or match["day2"]), today)
    coming = [day for day in days if today <= day <= today + timedelta(days=FARTHEST)]
    weekday = match["weekday"]
    if weekday:
        coming = [day for day in coming if day.weekday() == _number(_DAYS, weekday)]
    return coming[0] if coming else None


def _of_years(year: str | None, month: int, day: int, today: date) -> list[date]:
    years = (int(year),) if year else (today.year, today.year + 1)
    return [found for one in years for found in _days(one, month, day)]


def _days(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def _number(groups: tuple[str, ...], name: str) -> int:
    # Compared as it was found: “auguſt” and “aprıl” (a Turkish telephone) are no lower-case words of the list.
    return next(number for number, names in enumerate(groups) if re.fullmatch(names, name, re.IGNORECASE))
