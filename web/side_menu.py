"""The menu at the left of every page of the desk: a fragment, whose counts are filled in for each page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from flask import current_app, request
from markupsafe import Markup

from web import fragments

#: Menus cached in the process: agents have one for each list they read.
MOST = 300


class Link(NamedTuple):
    """A link of the menu as its template shows it; `hole` names the place of its count."""

    label: str
    url: str
    icon: str | None
    hole: str
    current: bool
    key: int | None
    open: bool
    sub: tuple[Link, ...]


class Section(NamedTuple):
    """Links under one heading."""

    label: str | None
    links: tuple[Link, ...]


class Menu(NamedTuple):
    """A menu whose links depend on its key alone, whose counts stand by the names that the links give as theirs."""

    key: tuple[Any, ...]
    counts: Mapping[str, object]
    sections: Callable[[], list[dict[str, Any]]]


class _Values(dict[str, object]):
    """What a page fills into the menu: where nothing was counted, there is none."""

    def __missing__(self, _name: str) -> object:
        return 0


def side_menu(
    sections: Menu | Iterable[Mapping[str, Any]], me: Mapping[str, str] | None, initials: str, theme: str
) -> Markup:
    """Return the menu: its sections (those with foot=True at its end, before them those with low=True), who reads."""
    values = _Values(here=request.full_path)
    if me:
        values |= {"name": me["name"], "profile": me["profile_url"], "initials": initials, "absence": me["absence"]}
    state = {
        "signed_in": bool(me),
        "availability": ("away" if me["absence"] else me["availability"]) if me else "",
        "chosen": theme,
        "root": request.script_root,
    }
    if isinstance(sections, Menu):
        values |= sections.counts
        cached, key = fragments.shared("menus"), (sections.key, *state.values())
        pieces = cached.get(key)
        if pieces is None:
            if len(cached) >= MOST:
                cached.clear()
            # Another thread may clear them at any moment.
            pieces = cached[key] = _pieces(sections.sections(), values, state)
    else:
        pieces = _pieces(sections, values, state)
    values["csrf_field"] = current_app.jinja_env.globals["csrf_field"]()  # type: ignore[operator]
    return pieces.filled(values)


def _pieces(sections: Iterable[Mapping[str, Any]], values: _Values, state: Mapping[str, Any]) -> fragments.Pieces:
    """Return the menu with its holes; `values` get the counts that the links themselves hold."""
    places: dict[str, list[Section]] = {"top": [], "low": [], "foot": []}
    for section in sections:
        place = "foot" if section.get("foot") else "low" if section.get("low") else "top"
        links = tuple(_link(link, values) for link in section["links"])
        if links:
            places[place].append(Section(section["label"], links))
    holes = ("here", "name", "profile", "initials", "absence")
    shown = {place: tuple(rows) for place, rows in places.items()}
    return fragments.pieces_of("admin/menu.html", None, holes, **shown, **state)


def _link(link: Mapping[str, Any], values: _Values) -> Link:
    """Return a link; its count is the name of a hole, or a number that fills one."""
    count, name = link.get("count"), ""
    if isinstance(count, str):
        name = count
    elif count is not None:
        name = f"count{len(values)}"
        values[name] = count
    return Link(
        link["label"],
        link["url"],
        link["icon"],
        name,
        bool(link.get("current")),
        link.get("key"),
        bool(link.get("open")),
        tuple(_link(inner, values) for inner in link["sub"]),
    )
