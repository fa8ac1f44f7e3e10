"""What every command stands in: the desk it works on, and one plain line when it cannot."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

import click
import psycopg
from flask import Flask
from flask.cli import ScriptInfo
from peewee import DatabaseError, InterfaceError

from database import database
from helpdesk import i18n
from helpdesk.errors import HelpdeskError
from helpdesk.operations import migrate
from helpdesk.settings import environment

#: What a database says when it cannot be reached or used.
DATABASE_ERRORS = (DatabaseError, InterfaceError, sqlite3.Error, psycopg.Error)
#: Exit codes: something in the surroundings is wrong; what was typed means nothing; somebody pressed Ctrl+C.
FAILED, MISUSED, INTERRUPTED = 1, 2, 130


class _Plain(click.Command):
    """Says in one line what it does not understand."""

    misused = MISUSED

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        """Read what was typed."""
        try:
            return super().make_context(*arguments, help_option_names=["-h", "--help"], **settings)
        except click.UsageError as error:
            _stop(_misuse(error), self.misused)


class Command(_Plain):
    """A command whose errors are one line each, and whose function may return an exit code.

    With an `error_code` whatever goes wrong ends with it, also what nobody foresaw: a mail server reads nothing else.
    """

    def __init__(self, *arguments: Any, error_code: int | None = None, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.error_code, self.misused = error_code, error_code or MISUSED

    def get_short_help_str(self, limit: int = 200) -> str:
        """Return its line in a list of commands, whole."""
        return super().get_short_help_str(200)

    def invoke(self, ctx: click.Context) -> None:
        """Run the function; what goes wrong in its surroundings is one line."""
        os.umask(0o077)  # whatever a command writes is the desk's own business
        failed = self.error_code or FAILED
        try:
            code = super().invoke(ctx)
        except HelpdeskError as error:
            _stop(str(error), failed)
        except DATABASE_ERRORS as error:
            _stop(f"The database cannot be used: {_first_line(error)}", failed)
        except OSError as error:
            _stop(f"{error.filename or 'Guichet'}: {error.strerror or error}", failed)
        except (KeyboardInterrupt, click.Abort):
            ctx.exit(self.error_code or INTERRUPTED)
        except Exception as error:
            if self.error_code is None or isinstance(error, click.exceptions.Exit):
                raise
            _stop(f"{type(error).__name__}: {error}", self.error_code)
        ctx.exit(code or 0)


#: Declares a command: ``@command("name")`` above its function, whose docstring is its help.
command = partial(click.command, cls=Command)


class Program(_Plain, click.Group):
    """All commands under one name, and one of them for who types none."""

    def __init__(self, name: str, *, commands: Sequence[click.Command], default: str, help: str) -> None:  # noqa: A002
        version = click.Option(
            ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_print_version,
            help="Print the version and end.",
        )  # fmt: skip
        super().__init__(name, {one.name or "": one for one in commands}, help=help, params=[version])
        self.default = default

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their own order."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the default when nothing was typed."""
        return super().parse_args(ctx, args or [self.default])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find the command that was named."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            _stop(_misuse(error), MISUSED)


def _print_version(ctx: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        newest = max(path.stem for path in migrate.MIGRATIONS.glob("0*.py"))
        click.echo(f"Guichet {environment.VERSION}, tables {newest}, Python {sys.version.split()[0]}")
        ctx.exit()


def tell(line: str) -> None:
    """Say beside the output of a command what happens meanwhile."""
    click.echo(line, err=True)


def _stop(line: str, code: int) -> NoReturn:
    """End the command with one line on standard error, without what click puts around it."""
    click.echo(line, err=True)
    raise click.exceptions.Exit(code)


def _misuse(error: click.UsageError) -> str:
    bad = isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter) and error.param
    return f"argument {bad.opts[0]}: {error.message}" if bad else error.format_message()


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


@contextmanager
def desk() -> Iterator[Flask]:
    """Make the desk of the running command and speak English in it."""
    app = click.get_current_context().ensure_object(ScriptInfo).load_app()
    try:
        with app.app_context(), i18n.in_language("en"):
            yield app
    finally:
        database.close_all()


@contextmanager
def migrated_desk() -> Iterator[Flask]:
    """Make the desk and bring its database to this version."""
    with desk() as app:
        migrate.migrate(database, report=tell)
        yield app
