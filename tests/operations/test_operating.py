"""The page of who runs a desk: every command on it does what it says, in both languages."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from helpdesk.settings import environment
from tests.support import programs

DOCS = environment.ROOT / "docs"
PAGES = (DOCS / "operating.md", DOCS / "exploiter.md")
COMMAND = re.compile(r"(?:GUICHET_\w+=\S+ )*python3 app\.py (?:--)?[a-z][^`\n]*")
#: What the page shows and another test runs: it waits for a signal, or needs PostgreSQL.
ELSEWHERE = {
    "worker": "test_a_separate_worker_delivers_instead",
    "restore --live move.zip": "test_a_desk_moves_to_postgresql_and_back",
}


def commands(page: Path) -> list[str]:
    """The commands of the desk that a page shows, in order, without what a shell does with them."""
    found = [re.split(r" && | …|`", line)[0].strip() for line in COMMAND.findall(page.read_text(encoding="utf-8"))]
    return list(dict.fromkeys(found))


def test_both_languages_show_the_same_commands() -> None:
    english, french = map(commands, PAGES)
    assert english == french
    blocks = [re.findall(r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M) for page in PAGES]
    assert [block.replace("ADDRESS-OF-", "ADRESSE-DE-") for block in blocks[0]] == blocks[1]


def screen_words(page: Path, heading: str) -> list[str]:
    """The words of screens that a section of a page shows."""
    section = page.read_text(encoding="utf-8").split(f"## {heading}\n")[1].partition("\n## ")[0]
    return [word for path in re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", section) for word in path.split(" → ")]


def test_sections_about_screens_show_their_words() -> None:
    with (environment.ROOT / "translations" / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        french = {message.id: message.string for message in read_po(file)}
    for english, translated in (
        ("When an agent leaves", "Quand un agent s’en va"),
        ("Who did what", "Qui a fait quoi"),
    ):
        words = screen_words(PAGES[0], english)
        assert len(words) >= 3
        assert [french.get(word) for word in words] == screen_words(PAGES[1], translated)


@pytest.fixture
def moved(tmp_path: Path) -> dict[str, str]:
    """Where the folders of the page lie in this test."""
    for name in ("var", "backup"):
        (tmp_path / name).mkdir()
    return {
        "/var/lib/": f"{tmp_path}/var/",
        "/var/backups/guichet/": f"{tmp_path}/backup/",
        "$(date +\\%a)": "Mon",
        "NAME@EXAMPLE.ORG": "ada@desk.example",
        "COPY.zip": "copy.zip",
    }


def test_every_command_of_the_page_does_what_it_says(tmp_path: Path, moved: dict[str, str]) -> None:
    words = {name: value for name, value in os.environ.items() if not name.startswith("GUICHET_")}
    words |= {"GUICHET_DATA_DIR": f"{tmp_path}/var/guichet/data", "GUICHET_PORT": "0", "GUICHET_CAPTCHA": "off"}

    def run(line: str, code: int = 0) -> str:
        for former, now in moved.items():
            line = line.replace(former, now)
        first, _app, *rest = [part for part in shlex.split(line) if not part.startswith("GUICHET_")]
        assert first == "python3"
        named = dict(part.split("=", 1) for part in shlex.split(line) if part.startswith("GUICHET_"))
        done = programs.run(*rest, env={**words, **named}, cwd=tmp_path, content=b"correct horse battery\n")
        assert done.returncode == code, (line, done.stderr)
        return done.stdout

    shown = commands(PAGES[0])
    for needed in ("create-admin", "reset-link", "revoke-links", "doctor --quiet", "--version", "new-key"):
        assert any(needed in line for line in shown), needed
    run(next(line for line in shown if "create-admin" in line))
    for line in shown:
        command = line.partition("app.py ")[2]
        if command in ELSEWHERE or "create-admin" in command:
            continue
        if command == "new-key":
            (tmp_path / "var" / "guichet" / "data" / "secret_key").unlink()
        if "restore" in command and "guichet.zip" in command:
            shutil.copy(tmp_path / "backup" / "Mon.zip", tmp_path / "guichet.zip")
            line = f"GUICHET_DATA_DIR={tmp_path}/var/empty {line}"
        if "COPY.zip" in command:
            (tmp_path / "var" / "guichet" / "data" / "backups").mkdir(exist_ok=True)
            shutil.copy(tmp_path / "backup" / "Mon.zip", tmp_path / "var" / "guichet" / "data" / "backups" / "copy.zip")
        run(line)


def test_what_is_run_elsewhere_is() -> None:
    text = (environment.ROOT / "tests" / "operations" / "test_commands.py").read_text(encoding="utf-8")
    assert all(f"def {name}(" in text for name in ELSEWHERE.values())
