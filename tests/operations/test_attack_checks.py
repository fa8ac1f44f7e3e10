"""What the doctor finds of attacks: visitors who cannot be told apart, files that fill the store, filters at rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import time_machine

from helpdesk import settings
from helpdesk.operations import attack_checks, proxy_headers
from helpdesk.people import sign_ins
from helpdesk.settings import environment
from models import Attachment, Filter
from tests.support import attached, cast, doors
from tests.support.attached import PDF

NOON = "2026-03-02T12:00:00Z"
FORGED = {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy was seen by this process."""
    monkeypatch.setattr(proxy_headers._Seen, "at", None)


@pytest.fixture
def ask(app: Any) -> Any:
    """Ask for a page through the part of the server that throws forwarded headers away."""
    inner = app.wsgi_app

    def send(address: str, **headers: str) -> None:
        app.wsgi_app = proxy_headers.without(inner)
        try:
            app.test_client().get("/", environ_base={"REMOTE_ADDR": address, **headers})
        finally:
            app.wsgi_app = inner

    return send


@pytest.fixture
def look(app: Any) -> Any:
    """Return the finding of this name."""

    def find(name: str) -> Any:
        with app.test_request_context():
            return next((check for check in attack_checks.checks() if check.name == name), None)

    return find


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "172.17.0.1", "10.1.2.3"])
def test_a_proxy_that_is_not_trusted_is_told_in_red(ask: Any, address: str, look: Any) -> None:
    ask(address)
    assert look("Visitors’ addresses").ok
    ask(address, **FORGED)
    assert look("Visitors’ addresses").fails
    assert "GUICHET_TRUSTED_PROXIES" in look("Visitors’ addresses").text


def test_a_stranger_of_the_internet_makes_nothing_red(ask: Any, look: Any) -> None:
    ask("93.184.216.34", **FORGED)
    assert look("Visitors’ addresses").ok


def test_what_a_proxy_did_is_forgotten_once_it_is_trusted_and_after_a_day(ask: Any, request: Any, look: Any) -> None:
    with time_machine.travel(NOON, tick=False) as travel:
        ask("127.0.0.1", **FORGED)
        assert look("Visitors’ addresses").fails
        before = environment.current()
        request.addfinalizer(lambda: environment.use(before))
        environment.use(replace(before, trusted_proxies=1))
        assert look("Visitors’ addresses").ok
        environment.use(before)
        travel.shift(86_401)
        assert look("Visitors’ addresses").ok


def test_the_pages_see_none_of_these_headers() -> None:
    seen: list[dict[str, Any]] = []
    application = proxy_headers.without(lambda environ, _start: seen.append(environ) or [])
    application({"REMOTE_ADDR": "x", **dict.fromkeys(proxy_headers.HEADERS, "forged"), "HTTP_HOST": "desk"}, print)
    assert seen == [{"REMOTE_ADDR": "x", "HTTP_HOST": "desk", proxy_headers.MARK: True}]


def test_sign_ins_from_nowhere_else_under_a_public_address_are_told_in_red(ana: Any, look: Any) -> None:
    for _ in range(5):
        sign_ins.start_sign_in(ana, network="127.0.0.1")
    assert look("Visitors’ addresses").ok
    settings.save({"site_url": "https://help.desk.example"})
    assert look("Visitors’ addresses").fails
    sign_ins.start_sign_in(ana, network="203.0.113.7")
    assert look("Visitors’ addresses").ok


@pytest.mark.usefixtures("no_files")
def test_a_store_that_fills_is_told_before_and_when_it_is_full(ticket: Any, look: Any) -> None:
    settings.save({"max_store_size": "1M"})
    row = attached.file(ticket)
    assert look("Room for files").ok
    found = []
    for size in (900_000, 1_100_000):
        Attachment.update(size=size).where(Attachment.id == row.id).execute()
        attack_checks.room.recount()
        check = look("Room for files")
        found.append((check.ok, check.fails))
    assert found == [(False, False), (False, True)]
    assert len(PDF) < 1_000


def test_filters_at_rest_are_named_to_administrators(client_of: Any, root: Any, sales: Any, look: Any) -> None:
    assert look("Filters") is None
    Filter.create(name="Nobody’s")
    Filter.create(name="Root’s", author_id=root.id)
    assert "Nobody’s" in look("Filters").text
    assert "Root’s" not in look("Filters").text
    page = doors.text_of(client_of(root).get("/admin/dashboard/"))
    assert "This filter rests, as its author is gone or sees no ticket any more: Nobody’s" in page
    eve = cast.make_agent("Eve", sales, role=cast.make_role("Keeper", can_configure=True))
    assert "This filter rests" not in doors.text_of(client_of(eve).get("/admin/dashboard/"))
    assert "Rests" in doors.text_of(client_of(root).get("/admin/filters/"))


def test_the_page_of_health_shows_it(client_of: Any, root: Any, ask: Any) -> None:
    ask("127.0.0.1", **FORGED)
    page = doors.text_of(client_of(root).get("/admin/health/"))
    assert "set GUICHET_TRUSTED_PROXIES" in page
    assert "Something must be mended." in page
