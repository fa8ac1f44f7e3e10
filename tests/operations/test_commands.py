"""The commands, as they are typed: what they print and how they end."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import click
import pytest

from helpdesk.cli import COMMANDS, base
from helpdesk.errors import HelpdeskError
from helpdesk.operations import outage
from helpdesk.settings import environment
from tests.support import postgresql_only, programs
from tests.support.desks import Desks
from tests.support.mailbox import Mailbox
from tests.support.postgres import Cluster
from tests.support.waiting import PATIENCE, wait_until

APP = str(environment.ROOT / "app.py")
Finished = subprocess.CompletedProcess[str]


def variables(data_dir: Path, **further: str) -> dict[str, str]:
    """The environment of a desk in `data_dir`, on a free port."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("GUICHET_")}
    return {**mine, "GUICHET_DATA_DIR": str(data_dir), "GUICHET_PORT": "0", **further}


def run_in(folder: Path) -> Callable[..., Finished]:
    """Return what runs commands from this folder, on a desk whose data are in it."""

    def command(*words: str, stdin: str = "", data_dir: Path = folder / "data", **further: str) -> Finished:
        return programs.run(*words, env=variables(data_dir, **further), cwd=folder, content=stdin.encode())

    return command


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Finished]:
    """Runs a command on a desk of its own, from another folder: ``run("doctor", GUICHET_CAPTCHA="off")``."""
    return run_in(tmp_path)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data of a new desk, and their backup: made once, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    assert run_in(folder)("migrate").returncode == 0
    assert "has no administrator" in one_line(run_in(folder)("backup", "desk.zip"))
    assert run_in(folder)("backup", "--anyway", "desk.zip").returncode == 0
    lost = run_in(folder)("backup", "desk.zip", data_dir=folder / "lost")
    assert one_line(lost).startswith("There is no desk in ")
    return folder


@pytest.fixture
def migrated(template: Path, tmp_path: Path) -> Path:
    """The data folder of a new desk."""
    return shutil.copytree(template / "data", tmp_path / "data")


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> str:
    """The backup of a new desk, as commands name it."""
    return shutil.copy(template / "desk.zip", tmp_path)


def one_line(done: Finished) -> str:
    """The one line on standard error of a command that failed plainly."""
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    return line


class Served:
    """A desk that was started by the command; `python` starts Python for it, as anybody does, and so does an `app`."""

    def __init__(
        self, data_dir: Path, *command: str, python: bool = False, app: Path | None = None, **further: str
    ) -> None:
        self.errors = Path(tempfile.mkdtemp(dir=data_dir.parent)) / "errors"
        environ = variables(data_dir, **further)
        with self.errors.open("w") as errors:
            self.process: Any = (
                subprocess.Popen(
                    [sys.executable, app or APP, *command],
                    env=environ,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                )
                if python or app
                else programs.Program(*command, env=environ, stderr=errors.fileno())
            )
        self.line = self.process.stdout.readline()
        self.port = int((re.search(r":(\d+)", self.line) or [0, 0])[1])

    def get(self, path: str, **headers: str) -> Any:
        """Ask for a page."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.body = answer.read().decode()
        connection.close()
        return answer

    def log(self) -> list[str]:
        """Return what it has logged, without times and lines of requests."""
        entries = [line.split(" ", 1)[1] for line in self.errors.read_text().splitlines()]
        return [entry for entry in entries if not entry.startswith("INFO request ")]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        with self.process:
            self.process.send_signal(number)
            return self.process.wait(PATIENCE)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts desks and ends those that a test leaves behind."""
    started: list[Served] = []

    def start(*command: str, **further: Any) -> Served:
        started.append(Served(tmp_path / "data", *command, **further))
        return started[-1]

    yield start
    for served in started:
        served.end(signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_desk_tells_its_address_and_ends_cleanly(serve: Any, number: int) -> None:
    desk = serve(python=True)
    assert re.fullmatch(r"Guichet is open at (http://127\.0\.0\.1:\d+) - .* \1/setup/[\w-]{20,}\n", desk.line)
    assert desk.get("/healthz?live").status == 200
    assert desk.end(number) == 0
    assert desk.errors.read_text() == ""


def test_the_setup_link_is_the_same_until_there_is_an_administrator(serve: Any, run: Any) -> None:
    first, second = serve("serve"), serve()
    assert first.line.split("/setup/")[1] == second.line.split("/setup/")[1]
    done = run("create-admin", "--email", "ada@desk.example", "--name", "Ada", stdin="correct horse battery\n")
    assert done.stdout == "Ada <ada@desk.example> is an administrator.\n"
    assert "/setup/" not in serve().line


def test_the_server_does_not_say_what_it_is(serve: Any, migrated: Path) -> None:
    assert serve().get("/healthz").getheader("Server") is None


def test_the_data_folder_is_private(run: Any, tmp_path: Path) -> None:
    assert run("migrate").stdout.startswith("Applied: 0001_initial")
    folder = tmp_path / "data"
    modes = {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]}
    assert modes.pop("data") == 0o700
    assert set(modes.values()) == {0o600}


def test_a_data_folder_that_was_there_becomes_private(run: Any, tmp_path: Path) -> None:
    ours, common = tmp_path / "ours", tmp_path / "common"
    for folder in (ours, common):
        folder.mkdir()
        folder.chmod(0o755)
    (common / "letter.txt").write_text("of somebody else")
    for folder in (ours, common):
        run("migrate", data_dir=folder)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (ours, common)] == [0o700, 0o755]


def test_migrating_twice_does_nothing(run: Any, migrated: Path) -> None:
    assert run("migrate").stdout == "Nothing to do: the database is of this version.\n"


def test_two_first_starts_at_once_both_work(serve: Any, tmp_path: Path) -> None:
    desks = [serve(), serve()]
    assert [desk.get(path).status for desk in desks for path in ("/healthz?live", "/")] == [200] * 4
    links = {desk.line.split("/setup/")[1] for desk in desks}
    assert len(links) == 1


def test_a_weak_password_is_refused_in_one_line(run: Any) -> None:
    done = run("create-admin", "--email", "ada@desk.example", "--name", "Ada", stdin="short\n")
    assert one_line(done).startswith("password: ")


def test_an_unreachable_database_is_one_line(run: Any) -> None:
    done = run("serve", GUICHET_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert one_line(done).startswith("The database cannot be used: ")


def test_a_file_that_is_no_database_is_one_line(run: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_bytes(b"not a database, but long enough to be looked at" * 100)
    done = run("serve", GUICHET_DATABASE_URL=f"sqlite:///{tmp_path / 'notes.db'}")
    assert one_line(done) == "The database cannot be used: file is not a database"


def test_a_port_in_use_is_one_line(run: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(GUICHET_PORT=str(taken.getsockname()[1]))
    assert "Address already in use" in one_line(done)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("PORT", "many"), ("PORT", "9" * 5_000), ("SITE_URL", "http://[::1"), ("MAIL_URL", "smtp://[::1")),
        *(("DATABASE_URL", "postgresql://[::1"), ("DATA_DIR", "~nosuchuser/x"), ("SECRET_KEY", "\udcff\udcfe")),
    ],
)
def test_a_bad_variable_is_one_line(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(HelpdeskError) as refused:
        environment.read({"GUICHET_DATA_DIR": str(tmp_path / "data"), f"GUICHET_{name}": value})
    [line] = str(refused.value).splitlines()
    assert line.startswith(f"GUICHET_{name}: ")


@pytest.mark.parametrize(("name", "value"), [("PORT", "many"), ("SECRET_KEY", "\udcff\udcfe")])
def test_a_command_tells_a_bad_variable_in_one_line(run: Any, name: str, value: str) -> None:
    assert one_line(run("serve", **{f"GUICHET_{name}": value})).startswith(f"GUICHET_{name}: ")


@pytest.mark.parametrize("moment", ["0001-01-01", "9999-12-31T23:59-12:00", "yesterday"])
def test_a_moment_of_no_desk_is_refused_in_words(run: Any, moment: str) -> None:
    done = run("demo", "--now", moment)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(
        f"argument --now: expected a time from 2000 to 2100 such as 2026-03-01T09:30, not {moment!r}"
    )


def test_an_unknown_command_is_refused(run: Any) -> None:
    done = run("explode")
    assert done.returncode == 2
    assert "explode" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["explode"], "No such command 'explode'."),
        (["--explode"], "No such option '--explode'."),
        (["doctor", "--explode"], "No such option '--explode'."),
        (["doctor", "twice"], "Got unexpected extra argument (twice)"),
        (["create-admin", "--name", "Ada"], "Missing option '--email'."),
        (["backup"], "Missing argument 'FILE'."),
        (["demo", "--tickets", "many"], "argument --tickets: 'many' is not a valid integer."),
    ],
)
def test_what_means_nothing_is_told_in_one_line(run: Any, tmp_path: Path, words: list[str], sentence: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{sentence}\n")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "code"), [([], 75), (["--explode"], 75), (["--how", "odd"], 75), (["--how", "well"], 0)]
)
def test_a_command_may_have_one_code_for_whatever_goes_wrong(words: list[str], code: int) -> None:
    @base.command("accept", error_code=75)
    @click.option("--how", default="badly")
    def accept(how: str) -> None:
        if how != "well":
            raise HelpdeskError("Not now.") if how == "badly" else ZeroDivisionError

    program = base.Program("app.py", commands=[accept], default="accept", help="")
    with pytest.raises(SystemExit) as ended:
        program.main(["accept", *words])
    assert ended.value.code == code


def test_the_version_is_that_of_the_project(run: Any) -> None:
    project = tomllib.loads((environment.ROOT / "pyproject.toml").read_text())["project"]
    assert re.fullmatch(
        rf"Guichet {project['version']}, tables 00\d\d_\w+, Python 3\.[\d.]+\n", run("--version").stdout
    )


def test_help_lists_the_commands_in_their_order(run: Any) -> None:
    done = run("--help")
    listed = re.findall(r"^  ([a-z-]+)  +[A-Z]", done.stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == [command.name for command in COMMANDS]
    assert "..." not in done.stdout.partition("Commands:")[2]


def test_a_password_typed_on_a_terminal_is_not_shown(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, APP, "create-admin", "--email", "ada@desk.example", "--name", "Ada"]
    with subprocess.Popen(
        words, env=variables(tmp_path / "data"), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = read_until(ours, b"Password: ")
        os.write(ours, b"correct horse battery\n")
        shown += read_until(ours, b"is an administrator.")
        assert process.wait(PATIENCE) == 0
    os.close(ours)
    assert b"horse" not in shown


def read_until(terminal: int, words: bytes) -> bytes:
    """Return what a terminal shows, up to some words."""
    shown = b""
    while words not in shown:
        shown += os.read(terminal, 1024)
    return shown


def test_a_desk_moves_by_backup_and_restore(run: Any, tmp_path: Path) -> None:
    run("create-admin", "--email", "ada@desk.example", "--name", "Ada", stdin="correct horse battery\n")
    done = run("backup", "desk.zip")
    assert done.returncode == 0
    assert done.stdout.startswith("Wrote desk.zip: the desk “Guichet” (sqlite), 0 tickets, ")
    assert "already" in one_line(run("restore", "desk.zip"))
    assert run("restore", "desk.zip", data_dir=tmp_path / "new").stdout.startswith("Restored the desk of ")
    keys = {(tmp_path / folder / "secret_key").read_text() for folder in ("data", "new")}
    assert len(keys) == 1
    assert run("backup", "again.zip", data_dir=tmp_path / "new").returncode == 0


def test_a_damaged_backup_leaves_the_folder_empty(run: Any, tmp_path: Path, archive: str) -> None:
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    assert "damaged" in one_line(run("restore", "bad.zip", data_dir=tmp_path / "new"))
    assert list((tmp_path / "new").iterdir()) == []
    assert run("restore", archive, data_dir=tmp_path / "new").returncode == 0


@pytest.mark.parametrize("name", ["secret_key", "notes.txt", "guichet.db", "helpdesk/files/ab/mine"])
def test_a_backup_comes_back_into_an_empty_folder_only(run: Any, tmp_path: Path, archive: str, name: str) -> None:
    mine, content = tmp_path / "new" / name, "mine, and of more than thirty-two characters\n"
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("" if name == "guichet.db" else content)
    assert "empty" in one_line(run("restore", archive, data_dir=tmp_path / "new"))
    assert mine.read_text() == ("" if name == "guichet.db" else content)


def test_a_restore_tells_of_a_key_that_overrules_the_restored_one(
    run: Any, tmp_path: Path, migrated: Path, archive: str
) -> None:
    done = run("restore", archive, data_dir=tmp_path / "new", GUICHET_SECRET_KEY="x" * 40)
    assert done.returncode == 0
    assert "GUICHET_SECRET_KEY overrules" in done.stderr
    key = (migrated / "secret_key").read_text().strip()
    assert run("restore", archive, data_dir=tmp_path / "same", GUICHET_SECRET_KEY=key).stderr == ""


@postgresql_only
def test_a_desk_moves_to_postgresql_and_back(run: Any, tmp_path: Path, engine: str, desks: Desks) -> None:
    url = {"GUICHET_DATABASE_URL": desks.postgres_url("moved"), "data_dir": tmp_path / "moved"}
    run("create-admin", "--email", "ada@desk.example", "--name", "Ada", stdin="correct horse battery\n")
    run("backup", "one.zip")
    assert run("restore", "one.zip", **url).returncode == 0
    assert run("doctor", **url).returncode == 0
    assert run("backup", "two.zip", **url).returncode == 0
    assert run("restore", "two.zip", data_dir=tmp_path / "back").returncode == 0
    with closing(sqlite3.connect(tmp_path / "back" / "guichet.db")) as moved:
        assert moved.execute("SELECT name, is_admin FROM agent").fetchall() == [("Ada", 1)]


def test_a_desk_that_lost_its_key_password_or_links_has_a_way_back(run: Any, tmp_path: Path) -> None:
    ada = ("--email", "ada@desk.example")
    run("create-admin", *ada, "--name", "Ada", stdin="correct horse battery\n")
    done = run("reset-link", *ada, GUICHET_SITE_URL="https://help.example.org")
    assert done.stdout.startswith("For Ada <ada@desk.example> alone, once: https://help.example.org/admin/reset/")
    assert one_line(run("reset-link", "--email", "x@y.example")) == "No account of the support has this e-mail address."
    assert run("reset-second-factor", *ada).stdout == "Ada <ada@desk.example> has no second factor.\n"
    released = run("release-erasures").stdout
    assert released.startswith("Erasures need no second administrator any more.")
    assert run("revoke-links").stdout == "Links that open nothing any more: 1.\n"
    (tmp_path / "data" / "secret_key").unlink()
    assert "python3 app.py new-key" in one_line(run("doctor"))
    assert run("new-key").returncode == 0
    assert run("doctor", "--quiet").stdout == ""


def test_a_missing_backup_is_one_line(run: Any) -> None:
    assert "No such file" in one_line(run("restore", "nowhere.zip"))


def test_the_doctor_finds_a_new_desk_well(run: Any, migrated: Path) -> None:
    done = run("doctor", GUICHET_CAPTCHA="off")
    assert (done.returncode, done.stderr) == (0, "")
    assert "note  Security code: Off" in done.stdout


def test_the_quiet_doctor_tells_what_must_be_mended_alone(run: Any, migrated: Path) -> None:
    assert run("doctor", "--quiet").stdout == ""
    migrated.chmod(0o755)
    done = run("doctor", "--quiet")
    assert (done.returncode, done.stdout[:18]) == (1, "FAIL  Data folder:")


def test_the_doctor_fails_for_a_desk_that_is_not_there_and_makes_none(run: Any, tmp_path: Path) -> None:
    done = run("doctor")
    assert done.returncode == 1
    assert re.search(r"^FAIL  Database: .* is missing$", done.stdout, re.M)
    # Looking makes no database: a start would take it for a new desk.
    assert not (tmp_path / "data" / "guichet.db").exists()


def test_flask_knows_the_same_commands(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flask", "--app", "app", "doctor"]
    done = subprocess.run(
        command, env=variables(tmp_path), cwd=environment.ROOT, capture_output=True, text=True, check=False
    )
    assert "FAIL  Database" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["demo", "--seeds", "3"], 2, "No such option '--seeds'. Did you mean '--seed'?"),
        (["restore", "nowhere.zip"], 1, "The backup nowhere.zip cannot be read: No such file or directory."),
    ],
)
def test_flask_tells_what_is_wrong_in_the_same_line(tmp_path: Path, words: list[str], code: int, sentence: str) -> None:
    command = [sys.executable, "-m", "flask", "--app", "app", *words]
    done = subprocess.run(
        command, env=variables(tmp_path), cwd=environment.ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, f"{sentence}\n")


def test_the_doctor_tells_who_is_at_work(serve: Any, run: Any) -> None:
    run("migrate")
    assert "note  Mail and timetable: Nobody is at work" in run("doctor").stdout
    desk = serve()
    wait_until(lambda: "ok    Mail and timetable: At work on" in run("doctor").stdout)
    assert desk.end() == 0
    assert "note  Mail and timetable: Nobody is at work" in run("doctor").stdout


def test_a_desk_that_was_killed_leaves_nothing_claimed(
    serve: Any, mailing: dict[str, str], mailbox: Mailbox, tmp_path: Path
) -> None:
    mailbox.holds = True
    desk = serve(**mailing)
    sending = "SELECT claimed_by FROM outgoing_email WHERE state = 'sending'"
    with closing(sqlite3.connect(tmp_path / "data" / "guichet.db")) as database:
        claimed = wait_until(lambda: database.execute(sending).fetchall())
    assert [path.name for path in (tmp_path / "data" / "processes").iterdir()] == [claimed[0][0]]
    desk.end(signal.SIGKILL)
    mailbox.holds = False
    serve(**mailing)
    assert wait_for_mail(mailbox) == ["lea@desk.example"]


def test_the_doctor_looks_at_what_needs_no_database(run: Any) -> None:
    done = run("doctor", GUICHET_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("FAIL")
    for name in ("Database: It cannot be reached", "Disk", "Data folder", "Security code"):
        assert name in done.stdout


@postgresql_only
def test_a_lost_database_is_one_line_and_its_return_another(serve: Any, engine: str) -> None:
    # One that writes down what it has said yes to: it is broken off right after the migrations.
    cluster = Cluster(()).start()
    try:
        desk = serve(GUICHET_DATABASE_URL=cluster.create("lost"))
        began = time.monotonic()
        cluster.break_off()
        wait_until(lambda: "does not answer, so mails" in desk.errors.read_text())
        assert desk.get("/").status == 503
        cluster.go_on()
        wait_until(lambda: "answers again" in desk.errors.read_text())
        # Those who answer pages look again a moment later than who carries the loop.
        wait_until(lambda: desk.get("/").status == 200)
    finally:
        cluster.stop()
    minutes = (time.monotonic() - began) // outage.PAUSE
    away, *others = desk.log()
    told = "ERROR The database does not answer, so mails and the timetable wait: "
    assert away.startswith(told)
    # Once a minute, however often it is looked for; who was refused a page has a line of their own.
    assert sum(entry.startswith(told) for entry in others) <= minutes
    assert [entry for entry in others if "does not answer" in entry and not entry.startswith(told)]
    assert others.count("WARNING The database answers again: mails and the timetable go on.") == 1
    strange = [entry for entry in others if "does not answer" not in entry and "answers again" not in entry]
    assert strange == []


#: Invites a colleague: a mail that is due at once.
INVITE = """
from app import create_app
from helpdesk.people import invitations
from models import Agent, Role
with create_app().app_context():
    invitations.invite(Agent.get(), "lea@desk.example", "Léa", Role.get())
"""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server, which the desks of these tests are told of by their environment."""
    box = Mailbox().start()
    yield box
    box.stop()


@pytest.fixture
def mailing(run: Any, mailbox: Mailbox, tmp_path: Path) -> dict[str, str]:
    """A desk with one mail to deliver; returns the environment that names its mail server."""
    told = {"GUICHET_MAIL_URL": f"smtp://127.0.0.1:{mailbox.port}?tls=none"}
    run("create-admin", "--email", "root@desk.example", "--name", "Root", stdin="a long and private password\n")
    environ = variables(tmp_path / "data", **told)
    assert programs.run(env=environ, code=INVITE).returncode == 0
    return told


def wait_for_mail(mailbox: Mailbox, seconds: float = PATIENCE) -> list[str]:
    """Return to whom mail came within so many seconds."""
    until = time.monotonic() + seconds
    while not mailbox.messages and time.monotonic() < until:
        time.sleep(0.1)
    return [str(message["To"]) for message in mailbox.messages]


def test_the_desk_delivers_its_mail_itself(serve: Any, mailing: dict[str, str], mailbox: Mailbox) -> None:
    serve(**mailing)
    assert wait_for_mail(mailbox) == ["lea@desk.example"]


def test_a_separate_worker_delivers_instead(
    serve: Any, mailing: dict[str, str], mailbox: Mailbox, tmp_path: Path
) -> None:
    serve(GUICHET_WORKER="separate", **mailing)
    assert wait_for_mail(mailbox, 4) == []
    with programs.Program("worker", env=variables(tmp_path / "data", **mailing)) as worker:
        try:
            assert wait_for_mail(mailbox) == ["lea@desk.example"]
        finally:
            worker.terminate()
