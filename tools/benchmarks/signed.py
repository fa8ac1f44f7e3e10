"""The second yardstick: the same pages by hand, with all that every page of a desk must do.

Hand-written Flask and SQL over Guichet's own database (SQLite), as `floor.py`, but with the row of the sign-in, the
stamp of the caches, the token against forged forms, the headers, the counts of the menu, the same HTML and the same
rows written. It takes the HTML from Guichet once for each page, cut where values stand: these it reads anew.

    python3 tools/benchmarks/signed.py sqlite:///path/of/guichet.db 8001 8000 /path/of/secret_key
"""

from __future__ import annotations

import hashlib
import http.client
import re
import secrets
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape as escaped
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, redirect, request, session
from itsdangerous import URLSafeTimedSerializer
from markupsafe import escape
from waitress import serve

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tools.benchmarks.floor import PLACES, Store  # noqa: E402 — lies one folder up

LIST = """
SELECT t.number, t.subject, c.first_name || ' ' || c.last_name, t.excerpt, a.name, t.last_activity, t.waiting_since,
    t.status_id, t.priority_id, t.service_id, t.department_id, t.awaits_reply, t.is_snoozed, t.due_at, t.team_id
FROM ticket t JOIN customer c ON c.id = t.customer_id LEFT JOIN agent a ON a.id = t.assignee_id
"""
OPEN = LIST + (
    "WHERE t.is_open AND NOT t.is_spam AND NOT t.in_bin AND NOT t.is_snoozed "
    "ORDER BY t.rank, t.waiting_since, t.id LIMIT 26"
)
#: The desk's rule: the newest matches, by the last activity of their tickets.
FOUND = LIST + (
    "WHERE NOT t.in_bin AND NOT t.is_spam AND t.id IN (SELECT m.ticket_id FROM message m WHERE m.id IN (SELECT rowid "
    "FROM message_search WHERE message_search MATCH ? ORDER BY rowid DESC LIMIT 2000)) "
    "ORDER BY t.last_activity DESC, t.id DESC LIMIT 26"
)
COUNTS = """
SELECT service_id, department_id, assignee_id, team_id, COUNT(*) FROM ticket
WHERE is_open AND NOT is_spam AND NOT in_bin AND NOT is_snoozed GROUP BY 1, 2, 3, 4
"""
TICKET = """
SELECT t.id, t.number, t.subject, c.first_name || ' ' || c.last_name, e.email, c.id, c.created_at, a.name, t.rank,
    t.waiting_since
FROM ticket t JOIN customer c ON c.id = t.customer_id LEFT JOIN customer_address e ON e.id = t.address_id
LEFT JOIN agent a ON a.id = t.assignee_id WHERE t.number = ?
"""
MESSAGES = (
    "SELECT m.author_name, m.body, m.created_at, m.id, m.kind FROM message m WHERE ticket_id = ? ORDER BY id LIMIT 101"
)
EVENTS = "SELECT kind, actor_name, data, created_at FROM ticket_event WHERE ticket_id = ? ORDER BY id LIMIT 200"
OTHERS = (
    "SELECT number, subject, created_at, status_id FROM ticket WHERE customer_id = ? AND NOT in_bin "
    "ORDER BY id DESC LIMIT 21"
)
COPIES = (
    "SELECT e.email FROM ticket_copy k JOIN customer_address e ON e.id = k.address_id WHERE k.ticket_id = ? ORDER BY 1"
)
NEIGHBOURS = """
SELECT (SELECT number FROM ticket WHERE is_open AND NOT is_spam AND NOT in_bin AND NOT is_snoozed
    AND (rank, waiting_since, id) > (?, ?, ?) ORDER BY rank, waiting_since, id LIMIT 1),
  (SELECT number FROM ticket WHERE is_open AND NOT is_spam AND NOT in_bin AND NOT is_snoozed
    AND (rank, waiting_since, id) < (?, ?, ?) ORDER BY rank DESC, waiting_since DESC, id DESC LIMIT 1)
"""
DRAFT = "SELECT body, updated_at FROM draft WHERE ticket_id = ? AND agent_id = ?"
PERSON = """
SELECT s.agent_id, s.expires_at, s.last_seen_at, a.name, a.active FROM sign_in s JOIN agent a ON a.id = s.agent_id
WHERE s.token_hash = ?
"""

#: What Guichet makes anew for each page, beside the rows.
FRESH = re.compile(
    r'(?<=name="csrf_token" value=")[^"]+|(?<=name="csrf_token" type="hidden" value=")[^"]+'
    r'|(?<=name="form_key" value=")[^"]+|(?<=name="form_key" type="hidden" value=")[^"]+'
    r'|(?<=nonce=")[^"]+|(?<=class="count">)\d+'
)


class Page:
    """The HTML of a page, cut where its values stand."""

    def __init__(self, html: str, values: Iterable[Any]) -> None:
        places: dict[str, int] = {}
        for place, value in enumerate(values):
            for text in {str(escape(text_in_page(value))), escaped(text_in_page(value))}:
                if len(text) > 2:
                    places.setdefault(text, place)
        pattern = "|".join([FRESH.pattern, *(re.escape(text) for text in sorted(places, key=len, reverse=True))])
        self.texts: list[str] = []
        self.slots: list[int | str] = []
        end = 0
        for piece in re.finditer(pattern, html):
            self.texts.append(html[end : piece.start()])
            before = html[max(piece.start() - 60, 0) : piece.start()]
            name = next((name for name in ("csrf_token", "form_key", "nonce", "count") if name in before[-50:]), "")
            self.slots.append(places.get(piece[0], name or "count"))
            end = piece.end()
        self.last = html[end:]

    def filled(self, values: list[Any], fresh: dict[str, str]) -> str:
        """Write the page with these values, each escaped."""
        parts: list[str] = []
        for text, slot in zip(self.texts, self.slots, strict=True):
            parts.append(text)
            parts.append(fresh[slot] if isinstance(slot, str) else str(escape(text_in_page(values[slot]))))
        return "".join((*parts, self.last))


def text_in_page(value: Any) -> str:
    """Return what of a value stands in the page: a time as machines read it."""
    text = "" if value is None else str(value)
    return text[:19].replace(" ", "T") if len(text) >= 19 and text[4:5] == text[7:8] == "-" else text


class Desk:
    """What the pages share: the sign-in, the counts, the tokens, and Guichet's own pages to take the HTML from."""

    def __init__(self, store: Store, key: str, guichet: int) -> None:
        self.store, self.guichet = store, guichet
        self.signer = URLSafeTimedSerializer(key, salt="wtf-csrf-token")
        self.pages: dict[str, tuple[Page, dict[str, str]]] = {}
        self.counted = (0.0, 0)

    def agent(self) -> Any:
        """Return who is signed in; 403 for nobody."""
        self.store.run("SELECT value FROM stamp WHERE id = 1").fetchone()
        token = session.get("_user_id", "")
        row = self.store.run(PERSON, hashlib.sha256(token.encode()).hexdigest()).fetchone()
        now = datetime.now(UTC).replace(tzinfo=None)
        if row is None or not row[4] or datetime.fromisoformat(row[1]) <= now:
            abort(403)
        return row

    def count(self) -> int:
        """Return the open tickets, counted anew after five seconds, as Guichet does."""
        now = time.monotonic()
        if now - self.counted[0] > 5:
            self.counted = (now, sum(row[4] for row in self.store.run(COUNTS)))
        return self.counted[1]

    def answer(self, values: list[Any], *, counts: bool = True) -> Response:
        """Answer with Guichet's page at this address, these values in it."""
        path = request.full_path.rstrip("?")
        if path not in self.pages:
            self.pages[path] = self.cut(path, values)
        page, headers = self.pages[path]
        nonce = secrets.token_urlsafe(16)
        fresh = {"csrf_token": self.token(), "form_key": secrets.token_urlsafe(18), "nonce": nonce}
        fresh["count"] = str(self.count()) if counts else "0"
        answer = Response(page.filled(values, fresh))
        for name, value in headers.items():
            answer.headers[name] = value.replace("{nonce}", nonce)
        return answer

    def token(self) -> str:
        """Return the token of this session's forms."""
        if "csrf_token" not in session:
            session["csrf_token"] = hashlib.sha1(secrets.token_bytes(64), usedforsecurity=False).hexdigest()
        return str(self.signer.dumps(session["csrf_token"]))

    def cut(self, path: str, values: list[Any]) -> tuple[Page, dict[str, str]]:
        """Take a page from Guichet, with its headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.guichet, timeout=60)
        connection.request("GET", path, headers={"Cookie": request.headers.get("Cookie", "")})
        answer = connection.getresponse()
        headers = {name: re.sub(r"nonce-[^']+", "nonce-{nonce}", value) for name, value in answer.getheaders()}
        for name in ("Set-Cookie", "Date", "Server", "Content-Length", "Connection", "Via"):
            headers.pop(name, None)
        return Page(answer.read().decode(), values), headers


def make(url: str, guichet: int, key: str) -> Flask:
    """Make the yardstick over this database."""
    app, store = Flask(__name__), Store(url)
    app.secret_key = key
    app.config["SESSION_COOKIE_NAME"] = "guichet"
    desk = Desk(store, key, guichet)

    @app.get("/admin/tickets/")
    def tickets() -> Response:
        desk.agent()
        words = request.args.get("q", "")
        rows = store.run(FOUND, words).fetchall() if words else store.run(OPEN).fetchall()
        return desk.answer([value for row in rows[:25] for value in row])

    @app.get("/admin/tickets/<number>")
    def thread(number: str) -> Response:
        agent = desk.agent()
        ticket = store.run(TICKET, number).fetchone() or abort(404)
        store.run(NEIGHBOURS, *(ticket[8], ticket[9], ticket[0]) * 2).fetchone()
        store.run(DRAFT, ticket[0], agent[0]).fetchone()
        parts = [store.run(sql, ticket[0]).fetchall() for sql in (MESSAGES, EVENTS, COPIES)]
        others = store.run(OTHERS, ticket[5]).fetchall()
        return desk.answer([*ticket[1:5], *(value for part in (*parts, others) for row in part for value in row)])

    @app.get("/tickets/new")
    def form() -> Response:
        store.run("SELECT value FROM stamp WHERE id = 1").fetchone()
        return desk.answer([value for row in store.run(PLACES) for value in row], counts=False)

    @app.post("/tickets/new")
    def send() -> Any:
        desk.signer.loads(request.form["csrf_token"], max_age=86_400)
        number = stored(store, request.form)
        session["sent"] = number
        return redirect(f"/tickets/sent/{number}", 303)

    return app


def stored(store: Store, form: Any) -> str:
    """Write the rows that a new ticket is in Guichet, and return its number."""
    now, key = str(datetime.now(UTC).replace(tzinfo=None)), form["form_key"][-32:]
    store.run("SELECT value FROM stamp WHERE id = 1").fetchone()
    if store.run("SELECT number FROM ticket WHERE form_key = ?", key).fetchone():
        abort(409)
    body = "".join(f"<p>{escape(text)}</p>" for text in form["message"].replace("\r", "").split("\n\n"))
    plain = unescape(re.sub("<[^>]+>", " ", body)).lower()
    with store.transaction():
        address = store.run(
            "SELECT e.id, c.id, c.first_name || ' ' || c.last_name, e.email FROM customer_address e "
            "JOIN customer c ON c.id = e.customer_id WHERE e.email = ?",
            form["email"],
        ).fetchone()
        name, subject = address[2], form["subject"]
        made = store.run(NEW_TICKET, f"~{key}", subject, address[1], address[0], now, now, now, key, plain[:200])
        ticket = made.lastrowid
        number = f"10000{ticket}"
        store.run("UPDATE ticket SET number = ? WHERE id = ?", number, ticket)
        message = store.run(NEW_MESSAGE, ticket, address[1], name, body, now).lastrowid
        store.run(
            "INSERT INTO message_search (rowid, subject, author, body) VALUES (?, ?, ?, ?)",
            *(message, f"{number} {subject.lower()}", f"{name.lower()} {address[3]}", plain),
        )
        store.run(NEW_EVENT, ticket, address[1], name, f'{{"form": "{key}"}}', now)
        store.run(NEW_RECORD, ticket, RECORD, now)
        for place, kind in enumerate(("confirmation", "new_ticket", "new_ticket")):
            mail = f"<{number}.{place}.{key}>"
            store.run(NEW_MAIL, kind, ticket, message, address[0], address[3], subject, body, mail, now, now)
        store.run(
            "INSERT INTO guest_pass (token_hash, ticket_id, address_id, is_proven, expires_at) VALUES (?, ?, ?, 0, ?)",
            *(hashlib.sha256(key.encode()).hexdigest(), ticket, address[0], now),
        )
    return number


NEW_TICKET = """
INSERT INTO ticket (number, subject, customer_id, address_id, service_id, department_id, status_id, priority_id,
    locale, is_open, is_spam, in_bin, rank, waiting_since, awaits_reply, last_activity, created_at, closed_by_customer,
    hidden_from_customer, form_key, order_number, excerpt, is_snoozed, snooze_ignores_replies, due_at, alert_at, alerts)
VALUES (?, ?, ?, ?, 1, 1, 1, 1, 'en', 1, 0, 0, 0, ?, 1, ?, ?, 0, 0, ?, '', ?, 0, 0, '9999-12-31 00:00:00',
    '9999-12-31 00:00:00', '')
"""
NEW_MESSAGE = (
    "INSERT INTO message (ticket_id, kind, customer_id, author_name, body, signature, created_at) "
    "VALUES (?, 'customer', ?, ?, ?, '', ?)"
)
NEW_EVENT = (
    "INSERT INTO ticket_event (ticket_id, kind, customer_id, actor_name, data, created_at) "
    "VALUES (?, 'opened', ?, ?, ?, ?)"
)
#: What no rule did, of about the length that it has in a desk with a few of them.
RECORD = '{"rules": [' + '{"id": 1, "name": "Nothing of it", "mode": "any", "outcome": "no-match"}, ' * 8 + "{}]}"
NEW_RECORD = (
    "INSERT INTO rule_record (ticket_id, beginning, trigger, acts, rests, data, created_at) "
    "VALUES (?, 'arrives', '', 0, 0, ?, ?)"
)
NEW_MAIL = """
INSERT INTO outgoing_email (kind, ticket_id, message_id, address_id, to_email, from_email, from_name, locale, subject,
    body, link_kind, mail_id, in_reply_to, reference_ids, automatic, state, attempts, due_at, last_error, created_at)
VALUES (?, ?, ?, ?, ?, 'support@example.org', 'Support', 'en', ?, ?, 'ticket', ?, '', '', 'auto-replied', 'pending', 0,
    ?, '', ?)
"""


if __name__ == "__main__":
    key = Path(sys.argv[4]).read_text().strip()
    application = make(sys.argv[1], int(sys.argv[3]), key)
    serve(application, host="127.0.0.1", port=int(sys.argv[2]), threads=4, ident=None, _quiet=True)
