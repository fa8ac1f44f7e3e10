"""A desk of its own for each mishap: made here, served by the command, killed and started again."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from database import database
from engines import open_database
from helpdesk import settings
from helpdesk.operations import migrate
from helpdesk.settings import environment
from models import Ticket
from tests.support import cast
from tests.support.ports import free_port
from tests.support.postgres import Cluster
from tools.benchmarks.browser import Browser
from tools.benchmarks.pages import hidden

ROOT = Path(__file__).resolve().parent.parent.parent.parent
#: Seconds a desk has to answer after its start; the machine may be busy.
PATIENCE = 90
#: The variables that say where a desk lies.
PLACE = {"GUICHET_DATA_DIR", "GUICHET_DATABASE_URL"}
BROKEN = (OSError, http.client.HTTPException)


class Desk:
    """A desk in a folder of its own, on SQLite or (`url`) PostgreSQL, with two agents and some tickets."""

    def __init__(self, url: str | None = None, folder: Path | None = None, **variables: str) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="faults-"))
        self.data = self.folder / "data"
        self.url = url or f"sqlite:///{self.data / 'guichet.db'}"
        self.port = free_port()
        self.variables = {
            "GUICHET_DATA_DIR": str(self.data),
            "GUICHET_PORT": str(self.port),
            "GUICHET_CAPTCHA": "off",
            **({"GUICHET_DATABASE_URL": url} if url else {}),
            **variables,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.log = self.folder / "log"

    @contextmanager
    def opened(self, *, is_new: bool = False) -> Iterator[None]:
        """Use the database of this desk in this process."""
        kept = {name: value for name, value in self.variables.items() if name in PLACE}
        environment.use(environment.read({**os.environ, **kept}))
        database.initialize(open_database(environment.current().database_url))
        if is_new and not self.url.startswith("postgresql"):
            database.obj.may_create = True
        with database.connection_context():
            yield
        database.close_all()

    def make(self, tickets: int = 8, **values: Any) -> Desk:
        """Make its tables, agents, a customer and tickets; `values` are settings."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        with self.opened(is_new=True):
            migrate.migrate(database, backup=False)
            settings.save({"undo_send_seconds": 0, "site_url": f"http://127.0.0.1:{self.port}", **values})
            cast.make_agent("Root", None, is_admin=True)
            service, carol = cast.make_service("Support"), cast.make_customer("Carol")
            for _number in range(tickets):
                cast.open_ticket(carol, service)
        return self

    # --- The program ---

    def command(self, *words: str, prefix: tuple[str, ...] = (), **options: Any) -> subprocess.Popen[bytes]:
        """Start a command of the program."""
        output = self.log.open("ab")
        variables = {name: text for name, text in os.environ.items() if not name.startswith("GUICHET_")}
        return subprocess.Popen(
            [*prefix, sys.executable, str(ROOT / "app.py"), *words],
            env={**variables, **self.variables, **options.pop("env", {})},
            cwd=self.folder, stdout=output, stderr=output, start_new_session=True, **options,
        )  # fmt: skip

    def run(self, *words: str, **options: Any) -> int:
        """Run a command to its end and return its exit code."""
        return self.command(*words, **options).wait(300)

    def start(self, *, wait: bool = True, **options: Any) -> Desk:
        """Serve."""
        self.process = self.command("serve", **options)
        if wait and not self.answers():
            raise SystemExit(f"The desk did not start:\n{self.log.read_text()[-3000:]}")
        return self

    def answers(self, path: str = "/healthz?live", seconds: float = PATIENCE) -> bool:
        """Whether the desk answers within this time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(*BROKEN):
                if self.get(path, timeout=5)[0] < 500:
                    return True
            if self.process is not None and self.process.poll() is not None:
                return False
            time.sleep(0.05)
        return False

    def get(self, path: str, timeout: float = 60) -> tuple[int, str, float]:
        """Return status, body and seconds of a page."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace"), time.monotonic() - began
        finally:
            connection.close()

    def kill(self) -> None:
        """Kill it as a power cut would: all its processes at once."""
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            self.process.wait(60)
            self.process = None

    def output(self, begun: int = 0) -> str:
        """Return what the program printed since the log was so long."""
        return self.log.read_bytes()[begun:].decode(errors="replace") if self.log.exists() else ""

    # --- Those who write ---

    def writer(self) -> Writer:
        """Sign the administrator in."""
        return Writer(self)

    def numbers(self) -> list[str]:
        """Return the numbers of the tickets."""
        with self.opened():
            return [row.number for row in Ticket.select(Ticket.number).order_by(Ticket.id)]


class Writer:
    """An agent at a browser, who sends what failed once more as it was."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.browser = desk, Browser(desk.port)
        page = self.browser.ask("/admin/sign-in").body
        form = {"csrf_token": hidden(page, "csrf_token"), "email": "root@desk.example", "password": cast.PASSWORD}
        code = self.browser.ask("/admin/sign-in", form).status
        if code not in {302, 303}:
            raise SystemExit(f"Signing in answered {code}.")
        self.page = ""

    def open(self, number: str) -> None:
        """Open the page of a ticket."""
        self.page = self.browser.ask(f"/admin/tickets/{number}").body

    def send(self, number: str, text: str, key: str, kind: str = "reply") -> int:
        """Send a reply or a note; return the status, 0 when the desk was away."""
        form = {"csrf_token": hidden(self.page, "csrf_token"), "body": text, "form_key": key, "kind": kind}
        try:
            return self.browser.ask(f"/admin/tickets/{number}/reply", form).status
        except BROKEN:
            return 0

    def send_file(self, number: str, name: str, content: bytes, key: str) -> int:
        """Send a reply with a file; return the status, 0 when the line broke."""
        border = f"border-{key}"
        fields = {
            "csrf_token": hidden(self.page, "csrf_token"),
            "body": "With a file",
            "form_key": key,
            "kind": "reply",
        }
        parts = [f'--{border}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{text}\r\n'
                 for field, text in fields.items()]  # fmt: skip
        head = f'--{border}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        body = "".join([*parts, head]).encode() + content + f"\r\n--{border}--\r\n".encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.desk.port, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        headers = {"Cookie": cookies, "Content-Type": f"multipart/form-data; boundary={border}"}
        try:
            connection.request("POST", f"/admin/tickets/{number}/reply", body, headers)
            return connection.getresponse().status
        except BROKEN:
            return 0
        finally:
            connection.close()


def key() -> str:
    """Return a new key of a form."""
    return secrets.token_urlsafe(9)


@contextmanager
def cluster(*options: str) -> Iterator[Cluster]:
    """Run a PostgreSQL of our own."""
    made = Cluster(options).start() if options else Cluster().start()
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def server_of(engine: str) -> Iterator[Cluster | None]:
    """Give a PostgreSQL for the one engine, None for the other."""
    if engine == "sqlite":
        yield None
        return
    with cluster() as server:
        yield server


@contextmanager
def database_of(engine: str) -> Iterator[str | None]:
    """Give the address of an empty database of an engine; None for the file of the data folder."""
    with server_of(engine) as server:
        yield server.create("desk") if server is not None else None
