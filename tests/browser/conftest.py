"""What tests of whole pages share: a desk with a row on every screen, walked in any width and language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from models import Agent, Customer, Ticket
from tests.every_page.test_access_matrix import World, world_of
from tests.support.browsing import PATIENCE
from tests.support.desks import Desk


@pytest.fixture
def world(request: pytest.FixtureRequest, desk: Desk, app: Any) -> World:
    return desk.filled("world", lambda: world_of(request, app))


@pytest.fixture
def browse(browser: Any, live_server: Any, world: World) -> Callable[..., Any]:
    """Gives a page of one of the cast, signed in: ``with browse("root", 390, language="fr") as page``."""

    @contextmanager
    def opened(persona: str, width: int, language: str = "en") -> Iterator[Any]:
        for people in (Agent, Customer, Ticket):
            people.update(locale=language).execute()
        client = world.client(persona)
        client.get("/")
        context = browser.new_context(
            base_url=live_server.url, locale=language, viewport={"width": width, "height": 900}
        )
        context.set_default_timeout(PATIENCE)
        cookie = client.get_cookie("guichet")
        if cookie is not None:
            context.add_cookies([{"name": "guichet", "value": cookie.value, "url": live_server.url}])
        yield context.new_page()
        context.close()

    return opened
