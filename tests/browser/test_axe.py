"""axe finds nothing: every page in each width, the main ones in each language, too; nothing scrolls sideways.

Each page is held to every rule in the light theme, then to the rules of colour in the dark one.
"""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk import links
from tests.every_page.test_access_matrix import GET
from tests.support import axe, doors, sqlite_only

pytestmark = [pytest.mark.browser, sqlite_only]

#: Where people spend their time.
DESK = (
    *("desk_tickets.index_view", "desk_ticket.ticket_view", "desk_configuration.index_view", "desk_tags.index_view"),
    "desk_statuses.create_view",
)
PUBLIC = ("public.home", "public.sign_in", "account.sign_in")
MINE = ("public.tickets", "public.ticket", "public.account")
MAIN = {"root": DESK, "visitor": PUBLIC, "carol": MINE}

#: Answers that are no pages, or no pages of ours.
NO_PAGES = {
    *("assets.labels", "assets.logo_file", "assets.static_file", "public.health", "desk_tickets.news_view"),
    "desk_composer.canned_view",
    "desk_composer.colleagues_view",
    *("desk_files.file_view", "desk_files.sent_picture_view", "desk_emails.preview_view", "desk_composer.draft_view"),
}
#: How the names of what is only downloaded end.
DOWNLOADS = (".export", ".export_view", ".raw_view")

#: Every page, for one who may see it.
EVERYTHING = {
    "root": tuple(
        name for name in GET if GET[name].endswith("200") and name not in NO_PAGES and not name.endswith(DOWNLOADS)
    ),
    "visitor": ("public.home", "public.sign_in", "public.new_link", "account.sign_in", "account.forgotten"),
    "carol": (*MINE, "public.new_ticket"),
}

#: Where nobody is for long.
OTHERS = {who: tuple(name for name in names if name not in MAIN[who]) for who, names in EVERYTHING.items()}

LANGUAGES, WIDTHS = ("fr", "en"), (1280, 390)
WAYS = [(width, language) for width in WIDTHS for language in LANGUAGES]
WHOLE = {(1280, "fr"), (390, "en")}


def complaints(page: Any, url: str) -> list[str]:
    """Return what axe finds on the page of this address, in both themes."""
    page.goto(url)
    return axe.complaints(page)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
@pytest.mark.parametrize("persona", list(MAIN))
def test_axe_finds_nothing(world, browse, way, persona):
    width, language = way
    with browse(persona, width, language=language) as page:
        found = {name: complaints(page, world.url(name)) for name in MAIN[persona]}
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("persona", list(MAIN))
def test_axe_finds_nothing_on_the_other_pages(world, browse, persona, language):
    """Each is opened once, every other one in French and every other one narrow, and looked at in each width."""
    found = {}
    with browse(persona, WIDTHS[0], language=language) as page:
        for number, name in enumerate(OTHERS[persona][LANGUAGES.index(language) :: 2]):
            first, second = WIDTHS if number % 2 else WIDTHS[::-1]
            page.set_viewport_size({"width": first, "height": 900})
            found[name, first] = complaints(page, world.url(name))
            page.set_viewport_size({"width": second, "height": 900})
            found[name, second] = axe.complaints(page)
            page.set_viewport_size({"width": 320, "height": 900})
            found[name, 320] = ["too wide"] * (page.evaluate("document.documentElement.scrollWidth") > 320)
    assert {where: said for where, said in found.items() if said} == {}


@pytest.mark.parametrize("way", sorted(WHOLE), ids=lambda way: "-".join(map(str, way)))
def test_axe_finds_nothing_behind_a_link_nor_in_a_refusal(world, browse, way):
    address, ana = world.ticket.address, world.people["ana"]
    made = {
        "ticket": {"address": address, "ticket": world.ticket}, "sign-in": {"address": address},
        "reset": {"agent": ana}, "invitation": {"agent": ana},
    }  # fmt: skip
    urls = [f"{links.PATHS[kind]}{links.make(kind, **owner)}" for kind, owner in made.items()]
    urls += ["/nothing", "/t/no-such-token", "/tickets/known"]
    width, language = way
    with browse("visitor", width, language=language) as page:
        found = {url: complaints(page, url) for url in urls}
    assert {url: said for url, said in found.items() if said} == {}


@pytest.mark.parametrize("way", sorted(WHOLE), ids=lambda way: "-".join(map(str, way)))
def test_axe_finds_nothing_in_a_form_sent_back(world, browse, way):
    width, language = way
    with browse("visitor", width, language=language) as page:
        page.goto("/")
        page.locator("form[data-ticket-form] button[type=submit]").last.click()
        page.locator("#error-summary, .errors").first.wait_for()
        assert axe.complaints(page) == []


@pytest.mark.parametrize("persona", list(MAIN))
def test_nothing_scrolls_sideways_at_320_px(world, browse, persona):
    wide = {}
    with browse(persona, 320) as page:
        for name in MAIN[persona]:
            page.goto(world.url(name))
            wide[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: width for name, width in wide.items() if width > 320} == {}


@pytest.mark.parametrize("name", DESK)
def test_axe_finds_nothing_in_what_unfolds(world, browse, name):
    with browse("root", 1280, language="fr") as page:
        page.goto(world.url(name))
        page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        assert axe.complaints(page) == []


def test_the_tests_would_see_a_fault(world, browse):
    with browse("visitor", 1280) as page:
        page.goto("/")
        page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/favicon.svg\">')")
        [fault] = axe.complaints(page)
        assert fault.startswith("image-alt: ")
        page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<p id=dim>Hard to read</p>')")
        page.evaluate("document.querySelector('#dim').style.color = '#333'")
        assert any(text.startswith("in the dark, color-contrast: ") for text in axe.complaints(page))


def test_a_signed_in_page_is_that_page(world, browse):
    with browse("root", 1280, language="fr") as page:
        assert "/admin/tags/" in page.goto(world.url("desk_tags.index_view")).url
        assert page.locator("html").get_attribute("lang") == "fr"
        assert doors.TOKEN.search(page.content())
