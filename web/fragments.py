"""Fragments: parts of pages that thousands of requests share, rendered once for each key.

A fragment has a template of its own. It sees its key, what `make` returns for that key, the reader's language, and
whatever moves the stamp (`helpdesk.lib.cache`): settings, rights, labels, names. Nothing of the request and nobody who
asks is within reach of its template. What differs from page to page (security token, counts, addresses of a ticket) is
a hole, filled each time a page takes the fragment.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from flask import Flask, current_app, g, request, session
from jinja2 import StrictUndefined, UndefinedError
from markupsafe import Markup
from werkzeug.local import LocalProxy

from helpdesk import i18n
from helpdesk.lib import cache
from web.templates import text_of

P = ParamSpec("P")
T = TypeVar("T")

#: Fragments cached in the process; then the oldest go. A list of tickets takes about five, of 3 KB each.
MOST = 500

#: What no fragment may ask for; asking is an error, so that nothing of one reader is shown to another.
FUNCTIONS = ("theme", "get_flashed_messages", "keys_help", "csp_nonce")
FORBIDDEN = ("request", "session", "g", "current_person", "me", *FUNCTIONS)
#: Filters that depend on the moment or on the reader's time zone.
TIMES = ("ago", "at", "waits", "day", "datetime", "moment")
_NOTHING: Mapping[str, object] = {}
# No text of a person can be mistaken for a hole: the mark is drawn at each start.
_MARK = f"hole{secrets.token_hex(16)}"
_HOLE = re.compile(rf"{_MARK}-([a-z0-9_]+)-")


class Pieces(NamedTuple):
    """A rendered fragment: its texts, and the names of the holes between them."""

    texts: list[str]
    names: list[str]

    def filled(self, values: Mapping[str, object]) -> Markup:
        """Return the fragment with these values in its holes: markup as it is, anything else escaped."""
        filled = [self.texts[0]]
        for name, text in zip(self.names, self.texts[1:], strict=True):
            value = values[name]
            filled += (value if type(value) is Markup else text_of(value), text)
        return Markup("".join(filled))  # noqa: S704 — texts of the template, and values escaped above


class _Kept(NamedTuple):
    """What is cached while the stamp stays."""

    version: object = None
    pieces: dict[tuple[Hashable, ...], Pieces] = {}
    shared: dict[tuple[Hashable, ...], dict[Any, Any]] = {}


_kept = _Kept()


def fragment(
    template: str,
    make: Callable[..., Mapping[str, Any]] | None = None,
    /,
    *,
    holes: Mapping[str, object] = _NOTHING,
    **key: Hashable,
) -> Markup:
    """Return this template as rendered once for this key, its `holes` filled; it writes them ``{{ holes.name }}``.

    `make` gets the key and returns what else the template shows. It may depend on nothing but the key, the reader's
    language, and cached tables and settings.
    """
    pieces = pieces_of(template, make, holes, **key)
    # The token is the one hole that no caller fills.
    token: Any = current_app.jinja_env.globals["csrf_field"]
    values = {**holes, "csrf_field": token()} if "csrf_field" in pieces.names else holes
    return pieces.filled(values)


def pieces_of(
    template: str,
    make: Callable[..., Mapping[str, Any]] | None = None,
    /,
    holes: Iterable[str] = (),
    **key: Hashable,
) -> Pieces:
    """Return this template as rendered once for this key, with its holes: a page may fill them many times."""
    entries = _present().pieces
    where = (template, i18n.language(), request.script_root, *key.items())
    pieces = entries.get(where)
    if pieces is None:
        context = {**key, **(make(**key) if make is not None else {}), "holes": {name: hole(name) for name in holes}}
        pieces = entries[where] = _rendered(template, context)
        if len(entries) > MOST:
            entries.pop(next(iter(tuple(entries))), None)
    return pieces


def shared(*key: Hashable) -> dict[Any, Any]:
    """Return a dictionary that lasts as long as the fragments of this language do, for what is made of them alone."""
    return _present().shared.setdefault((*key, i18n.language(), request.script_root), {})


class Shapes:
    """The fragments of what stands many times in a page, found by how it looks: make one for each page.

    A shape is a named tuple of all that its template sees beside `holes`, and holds nothing of a ticket or a person.
    """

    def __init__(self, template: str, holes: Iterable[str]) -> None:
        self._template, self._holes = template, holes
        self._pieces = shared(template)

    def pieces_of(self, shape: Any) -> Pieces:
        """Return the fragment of what looks like this."""
        pieces: Pieces | None = self._pieces.get(shape)
        if pieces is None:
            pieces = self._pieces[shape] = pieces_of(self._template, None, self._holes, **shape._asdict())
        return pieces


def begin() -> None:
    """Note what a request reads from now on: call it when the stamp has been read."""
    g.begun_at = cache.version()


def _present() -> _Kept:
    global _kept
    version, kept = cache.version(), _kept
    if g.get("begun_at", version) != version:
        # Another request has read a newer stamp since: what this one read before that must not outlast it.
        if "fragments" not in g:
            g.fragments = _Kept(None, {}, {})
        own: _Kept = g.fragments
        return own
    if kept.version != version:
        kept = _kept = _Kept(version, {}, {})
    return kept


def is_rendering() -> bool:
    """Whether a fragment is being rendered: what belongs to one request stands there as a hole."""
    return "fragment" in g


def refused(name: str, function: Callable[P, T]) -> Callable[P, T]:
    """Return this function for templates, which is an error in a fragment: also in a macro that the fragment imports.

    Imported macros do not see what a fragment is rendered with, but the globals and filters of all templates.
    """

    @wraps(function)
    def unless_rendering(*args: P.args, **named: P.kwargs) -> T:
        if is_rendering():
            raise UndefinedError(f"'{name}' is another one for each reader or moment: no fragment may ask for it")
        return function(*args, **named)

    return unless_rendering


def init_app(app: Flask) -> None:
    """Refuse what no fragment may ask for, wherever a template finds it."""
    names: Any = app.jinja_env.globals
    proxies: dict[str, Any] = {"request": request, "session": session, "g": g}
    names.update({name: LocalProxy(refused(name, one._get_current_object)) for name, one in proxies.items()})
    names.update({name: refused(name, names[name]) for name in FUNCTIONS})
    filters = app.jinja_env.filters
    filters.update({name: refused(name, filters[name]) for name in TIMES})


def forget() -> None:
    """Render every fragment anew from now on."""
    global _kept
    _kept = _Kept(None, {}, {})


def cached_pieces() -> list[Pieces]:
    """Return the fragments that are cached."""
    return list(_kept.pieces.values())


def hole(name: str) -> Markup:
    """Return the place of a value that each page fills in by itself."""
    return Markup(f"{_MARK}-{name}-")  # noqa: S704 — letters and digits


@contextmanager
def _apart() -> Iterator[None]:
    g.fragment = True
    try:
        yield
    finally:
        g.pop("fragment")


def _rendered(template: str, context: Mapping[str, Any]) -> Pieces:
    forbidden = {name: StrictUndefined(name=name) for name in FORBIDDEN}
    with _apart():
        text = current_app.jinja_env.get_template(template).render({**forbidden, **context})
    parts = _HOLE.split(text)
    return Pieces(parts[::2], parts[1::2])
