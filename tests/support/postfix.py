"""A real Postfix with its own configuration in a folder of the test, which hands mails over as docs/incoming.md says.

Its master must be root, and what it runs may not be: without root, or where another account cannot run the program,
it is not tried.
"""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpdesk.settings import environment
from tests.support.ports import free_port
from tests.support.waiting import wait_until

PROGRAM = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
ACCOUNT = "nobody"
#: The line of docs/incoming.md, whose account and command are those of this machine.
DOCUMENTED = "guichet unix - n n - 10 pipe user={account} argv={python} {app} receive --mailbox ${{recipient}}"

MAIN = """
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/state
maillog_file = {base}/log/mail.log
maillog_file_prefixes = {base}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.desk.example
mydestination =
relay_domains = desk.example
relay_recipient_maps =
transport_maps = inline:{{ {{ {address} = guichet: }} }}
alias_maps =
alias_database =
smtpd_relay_restrictions = permit_mynetworks, reject
import_environment = MAIL_CONFIG {names}
export_environment = TZ MAIL_CONFIG {names}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
retry unix - - n - - error
error unix - - n - - error
proxymap unix - - n - - proxymap
showq unix n - n - - showq
flush unix n - n 1000? 0 flush
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def python_of_others() -> tuple[str, dict[str, str]]:
    """Return a Python that another account may run, and the variables with which it finds what the program needs."""
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        variables = {} if python == sys.executable else {"PYTHONPATH": sysconfig.get_path("purelib")}
        asked = [python, "-c", "import flask, peewee, sys; open(sys.argv[1])", str(environment.ROOT / "app.py")]
        if _is_run(asked, variables):
            return python, variables
    pytest.skip("another account cannot run the program here, and Postfix runs nothing as root")


def _is_run(command: list[str], variables: Mapping[str, str]) -> bool:
    """Whether the account may run this, and it succeeds."""
    owner, env = pwd.getpwnam(ACCOUNT), {**os.environ, **variables}
    try:
        return (
            subprocess.run(command, env=env, user=owner.pw_uid, group=owner.pw_gid, capture_output=True).returncode == 0
        )
    except OSError:
        return False


class Postfix:
    """The mail server; `folder` holds its queue, and what the account of its pipe owns in `desk`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.desk = folder / "desk"
        self.is_started = False

    def start(self, address: str, variables: Mapping[str, str]) -> None:
        """Start it: mails to this address are handed to `receive`, which gets these variables."""
        python, found = python_of_others()
        for name in ("queue", "state", "log"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o755)
        shutil.chown(self.folder / "state", "postfix")
        names = " ".join(f"{name}={value}" for name, value in {**variables, **found}.items())
        main = MAIN.format(base=self.folder, address=address, names=names)
        line = DOCUMENTED.format(account=ACCOUNT, python=python, app=environment.ROOT / "app.py")
        (self.folder / "main.cf").write_text(main)
        (self.folder / "master.cf").write_text(f"{MASTER.format(port=self.port)}{line}\n")
        self._run("start")
        self.is_started = True
        wait_until(self._answers)

    def send(self, content: bytes, address: str) -> None:
        """Hand a mail to it, as another server does; it is in the queue when this returns."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as line:
            line.sendmail("erin@customer.example", [address], content)

    def waiting(self, queue: str = "") -> int:
        """Return how many mails are in this queue (``deferred``: those to be tried later), or in all of them."""
        queues = [queue] if queue else ["maildrop", "incoming", "active", "deferred"]
        return sum(path.is_file() for name in queues for path in (self.folder / "queue" / name).rglob("*"))

    def log(self) -> str:
        """Return what it logged."""
        path = self.folder / "log" / "mail.log"
        return path.read_text() if path.exists() else ""

    def stop(self) -> None:
        """End it."""
        self._run("stop")

    def _answers(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as line:
                return line.noop()[0] == 250
        except OSError:
            return False

    def _run(self, act: str) -> None:
        # Its programs run as several accounts, which must read what it lays down.
        command = [str(PROGRAM), "-c", str(self.folder), act]
        answer = subprocess.run(command, capture_output=True, text=True, umask=0o022)
        assert answer.returncode == 0, f"{answer.stderr}\n{self.log()}"


@contextmanager
def running() -> Iterator[Postfix]:
    """Make the folder of one, and end it with the block."""
    if PROGRAM is None:
        pytest.skip("Postfix is not installed")
    if os.geteuid() != 0:
        pytest.skip("only root may start Postfix")
    # Not below the folder of the test: other accounts must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    server = Postfix(folder)
    try:
        yield server
    finally:
        if server.is_started:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
