"""The frame of every page: sound HTML, native controls, and what the small modules add in a browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from helpdesk import settings
from models import Agent, Status, Tag, Ticket
from tests.support import axe, browsing, doors, sqlite_only

SCREENS = [
    "/admin/statuses/",
    "/admin/statuses/new/",
    "/admin/priorities/",
    "/admin/services/",
    "/admin/services/new/",
    "/admin/departments/",
    "/admin/users/",
    "/admin/teams/",
    "/admin/teams/new/",
    "/admin/roles/",
    "/admin/tags/",
    "/admin/tickets/",
    "/tickets/new",
    "/sign-in",
    "/nothing-here",
]
UNLABELLED = {"hidden", "submit", "button", "reset", "image"}


class Outline(HTMLParser):
    """What a page must have once, and the names of its controls."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.labelled: set[str] = set()
        self.controls: list[dict[str, Any]] = []
        self.bare_heads = self.in_label = 0
        self.lang = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values: dict[str, Any] = dict(attrs)
        self.tags[tag] += 1
        self.ids.update([values["id"]] if values.get("id") else [])
        self.lang = values.get("lang", "") if tag == "html" else self.lang
        self.bare_heads += tag == "th" and "scope" not in values
        self.in_label += tag == "label"
        if tag == "label" and "for" in values:
            self.labelled.add(values["for"])
        if tag in {"input", "select", "textarea"} and values.get("type") not in UNLABELLED:
            self.controls.append({"wrapped": self.in_label > 0, **values})

    def handle_endtag(self, tag: str) -> None:
        self.in_label -= tag == "label"

    def nameless(self) -> list[dict[str, Any]]:
        named = ("wrapped", "aria-label", "aria-labelledby")
        return [
            row for row in self.controls if not any(row.get(k) for k in named) and row.get("id") not in self.labelled
        ]


@pytest.mark.parametrize("path", SCREENS)
@sqlite_only
def test_every_page_is_sound(
    path: str, root: Agent, client_of: Callable, client: Any, billing: Any, ticket: Any
) -> None:
    reader = client_of(root) if path.startswith("/admin") else client
    outline = Outline(reader.get(path).get_data(as_text=True))
    assert outline.lang == "en"
    assert (outline.tags["h1"], outline.tags["main"]) == (1, 1)
    assert [name for name, count in outline.ids.items() if count > 1] == []
    assert (outline.bare_heads, outline.nameless()) == (0, [])


@sqlite_only
def test_a_refused_form_says_why_above_and_at_the_field(root: Agent, client_of: Callable) -> None:
    page = doors.post(client_of(root), "/admin/tags/new/", {"name": ""}).get_data(as_text=True)
    assert 'href="#name"' in page
    assert 'aria-describedby="name-help name-error"' in page
    assert 'id="name-error"' in page


@sqlite_only
def test_what_an_owner_wrote_is_never_markup(root: Agent, client_of: Callable) -> None:
    Tag.create(name="<b>bold</b>", key="<b>bold</b>")
    page = client_of(root).get("/admin/tags/").get_data(as_text=True)
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold" not in page


@sqlite_only
def test_the_error_page_leads_on_from_the_desk(root: Agent, client_of: Callable) -> None:
    answer = client_of(root).get("/admin/tickets/no-such-number")
    assert answer.status_code == 404
    assert 'href="/admin/tickets/"' in answer.get_data(as_text=True)


# --- In the browser -----------------------------------------------------------------------------------------------


@pytest.fixture
def desk_page(page: Any, root: Agent) -> Any:
    """The browser, signed in as an administrator."""
    browsing.enter(page, root)
    return page


@pytest.mark.browser
@sqlite_only
def test_nothing_scrolls_sideways(desk_page: Any, ticket: Any) -> None:
    desk_page.set_viewport_size({"width": 1920, "height": 800})
    for path in ("/admin/statuses/", "/admin/statuses/new/", "/admin/tickets/", "/tickets/new", "/sign-in"):
        desk_page.goto(path)
        assert desk_page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.browser
@sqlite_only
def test_the_badge_is_drawn_while_one_picks_its_colours(desk_page: Any) -> None:
    desk_page.goto("/admin/statuses/new/")
    desk_page.get_by_label("Text colour").last.fill("white")
    desk_page.get_by_label("Background colour").last.fill("#007afc")
    badge = desk_page.locator("[data-badge]")
    assert badge.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(0, 112, 232)"
    assert "too weak" in desk_page.locator("[data-contrast]").inner_text()
    desk_page.locator(".if-weak").wait_for()
    desk_page.get_by_label("Background colour").last.fill("black")
    assert "readable" in desk_page.locator("[data-contrast]").inner_text()
    assert (desk_page.locator(".if-good").is_visible(), desk_page.locator(".if-weak").is_visible()) == (True, False)


@pytest.mark.browser
@sqlite_only
def test_the_lists_wear_the_owners_colours(desk_page: Any) -> None:
    status = Status.get(Status.identifier == "on hold")
    desk_page.goto("/admin/statuses/")
    badge = desk_page.locator(f".status-{status.id}")
    assert badge.evaluate("node => getComputedStyle(node).color") == "rgb(255, 255, 255)"
    assert badge.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(0, 112, 232)"


@pytest.mark.browser
@sqlite_only
def test_the_theme_is_forced_and_given_back(desk_page: Any) -> None:
    desk_page.goto("/admin/statuses/")
    desk_page.locator(".side-me summary").click()
    desk_page.get_by_role("button", name="Dark").click()
    assert desk_page.locator("html").get_attribute("data-theme") == "dark"
    desk_page.locator(".side-me summary").click()
    desk_page.get_by_role("button", name="Auto").click()
    assert desk_page.locator("html").get_attribute("data-theme") is None


@pytest.mark.browser
@sqlite_only
def test_on_a_phone_the_menu_is_a_drawer(desk_page: Any) -> None:
    desk_page.set_viewport_size({"width": 390, "height": 800})
    desk_page.goto("/admin/statuses/")
    menu = desk_page.get_by_role("navigation", name="Desk")
    assert not menu.is_visible()
    desk_page.get_by_role("link", name="Open the menu").click()
    menu.wait_for()
    desk_page.keyboard.press("Escape")
    menu.wait_for(state="hidden")


@pytest.mark.browser
@sqlite_only
def test_a_refused_form_takes_the_focus_to_its_summary(desk_page: Any) -> None:
    desk_page.goto("/admin/statuses/new/")
    desk_page.get_by_role("button", name="Save", exact=True).click()
    summary = desk_page.locator("#errors")
    assert summary.evaluate("node => node === document.activeElement")
    summary.get_by_role("link").first.click()
    assert desk_page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


@pytest.mark.browser
@sqlite_only
def test_one_box_ticks_all_rows_and_the_bar_counts_them(desk_page: Any, ticket: Any) -> None:
    desk_page.goto("/admin/tickets/")
    bar = desk_page.locator(".bulk")
    assert bar.is_hidden()
    desk_page.locator("[data-tick-all]").check()
    assert "1 ticked" in bar.inner_text()


@pytest.mark.browser
@sqlite_only
def test_a_row_added_to_a_form_has_names_of_its_own(desk_page: Any, ana: Agent) -> None:
    desk_page.goto(f"/admin/users/edit/?id={ana.id}")
    box = desk_page.locator("[data-inline]")
    before = box.locator("[data-row]").count()
    box.locator("[data-add]").click()
    names = box.locator("select").evaluate_all("all => all.map(one => one.name)")
    assert box.locator("[data-rows] > [data-row]").count() == before + 1
    assert len(set(names)) == len(names)
    assert axe.violations(desk_page) == []


@pytest.mark.browser
@sqlite_only
def test_a_dangerous_act_is_asked_in_a_dialog(page: Any, carol: Any, ticket: Any) -> None:
    browsing.enter(page, carol)
    page.goto(f"/tickets/{ticket.number}")
    page.get_by_role("button", name="Close the ticket").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert not Ticket.get_by_id(ticket.id).is_closed
    page.get_by_role("button", name="Close the ticket").click()
    page.get_by_role("dialog").get_by_role("button", name="Close the ticket").click()
    page.get_by_role("status").filter(has_text="closed").wait_for()
    assert Ticket.get_by_id(ticket.id).is_closed


@sqlite_only
def test_the_public_side_shows_its_name_and_languages(client: Any, billing: Any) -> None:
    settings.save({"desk_name": "Ateliers du Canal"})
    page = client.get("/tickets/new").get_data(as_text=True)
    assert "<title>" in page
    assert page.count("Ateliers du Canal") >= 2
    assert 'name="language" value="fr" lang="fr"' in page
