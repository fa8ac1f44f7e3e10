"""The command that tells whether a change is good."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from helpdesk.cli.base import command
from helpdesk.settings import environment

#: What `test` runs before the tests.
CHECKS = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["bandit", "-q", "-c", "pyproject.toml", "-r", "."],
)


@command("test", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("further", nargs=-1, type=click.UNPROCESSED)
def run_tests(further: tuple[str, ...]) -> int:
    """Run ruff, mypy, bandit and the tests; further arguments go to pytest."""
    codes = [_run_tool(check) for check in CHECKS]
    failed = [" ".join(check) for check, code in zip(CHECKS, codes, strict=True) if code]
    if failed:
        print(f"FAILED before the tests: {', '.join(failed)}", flush=True)
    # One process more than cores: tests of both engines, of programs and of the browser wait as often as they count.
    # Whoever has done its share takes over half of what another still has.
    workers = str((os.cpu_count() or 1) + 1)
    return max([*codes, _run_tool(["pytest", "--numprocesses", workers, "--dist", "worksteal", *further])])


def _run_tool(tool: list[str]) -> int:
    print(f"== {' '.join(tool)}", flush=True)
    # The words are ours and those of who runs the tests; no shell reads them.
    done = subprocess.run([sys.executable, "-m", *tool], cwd=environment.ROOT, check=False)  # nosec B603 # noqa: S603
    return abs(done.returncode)
