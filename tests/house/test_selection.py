"""What runs on which engine: nothing is left out but pages on PostgreSQL, and those run where CI is set."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from helpdesk.settings import environment
from tests.support.selection import SLOW, TESTS, slowness

FILES = ("tests/public/test_site.py", "tests/every_page/test_query_counts.py", "tests/helpdesk/test_links.py")


def collected(**variables: str) -> set[str]:
    """Return the tests that pytest would run."""
    own = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", "-o", "addopts=-q", *FILES],
        cwd=environment.ROOT, env={**own, **variables}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {line for line in done.stdout.splitlines() if "::" in line}


def test_only_pages_on_postgresql_are_left_to_ci() -> None:
    few, everything = collected(), collected(CI="1")
    pages = {name for name in everything if name.startswith(FILES[0]) and "postgresql" in name}
    assert pages
    assert everything - few == pages
    assert {name.replace("postgresql", "sqlite") for name in pages} <= few
    assert any("postgresql" in name for name in few if name.startswith(FILES[1]))


@pytest.mark.parametrize("prefix", SLOW)
def test_what_is_put_first_is_there(prefix: str) -> None:
    found = [path for path in TESTS.rglob("test_*.py") if path.relative_to(TESTS).as_posix().startswith(prefix)]
    assert found
    assert slowness(prefix) < slowness("helpdesk/test_links.py")


def test_programs_that_tests_start_are_compiled_once() -> None:
    own = "import sys; print(sys.dont_write_bytecode)"
    done = subprocess.run([sys.executable, "-S", "-c", own], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
