"""No English on a French screen: every page of the desk, for each who may see it, and every form sent wrong.

What stands on a form that is sent empty, `tests/every_page/test_access_matrix.py` reads.
"""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk import i18n, links, outbox, settings
from helpdesk.notifications import email_texts
from helpdesk.outbox import previews
from helpdesk.settings.email_kinds import KINDS
from models import Agent, UnconfirmedRequest
from tests.every_page.test_access_matrix import ASKING, GET, POST, World, world_of
from tests.public.filling import fill, send
from tests.support import cast, doors, sqlite_only, words
from tests.support.cast import PASSWORD
from tests.support.words import english_of
from tests.support.words import in_french as french

PERSONAS = ("visitor", "guest", "carol", "ana", "root")

pytestmark = sqlite_only


@pytest.fixture
def world(request, desk, app) -> World:
    """The desk of the access matrix, whose people read French."""
    return desk.filled("French world", lambda: world_of(request, app, cast.speak_french))


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_page(world, persona):
    client = french(world.client(persona))
    found: dict[str, set[str]] = {}
    for endpoint in sorted(GET):
        with client.get(world.url(endpoint)) as response:
            found[endpoint] = english_of(response)
    assert {endpoint: texts for endpoint, texts in found.items() if texts} == {}


@pytest.mark.parametrize("endpoint", [name for name in sorted(POST) if name.endswith(ASKING)])
def test_what_is_asked_before_an_act(world, endpoint):
    row = world.rows.get(endpoint.partition(".")[0])
    data: dict[str, Any] = {"id": str(row.id)} if row is not None else {}
    for persona in PERSONAS:
        client = french(world.client(persona))
        answer = doors.post(client, world.url(endpoint), data, follow_redirects=True)
        assert english_of(answer) == set(), persona


def test_what_a_form_answers_to_nonsense(world):
    client, found = french(world.client("root")), {}
    for endpoint in sorted(name for name in set(GET) & set(POST) if not name.startswith("public.")):
        page = client.get(world.url(endpoint)).get_data(as_text=True)
        answer = doors.post(client, world.url(endpoint), dict.fromkeys(words.fields(page), "é@ zzz"))
        found[endpoint] = english_of(answer)
    assert {endpoint: texts for endpoint, texts in found.items() if texts} == {}


def test_what_the_public_form_answers_to_nonsense(world):
    client = french(world.client("visitor"))
    typed = dict.fromkeys(words.fields(client.get("/").get_data(as_text=True)), "é@ zzz")
    assert english_of(doors.post(client, "/", typed)) == set()


@pytest.mark.parametrize(
    "query", ["view=search&q=zzz", "view=mine", "view=closed", "view=spam", "view=bin", "view=all"]
)
def test_empty_lists(world, query):
    assert english_of(french(world.client("root")).get(f"/admin/tickets/?{query}")) == set()


def test_searching_in_vain(world):
    client = french(world.client("root"))
    lists = [name for name in GET if name.endswith(".index_view")]
    found = {name: english_of(client.get(f"{world.url(name)}?search=zzz")) for name in lists}
    assert {endpoint: texts for endpoint, texts in found.items() if texts} == {}


def test_what_stands_behind_a_private_link(world):
    address, ana = world.ticket.address, world.people["ana"]
    owners = {"ticket": {"address": address, "ticket": world.ticket}, "sign-in": {"address": address}}
    for kind in ("ticket", "sign-in", "reset", "invitation"):
        url = f"{links.PATHS[kind]}{links.make(kind, **owners.get(kind, {'agent': ana}))}"
        for _time in ("fresh", "used"):
            client = french(world.client("visitor"))
            assert english_of(client.get(url)) == set(), kind
            assert english_of(doors.post(client, url, {"password": "é@"}, follow_redirects=True)) == set(), kind


def test_the_way_of_a_visitor(world, smtp):
    client = french(world.client("visitor"))
    for values in ({}, {"unread": "1", "code": ""}):
        answer = send(client, fill(client, unit=f"d{world.ticket.department_id}", **values))
        assert english_of(client.get(answer.location)) == set()
    held = UnconfirmedRequest.get()
    url = f"/confirm/{links.token_of('confirm', held.nonce)}"
    assert english_of(client.get(url)) == set()
    assert english_of(doors.post(client, url, follow_redirects=True)) == set()
    assert english_of(client.get(url)) == set()


@pytest.mark.parametrize("step", ["account", "organisation", "service", "mail"])
def test_the_set_up(app, client, step):
    french(client)
    account = f"/setup/{links.setup_token()}"
    typed = {"name": "Léa", "email": "lea@desk.example", "password": PASSWORD}
    if step != "account":
        doors.post(client, account, typed)
    url = account if step == "account" else f"/setup/{step}"
    assert english_of(client.get(url)) == set()
    assert english_of(doors.post(client, url)) == set()


def test_a_closed_desk(world):
    settings.save({"desk_enabled": False})
    assert english_of(french(world.client("visitor")).get("/")) == set()


@pytest.mark.parametrize("key", sorted(KINDS))
def test_every_e_mail(world, key):
    kind, root = KINDS[key], world.people["root"]
    with world.app.app_context(), i18n.in_language("fr"):
        letter = outbox.render(previews.preview_email(kind, email_texts.form_values(kind), "fr", None, actor=root))
    language, pieces = words.read(letter.get_body(("html",)).get_content())
    plain = letter.get_body(("plain",)).get_content().splitlines()
    assert language == "fr"
    assert words.left_in_english([letter["Subject"], *pieces, *plain]) == set()


def test_english_would_be_seen(world):
    Agent.update(locale="en").execute()
    assert {"lang=en", "Open tickets", "Subject"} <= english_of(world.client("ana").get("/admin/tickets/"))
