"""The commands: ``python3 app.py COMMAND``, and the same names under ``flask --app app``."""

from __future__ import annotations

import argparse
import getpass
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import psycopg
from flask import Flask
from peewee import DatabaseError, InterfaceError

from database import database
from helpdesk import i18n
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.examples import demo
from helpdesk.operations import backup, doctor, jobs, migrate, restore, serving
from helpdesk.people import invitations
from helpdesk.settings import environment

Factory = Callable[[], Flask]
Arguments = argparse.Namespace

#: What a database says when it cannot be reached or used.
DATABASE_ERRORS = (DatabaseError, InterfaceError, sqlite3.Error, psycopg.Error)

#: What `test` runs before the tests.
CHECKS = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])


def main(argv: list[str], create_app: Factory) -> int:
    """Run a command and return its exit code; what goes wrong in its surroundings is one line on standard error."""
    arguments, further = _parser().parse_known_args(argv)
    if further and arguments.run is not test:
        _parser().error(f"unrecognized arguments: {' '.join(further)}")
    arguments.further = further
    os.umask(0o077)  # whatever a command writes is the desk's own business
    try:
        return int(arguments.run(arguments, create_app) or 0)
    except HelpdeskError as error:
        return _fail(str(error))
    except DATABASE_ERRORS as error:
        return _fail(f"The database cannot be used: {_first_line(error)}")
    except OSError as error:
        return _fail(f"{error.filename or 'Guichet'}: {error.strerror or error}")
    except KeyboardInterrupt:
        return 130


def register(app: Flask) -> None:
    """Give ``flask --app app`` the same commands."""
    for name in COMMANDS:
        app.cli.add_command(_flask_command(name, app))


def _flask_command(name: str, app: Flask) -> click.Command:
    def run(arguments: tuple[str, ...]) -> None:
        sys.exit(main([name, *arguments], lambda: app))

    takes_all = {"ignore_unknown_options": True, "allow_extra_args": True}
    words = click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)
    short_help = COMMANDS[name][1]
    return click.Command(
        name, takes_all, callback=run, params=[words], add_help_option=False, short_help=short_help, help=short_help
    )


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


@contextmanager
def _desk(create_app: Factory) -> Iterator[Flask]:
    """Make the desk and speak English in it."""
    app = create_app()
    try:
        with app.app_context(), i18n.in_language("en"):
            yield app
    finally:
        database.close_all()


@contextmanager
def _migrated_desk(create_app: Factory) -> Iterator[Flask]:
    with _desk(create_app) as app:
        migrate.migrate(database)
        yield app


# --- Commands -----------------------------------------------------------------------------------------------------


def serve(_arguments: Arguments, create_app: Factory) -> None:
    """Run the desk until a signal ends it."""
    serving.end_on_signals()
    with _migrated_desk(create_app) as app:
        pass
    serving.serve(app)


def worker(_arguments: Arguments, create_app: Factory) -> None:
    """Deliver mail and keep the timetable, without web pages."""
    with _migrated_desk(create_app):
        pass
    jobs.run_worker()


def bring_up_to_date(_arguments: Arguments, create_app: Factory) -> None:
    """Bring the database to this version."""
    with _desk(create_app):
        applied = migrate.migrate(database)
    print(f"Applied: {', '.join(applied)}." if applied else "Nothing to do: the database is of this version.")


def create_admin(arguments: Arguments, create_app: Factory) -> None:
    """Make an administrator; the password comes from standard input."""
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    with _migrated_desk(create_app):
        try:
            agent = invitations.create_administrator(arguments.name, arguments.email, password)
        except InvalidInput as error:
            raise HelpdeskError(f"{error.field}: {error}" if error.field else str(error)) from error
    print(f"{agent.name} <{agent.email}> is an administrator.")


def fill_demo(arguments: Arguments, create_app: Factory) -> None:
    """Fill an empty desk with realistic people and tickets."""
    with _migrated_desk(create_app):
        progress = demo.progress_bar(sys.stderr)
        accounts = demo.fill(tickets=arguments.tickets, seed=arguments.seed, now=arguments.now, progress=progress)
    print(*demo.lines(accounts), sep="\n")


def back_up(arguments: Arguments, create_app: Factory) -> None:
    """Write one archive of the whole desk, also while it works."""
    with _desk(create_app):
        manifest = backup.backup(arguments.file.absolute())
    rows = sum(facts.get("rows", 0) for facts in manifest["members"].values())
    print(f"Wrote {arguments.file}: {rows} rows, and the secret key. Keep it private.")
    if manifest["damaged_files"]:
        print(f"Missing or changed since they were stored: {len(manifest['damaged_files'])} files.", file=sys.stderr)


def bring_back(arguments: Arguments, create_app: Factory) -> None:
    """Bring an archive back into an empty data folder."""
    with _desk(create_app):
        manifest = restore.restore(arguments.file)
        migrate.migrate(database, backup=False)
    print(f"Restored the desk of {manifest['made_at']} (UTC).")
    if restore.key_is_overruled():
        print(
            "GUICHET_SECRET_KEY overrules the key that came back with it: links mailed before open nothing, and the "
            "password of the mail server must be typed again.",
            file=sys.stderr,
        )


def diagnose(_arguments: Arguments, create_app: Factory) -> int:
    """Look whether the desk is well."""
    with _desk(create_app):
        checks = doctor.checks()
    for check in checks:
        mark = "ok  " if check.ok else "note" if check.is_note else "FAIL"
        print(f"{mark}  {check.name}: {check.text}")
    return int(any(check.fails for check in checks))


def test(arguments: Arguments, _create_app: Factory) -> int:
    """Run the linters, the type checker and the tests; further arguments go to pytest."""
    codes = [_run_tool(command) for command in CHECKS]
    failed = [" ".join(command) for command, code in zip(CHECKS, codes, strict=True) if code]
    if failed:
        print(f"FAILED before the tests: {', '.join(failed)}", flush=True)
    # One process for each core: the tests of both engines and the browser's wait for the disk more than they count.
    return max([*codes, _run_tool(["pytest", "--numprocesses", "auto", *arguments.further])])


def _run_tool(command: list[str]) -> int:
    print(f"== {' '.join(command)}", flush=True)
    code = subprocess.run([sys.executable, "-m", *command], cwd=environment.ROOT, check=False).returncode  # noqa: S603
    return abs(code)


# --- What can be typed --------------------------------------------------------------------------------------------

#: Name of a command: what runs, and its line of help.
COMMANDS: dict[str, tuple[Callable[[Arguments, Factory], int | None], str]] = {
    "serve": (serve, "run the desk (what happens without a command)"),
    "test": (test, "run ruff, mypy and the tests; further arguments go to pytest"),
    "worker": (worker, "deliver mail and keep the timetable in a process of its own"),
    "migrate": (bring_up_to_date, "bring the database to this version"),
    "create-admin": (create_admin, "make an administrator; the password is read from standard input"),
    "demo": (fill_demo, "fill an empty desk with realistic people and tickets"),
    "backup": (back_up, "write the whole desk into one file"),
    "restore": (bring_back, "bring a backup back into an empty data folder"),
    "doctor": (diagnose, "look whether the desk is well"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description="Guichet, a help desk.", allow_abbrev=False)
    parser.set_defaults(run=serve)
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, (run, line) in COMMANDS.items():
        command = commands.add_parser(name, help=line, description=line, add_help=name != "test", allow_abbrev=False)
        command.set_defaults(run=run)
        if name in _ARGUMENTS:
            _ARGUMENTS[name](command)
    return parser


def _admin_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--email", required=True)
    command.add_argument("--name", required=True)


def _demo_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tickets", type=int, default=300, help="how many (default: %(default)s)")
    command.add_argument("--seed", type=int, default=7, help="the same seed makes the same desk (default: %(default)s)")
    command.add_argument("--now", type=_moment, help="when the desk is looked at (ISO, UTC unless it says so)")


def _moment(text: str) -> datetime:
    """Read an ISO time as naive UTC, of a year a desk may live in. Raises ArgumentTypeError."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        moment = datetime.min
    if not 2000 <= moment.year <= 2100:
        raise argparse.ArgumentTypeError(f"expected a time from 2000 to 2100 such as 2026-03-01T09:30, not {text!r}")
    return moment


def _file_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path)


_ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "create-admin": _admin_arguments,
    "demo": _demo_arguments,
    "backup": _file_argument,
    "restore": _file_argument,
}
