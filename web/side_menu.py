"""The menu at the left of every page of the desk: a fragment, whose counts are filled in for each page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from flask import request
from markupsafe import Markup

from web.fragments import fragment


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


def side_menu(sections: Iterable[Mapping[str, Any]], me: Mapping[str, str] | None, initials: str, theme: str) -> Markup:
    """Return the menu: its sections (those with foot=True at its end, before them those with low=True), who reads."""
    holes: dict[str, object] = {"here": request.full_path}
    if me:
        holes |= {"name": me["name"], "profile": me["profile_url"], "initials": initials, "absence": me["absence"]}
    places: dict[str, list[Section]] = {"top": [], "low": [], "foot": []}
    for section in sections:
        place = "foot" if section.get("foot") else "low" if section.get("low") else "top"
        links = tuple(_link(link, holes) for link in section["links"])
        if links:
            places[place].append(Section(section["label"], links))
    top, low, foot = (tuple(places[place]) for place in ("top", "low", "foot"))
    return fragment(
        "admin/menu.html",
        holes=holes,
        top=top,
        low=low,
        foot=foot,
        signed_in=bool(me),
        availability=("away" if me["absence"] else me["availability"]) if me else "",
        chosen=theme,
        root=request.script_root,
    )


def _link(link: Mapping[str, Any], holes: dict[str, object]) -> Link:
    count, name = link.get("count"), ""
    if count is not None:
        name = f"count{len(holes)}"
        holes[name] = count
    return Link(
        link["label"],
        link["url"],
        link["icon"],
        name,
        bool(link.get("current")),
        link.get("key"),
        bool(link.get("open")),
        tuple(_link(inner, holes) for inner in link["sub"]),
    )
