"""The first start, in a copy of the program that wants one tiny package instead of the real ones."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from helpdesk.settings.environment import ROOT

APP = """
import bootstrap
if __name__ == "__main__":
    bootstrap.enter()
import sys, tiny
print(tiny.VERSION, *sys.argv[1:])
"""
#: The interpreter without any package, as on a machine that has only Python.
BARE = [getattr(sys, "_base_executable", sys.executable), "-S"]


def wheel(folder: Path, name: str, version: str) -> str:
    """Make a package that needs no network, and return the line that asks for it."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as content:
        content.writestr(f"{name}.py", f"VERSION = '{version}'\ndef main(): print(VERSION)\n")
        content.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        content.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        content.writestr(f"{about}/entry_points.txt", f"[console_scripts]\n{name}={name}:main\n")
        content.writestr(f"{about}/RECORD", "")
    return f"{name} @ {path.as_uri()}\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The folder of the program; its path has a space."""
    folder = tmp_path / "help desk"
    folder.mkdir()
    shutil.copy(ROOT / "bootstrap.py", folder)
    (folder / "app.py").write_text(APP)
    (folder / "requirements.txt").write_text("# what it needs\n" + wheel(tmp_path, "tiny", "1.0"))
    (folder / "requirements-dev.txt").write_text("-r requirements.txt\n" + wheel(tmp_path, "probe", "1.0"))
    return folder


def begin(program: Path, *words: str, python: list[str] = BARE) -> subprocess.Popen[str]:
    """Start the program from elsewhere, away from any package index."""
    variables = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.Popen(
        [*python, str(program / "app.py"), *words], cwd="/", env={**variables, "PIP_NO_INDEX": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def start(program: Path, *words: str, python: list[str] = BARE) -> tuple[int, str, str]:
    """Start the program and return its exit code and what it said."""
    process = begin(program, *words, python=python)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def work_of_programs() -> float:
    """Return the seconds of a processor that the programs started here have had, whoever else had it meanwhile."""
    return os.times().children_user + os.times().children_system


def refusal(answer: tuple[int, str, str]) -> str:
    """The one sentence of a start that was refused."""
    code, out, err = answer
    assert (code, out) == (1, "")
    return err.splitlines()[-1]


@pytest.mark.parametrize("name", ["app.py", "bootstrap.py"])
def test_an_old_python_can_read_as_far_as_the_refusal(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 6))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"]


def test_an_old_python_is_refused(program: Path) -> None:
    pretend = (
        "import sys; sys.version_info = (3, 9, 2); sys.path.insert(0, sys.argv[1]); import bootstrap as b; b.enter()"
    )
    done = subprocess.run([*BARE, "-c", pretend, program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Guichet needs Python 3.11 or newer; this is 3.9 (")


def test_a_python_without_ensurepip_names_the_package(program: Path) -> None:
    hide = (
        "import sys, runpy; sys.modules['ensurepip'] = None; sys.argv = sys.argv[1:]; sys.path.insert(0, sys.argv[1]);"
    )
    run = f"{hide} runpy.run_path(sys.argv[0], run_name='__main__')"
    done = subprocess.run([*BARE, "-c", run, program / "app.py", program], capture_output=True, text=True, check=False)
    assert done.stderr.endswith(f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv\n")
    assert len(done.stderr.splitlines()) == 1


def test_an_active_environment_without_the_packages_is_told_the_pip_line(program: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "mine"], check=True)
    python = str(tmp_path / "mine" / "bin" / "python")
    said = refusal(start(program, python=[python]))
    assert said.endswith(f"{python} -m pip install -r '{program}/requirements.txt'")
    # A tool that stands on the tests asks for what they need.
    tool = "import sys; sys.path.insert(0, sys.argv[1]); import bootstrap as b; b.enter(b.DEVELOPMENT)"
    done = subprocess.run([python, "-c", tool, program], capture_output=True, text=True, check=False)
    assert done.stderr.endswith(f"-m pip install -r '{program}/requirements-dev.txt'\n")
    assert not (program / ".venv").exists()


def test_a_folder_that_cannot_be_written_is_told(program: Path) -> None:
    (program / ".venv.lock").mkdir()  # also the superuser cannot open it as a file
    assert refusal(start(program)).startswith(f"The folder {program} cannot be written (Is a directory)")


@pytest.mark.bootstrap
def test_a_failed_installation_is_told_and_leaves_nothing(program: Path) -> None:
    (program / "requirements.txt").write_text("no-such-package==1.0\n")
    said = refusal(start(program))
    assert said.startswith("The packages of requirements.txt could not be installed (is there a network?): ")
    assert not (program / ".venv").exists()


@pytest.mark.bootstrap
def test_the_environment_is_made_once_and_kept_up_to_date(program: Path, tmp_path: Path) -> None:
    both = [begin(program, word) for word in ("one", "two words")]
    said = [process.communicate(timeout=120) for process in both]
    assert [out for out, _ in said] == ["1.0 one\n", "1.0 two words\n"]
    assert sorted("Making" in err for _, err in said) == [False, True]
    began = work_of_programs()
    assert start(program) == (0, "1.0\n", "")
    assert work_of_programs() - began < 3
    assert subprocess.check_output([program / ".venv" / "bin" / "tiny"], text=True) == "1.0\n"
    assert "Installing requirements-dev.txt" in start(program, "test")[2]
    assert start(program, "test") == (0, "1.0 test\n", "")
    (program / "requirements.txt").write_text(wheel(tmp_path, "tiny", "2.0"))
    own: Any = [str(program / ".venv" / "bin" / "python")]
    assert start(program, python=own)[1] == "2.0\n"
    assert start(program) == (0, "2.0\n", "")
    assert sorted(path.name for path in program.glob(".venv*")) == [".venv", ".venv.lock"]
