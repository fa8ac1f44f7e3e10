"""Going to a provider and back by the pages of the desk, as a browser does."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from helpdesk import settings
from models import JournalEntry
from tests.support import doors
from tests.support.oidc_provider import OidcProvider

SIGN_IN = "/admin/sign-in"


def links_on(client: FlaskClient, page: str, part: str) -> list[str]:
    """Return the addresses of the links on a page that hold this part."""
    text = client.get(page).get_data(as_text=True)
    found = [piece.partition('"')[0].replace("&amp;", "&") for piece in text.split('href="')[1:]]
    return [piece for piece in found if part in piece]


def link_on(client: FlaskClient, page: str, part: str) -> str:
    """Return the address of the first link on a page that holds this part."""
    return links_on(client, page, part)[0]


def leave(client: FlaskClient, page: str = SIGN_IN, part: str = "/by/") -> str:
    """Follow the button of a page; return the address at the provider."""
    answer = client.get(link_on(client, page, part))
    assert answer.status_code == 303, doors.text_of(answer)
    return str(answer.location)


def path_of(url: str) -> str:
    """Return the path of an address of the desk."""
    return url.removeprefix(settings.site_url())


def come_back(client: FlaskClient, acme: OidcProvider, page: str = SIGN_IN, part: str = "/by/") -> Any:
    """Go to the provider and back."""
    return client.get(path_of(acme.allow(leave(client, page, part))))


def is_in(client: FlaskClient) -> bool:
    """Whether an agent is signed in."""
    return client.get("/admin/profile").status_code == 200


def refusals() -> list[str]:
    """Return why sign-ins were refused, by the journal."""
    rows = JournalEntry.select().where(JournalEntry.act == "provider-refused").order_by(JournalEntry.id)
    return [row.data["failure"] for row in rows]
