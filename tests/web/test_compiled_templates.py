"""Compiled templates are kept from one start to the next; nothing is run that the desk has not written itself."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader

from helpdesk import i18n
from helpdesk.settings import environment
from web import compiled_templates
from web.compiled_templates import CompiledTemplates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def env(folder: Path) -> environment.Environment:
    return environment.read({"GUICHET_DATA_DIR": str(folder)})


def start(app: Any, env: environment.Environment, source: str = "{{ _('Nobody') }}") -> tuple[str, list[bool]]:
    """Show the page as a start of its own does; return it, and of each template whether it had to be compiled."""
    compiled: list[bool] = []

    class Noting(CompiledTemplates):
        def load_bytecode(self, bucket: Any) -> None:
            super().load_bytecode(bucket)
            compiled.append(bucket.code is None)

    ours = app.jinja_env.overlay(loader=DictLoader({"page.html": source}), bytecode_cache=Noting(env))
    with app.test_request_context("/"):
        texts = []
        for code in ("en", "fr"):
            with i18n.in_language(code):
                texts.append(ours.get_template("page.html").render())
    return " ".join(texts), compiled


def files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "cache").rglob("*") if path.is_file())


def test_the_second_start_compiles_nothing(app: Any, env: Any, folder: Path) -> None:
    first, compiled = start(app, env)
    assert compiled == [True, True]
    assert start(app, env) == (first, [False, False])
    assert len(files(folder)) == 2  # one for each language


def test_a_changed_template_is_compiled_anew(app: Any, env: Any) -> None:
    start(app, env)
    assert start(app, env, "new {{ _('Nobody') }}")[0].startswith("new ")


def test_what_the_desk_has_not_written_is_not_run(app: Any, env: Any, folder: Path) -> None:
    page, _compiled = start(app, env)
    own, other = files(folder)
    # Code of another file of ours, code that was changed, and code of another desk.
    own.write_bytes(other.read_bytes())
    other.write_bytes(other.read_bytes()[:-1] + b"!")
    assert start(app, env) == (page, [True, True])
    stranger = environment.read({"GUICHET_DATA_DIR": str(folder), "GUICHET_SECRET_KEY": "k" * 64})
    assert start(app, stranger) == (page, [True, True])


def test_only_its_owner_reads_the_folder(app: Any, env: Any, folder: Path) -> None:
    start(app, env)
    assert {path.stat().st_mode & 0o077 for path in [*files(folder), files(folder)[0].parent]} == {0}


def test_an_upgrade_begins_with_an_empty_folder(app: Any, env: Any, folder: Path, monkeypatch: Any) -> None:
    start(app, env)
    monkeypatch.setattr(compiled_templates, "WRITTEN_IN", ("requirements.txt",))
    assert start(app, env)[1] == [True, True]
    assert len(files(folder)) == 2


def test_what_others_keep_beside_it_stays(app: Any, env: Any, folder: Path) -> None:
    """An owner may have chosen this very folder for the files of customers, before the desk did."""
    file = folder / "cache" / "ab" / "file"
    file.parent.mkdir(parents=True)
    file.write_text("of a customer")
    start(app, env)
    assert file.read_text() == "of a customer"


def test_a_full_disk_gathers_nothing(app: Any, env: Any, folder: Path, monkeypatch: Any) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", refuse)
    assert "Nobody" in start(app, env)[0]
    assert files(folder) == []


def test_a_file_in_place_of_the_folder_is_no_fault(app: Any, env: Any, folder: Path) -> None:
    (folder / "cache").write_text("")
    page, _compiled = start(app, env)
    assert start(app, env)[0] == page
