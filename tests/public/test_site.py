"""Language and health."""

from __future__ import annotations

import socket

import pytest

from database import Cached
from engines import open_database
from helpdesk.operations import workers
from models import Customer
from tests.support import doors


def test_the_desk_is_well(client, database):
    workers.beat()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.data) == (200, b"ok\n")


def test_a_watchdog_is_answered_without_the_database(client, database):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        database.close_all()
        database.initialize(open_database(f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"))
        answers = [client.get(f"/healthz?{query}") for query in ("live", "live=1", "live&x=%ff")]
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert [(answer.status_code, answer.data) for answer in answers] == [(200, b"ok\n")] * 3
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert answers[0].headers.getlist("Set-Cookie") == []


def test_what_is_the_same_for_everybody_hangs_on_no_cookie(client, database):
    """A browser fetches it anew for each other cookie it sends, else: at every sign-in."""
    for address in ("/static/desk.css", "/labels.css"):
        with client.get(address) as answer:
            assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Cookie" in client.get("/sign-in").headers["Vary"]


def test_static_files_come_without_the_database(client, database):
    client.get("/").close()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        database.close_all()
        database.initialize(open_database(f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"))
        Cached.version += 1  # as a change of another thread does, after which everything is read anew
        with client.get("/static/desk.css") as answer:
            assert answer.status_code == 200
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_watchdog_may_ask_for_the_head_only(client, database):
    answer = client.head("/healthz?live")
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_lost_database_is_told_in_one_line(client, database):
    database.close_all()
    database.initialize(open_database("postgresql://nobody@127.0.0.1:1/none"))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.mimetype) == (503, "text/plain")
    assert answer.data.count(b"\n") == 1
    assert b"Traceback" not in answer.data


def test_the_language_is_switched_and_the_page_kept(client, database):
    answer = doors.post(client, "/language", {"language": "fr", "next": "/sign-in?x=1"})
    assert answer.location == "/sign-in?x=1"
    assert '<html lang="fr"' in client.get("/sign-in").get_data(as_text=True)


def test_the_switch_leads_nowhere_else(client, database):
    assert doors.post(client, "/language", {"language": "fr", "next": "//evil.example"}).location == "/"


def test_a_language_we_do_not_speak_changes_nothing(client, database):
    doors.post(client, "/language", {"language": "xx"})
    assert client.get_cookie("language") is None


def test_the_account_keeps_the_language(client_of, carol):
    doors.post(client_of(carol), "/language", {"language": "fr"})
    assert Customer.get_by_id(carol.id).locale == "fr"
