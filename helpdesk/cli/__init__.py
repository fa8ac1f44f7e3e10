"""The commands: ``python3 app.py COMMAND``, and the same names under ``flask --app app``; a file for each family.
It may import every room: commands are a door, with no rule of their own.
To add one, write its function with click in the file of its family, and name it in `COMMANDS`.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.cli import ScriptInfo

from helpdesk.cli import accounts, base, checks, mail, maintenance, server

#: Every command, in the order of the list that ``--help`` shows.
COMMANDS = (
    server.serve,
    checks.run_tests,
    server.worker,
    maintenance.migrate_database,
    accounts.create_admin,
    accounts.print_reset_link,
    accounts.reset_second_factor,
    accounts.release_erasures,
    accounts.revoke_links,
    accounts.make_new_key,
    maintenance.fill_demo,
    maintenance.write_backup,
    maintenance.restore_backup,
    maintenance.print_health,
    mail.receive,
)


def main(argv: list[str], create_app: Callable[[], Flask]) -> None:
    """Run a command and leave with its exit code."""
    program = base.Program("app.py", commands=COMMANDS, default="serve", help="Guichet, a help desk.")
    program.main(argv, "app.py", obj=ScriptInfo(create_app=create_app, set_debug_flag=False))


def register(app: Flask) -> None:
    """Give ``flask --app app`` the same commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
