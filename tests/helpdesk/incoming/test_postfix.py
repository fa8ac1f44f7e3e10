"""A mail server of the machine hands its mails over, keeps what is not taken, and forgets what is."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator

import pytest

from database import database
from helpdesk.settings import environment
from models import Service
from tests.support import postfix, sqlite_only
from tests.support.mails import ADDRESS, mail, make_mailbox
from tests.support.waiting import wait_until

pytestmark = sqlite_only


@pytest.fixture
def server(sales: Service) -> Iterator[postfix.Postfix]:
    """A Postfix that hands mails to a copy of this desk, which the account of its pipe owns."""
    make_mailbox(sales)
    with postfix.running() as started:
        env = environment.current()
        shutil.copytree(env.data_dir, started.desk)
        with sqlite3.connect(started.desk / "guichet.db") as copy:
            database.connection().backup(copy)
        for path in (started.desk, *started.desk.rglob("*")):
            shutil.chown(path, postfix.ACCOUNT)
        variables = {"GUICHET_DATA_DIR": str(started.desk), "GUICHET_SECRET_KEY": env.secret_key}
        started.start(ADDRESS, variables)
        yield started


def mails_of(server: postfix.Postfix) -> list[tuple[str, str]]:
    """Return the state and the file of each mail that the desk took."""
    with sqlite3.connect(server.desk / "guichet.db") as connection:
        return list(connection.execute("SELECT state, path FROM incoming_mail"))


def test_a_mail_of_postfix_is_taken_and_leaves_its_queue(server: postfix.Postfix) -> None:
    server.send(mail("The bell is too quiet."), ADDRESS)
    wait_until(lambda: len(mails_of(server)) == 1)
    [(state, path)] = mails_of(server)
    assert state == "stored"
    files = [file.read_bytes() for file in server.desk.rglob("*") if file.is_file() and file.name in path]
    assert any(b"The bell is too quiet." in content for content in files)
    wait_until(lambda: server.waiting() == 0)
    assert "status=sent (delivered via guichet service)" in server.log()


def test_postfix_keeps_a_mail_until_the_desk_can_take_it(server: postfix.Postfix) -> None:
    away = server.desk.rename(server.desk.with_name("away"))
    server.send(mail("Is anybody there?"), ADDRESS)
    wait_until(lambda: "status=deferred" in server.log())
    assert server.waiting() == 1
    shutil.rmtree(server.desk, ignore_errors=True)
    os.rename(away, server.desk)
    wait_until(lambda: server.waiting() == 0)
    assert [state for state, _path in mails_of(server)] == ["stored"]
