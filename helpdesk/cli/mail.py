"""The command of the mail server of this machine: it hands a mail over, and hears 0 or "try later"."""

from __future__ import annotations

import sys
from typing import Any

import click

from database import database
from helpdesk.cli.frame import Command, desk
from helpdesk.errors import HelpdeskError
from helpdesk.incoming import pipe
from helpdesk.operations import migrate


class Taken(Command):
    """A command that fails with one exit code, whatever goes wrong: the mail is safe where it comes from."""

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        """Read what was typed."""
        try:
            return super().make_context(*arguments, **settings)
        except click.ClickException as error:
            error.show()
            raise click.exceptions.Exit(pipe.TRY_LATER) from error

    def invoke(self, ctx: click.Context) -> None:
        """Run the function."""
        try:
            super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except Exception as error:
            print(f"Try again later: {error}", file=sys.stderr)
            ctx.exit(pipe.TRY_LATER)


@click.command("receive", cls=Taken)
@click.option("--mailbox", required=True, metavar="ADDRESS", help="The address the mail was sent to.")
def receive(mailbox: str) -> None:
    """Take the mail on standard input, as a mail server hands it over."""
    with desk():
        if migrate.is_newer(database):
            raise HelpdeskError("The database was used by a newer Guichet: upgrade the program.")
        pipe.receive(mailbox, sys.stdin.buffer)
