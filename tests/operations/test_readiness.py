"""``/healthz``: red as soon as the desk does not do its work, and what says the same."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from helpdesk import clock, outbox, settings
from helpdesk.operations import desk_identity, doctor, jobs, readiness, workers
from helpdesk.outbox import outbox_health
from helpdesk.settings.desk import KEY
from models import OutgoingEmail, Setting, Worker
from tests.support import doors, sqlite_only
from tests.support.mailbox import AuthResult, free_port
from tests.support.outgoing import again, owe, signing_in

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

WELL = (200, "ok\n")


@pytest.fixture(autouse=True)
def _at_work(database, monkeypatch):
    """The loop is at work, and each question writes its row."""
    workers.beat()
    monkeypatch.setattr(readiness, "WRITTEN_FOR", 0)


def ask(client, **headers):
    answer = client.get("/healthz", headers=headers)
    assert answer.mimetype == "text/plain"
    return answer.status_code, answer.text


def red(*names):
    return 503, f"To mend: {', '.join(names)}\n"


# --- The loop -----------------------------------------------------------------------------------------------------


def test_a_desk_without_a_worker_is_red(client):
    assert ask(client) == WELL
    Worker.delete().execute()
    assert ask(client) == red("Mail and timetable")


@pytest.mark.parametrize(("ago", "answer"), [(290, WELL), (310, red("Mail and timetable"))])
def test_a_dead_worker_is_red_after_five_minutes(client, ago, answer):
    Worker.update(seen_at=clock.now() - timedelta(seconds=ago)).execute()
    assert ask(client) == answer


def test_a_worker_of_the_future_is_not_at_work(client):
    Worker.update(seen_at=clock.now() + timedelta(hours=3)).execute()
    assert ask(client) == red("Mail and timetable")


def test_one_of_several_workers_is_enough(client):
    Worker.insert(
        name="gone", host="gone", beat=1, started_at=clock.now(), seen_at=clock.now() - timedelta(1)
    ).execute()
    assert ask(client) == WELL


# --- Mail ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "answer"), [(14.5, WELL), (15.5, red("Waiting mail"))])
def test_mail_that_is_due_for_a_quarter_is_red(client, smtp, minutes, answer):
    owe(due_at=clock.now() - timedelta(minutes=minutes))
    assert ask(client) == answer


def test_mail_behind_one_that_a_server_puts_off_is_no_fault(client, smtp, ticket):
    OutgoingEmail.delete().execute()
    owe(ticket=ticket, due_at=clock.now() + timedelta(hours=1), deferred_since=clock.now())
    owe(ticket=ticket, due_at=clock.now() - timedelta(hours=1))
    assert ask(client) == WELL


def test_a_mail_that_is_being_sent_for_hours_is_red(client, smtp):
    owe(state="sending", due_at=clock.now() - timedelta(hours=1), claimed_by="0@here")
    assert ask(client) == red("Waiting mail")


def test_a_refused_sign_in_is_red_at_once_also_when_no_mail_waits(client, database):
    with signing_in("wrong"):
        outbox.greet()
        assert ask(client) == red("Mail server")
        settings.save({"mail_password": "right"})
        assert ask(client) == WELL
        outbox.greet()
        assert ask(client) == WELL


def test_a_sign_in_that_is_refused_from_now_on_is_red_within_a_minute_and_nobody_calls_again_and_again(
    client, database
):
    (greeting,) = (source for source in jobs.SOURCES if source.name == "mail server")
    with signing_in("right") as server, time_machine.travel(clock.now(), tick=False) as traveller:
        assert greeting.next_due() <= clock.now()
        assert greeting.run(threading.Event())
        server.right.clear()
        traveller.shift(timedelta(seconds=40))
        assert greeting.next_due() > clock.now()
        traveller.shift(timedelta(seconds=20))
        assert greeting.next_due() <= clock.now()
        assert not greeting.run(threading.Event())
        assert ask(client) == red("Mail server")
        # A wrong password is not tried again at once: accounts are locked for less.
        assert greeting.next_due() == clock.now() + timedelta(minutes=1)


def test_a_wrong_password_is_tried_once_a_call(client, database):
    with signing_in("wrong") as server:
        assert outbox.greet() is not None
        assert server.calls == 1


def test_a_server_that_only_says_it_takes_plain_is_signed_in_to(client, database):
    async def only_said(server: Any, _arguments: Any) -> AuthResult:
        await server.push("504 5.5.4 Not here")
        return AuthResult(success=False, handled=True)

    with signing_in("right") as server:
        server.auth_PLAIN = only_said
        assert outbox.greet() is None
        assert server.calls == 1


def test_what_a_clock_that_was_ahead_wrote_keeps_nobody_from_greeting(client, smtp):
    with time_machine.travel(clock.now() + timedelta(days=365)):
        assert outbox.greet() is None
    assert outbox.next_greeting() <= clock.now()


def test_a_server_out_of_reach_is_red_after_a_quarter(client, database):
    settings.save({"mail_host": "127.0.0.1", "mail_port": free_port(), "mail_tls": "none"})
    outbox.greet()
    assert ask(client) == WELL
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        workers.beat()
        outbox.greet()
        assert ask(client) == red("Mail server")


def test_a_password_of_another_key_is_red(client, database):
    settings.save({"mail_host": "127.0.0.1", "mail_username": "me", "mail_password": "hidden"})
    Setting.update(value="gAAAAA").where(Setting.key == "mail_password").execute()
    settings.save({"desk_name": "Other"})
    assert ask(client) == red("Mail server")


def test_when_everybody_is_refused_it_is_red_and_one_address_is_no_fault(client, smtp):
    owe("gone@x.example", state="failed")
    owe("gone@x.example", state="failed")
    owe("off@x.example", deferred_since=clock.now(), due_at=clock.now() + timedelta(minutes=1))
    assert ask(client) == WELL
    last = owe("third@x.example", state="failed")
    assert ask(client) == red("Mail given up")
    owe(state="sent", sent_at=again(last).created_at + timedelta(seconds=1))
    assert ask(client) == WELL


# --- Database and folder ------------------------------------------------------------------------------------------


def test_a_row_is_written(client):
    assert ask(client) == WELL
    assert Setting.get(Setting.key == readiness.WRITTEN).value[:10] == f"{clock.now():%Y-%m-%d}"


def test_a_database_that_may_only_be_read_is_red(client, engine, database):
    on, off = {
        "sqlite": ("PRAGMA query_only = 1", "PRAGMA query_only = 0"),
        "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
    }[engine]
    database.execute_sql(on)
    try:
        assert client.get("/healthz").status_code == 503
    finally:
        database.connect(reuse_if_open=True)
        database.execute_sql(off)
    assert ask(client) == WELL


@sqlite_only
def test_a_database_that_is_gone_is_red(client, database):
    assert ask(client) == WELL
    file = Path(database.database)
    moved = file.rename(file.with_suffix(".away"))
    assert client.get("/healthz").status_code == 503
    moved.rename(file)
    assert ask(client) == WELL


def test_a_foreign_database_is_red(client, database):
    desk_identity.settle()
    Setting.update(value="another").where(Setting.key == KEY).execute()
    assert ask(client) == red("Database and data folder")


def test_a_disk_without_room_is_red(client, monkeypatch):
    monkeypatch.setattr(readiness, "LEAST_ROOM", 2**62)
    assert ask(client) == red("Disk")
    assert ask(client, **{"Accept-Language": "fr"}) == (503, "À réparer\N{NO-BREAK SPACE}: Disque\n")


# --- What else says it --------------------------------------------------------------------------------------------


def test_health_doctor_and_dashboard_say_the_same(client_of, root, smtp):
    owe("gone@x.example", state="failed")
    owe(due_at=clock.now() - timedelta(minutes=20))
    outbox_health.note_fault(settings.mail_server(), outbox.explain(ConnectionRefusedError()))
    client = client_of(root)
    texts = ["1 mail could not be sent", "1 mail, the oldest due for 20 min", "refuses connections"]
    for path in ("/admin/health/", "/admin/dashboard/"):
        page = doors.text_of(client.get(path))
        assert [text for text in texts[:2] if text not in page] == []
    assert "refuses connections" in doors.text_of(client.get("/admin/health/"))
    with client.application.test_request_context():
        lines = [check.text for check in doctor.checks(deep=False)]
    assert [text for text in texts if not any(text in line for line in lines)] == []


def test_a_desk_that_was_stopped_is_well_for_the_doctor(app):
    Worker.delete().execute()
    with app.test_request_context():
        assert [check for check in doctor.checks(deep=False) if check.fails] == []
        workers.beat()
        Worker.update(seen_at=clock.now() - timedelta(hours=1)).execute()
        assert [check.name for check in doctor.checks(deep=False) if check.fails] == ["Mail and timetable"]
