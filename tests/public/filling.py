"""Filling the ticket form as a visitor does, without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import SecurityCode
from tests.support import doors


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields that a page of the form prints, its token too."""
    found = re.findall(r'<input[^>]*name="(csrf_token|form_key|files_key|code_token)"[^>]*value="([^"]*)"', page)
    return {name: unescape(value) for name, value in reversed(found)}


def answer_of(token: str) -> str:
    """Return what the picture of this code shows."""
    return str(SecurityCode.get(SecurityCode.token == token).answer)


@contextmanager
def earlier(seconds: float = 10) -> Iterator[None]:
    """Let it be `seconds` before now: who sends a form within three seconds of opening it is taken for a robot."""
    with time_machine.travel(datetime.now(UTC) - timedelta(seconds=seconds), tick=True):
        yield


def open_form(page: Any) -> None:
    """Open the form in this browser, as whoever takes their time to fill it in."""
    with earlier():
        page.goto("/")


def fill(client: FlaskClient, *, ago: float = 10, **values: Any) -> dict[str, Any]:
    """Open the form, `ago` seconds before now, and return what a visitor would send, the code copied right."""
    with earlier(ago):
        fields: dict[str, Any] = hidden(client.get("/").get_data(as_text=True))
    typed = {"email": "vera@visitor.example", "subject": "A question", "message": "Are there places in March?"}
    if "code_token" in fields:
        typed["code"] = answer_of(fields["code_token"])
    return {**fields, **typed, **values}


def send(client: FlaskClient, fields: dict[str, Any]) -> TestResponse:
    """Send the form."""
    return doors.post(client, "/tickets/new", fields)
