"""What the environment takes, and the one sentence with which it refuses."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from helpdesk import environment


def read(folder: Path, **variables: str) -> environment.Environment:
    """Read these variables, with this data folder unless they name another."""
    return environment.read({"GUICHET_DATA_DIR": str(folder / "data"), **variables})


# --- The secret key -------------------------------------------------------------------------------------------------


def test_a_start_meets_no_key_that_is_not_written_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another start at whatever moment of the making: it finds no key and makes one, or finds the whole one."""
    found: list[str] = []
    others: list[str] = []

    def meanwhile(act: Any) -> Any:
        def acted(*arguments: Any, **options: Any) -> Any:
            if not others:
                others.append("is here")
                found.append(read(tmp_path).secret_key)
                others.clear()
            return act(*arguments, **options)

        return acted

    for name in ("fdopen", "fsync", "link"):
        monkeypatch.setattr(os, name, meanwhile(getattr(os, name)))
    key = read(tmp_path).secret_key
    assert len(key) == 64
    assert set(found) == {key}


def test_many_first_starts_at_once_have_one_key(tmp_path: Path) -> None:
    for number in range(100):
        keys: list[str] = []
        together = threading.Barrier(2)

        def start(folder: Path, keys: list[str] = keys, together: threading.Barrier = together) -> None:
            together.wait()
            keys.append(read(folder).secret_key)

        starts = [threading.Thread(target=start, args=(tmp_path / str(number),)) for _ in range(2)]
        for one in starts:
            one.start()
        for one in starts:
            one.join()
        assert len(set(keys)) == 1
        assert len(keys[0]) == 64


def test_a_crash_leaves_no_key_behind_and_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", crash)
        with pytest.raises(environment.BadEnvironment, match="No space left"):
            read(tmp_path)
    assert list((tmp_path / "data").iterdir()) == []
    read(tmp_path)
    [key] = (tmp_path / "data").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("stored", [b"", b"\n", b"short\n", b"\xff" * 60, b"\0" * 64])
def test_a_stored_key_that_guards_nothing_is_refused(tmp_path: Path, stored: bytes) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_bytes(stored)
    with pytest.raises(environment.BadEnvironment, match="empty, too short or damaged"):
        read(tmp_path)


def test_a_short_key_of_the_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(environment.BadEnvironment, match="32 characters at least, not 31"):
        read(tmp_path, GUICHET_SECRET_KEY="x" * 31)
    assert read(tmp_path, GUICHET_SECRET_KEY="x" * 32).secret_key == "x" * 32
