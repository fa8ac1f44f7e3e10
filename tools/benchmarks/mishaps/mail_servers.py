"""Mail servers that refuse, hang, refuse some, or die before and after they have taken a mail."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from app import create_app
from database import database
from engines import open_database
from helpdesk import clock, outbox, tickets
from models import Agent, OutgoingEmail, Service, Ticket
from tests.support import cast
from tests.support.mailbox import free_port
from tools.benchmarks.mishaps import desk as desks
from tools.benchmarks.mishaps import kills
from tools.benchmarks.mishaps.desk import Desk

MAILS = 20
#: Rounds of tries while the server misbehaves.
TRIES = 3
#: Seconds a server that is well again has to take all: it is called again a minute after its fault.
PATIENCE = 180
MODES = ("refuses", "is silent", "refuses some for now", "dies before 250", "dies after 250")


class _Session(socketserver.StreamRequestHandler):
    """One conversation, as the mode of the server has it."""

    server: Clumsy

    def handle(self) -> None:
        """Speak just enough SMTP."""
        self.mode, self.to, self.is_over = self.server.mode, "", False
        if self.mode == "is silent":
            self.server.stopping.wait(60)
            return
        with contextlib.suppress(OSError):
            self._say("220 clumsy.example")
            while not self.is_over and (line := self.rfile.readline()):
                self._answer(line.decode("latin-1").strip())

    def _answer(self, line: str) -> None:
        verb = line.split(":")[0].split(" ")[0].upper()
        if verb in {"EHLO", "HELO", "MAIL", "RSET", "NOOP"}:
            self._say("250 clumsy.example")
        elif verb == "RCPT":
            self.to = line.partition("<")[2].partition(">")[0]
            odd = self.mode == "refuses some for now" and int(self.to.partition("@")[0][1:]) % 2
            self._say("451 not now" if odd else "250 fine")
        elif verb == "DATA":
            self._say("354 go on")
            self._take()
        else:
            self._say("221 bye" if verb == "QUIT" else "500 what?")
            self.is_over = verb == "QUIT"

    def _take(self) -> None:
        mail_id = ""
        while (line := self.rfile.readline()) and line != b".\r\n":
            if line.lower().startswith(b"message-id:") and not mail_id:
                mail_id = line.split(b":", 1)[1].decode().strip()
        if self.mode == "dies before 250" or not line:
            self.is_over = True
            return
        self.server.taken[mail_id] += 1
        self._say("250 taken")
        self.is_over = self.mode == "dies after 250"

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Clumsy(socketserver.ThreadingTCPServer):
    """A mail server with moods; `taken` counts the mails it took by their Message-ID."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Session)
        self.mode = "well"
        self.taken: Counter[str] = Counter()
        self.stopping = threading.Event()
        self.port = port
        threading.Thread(target=self.serve_forever, daemon=True).start()


def run(engine: str) -> Iterator[tuple[str, object]]:
    """Owe mails under each mode, let the server be well again, and count."""
    with desks.database_of(engine) as url:
        for mode in MODES:
            yield from misbehaving(mode, url)


def misbehaving(mode: str, url: str | None) -> Iterator[tuple[str, object]]:
    """Owe mails to a server in this mode; then it is well."""
    port = free_port()
    server = Clumsy(port)
    if url is not None:
        empty(url)
    desk = Desk(url).make(tickets=0, **kills.mail_settings(server))  # type: ignore[arg-type]
    app = create_app(desk.variables)
    with app.app_context(), database.connection_context():
        owe()
        server.mode = mode
        if mode == "refuses":
            server.shutdown()
            server.server_close()
        began = time.monotonic()
        for _try in range(1 if mode == "is silent" else TRIES):
            due()
            outbox.deliver_due(limit=MAILS * 2)
        took = time.monotonic() - began
        waiting = OutgoingEmail.select().where(OutgoingEmail.state == "pending").count()
        reasons = OutgoingEmail.select().where(OutgoingEmail.last_error != "", OutgoingEmail.state == "pending").count()
        if mode == "refuses":
            before, server = server.taken, Clumsy(port)
            server.taken = before
        server.mode = "well"
        server.stopping.set()
        until = time.monotonic() + PATIENCE
        while OutgoingEmail.select().where(OutgoingEmail.state == "pending").exists() and time.monotonic() < until:
            due()
            outbox.deliver_due(limit=MAILS * 2)
        owed = {row.mail_id for row in OutgoingEmail.select(OutgoingEmail.mail_id)}
        failed = OutgoingEmail.select().where(OutgoingEmail.state == "failed").count()
    database.close_all()
    yield f"{mode}: seconds spent on it", took
    yield f"{mode}: waiting, with a reason", f"{waiting}, {reasons}"
    yield f"{mode}: lost (0)", len(owed - set(server.taken))
    yield f"{mode}: given up (0)", failed
    yield f"{mode}: taken twice (0)", sum(count - 1 for count in server.taken.values())
    server.shutdown()
    server.server_close()


def owe() -> None:
    """Reply to so many customers."""
    service, root = Service.get(), Agent.get()
    for number in range(MAILS):
        ticket = cast.open_ticket(cast.make_customer(f"P{number}"), service)
        tickets.reply(ticket, "<p>The answer</p>", actor=root)
    OutgoingEmail.delete().where(OutgoingEmail.kind != "notification").execute()
    assert Ticket.select().count() == MAILS


def due() -> None:
    """Let every waiting mail be due."""
    OutgoingEmail.update(due_at=clock.now()).where(OutgoingEmail.state == "pending").execute()


def empty(url: str) -> None:
    """Empty a PostgreSQL database."""
    place: Any = open_database(url)
    with place.connection_context():
        place.execute_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    place.close_all()
