"""The floor: what the same pages cost when somebody writes only them, by hand, in Flask.

One view and one indexed statement a page, raw SQL, no sign-in, no layout, over Guichet's own database. Nothing that
answers the same question can be much quicker; `pages.py` says how many times slower Guichet is.

    python3 tools/benchmarks/floor.py sqlite:///path/of/guichet.db 8001
"""

from __future__ import annotations

import secrets
import sqlite3
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import psycopg
from flask import Flask, abort, redirect, render_template, request
from waitress import serve

LIST = """
SELECT t.number, t.subject, c.first_name, c.last_name, s.label, p.label, a.name, t.last_activity
FROM ticket t
JOIN customer c ON c.id = t.customer_id
JOIN status s ON s.id = t.status_id
JOIN priority p ON p.id = t.priority_id
LEFT JOIN agent a ON a.id = t.assignee_id
WHERE t.is_open AND NOT t.is_spam AND NOT t.in_bin AND NOT t.is_snoozed
ORDER BY t.rank, t.waiting_since, t.id LIMIT 25
"""
THREAD = """
SELECT t.number, t.subject, m.author_name, m.kind, m.created_at, m.body
FROM ticket t JOIN message m ON m.ticket_id = t.id
WHERE t.number = ? ORDER BY m.id
"""
# The number holds the id, which the row must have first: the floor takes any text that is unique.
TICKET = """
INSERT INTO ticket (number, subject, customer_id, address_id, service_id, department_id, status_id, priority_id,
    locale, is_open, is_spam, in_bin, rank, waiting_since, awaits_reply, last_activity, created_at,
    closed_by_customer, hidden_from_customer, order_number, form_key)
SELECT ?, ?, a.customer_id, a.id, ?, ?, s.id, p.id, 'en', {true}, {false}, {false}, 0, ?, {true}, ?, ?, {false},
    {false}, '', ?
FROM customer_address a, status s, priority p
WHERE a.email = ? AND s.identifier = 'active' AND p.identifier = 'normal'
RETURNING id, customer_id
"""
MESSAGE = """
INSERT INTO message (ticket_id, kind, customer_id, author_name, body, signature, created_at)
VALUES (?, 'customer', ?, ?, ?, '', ?)
"""

SEARCH = """
SELECT DISTINCT t.number, t.subject, c.first_name, c.last_name, s.label, p.label, a.name, t.last_activity
FROM message m
JOIN ticket t ON t.id = m.ticket_id
JOIN customer c ON c.id = t.customer_id
JOIN status s ON s.id = t.status_id
JOIN priority p ON p.id = t.priority_id
LEFT JOIN agent a ON a.id = t.assignee_id
WHERE m.id IN (SELECT rowid FROM message_search WHERE {matches} ORDER BY rowid DESC LIMIT 50)
ORDER BY t.last_activity DESC LIMIT 25
"""
PLACES = "SELECT s.id, d.id, d.name FROM department d JOIN service s ON s.id = d.service_id ORDER BY s.id, d.id"

LIST_PAGE = """<!doctype html><title>Open tickets</title><table>{% for row in rows %}
<tr><td><a href="/thread/{{ row[0] }}">{{ row[0] }}</a><td>{{ row[1] }}<td>{{ row[2] }} {{ row[3] }}<td>{{ row[4] }}
<td>{{ row[5] }}<td>{{ row[6] or "" }}<td>{{ row[7] }}</tr>{% endfor %}</table>"""
THREAD_PAGE = """<!doctype html><title>{{ rows[0][1] }}</title><h1>{{ rows[0][0] }} {{ rows[0][1] }}</h1>
{% for row in rows %}<article><h2>{{ row[2] }}, {{ row[3] }}, {{ row[4] }}</h2>
{{ row[5]|safe }}</article>{% endfor %}"""
FORM_PAGE = """<!doctype html><title>New ticket</title><form method="post" action="/store">
<input type="hidden" name="form_key" value="{{ key }}"><input name="email"><select name="unit">{% for row in rows %}
<option value="{{ row[0] }}/{{ row[1] }}">{{ row[2] }}</option>{% endfor %}</select>
<input name="subject"><textarea name="message"></textarea><button>Send</button></form>"""


class Store:
    """One connection for each thread of the server, with Guichet's own promises about power cuts."""

    def __init__(self, url: str) -> None:
        self.url, self.local = url, threading.local()
        self.is_sqlite = url.startswith("sqlite:///")

    @property
    def connection(self) -> Any:
        """The connection of this thread."""
        if not hasattr(self.local, "connection"):
            self.local.connection = self._sqlite() if self.is_sqlite else psycopg.connect(self.url, autocommit=True)
        return self.local.connection

    def run(self, sql: str, *values: Any) -> Any:
        """Run one statement."""
        if self.is_sqlite:
            return self.connection.execute(sql.format(true=1, false=0, matches="message_search MATCH ?"), values)
        text = sql.format(true="true", false="false", matches="tsv @@ to_tsquery('simple', ?)")
        return self.connection.execute(text.replace("?", "%s"), values)

    def transaction(self) -> Any:
        """Hold statements together: ``with store.transaction():``."""
        return self.connection if self.is_sqlite else self.connection.transaction()

    def _sqlite(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
        for pragma in ("journal_mode=wal", "synchronous=full", "cache_size=-64000", "mmap_size=268435456"):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def make(url: str) -> Flask:
    """Make the floor over this database."""
    app, store = Flask(__name__), Store(url)
    # Compiled once: `render_template_string` does it at each request, which takes longer than all the rest.
    list_page, thread_page, form_page = map(app.jinja_env.from_string, (LIST_PAGE, THREAD_PAGE, FORM_PAGE))

    @app.get("/list")
    def tickets() -> str:
        return render_template(list_page, rows=store.run(LIST).fetchall())

    @app.get("/search")
    def search() -> str:
        return render_template(list_page, rows=store.run(SEARCH, request.args["q"]).fetchall())

    @app.get("/form")
    def form() -> str:
        return render_template(form_page, rows=store.run(PLACES).fetchall(), key=secrets.token_urlsafe(18))

    @app.get("/thread/<number>")
    def thread(number: str) -> str:
        rows = store.run(THREAD, number).fetchall()
        return render_template(thread_page, rows=rows) if rows else abort(404)

    @app.post("/store")
    def ticket() -> Any:
        form, now = request.form, str(datetime.now(UTC).replace(tzinfo=None))
        number = f"floor-{form['form_key'][-24:]}"
        service, _slash, department = form["unit"].partition("/")
        place = (int(service), int(department) if department else None)
        with store.transaction():
            made = store.run(TICKET, number, form["subject"], *place, now, now, now, form["form_key"], form["email"])
            key, customer = made.fetchone()
            store.run(MESSAGE, key, customer, form["email"], form["message"], now)
        return redirect(f"/thread/{number}", 303)

    return app


if __name__ == "__main__":
    serve(make(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), threads=4, ident=None, _quiet=True)
