"""The commands about accounts."""

from __future__ import annotations

import sys

import click

from helpdesk.cli.base import command, migrated_desk
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.people import invitations


@command("create-admin")
@click.option("--email", required=True)
@click.option("--name", required=True)
def create_admin(email: str, name: str) -> None:
    """Make an administrator; the password is read from standard input."""
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with migrated_desk():
        try:
            agent = invitations.create_administrator(name, email, password)
        except InvalidInput as error:
            raise HelpdeskError(f"{error.field}: {error}" if error.field else str(error)) from error
    print(f"{agent.name} <{agent.email}> is an administrator.")
