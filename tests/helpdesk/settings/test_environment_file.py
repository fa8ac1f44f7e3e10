"""The file of variables beside the program: what it may hold, and who comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk.errors import BadEnvironment
from helpdesk.settings import environment, environment_file


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of this program."""
    path = tmp_path / "guichet.env"
    monkeypatch.setattr(environment_file, "PATH", path)
    return path


def test_without_a_file_the_process_says_all(file: Path) -> None:
    assert environment_file.laid_under({"GUICHET_PORT": "1"}) == {"GUICHET_PORT": "1"}


def test_lines_are_those_of_systemd(file: Path) -> None:
    lines = ["# ours", "", "GUICHET_PORT=81", ' GUICHET_HOST = "::1" ', "export GUICHET_LOG='json'", "; more"]
    file.write_text("\n".join(lines))
    assert environment_file.laid_under({}) == {"GUICHET_PORT": "81", "GUICHET_HOST": "::1", "GUICHET_LOG": "json"}


def test_the_process_comes_first_unless_it_says_nothing(file: Path) -> None:
    file.write_text("GUICHET_PORT=81\nGUICHET_HOST=::1\n")
    merged = environment_file.laid_under({"GUICHET_PORT": "82", "GUICHET_HOST": "", "HOME": "/"})
    assert merged == {"GUICHET_PORT": "82", "GUICHET_HOST": "::1", "HOME": "/"}


def test_a_file_without_a_folder_is_of_the_folder_beside_the_program(file: Path, tmp_path: Path) -> None:
    file.write_text("GUICHET_DATA_DIR=\nGUICHET_DATABASE_URL=postgresql://somewhere/desk\n")
    ours, other = {"GUICHET_DATA_DIR": str(environment.ROOT / "data")}, {"GUICHET_DATA_DIR": str(tmp_path)}
    assert environment_file.laid_under(ours)["GUICHET_DATABASE_URL"] == "postgresql://somewhere/desk"
    assert environment_file.laid_under({}) == {"GUICHET_DATABASE_URL": "postgresql://somewhere/desk"}
    assert environment_file.laid_under(other) == other


def test_a_relative_folder_is_below_the_program_wherever_one_stands(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("GUICHET_DATA_DIR=mine\n")
    monkeypatch.chdir(tmp_path)
    assert environment_file.laid_under({}) == {"GUICHET_DATA_DIR": str(environment.ROOT / "mine")}


def test_another_data_folder_is_another_desk(file: Path, tmp_path: Path) -> None:
    file.write_text(f"GUICHET_DATA_DIR={tmp_path}/one\nGUICHET_DATABASE_URL=postgresql://somewhere/desk\n")
    mine, other = {"GUICHET_DATA_DIR": f"{tmp_path}/./one/"}, {"GUICHET_DATA_DIR": f"{tmp_path}/two"}
    assert "GUICHET_DATABASE_URL" in environment_file.laid_under(mine)
    assert environment_file.laid_under(other) == other


@pytest.mark.parametrize("line", ["GUICHET_PORT", "PORT=81", "=3", "GUICHET PORT=3"])
def test_a_line_that_means_nothing_is_named(file: Path, line: str) -> None:
    file.write_text(f"GUICHET_HOST=::1\n{line}\n")
    with pytest.raises(BadEnvironment, match="line 2: expected GUICHET_NAME=value"):
        environment_file.laid_under({})


def test_a_file_that_cannot_be_read_is_no_empty_one(file: Path) -> None:
    file.mkdir()
    with pytest.raises(BadEnvironment, match="cannot be read"):
        environment_file.laid_under({})
    file.rmdir()
    file.write_bytes(b"GUICHET_HOST=\xff")
    with pytest.raises(BadEnvironment, match="UTF-8"):
        environment_file.laid_under({})


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("GUICHET_DATADIR", "GUICHET_DATA_DIR"), ("GUICHET_DB_URL", "GUICHET_DATABASE_URL"), ("GUICHET_", "GUICHET_")],
)
def test_a_variable_that_nothing_reads_is_refused_with_the_nearest(tmp_path: Path, wrong: str, meant: str) -> None:
    with pytest.raises(BadEnvironment, match=f"^{wrong} is no variable of Guichet: did you mean {meant}"):
        environment.read({"GUICHET_DATA_DIR": str(tmp_path / "data"), wrong: "x"})
    assert not (tmp_path / "data").exists()


# --- The secret key -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trace", ["desk.json", "guichet.db"])
def test_a_lost_key_is_not_replaced_in_silence(tmp_path: Path, trace: str) -> None:
    values = {"GUICHET_DATA_DIR": str(tmp_path)}
    (tmp_path / trace).write_text("of a desk")
    with pytest.raises(BadEnvironment, match=r"secret key of the desk .* is missing.*new-key"):
        environment.read(values)
    assert not (tmp_path / "secret_key").exists()
    assert environment.read({**values, "GUICHET_SECRET_KEY": "k" * 32}).secret_key == "k" * 32
    made = environment.make_key(values)
    assert environment.read(values).secret_key == made.read_text().strip()


def test_a_key_is_made_only_where_one_is_lost(tmp_path: Path) -> None:
    values = {"GUICHET_DATA_DIR": str(tmp_path)}
    key = environment.read(values).secret_key
    for more in ({}, {"GUICHET_SECRET_KEY": "k" * 32}, {"GUICHET_DATA_DIR": str(tmp_path / "nowhere")}):
        with pytest.raises(BadEnvironment, match="nothing was made"):
            environment.make_key({**values, **more})
    assert environment.read(values).secret_key == key
