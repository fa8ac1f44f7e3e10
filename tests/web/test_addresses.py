"""Addresses that are worked out once are those that Flask works out; the session's cookie is signed once a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, url_for
from werkzeug.routing import Map

from tests.support import doors
from web import security
from web.addresses import LateRule

LIST = "desk_tickets.index_view"


@pytest.mark.parametrize(
    "values",
    [{}, {"view": "open"}, {"page": 1}, {"page": True}, {"tag": ["a", "b"]}, {"q": None}, {"_anchor": "x", "q": "é"}],
)
@pytest.mark.parametrize("root", ["", "/desk"])
def test_an_address_is_what_flask_makes_of_it(app: Any, values: dict[str, Any], root: str) -> None:
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": root}):
        for _turn in range(2):
            assert url_for(LIST, **values) == Flask.url_for(app, LIST, **values)
        assert url_for(LIST, _external=True, **values).startswith("http")


def test_what_strangers_write_at_length_is_not_cached(app: Any, root: Any) -> None:
    client = app.test_client()
    before = app._cached_address.cache_info()
    answer = client.get(f"/admin/tickets/?q={'a' * 100_000}")
    assert "/sign-in?next=" in answer.location
    with app.test_request_context():
        url_for(LIST, q="a" * 201)
        url_for(LIST, q="b" * 200)
    after = app._cached_address.cache_info()
    assert after.currsize == before.currsize + 1


def test_a_word_of_an_address_may_have_any_name() -> None:
    rule = LateRule("/a/<rule>", endpoint="a")
    assert Map([rule]).bind("desk.example").build("a", {"rule": "b", "self": "c"}) == "/a/b?self=c"


def test_the_cookie_is_signed_anew_once_a_day(app: Any, ana: Any, ticket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = doors.signed_in(app, ana)
    with client.session_transaction() as session:
        session.permanent = True
    client.get("/admin/tickets/")
    assert "Set-Cookie" not in client.get("/admin/tickets/").headers
    monkeypatch.setattr(security, "SIGNED_EVERY", timedelta(0))
    assert "guichet=" in client.get("/admin/tickets/").headers["Set-Cookie"]
