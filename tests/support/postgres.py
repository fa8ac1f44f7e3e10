"""A PostgreSQL cluster of our own for one run: socket only, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

OWNER = "guichet"
#: Nothing here outlives the run, so nothing needs to reach the disk.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class Missing(Exception):
    """There is no PostgreSQL here; the message says what was looked for."""


def programs() -> Path:
    """Return the folder of initdb and pg_ctl, the newest first. Raises Missing."""
    versioned = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    for folder in [*versioned, *map(Path, os.environ.get("PATH", "").split(os.pathsep))]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise Missing("no PostgreSQL programs in /usr/lib/postgresql/*/bin or PATH, and TEST_DATABASE_URL is not set")


def unprivileged() -> str | None:
    """Return the account that must own the cluster: initdb refuses root. None means the present one."""
    if os.geteuid() != 0:
        return None
    known = {account.pw_name for account in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


class Cluster:
    """A running cluster; `url(name)` is the address of one of its databases."""

    def __init__(self, options: tuple[str, ...] = FORGETFUL) -> None:
        self.bin = programs()
        self.options = options
        # A socket's path may hold 107 bytes: a folder of pytest would be too long.
        self.folder = Path(tempfile.mkdtemp(prefix="gpg", dir="/tmp"))
        self.account = unprivileged()
        if self.account:
            os.chown(self.folder, pwd.getpwnam(self.account).pw_uid, -1)

    def start(self) -> Cluster:
        """Make the cluster and start it."""
        self._run("initdb", "-D", self.data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        return self.go_on()

    def go_on(self) -> Cluster:
        """Start the server, for the first time or once more."""
        settings = " ".join(f"-c {option}" for option in (*self.options, "listen_addresses=", "max_connections=60"))
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self.data, "-w", "-l", log, "-o", f"-k {self.folder} {settings}", "start")
        return self

    def break_off(self) -> None:
        """Stop the server as a crash would."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def stop(self) -> None:
        """Stop the cluster and delete it."""
        try:
            self.break_off()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database, empty or a copy of another one, and return its URL."""
        self._run("createdb", "-h", self.folder, "-U", OWNER, "-T", template, name)
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the address of a database of this cluster."""
        return f"postgresql://{OWNER}@/{name}?host={self.folder}"

    @property
    def data(self) -> Path:
        """The folder of the cluster's files."""
        return self.folder / "data"

    def _run(self, program: str, *arguments: Any) -> None:
        command = [str(self.bin / program), *map(str, arguments)]
        done = subprocess.run(
            command, user=self.account, cwd="/", stdin=subprocess.DEVNULL, capture_output=program != "pg_ctl",
            stdout=None if program != "pg_ctl" else subprocess.DEVNULL, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Missing(f"{program} failed: {(done.stderr or b'').decode(errors='replace').strip()[-300:]}")
