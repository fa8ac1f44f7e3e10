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

#: What pytest ends with when it ran to its end and a test failed.
SOME_FAILED = 1


@command("test", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("further", nargs=-1, type=click.UNPROCESSED)
def run_tests(further: tuple[str, ...]) -> int:
    """Run ruff, mypy, bandit and the tests; further arguments go to pytest.

    Tests that fail run once more by themselves: 0 when they pass then, and they are named.
    """
    codes = [_run_tool(check) for check in CHECKS]
    failed = [" ".join(check) for check, code in zip(CHECKS, codes, strict=True) if code]
    if failed:
        print(f"FAILED before the tests: {', '.join(failed)}", flush=True)
    # One process more than cores: tests of both engines, of programs and of the browser wait as often as they count.
    # Whoever has done its share takes over half of what another still has.
    workers = str((os.cpu_count() or 1) + 1)
    code = _run_tool(["pytest", "--numprocesses", workers, "--dist", "worksteal", *further])
    if code == SOME_FAILED:
        # A race between a browser and a busy machine is told from a fault: its name is printed, and it is to be mended,
        # but a release does not wait for it.
        print("Once more, with nothing beside them:", flush=True)
        code = _run_tool(["pytest", "--last-failed", "--maxfail", "1", "-rpfE", *further])
    return max([*codes, code])


def _run_tool(tool: list[str]) -> int:
    print(f"== {' '.join(tool)}", flush=True)
    # The words are ours and those of who runs the tests; no shell reads them.
    done = subprocess.run([sys.executable, "-m", *tool], cwd=environment.ROOT, check=False)  # nosec B603 # noqa: S603
    return abs(done.returncode)
