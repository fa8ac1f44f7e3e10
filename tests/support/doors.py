"""Driving the pages without a browser: signed-in clients and forms with their token."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from helpdesk.people import sign_ins
from models import Agent, Customer

TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')


def signed_in(app: Any, person: Agent | Customer) -> FlaskClient:
    """Return a client that carries the cookie of this person's fresh sign-in."""
    client: FlaskClient = app.test_client()
    token = sign_ins.start_sign_in(person, device="tests")
    with client.session_transaction() as session:
        session["_user_id"] = token
        session["_fresh"] = True
    return client


def csrf_token(client: FlaskClient) -> str:
    """Return a token valid in this client's session, as any page of the desk would print it."""
    with client.session_transaction() as session:
        raw = session.setdefault("csrf_token", hashlib.sha1(os.urandom(64)).hexdigest())
    key = client.application.config.get("WTF_CSRF_SECRET_KEY") or client.application.secret_key
    return URLSafeTimedSerializer(str(key), salt="wtf-csrf-token").dumps(raw)


def post(client: FlaskClient, url: str, data: Mapping[str, Any] | None = None, **options: Any) -> TestResponse:
    """Send a form with its token (files too: a value may be ``(stream, "name.txt")``)."""
    return client.post(url, data={"csrf_token": csrf_token(client), **(data or {})}, **options)


def printed_token(page: str) -> str:
    """Return the token that a page prints in its form. Raises AssertionError when it prints none."""
    found = TOKEN.search(page)
    assert found, "the page prints no csrf_token"
    return found.group(1)


def text_of(response: TestResponse) -> str:
    """Return what a page says, without its markup, spaces folded."""
    page = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", response.get_data(as_text=True))
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page))).strip()


def csv_rows(answer: TestResponse, delimiter: str = ",") -> list[list[str]]:
    """Return the cells of a file that was sent for a spreadsheet."""
    data = answer.get_data()
    assert data.startswith(b"\xef\xbb\xbf"), "without the mark a spreadsheet takes UTF-8 for something else"
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter))
