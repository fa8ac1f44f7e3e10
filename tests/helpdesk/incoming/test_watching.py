"""Mailboxes that are waited for: mails within seconds, one connection, and an end to each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from database import database
from helpdesk import clock, settings
from helpdesk.incoming import collection, pipeline, watching
from helpdesk.lib import process
from helpdesk.operations import jobs
from helpdesk.settings import run_state
from models import IncomingMail, Mailbox, Service
from tests.support import dovecot as real
from tests.support import sqlite_only
from tests.support.imap_script import Script, ScriptedServer
from tests.support.mails import mail, make_mailbox
from tests.support.waiting import wait_until


@pytest.fixture
def mailbox(imap_mailbox: Callable[..., Mailbox], monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    monkeypatch.setattr(watching, "_watches", watching._Watches())
    monkeypatch.setattr(watching, "LOOK", 0.1)
    return imap_mailbox(idle=True)


@pytest.fixture
def watched(mailbox: Mailbox, app: Any) -> Iterator[Callable[[], threading.Event]]:
    """The thread that watches, as the loop runs it; it ends with the test."""
    stopping, threads = threading.Event(), []

    def carry_out() -> None:
        with database.connection_context(), app.app_context():
            while not stopping.is_set():
                if watching.next_due() is not None:
                    watching.run(stopping)
                stopping.wait(0.1)

    def begin() -> threading.Event:
        threads.append(threading.Thread(target=carry_out))
        threads[-1].start()
        wait_until(lambda: Mailbox.get().last_success_at is not None)
        return stopping

    yield begin
    stopping.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def mail_count() -> int:
    return IncomingMail.select().count()


def test_a_mail_is_there_within_seconds_and_the_minute_leaves_it_alone(
    mailbox: Mailbox, watched: Callable[[], threading.Event], server: real.Dovecot, user: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    server.put(mail("There before"), user=user)
    stopping = watched()
    wait_until(lambda: mail_count() == 1)
    assert Mailbox.get().watched_by == process.name() == watching.claimants()[0]
    server.put(mail("Comes now"), mail("And now"), user=user)
    wait_until(lambda: mail_count() == 3)
    # What is taken is due at once; the job of each minute does not connect a second time.
    assert pipeline.next_due() is not None
    monkeypatch.setattr(collection, "collect", lambda row: pytest.fail(f"{row} is watched"))
    assert collection.collect_all() == 0
    pipeline.decide_waiting()
    assert ([row.state for row in IncomingMail.select()], pipeline.next_due()) == (["new"] * 3, None)
    stopping.set()
    wait_until(lambda: Mailbox.get().watched_by is None)


def test_a_connection_that_is_cut_is_made_anew(
    mailbox: Mailbox, watched: Callable[[], threading.Event], server: real.Dovecot, user: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(watching, "RESTS", (0.01,))
    watched()
    server.halt()
    wait_until(lambda: Mailbox.get().watched_by is None)
    server.go_on()
    server.put(mail("After the restart"), user=user)
    wait_until(lambda: mail_count() == 1)
    server.put(mail("Waited for again"), user=user)
    wait_until(lambda: mail_count() == 2)


def test_what_is_changed_or_switched_off_is_watched_no_more(
    mailbox: Mailbox, watched: Callable[[], threading.Event], server: real.Dovecot
) -> None:
    watched()
    mailbox.idle = False
    mailbox.save(only=[Mailbox.idle])
    wait_until(lambda: Mailbox.get().watched_by is None)
    assert watching.next_due() is None


def test_a_mailbox_is_watched_by_one_process_of_all(mailbox: Mailbox) -> None:
    assert watching.next_due() is not None
    Mailbox.update(watched_by="another@host").execute()
    assert watching.next_due() is None
    assert watching.run(threading.Event())
    assert Mailbox.get().watched_by == "another@host"
    # Once that process is dead, whoever notices gives it back.
    [source] = [source for source in jobs.SOURCES if source.name == "watched mailboxes"]
    assert list(source.claimants()) == ["another@host"]
    source.release("another@host")
    assert watching.next_due() is not None
    run_state.write(run_state.RESTORED_COPY, "2026-11-01T00:00:00")
    assert watching.next_due() is None


def test_a_mailbox_that_is_anothers_by_now_is_watched_no_more(
    mailbox: Mailbox, watched: Callable[[], threading.Event], server: real.Dovecot
) -> None:
    """A process that stood still for minutes was taken for dead, and its mailbox given to somebody else."""
    watched()
    Mailbox.update(watched_by="another@host").execute()
    wait_until(lambda: not watching._watches.live)
    assert Mailbox.get().watched_by == "another@host"


@sqlite_only
def test_a_clock_that_jumps_cuts_nothing(
    mailbox: Mailbox, watched: Callable[[], threading.Event], server: real.Dovecot, user: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    watched()
    real_now = clock.now
    monkeypatch.setattr(clock, "now", lambda: real_now() - timedelta(days=400))
    server.put(mail("By the clock of long ago"), user=user)
    wait_until(lambda: mail_count() == 1)
    monkeypatch.setattr(clock, "now", lambda: real_now() + timedelta(days=400))
    server.put(mail("By the clock to come"), user=user)
    wait_until(lambda: mail_count() == 2)


@pytest.fixture
def scripted(sales: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A server that does not offer it."""
    monkeypatch.setattr(watching, "_watches", watching._Watches())
    started = ScriptedServer(Script({1: mail("One")}))
    make_mailbox(
        sales, kind="imap", host="127.0.0.1", port=started.port, security="none", secret=settings.encrypt("x"),
        begin="all", idle=True,
    )  # fmt: skip
    yield started
    started.stop()


def test_a_server_that_offers_nothing_is_read_each_minute(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK", 0.1)
    watching.run(threading.Event())
    assert (Mailbox.get().watched_by, watching.next_due()) == (None, None)
    pipeline.run()
    assert [row.state for row in IncomingMail.select()] == ["new"]


def test_a_process_that_stops_amid_a_mail_leaves_its_mailbox_to_others(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK", 0.05)
    monkeypatch.setattr(watching, "PATIENCE", 0.05)
    scripted.script.offers, scripted.script.stall = "IDLE", ("BODY.PEEK", 1.0)
    stopping = threading.Event()

    def stop_amid_the_mail() -> None:
        wait_until(lambda: any("BODY.PEEK" in command for command in scripted.commands))
        stopping.set()

    other = threading.Thread(target=stop_amid_the_mail)
    other.start()
    watching.run(stopping)
    assert Mailbox.get().watched_by is None
    other.join()
    for watch in watching._watches.live.values():
        watch.join()
    # What ends later gives back nothing that is another's by then.
    Mailbox.update(watched_by="another@host").execute()
    watching._watches.look()
    assert (Mailbox.get().watched_by, watching._watches.live) == ("another@host", {})


@sqlite_only
def test_failures_in_a_row_rest_for_longer_each_time(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK", 0.05)
    scripted.script.bye = "LOGIN"
    minutes, now = [], [1000.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    for _failure in range(6):
        watching.run(threading.Event())
        [until] = watching._watches.rests.values()
        minutes.append(round((until - now[0]) / 60))
        assert watching.next_due() is None
        now[0] = until
    assert minutes == [1, 2, 5, 15, 30, 30]
