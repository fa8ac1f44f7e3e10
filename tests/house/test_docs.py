"""The documents keep their word: what they name exists, and what exists is named."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from helpdesk import cli

ROOT = Path(__file__).parent.parent.parent
READMES = ("README.md", "LISEZMOI.md")
DOCUMENTS = (
    *READMES,
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
)
FEATURES = [f"A{number}" for number in range(1, 22)] + [f"B{number}" for number in range(1, 25)]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def named_tests(name: str) -> set[str]:
    """Return the names of the tests in a file of ``tests/``; none when it does not exist."""
    path = ROOT / "tests" / name
    tree = ast.parse(path.read_text(encoding="utf-8") if path.is_file() else "")
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def missing_tests(text: str) -> list[str]:
    """Return the tests a text names that do not exist."""
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", text)
    return [f"{file}::{name}" for file, name in named if name not in named_tests(file)]


def rows() -> dict[str, str]:
    return {line.split(" | ")[0].removeprefix("| "): line for line in read("docs/features.md").splitlines()}


def test_each_feature_has_one_row():
    found = re.findall(r"^\| ([AB]\d+) \|", read("docs/features.md"), re.MULTILINE)
    assert Counter(found) == Counter(FEATURES)
    told = re.findall(r"^\| ([A-Z]\d+ \| [^|]+) \|", read("docs/features.md"), re.MULTILINE)
    assert [row for row, count in Counter(told).items() if count > 1] == []


def test_each_row_names_a_test():
    assert [name for name in FEATURES if "::test_" not in rows()[name]] == []


def test_each_named_test_exists():
    assert missing_tests(read("docs/features.md")) == []


def test_each_claim_of_safety_names_tests_that_exist():
    claims = re.findall(r"^\| (?!what \||---)(.+?) \| (.*) \|$", read("SECURITY.md"), re.MULTILINE)
    assert len(claims) >= 20
    assert {claim: held for claim, held in claims if "::test_" not in held or missing_tests(held)} == {}


def test_each_promise_names_what_shows_it():
    rows = [line for line in read("docs/promises.md").splitlines() if re.match(r"\| (?!promise \||---)", line)]
    assert len(rows) >= 50
    assert {row.split(" | ")[0]: missing for row in rows if (missing := missing_tests(row))} == {}
    shown = re.compile(r"`[\w/]+/test_\w+\.py(::test_\w+)?`|`python3 tools/benchmarks/\w+\.py[^`]*`")
    assert [row for row in rows if not shown.search(row.split(" | ")[-1])] == []
    files = {file for row in rows for file in re.findall(r"`([\w/]+\.py)`", row)}
    assert [file for file in sorted(files) if not (ROOT / "tests" / file).is_file()] == []


@pytest.mark.parametrize(
    "program", sorted(set(re.findall(r"python3 (tools/\w+/\w+\.py)", read("docs/promises.md")))) or ["none"]
)
def test_each_program_that_shows_a_promise_starts_and_knows_the_options_that_are_told(program):
    # As it is told, without the folder of the program on the path: that has failed before.
    done = subprocess.run([sys.executable, program, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    told = set(re.findall(rf"{program}[^`]*", read("docs/promises.md")))
    options = {option for line in told for option in re.findall(r"--\w+", line)}
    assert sorted(option for option in options if option not in done.stdout) == []


@pytest.mark.parametrize("document", [*READMES, "CONTRIBUTING.md"])
def test_who_finds_a_weakness_is_led_to_how_it_is_told(document):
    assert "](SECURITY.md)" in read(document)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    targets = re.findall(
        r"\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)|<img[^>]*src=\"(?!https?:)([^\"]+)", read(document)
    )
    paths = [one or other for one, other in targets]
    assert [path for path in paths if not ((ROOT / document).parent / path).exists()] == []


@pytest.mark.parametrize("document", [*READMES, "docs/operating.md", "docs/exploiter.md"])
def test_screens_are_named_as_they_are_called(document):
    """What stands in italics is a name of a screen, a field or a button, in the language of the document."""
    with (ROOT / "translations/fr/LC_MESSAGES/messages.po").open("rb") as file:
        texts = [(row.id, row.string) for row in read_po(file)]
    is_french = document in {"LISEZMOI.md", "docs/exploiter.md"}
    labels = {re.sub(r"\s", " ", str(pair[is_french])) for pair in texts}
    prose = re.sub(r"(?s)```.*?```|`[^`]*`", "", read(document))
    named = re.findall(r"(?<![*\w])\*([^*]+)\*(?![*\w])", prose)
    assert [name for path in named for name in path.split(" → ") if re.sub(r"\s+", " ", name) not in labels] == []


@pytest.mark.parametrize("document", [*READMES, "docs/architecture.md"])
def test_what_is_read_first_is_short(document):
    assert len(read(document).splitlines()) <= 150


@pytest.mark.parametrize("document", READMES)
def test_each_variable_of_the_environment_is_told(document):
    known = set(re.findall(r"\"(GUICHET_[A-Z_]+)\"", read("helpdesk/settings/environment.py")))
    assert sorted(name for name in known if f"`{name}`" not in read(document)) == []


@pytest.mark.parametrize("document", READMES)
def test_each_command_is_told(document):
    told = read(document)
    assert [
        command.name for command in cli.COMMANDS if not re.search(rf"app\.py {command.name}\b|`{command.name}\b", told)
    ] == []


def test_each_module_of_the_rules_is_told_where_it_stands():
    told = set(re.findall(r"`([a-z_0-9]+)(?:/|\.py)?`", read("docs/architecture.md")))
    modules = {path.stem for path in (ROOT / "helpdesk").glob("*.py")} | {
        path.parent.name for path in (ROOT / "helpdesk").glob("*/__init__.py")
    }
    assert sorted(modules - told - {"__init__"}) == []
