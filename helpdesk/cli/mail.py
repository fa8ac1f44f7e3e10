"""The command of the mail server of this machine: it hands a mail over, and hears 0 or "try later"."""

from __future__ import annotations

import sys

import click

from database import database
from helpdesk.cli.base import command, desk
from helpdesk.errors import HelpdeskError
from helpdesk.incoming import pipe
from helpdesk.operations import migrate


@command("receive", error_code=pipe.TRY_LATER)
@click.option("--mailbox", required=True, metavar="ADDRESS", help="The address the mail was sent to.")
def receive(mailbox: str) -> None:
    """Take the mail on standard input, as a mail server hands it over."""
    with desk():
        if migrate.is_newer(database):
            raise HelpdeskError("The database was used by a newer Guichet: upgrade the program.")
        pipe.receive(mailbox, sys.stdin.buffer)
