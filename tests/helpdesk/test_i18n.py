"""Dates, sizes and numbers as the reader writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from markupsafe import Markup

from helpdesk import clock, i18n
from tests.support import doors, sqlite_only
from web import rendering

pytestmark = sqlite_only

NARROW, WIDE = "\u202f", "\u00a0"


@pytest.fixture(params=["en", "fr"])
def speaking(request, app) -> Iterator[str]:
    """The language spoken in the test."""
    with app.test_request_context(), i18n.in_language(request.param):
        yield request.param


def test_a_moment_is_written_in_full(speaking):
    written = {"en": "22 Nov 2026, 14:03", "fr": "22/11/2026 14:03"}
    assert rendering.date_time(datetime(2026, 11, 22, 14, 3, 9)) == written[speaking]


def test_the_first_of_a_month_is_an_ordinal_in_french(speaking):
    first = datetime(2026, 12, 1, 9)
    written = {"en": "1 December 2026", "fr": "1er décembre 2026"}[speaking]
    assert i18n.when(first, "d MMMM y") == i18n.days_in_words(first.date(), first.date()) == written
    assert i18n.long_day(first.date()).endswith(written)
    later = {"en": "21 December", "fr": "21 décembre"}[speaking]
    assert i18n.when(first + timedelta(days=20), "d MMMM") == later
    assert i18n.when(first, "dd/MM/y") == "01/12/2026"


@pytest.mark.parametrize(
    ("age", "english", "french"),
    [
        (timedelta(seconds=20), "just now", "à l’instant"),
        (timedelta(minutes=5), "5 min", f"5{WIDE}min"),
        (timedelta(hours=7), "7 hr", f"7{NARROW}h"),
    ],
)
def test_how_long_ago(speaking, age, english, french):
    assert f">{english if speaking == 'en' else french}</time>" in rendering.ago(clock.now() - age)


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [
        (0, "0 bytes", f"0{WIDE}octet"),
        (2, "2 bytes", f"2{WIDE}octets"),
        (412 * 1024, "412 KB", f"412{WIDE}Ko"),
        (1536 * 1024, "1.5 MB", f"1,5{WIDE}Mo"),
        (3 << 30, "3 GB", f"3{WIDE}Go"),
    ],
)
def test_sizes(speaking, count, english, french):
    assert i18n.size(count) == (english if speaking == "en" else french)


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [
        (0, "0 tickets", "0 ticket"),
        (1, "1 ticket", "1 ticket"),
        (2, "2 tickets", "2 tickets"),
        (12_345, "12,345 tickets", f"12{NARROW}345 tickets"),
    ],
)
def test_numbers_of_things(speaking, count, english, french):
    assert i18n.ngettext("%(num)s ticket", "%(num)s tickets", count) == (english if speaking == "en" else french)


def test_the_switch_of_language_keeps_the_page(client):
    answer = doors.post(client, "/language", {"language": "fr", "next": "/sign-in?x=1"}, follow_redirects=True)
    assert answer.request.full_path == "/sign-in?x=1"
    assert "Se connecter" in doors.text_of(answer)


def test_an_unknown_language_is_the_desks(app):
    with app.test_request_context(), i18n.in_language("tlh"):
        assert i18n.language() == "en"


def test_a_language_is_named_in_the_language_of_the_reader(speaking):
    names = ["English", "French"] if speaking == "en" else ["anglais", "français"]
    assert [i18n.language_name(code) for code in ("en", "fr")] == names
    choices = {code: str(name) for code, name in i18n.CHOICES}
    assert [choices[code] for code in ("en", "fr")] == [name.capitalize() for name in names]
    assert list(choices) == list(i18n.LANGUAGES)
    assert i18n.language_name("nonsense") == "nonsense"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Répondre par e-mail", ["e-mail"]),
        ("Comment pouvons-nous vous aider ?", ["pouvons-nous"]),
        ("E-mails & mots-clés", ["E-mails", "mots-clés"]),
        ("on-line@post-office.example, /sign-in/a, x-y.example, 2026-03-31", []),
    ],
)
def test_words_are_kept_whole_at_their_hyphens(request_context, text, kept):
    shown = rendering.no_break(text)
    assert re.findall(r'<span class="nowrap">(.*?)</span>', shown) == kept
    assert Markup(shown).striptags() == text


def test_markup_is_left_as_it_is_and_other_text_escaped(request_context):
    assert rendering.no_break(Markup('<a data-at-once="1">e-mail</a>')) == '<a data-at-once="1">e-mail</a>'
    assert rendering.no_break("<b>e-mail</b>") == '&lt;b&gt;<span class="nowrap">e-mail</span>&lt;/b&gt;'


def test_an_address_breaks_before_its_at_sign(request_context):
    assert rendering.break_email("<b>@x.example") == "&lt;b&gt;<wbr>@x.example"
    assert rendering.break_email(Markup("<i>a@b</i>")) == "<i>a@b</i>"
    assert rendering.break_email(None) is None
    assert rendering.no_break_text("E-mail") == "E\N{NON-BREAKING HYPHEN}mail"
