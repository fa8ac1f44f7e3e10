"""A clock that was ahead and is set back: nobody is signed out, and no form is refused."""

from __future__ import annotations

from typing import Any

import time_machine

from tests.public import filling
from tests.support import cast, doors, sqlite_only

AHEAD, NOW = "2027-03-02T12:00:00Z", "2026-03-02T12:00:00Z"


@sqlite_only
def test_who_signed_in_while_the_clock_was_ahead_stays_signed_in(app: Any, client: Any, root: Any) -> None:
    with time_machine.travel(AHEAD):
        doors.post(client, "/admin/sign-in", {"email": root.email, "password": cast.PASSWORD})
        page = client.get("/admin/profile").text
    with time_machine.travel(NOW):
        assert client.get("/admin/profile").status_code == 200
        data = {"csrf_token": doors.printed_token(page), "name": "Rooted", "locale": "en", "timezone": "UTC"}
        assert client.post("/admin/profile", data=data).status_code == 303


@sqlite_only
def test_a_session_that_is_really_old_is_none(app: Any, client: Any, root: Any) -> None:
    with time_machine.travel(NOW):
        doors.post(client, "/admin/sign-in", {"email": root.email, "password": cast.PASSWORD})
    with time_machine.travel(AHEAD):
        assert client.get("/admin/profile").status_code == 302


@sqlite_only
def test_a_form_that_was_opened_while_the_clock_was_ahead_is_taken(client: Any, sales: Any) -> None:
    with time_machine.travel(AHEAD):
        fields = filling.fill(client)
    with time_machine.travel(NOW):
        assert client.post("/tickets/new", data=fields).status_code == 303
