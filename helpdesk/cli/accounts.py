"""The commands about accounts, and what opens them."""

from __future__ import annotations

import os
import sys

import click

from helpdesk.cli.base import command, desk, migrated_desk
from helpdesk.erasing import requests
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.people import invitations, mailed_links
from helpdesk.settings import environment, environment_file, secret_key
from helpdesk.single_sign_on import linking, only
from helpdesk.two_factor import second_factors


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
        takes_none = only.is_only()
    print(f"{agent.name} <{agent.email}> is an administrator.")
    if takes_none:
        print("This desk takes single sign-on only: start it with GUICHET_PASSWORDS=1 for the first sign-in.")


@command("reset-link")
@click.option("--email", required=True, help="Of an account of the support.")
def print_reset_link(email: str) -> None:
    """Print a link by which somebody chooses a new password: the way back where no mail arrives."""
    with desk():
        agent = mailed_links.agent_at(email)
        url = mailed_links.new_password_link(agent, actor=None)
        takes_none = only.is_only() and linking.is_linked(agent)
    print(f"For {agent.name} <{agent.email}> alone, once: {url}")
    if takes_none:
        print("This desk takes single sign-on only: the link opens once it was started with GUICHET_PASSWORDS=1.")


@command("reset-second-factor")
@click.option("--email", required=True, help="Of an account of the support.")
def reset_second_factor(email: str) -> None:
    """Take the second factor of an account away: the way back for the last administrator who lost the phone."""
    with desk():
        agent = mailed_links.agent_at(email)
        was_on = second_factors.reset(agent, actor=None)
    now = (
        "signs in with the password alone, until a second factor is set up again" if was_on else "has no second factor"
    )
    print(f"{agent.name} <{agent.email}> {now}.")


@command("release-erasures")
def release_erasures() -> None:
    """Let one administrator be enough to erase a customer: the way back of the only one who is left."""
    with desk():
        count = requests.release()
    print(f"Erasures need no second administrator any more. Waiting ones that go on by themselves: {count}.")


@command("revoke-links")
@click.option("--email", default="", help="Only the links of the person with this address.")
def revoke_links(email: str) -> None:
    """End the links that were mailed; their pages offer to mail a new one."""
    with desk():
        count = mailed_links.revoke(email, actor=None)
    print(f"Links that open nothing any more: {count}.")


@command("new-key")
def make_new_key() -> None:
    """Make another secret key for a desk that has lost its own."""
    path = environment.make_key(environment_file.laid_under(os.environ))
    print(f"Made {path}. {secret_key.PRICE}")
