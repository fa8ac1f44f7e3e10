"""The commands of who looks after a desk: its database, its backups, its health, a desk to try things on."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from database import database
from helpdesk import settings
from helpdesk.cli.base import command, desk, migrated_desk, tell
from helpdesk.examples import demo
from helpdesk.operations import backup, backup_records, desk_identity, doctor, migrate, restore, restored_copy
from helpdesk.settings import environment, secret_key


def _moment(text: str) -> datetime:
    """Read an ISO time as naive UTC, of a year a desk may live in. Raises BadParameter."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        moment = datetime.min
    if not 2000 <= moment.year <= 2100:
        raise click.BadParameter(f"expected a time from 2000 to 2100 such as 2026-03-01T09:30, not {text!r}")
    return moment


@command("migrate")
def migrate_database() -> None:
    """Bring the database to this version."""
    with desk():
        applied = migrate.migrate(database, report=tell)
    print(f"Applied: {', '.join(applied)}." if applied else "Nothing to do: the database is of this version.")


@command("demo")
@click.option("--tickets", type=int, default=300, show_default=True, help="How many.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed makes the same desk.")
@click.option("--now", type=_moment, metavar="TIME", help="When the desk is looked at (ISO, UTC unless it says so).")
def fill_demo(tickets: int, seed: int, now: datetime | None) -> None:
    """Fill an empty desk with realistic people and tickets."""
    with migrated_desk():
        progress = demo.progress_bar(sys.stderr)
        accounts = demo.fill(tickets=tickets, seed=seed, now=now, progress=progress)
    print(*demo.lines(accounts), sep="\n")


@command("backup")
@click.option("--anyway", is_flag=True, help="Also of a desk without anybody, or far smaller than its last backup.")
@click.argument("file", type=click.Path(path_type=Path))
def write_backup(file: Path, anyway: bool) -> int:
    """Write the whole desk into one file, also while it works."""
    with desk():
        if not desk_identity.is_desk():
            raise backup.BackupError(f"There is no desk in {environment.current().data_dir}: is this the one you mean?")
        if not anyway:
            backup_records.refuse_lesser(file.absolute())
        manifest = backup.backup(file.absolute())
        backup_records.remember(manifest)
        name = settings.get("desk_name")
    rows = sum(facts.get("rows", 0) for facts in manifest["members"].values())
    tickets = backup_records.tickets_in(manifest)
    print(
        f"Wrote {file}: the desk “{name}” ({manifest['engine']}), {tickets} tickets, {rows} rows, and the secret key. "
        "Keep it private."
    )
    if manifest["damaged_files"]:
        print(f"Missing or changed since they were stored: {len(manifest['damaged_files'])} files.", file=sys.stderr)
    return int(bool(manifest["damaged_files"]))


@command("restore")
@click.option("--live", is_flag=True, help="Let it send mail at once: the desk it was copied from is gone.")
@click.argument("file", type=click.Path(path_type=Path))
def restore_backup(file: Path, live: bool) -> None:
    """Bring a backup back into an empty data folder."""
    with desk():
        manifest = restore.restore(file, live=live)
        migrate.migrate(database, backup=False)
        missing, resting = restore.missing_files(manifest), restored_copy.current()
    print(f"Restored the desk of {manifest['made_at']} (UTC).")
    if missing:
        print(f"Files that this backup does not hold: {missing}. Put them back from another one.", file=sys.stderr)
    if resting is not None:
        print(
            f"It rests: {resting.mails} mails wait, and nothing leaves it by itself, until an administrator lets it go "
            "on the page of health (or `restore --live`)."
        )
    if restore.key_is_overruled():
        print(
            f"GUICHET_SECRET_KEY overrules the key that came back with it. {secret_key.PRICE}",
            file=sys.stderr,
        )


@command("doctor")
@click.option("--quiet", is_flag=True, help="Print only what must be mended: nothing when the desk is well (for cron).")
def print_health(quiet: bool) -> int:
    """Look whether the desk is well; end with 1 when something must be mended."""
    with desk():
        checks = doctor.checks()
    for check in checks:
        if quiet and not check.fails:
            continue
        mark = "ok  " if check.ok else "note" if check.is_note else "FAIL"
        print(f"{mark}  {check.name}: {check.text}")
    return int(any(check.fails for check in checks))
