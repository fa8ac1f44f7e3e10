"""Each request has its line in the log, and no line opens anything."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from models import Agent, Ticket
from tests.support import sqlite_only

pytestmark = sqlite_only


@pytest.fixture
def fields(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """Returns the fields of the requests logged so far, oldest first."""
    caplog.set_level(logging.INFO, "guichet")
    return lambda: [record.__dict__["fields"] for record in caplog.records if record.name == "guichet"]


def test_a_request_is_logged_with_its_time(client: FlaskClient, fields: Any) -> None:
    client.get("/nowhere?search=lea%40desk.example")
    [line] = fields()
    assert line.pop("ms") >= 0
    assert line == {"method": "GET", "path": "/nowhere", "status": 404, "who": "-"}


def test_who_is_signed_in_is_named_by_kind_and_id(
    client_of: Callable[..., FlaskClient], ana: Agent, ticket: Ticket, fields: Any
) -> None:
    client_of(ana).get(f"/admin/tickets/{ticket.number}")
    assert (fields()[-1]["who"], fields()[-1]["path"]) == (f"agent-{ana.id}", f"/admin/tickets/{ticket.number}")


def test_the_token_of_a_link_is_not_logged(client: FlaskClient, fields: Any) -> None:
    token = "x_bZ-0" * 8
    for address in (f"/t/{token}", f"/t/{token}/", f"/t/{token}x/further", f"/T/{token}"):
        client.get(address)
    assert [line["path"] for line in fields() if token in str(line)] == []
    assert fields()[0]["path"] == "/t/<token>"


def test_the_token_of_a_link_whose_page_fails_is_not_logged(
    app: Any, client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = next(rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == "/t/<token>")
    monkeypatch.setitem(app.view_functions, endpoint, lambda token: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    assert client.get("/t/a-token-of-somebody").status_code == 500
    assert "ZeroDivisionError" in caplog.text
    assert "a-token-of-somebody" not in caplog.text


def test_what_comes_with_every_page_is_logged_only_when_it_fails(client: FlaskClient, fields: Any) -> None:
    for address in ("/static/desk.css", "/labels.css", "/static/nothing.css"):
        client.get(address).close()
    assert [(line["path"], line["status"]) for line in fields()] == [("/static/<name>", 404)]
