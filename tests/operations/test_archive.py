"""An archive is read without the program: docs/archive.md and its fifty lines say how."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from helpdesk.operations import backup
from helpdesk.settings import environment
from models import Message, Ticket
from tools import archive_to_csv

PAGE = environment.ROOT / "docs" / "archive.md"


@pytest.fixture
def archive(ticket: Ticket, tmp_path: Path) -> Path:
    """The backup of a desk with a ticket whose text has every kind of line end."""
    Message.update(body="<p>one\u2028two\r\nthree “é”</p>").where(Message.ticket == ticket).execute()
    backup.backup(tmp_path / "desk.zip")
    return tmp_path / "desk.zip"


def test_fifty_lines_read_it_into_tables(archive: Path, tmp_path: Path, ticket: Ticket) -> None:
    counts = archive_to_csv.read(archive, tmp_path / "out")
    assert counts["ticket"] == 1
    with (tmp_path / "out" / "message.csv").open(newline="", encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert (row["ticket_id"], row["body"]) == (str(ticket.id), "<p>one\u2028two\r\nthree “é”</p>")
    assert len(list((tmp_path / "out").glob("*.csv"))) == len(counts)


def test_a_damaged_or_foreign_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    for name, change in (("tables/ticket.jsonl", b"[]\n"), ("manifest.json", b'{"format": 2}')):
        with zipfile.ZipFile(archive) as source, zipfile.ZipFile(bad, "w") as target:
            for member in source.namelist():
                target.writestr(member, change if member == name else source.read(member))
        with pytest.raises(ValueError, match=r"damaged|format 2"):
            archive_to_csv.read(bad, tmp_path / "out")


def test_the_program_needs_nothing_but_python(archive: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(environment.ROOT / "tools" / "archive_to_csv.py"), archive, tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "ticket: 1\n" in done.stdout


def test_the_page_names_what_the_manifest_holds(archive: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    with zipfile.ZipFile(archive) as source:
        manifest: dict[str, Any] = json.loads(source.read("manifest.json"))
    assert f"format **{manifest['format']}**" in page
    unnamed = {key for key in manifest if f"`{key}`" not in page} - {"linked_files", "left_out"}
    assert unnamed == set()
