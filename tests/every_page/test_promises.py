"""What every answer of the desk promises, whatever is asked of it, and what reading it leaves alone."""

from __future__ import annotations

import hashlib
import re

import pytest
from flask import abort

from engines import open_database
from helpdesk import settings
from helpdesk.operations import readiness
from models import TABLES, Setting, SignIn, TimetableRun
from tests.support import sqlite_only
from tests.support.desks import SYNCHRONOUS

#: What is the same for everybody, and may be kept by browsers and proxies.
SHARED = ("assets.",)
NONCE = re.compile(r"script-src 'self' 'nonce-([\w-]{20,})'")


def reads(app) -> list[tuple[str, str]]:
    """Return every address without a variable that is read, and its endpoint."""
    rules = (rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments)
    return sorted((rule.rule, rule.endpoint) for rule in rules)


def guarded(answer) -> bool:
    """Whether an answer carries the headers that guard every page."""
    policy = answer.headers["Content-Security-Policy"]
    return (
        NONCE.search(policy) is not None
        and "unsafe" not in policy
        and {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"}
        <= set(policy.split("; "))
        and answer.headers["Referrer-Policy"] == "same-origin"
        and answer.headers["X-Content-Type-Options"] == "nosniff"
    )


@pytest.mark.parametrize("who", ["nobody", "carol", "root"])
def test_every_page_is_guarded_and_kept_by_nobody(request, app, client, client_of, sales, who):
    browser = client if who == "nobody" else client_of(request.getfixturevalue(who))
    open_, kept = [], []
    for path, endpoint in reads(app):
        answer = browser.get(path)
        open_ += [] if guarded(answer) else [path]
        private = not endpoint.startswith(SHARED) and answer.headers.get("Cache-Control") != "no-store"
        kept += [path] if private else []
        answer.close()
    assert (open_, kept) == ([], [])


@sqlite_only
def test_a_nonce_is_used_once(client, sales):
    nonces = [NONCE.search(client.get("/").headers["Content-Security-Policy"])[1] for _time in range(2)]
    assert nonces[0] != nonces[1]


@sqlite_only
@pytest.mark.parametrize("code", [400, 403, 404, 405, 413, 429, 500])
def test_every_refusal_is_guarded(app, client, database, monkeypatch, code):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    def refuse():
        return 1 // 0 if code == 500 else abort(code)

    monkeypatch.setitem(app.view_functions, "public.sign_in", refuse)
    answer = client.get("/sign-in")
    assert answer.status_code == code
    assert guarded(answer)


@sqlite_only
def test_https_is_asked_for_where_the_desk_has_it(client, sales):
    assert "Strict-Transport-Security" not in client.get("/").headers
    settings.save({"site_url": "https://localhost"})
    answer = client.get("/")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-guichet=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def fingerprint() -> dict[str, str]:
    """Return what all tables hold, but for who was seen when, the runs of the timetable and the row of readiness."""
    found = {}
    for table in set(TABLES) - {TimetableRun}:
        fields = [field for field in table._meta.sorted_fields if (table, field.name) != (SignIn, "last_seen_at")]
        query = table.select(*fields).order_by(table.id)
        if table is Setting:
            # Whether a row can be written is found out by writing it.
            query = query.where(Setting.key != readiness.WRITTEN)
        rows = [repr(row) for row in query.tuples()]
        found[table._meta.table_name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


#: Opening a form makes its security code: what it shows must be known afterwards. What is exported is written down.
MADE_BY_READING = {"security_code", "journal_entry"}


@pytest.mark.parametrize("who", ["nobody", "carol", "ana", "root"])
def test_reading_changes_nothing(request, app, client, client_of, ticket, who):
    browser = client if who == "nobody" else client_of(request.getfixturevalue(who))
    browser.get("/admin/")
    before = fingerprint()
    for path, _endpoint in [*reads(app), (f"/tickets/{ticket.number}", ""), (f"/admin/tickets/{ticket.number}", "")]:
        if "sign-out" not in path:
            browser.get(path).close()
    after = fingerprint()
    assert {name for name in before if before[name] != after[name]} <= MADE_BY_READING


def test_an_answered_request_survives_a_power_cut(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'desk.db'}")
    opened.may_create = True
    opened.connect()
    try:
        said = {name: opened.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "foreign_keys")}
        assert said == {"journal_mode": "wal", "foreign_keys": 1}
        assert SYNCHRONOUS == "full"
    finally:
        opened.close_all()
