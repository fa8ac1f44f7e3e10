"""What templates may say beyond the page's own data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import Any

from flask import Flask, g, has_request_context, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from helpdesk import access, clock, erased_marks, i18n, settings
from helpdesk.files import logo
from helpdesk.lib import richtext, text_pictures
from helpdesk.opening_hours import words
from helpdesk.people import required_second_factor
from models import Agent, Attachment
from web import fragments, sessions, site_address
from web.fragments import fragment, hole
from web.kept_input import token_of
from web.line_breaks import LineBreaks
from web.security import nonce
from web.side_menu import side_menu
from web.statics import labels_url, logo_url, static_url

THEMES = ("light", "dark")
#: The verbs that have a key, where a role lets one do them.
KEYS = ("close", "assign", "transfer", "tag")
#: Minutes before its end from which a due time is marked.
SOON = 60


def init_app(app: Flask) -> None:
    """Give templates their globals and filters."""
    app.jinja_env.globals.update(
        address_to_confirm=site_address.to_confirm,
        csp_nonce=nonce,
        csrf_field=csrf_field,
        fragment=fragment,
        hole=hole,
        icon=icon,
        keys_help=keys_help,
        opening_hours=words,
        settings=settings.get,
        language=i18n.language,
        LANGUAGES=i18n.LANGUAGES,
        language_choices=i18n.CHOICES,
        language_name=i18n.language_name,
        second_factor_days=second_factor_days,
        sends_mail=lambda: settings.mail_server() is not None,
        static_url=static_url,
        labels_url=labels_url,
        logo=logo.current,
        logo_url=logo_url,
        side_menu=side_menu,
        theme=theme,
        token_of=token_of,
    )
    app.jinja_env.filters.update(
        ago=ago,
        at=at,
        beside=beside,
        break_email=break_email,
        datetime=date_time,
        day=day,
        due=due,
        filesize=i18n.size,
        fold_quotes=fold_quotes,
        initials=initials,
        moment=moment,
        no_break=no_break,
        no_break_text=no_break_text,
        rich=rich,
        waits=waits,
    )
    fragments.init_app(app)
    app.context_processor(lambda: {"current_person": sessions.current_person()})
    app.jinja_env.globals.update(_=i18n.translate, ngettext=i18n.ngettext)
    # One line break per tag would be a third of a long list.
    app.jinja_env.add_extension(LineBreaks)


@cache
def icon(name: str) -> Markup:
    """Draw an icon of the sprite; pages have dozens, so each is made once."""
    use = f'<use href="{escape(static_url("icons.svg"))}#i-{escape(name)}"/>'
    return Markup(f'<svg class="icon" aria-hidden="true" focusable="false">{use}</svg>')  # noqa: S704


def csrf_field() -> Markup:
    """Write the hidden field every form needs; a page has dozens of forms."""
    if fragments.is_rendering():
        return hole("csrf_field")
    if "csrf_field" not in g:
        g.csrf_field = Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
    return g.csrf_field


def keys_help() -> Markup:
    """Return the dialog of the keys, the same on every page of the desk: written once for each language.

    A key that the reader's role does not let work is left out.
    """
    person = sessions.current_person()
    may = tuple(verb for verb in KEYS if isinstance(person, Agent) and access.can(person, verb))
    return _keys_help(i18n.language(), request.script_root, may)


@lru_cache(maxsize=32)
def _keys_help(_language: str, _root: str, may: tuple[str, ...]) -> Markup:
    return Markup(render_template("admin/keyboard_help.html", may=may))  # noqa: S704


def second_factor_days() -> int | None:
    """Return the days that are left to the reader to set up a second factor; None when none is missing."""
    agent = sessions.current_agent()
    days = required_second_factor.days_left(agent) if agent is not None else None
    return days if days is not None and not sessions.is_vouched() else None


def locale() -> str:
    """Choose the language: one's account, else the reader's switch, else the browser, else the desk's.

    E-mails are drawn where nobody asks for a page.
    """
    if not has_request_context():
        return i18n.supported(None)
    person = sessions.current_person()
    chosen = [person.locale if person is not None else None, request.cookies.get("language")]
    return i18n.choose(chosen, request.accept_languages.best_match)


def timezone() -> str:
    """Choose the time zone: the agent's, else the desk's."""
    person = sessions.current_person()
    return i18n.zone(person.timezone if isinstance(person, Agent) else None)


def theme() -> str:
    """Return the theme the reader forced, or an empty string: then the system decides."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else ""


def fold_quotes(html: Markup) -> Markup:
    """Fold what a message quotes at its end, where something is written before it (`html` is clean)."""
    start = richtext.quote_at_end(html)
    if not start:
        return html
    label = escape(i18n.translate("Quoted text"))
    return Markup(f'{html[:start]}<details class="quoted"><summary>{label}</summary>{html[start:]}</details>')  # noqa: S704


def rich(html: str | None, files: Sequence[Attachment] = (), endpoint: str = "") -> Markup:
    """Show stored rich text, cleaned once more on its way out, with the pictures that are `files` of its message."""
    text = html or ""
    clean = _cleaned(text) if len(text) < KEPT_LENGTH else richtext.clean(text, pictures=True)
    shown = text_pictures.drawn(
        clean,
        [file for file in files if file.is_image],
        lambda file: url_for(endpoint, file_id=file.id, called=file.name, inline=1),
    )
    return Markup(shown)  # noqa: S704 — the one place where stored HTML becomes markup


def beside(files: Sequence[Attachment], html: str) -> list[Attachment]:
    """Return the files of a message that its text does not show."""
    return text_pictures.without(files, html)


#: Longer texts are cleaned anew each time they are shown: the process would keep too much.
KEPT_LENGTH = 20_000
_cleaned = lru_cache(maxsize=2_048)(partial(richtext.clean, pictures=True))


def date_time(when: datetime | None, pattern: str = "") -> str:
    """Write a time in full, in the reader's language and zone."""
    return i18n.when(when, pattern) if when is not None else ""


def no_break(text: object) -> Markup:
    """Keep “e-mail” and “pouvons-nous” on one line: browsers break words at their hyphens."""
    # Markup may hold hyphens in its tags: there the words stay as they are.
    return escape(text) if hasattr(text, "__html__") else Markup(HYPHENED.sub(NO_BREAK_WORD, str(escape(text))))  # noqa: S704


#: A short word with hyphens; one of an address or a path is not a word.
HYPHENED = re.compile(r"(?<![\w@./&#-])[^\W\d_]{1,12}(?:-[^\W\d_]{1,12}){1,2}(?![\w@/-]|\.\w)")
NO_BREAK_WORD = r'<span class="nowrap">\g<0></span>'


def no_break_text(text: object) -> str:
    """Write a label that only style sheets show, where no element can keep a word on one line."""
    return str(text).replace("-", "\N{NON-BREAKING HYPHEN}")


def break_email(value: object) -> object:
    """Let a narrow cell break an e-mail address before its @, and not before its last letter."""
    if hasattr(value, "__html__") or "@" not in str(value):
        return value
    return escape(value).replace("@", Markup("<wbr>@"))


def day(when: datetime) -> str:
    """Write a day, with its year when that is another one than now."""
    return i18n.when(when, _with_year(when, "d MMMM"))


def ago(when: datetime | None, *, hour: bool = False) -> Markup:
    """Write how long ago something was, with the exact time on hover and for machines.

    What is older than a day stands as its day, with the `hour` where that is asked for.
    """
    if when is None:
        return Markup("")
    minutes = int((clock.now() - when).total_seconds() // 60)
    if minutes < 24 * 60:
        return _ago(when, max(minutes, 0), "", i18n.language(), i18n.zone_of_reader())
    day_only = "d MMM" if minutes < 330 * 24 * 60 else "d MMM y"
    pattern = _with_year(when, "d MMM") + ", HH:mm" if hour else day_only
    return _ago(when, None, pattern, i18n.language(), i18n.zone_of_reader())


@lru_cache(maxsize=2_048)
def _ago(when: datetime, minutes: int | None, pattern: str, language: str, _zone: str) -> Markup:
    if minutes is None:
        text = i18n.when(when, pattern)
    else:
        text = i18n.span(minutes, language) if minutes else i18n.translate("just now")
    return _time(when, text, title=date_time(when))


def waits(since: datetime) -> Markup:
    """Write how long somebody has been waiting, with the exact time on hover and for machines."""
    minutes = max(int((clock.now() - since).total_seconds() // 60), 1)
    return _waits(since, minutes, i18n.language(), i18n.zone_of_reader())


@lru_cache(maxsize=2_048)
def _waits(since: datetime, minutes: int, language: str, _zone: str) -> Markup:
    text = i18n.translate("waits %(time)s", time=i18n.span(minutes, language))
    return _time(since, text, title=date_time(since))


def moment(when: datetime) -> str:
    """Write a moment to come: its day of the week, its day and its time."""
    return i18n.when(when, _with_year(when, "EEE d MMM") + ", HH:mm")


def due(when: datetime) -> Markup:
    """Write when something is due, in words with a colour and a sign of its own, and the exact time on hover."""
    minutes = int((when - clock.now()).total_seconds() // 60)
    time, late = i18n.span(max(abs(minutes), 1), i18n.language()), minutes < 0
    text = i18n.translate("overdue by %(time)s", time=time) if late else i18n.translate("in %(time)s", time=time)
    state = " is-late" if late else " is-soon" if minutes < SOON else ""
    sign = icon("warn" if late else "clock")
    return Markup('<span class="due{}">{}{}</span>').format(state, sign, _time(when, text, title=date_time(when)))


def at(when: datetime) -> Markup:
    """Write a time in full, of today by its hour: what takes no focus has no other place to tell it."""
    today = i18n.when(when, "y-MM-dd") == i18n.when(clock.now(), "y-MM-dd")
    short = i18n.when(when, "HH:mm" if today else _with_year(when, "d MMM") + ", HH:mm")
    return _time(when, short)


@lru_cache(maxsize=2_048)
def _time(when: datetime, text: str, *, title: str = "") -> Markup:
    hover = f' title="{escape(title)}"' if title else ""
    return Markup(f'<time datetime="{when.isoformat(timespec="seconds")}Z"{hover}>{escape(text)}</time>')  # noqa: S704


def _with_year(when: datetime, pattern: str) -> str:
    now = clock.now()
    if 1 < when.month < 12 and 1 < now.month < 12:
        # Far from its ends a year is the same in every zone.
        return pattern if when.year == now.year else f"{pattern} y"
    return pattern if i18n.when(when, "y") == i18n.when(now, "y") else f"{pattern} y"


def initials(name: Any) -> str:
    """Return the first letters of the first and last word of a name."""
    words = [word for word in erased_marks.in_words(str(name or "")).replace("@", " ").split() if word[0].isalnum()]
    picked = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in picked).upper()
