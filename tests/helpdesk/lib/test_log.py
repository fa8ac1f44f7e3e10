"""The log: a line an event, which nobody's text forges, and which fail2ban reads."""

from __future__ import annotations

import io
import json
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk.lib import control_characters, log
from helpdesk.settings import environment
from tests.conftest import skip

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Returns what the log holds after some acts."""
    root = logging.getLogger()
    before, level, own = root.handlers[:], root.level, logging.getLogger("guichet").level

    def lines(act: Callable[[], Any], form: str = log.TEXT) -> list[str]:
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        log.begin(form)
        act()
        return stream.getvalue().splitlines()

    yield lines
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("guichet").setLevel(own)


def test_an_event_is_a_line_with_time_level_and_fields(logged: Any) -> None:
    [line] = logged(lambda: log.event("request", method="GET", path="/", status=200, ms=8, who="agent-3"))
    assert re.fullmatch(TIME + " INFO request method=GET path=/ status=200 ms=8 who=agent-3", line)


def test_an_event_is_an_object_where_json_is_asked_for(logged: Any) -> None:
    [line] = logged(lambda: log.event("request", path="/", status=200), log.JSON)
    entry = json.loads(line)
    assert re.fullmatch(TIME, entry.pop("time"))
    assert entry == {"level": "INFO", "message": "request", "path": "/", "status": 200}


FORGED = (
    "x\n2026-03-01T09:30:00.000Z WARNING sign-in refused account=agent reason=wrong from=192.0.2.9\x1b[2J\u202e\x85"
)


def fail() -> None:
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        log.failure("request failed", error, path=FORGED)


def test_no_text_forges_a_line(logged: Any) -> None:
    lines = logged(lambda: (log.event("request", path=FORGED), fail(), logging.getLogger("other").warning(FORGED)))
    entries = [line for line in lines if not line.startswith(log.FURTHER)]
    assert len(entries) == 3
    assert [
        line for line in entries if not re.match(TIME + " (INFO request|ERROR request failed|WARNING x)", line)
    ] == []
    assert not control_characters.IN_LINE.search("".join(lines))


def test_a_traceback_is_one_object_too(logged: Any) -> None:
    [line] = logged(fail, log.JSON)
    assert "ValueError" in json.loads(line)["traceback"]


def refuse() -> None:
    log.sign_in_refused("agent", "wrong", "203.0.113.9")
    log.sign_in_refused("customer", "blocked", "2001:db8::7")
    log.sign_in_refused("agent", "wrong", "198.51.100.1 from=192.0.2.9")
    log.event("request", path=FORGED)
    fail()


@pytest.mark.parametrize("form", log.FORMS)
@pytest.mark.parametrize("prefix", ["", "desk python3[12]: ", "Nov 30 22:24:30 desk python3[12]: "])
def test_fail2ban_reads_who_was_refused_and_nobody_else(logged: Any, tmp_path: Path, form: str, prefix: str) -> None:
    if shutil.which("fail2ban-regex") is None:
        skip("fail2ban is missing")
    lines = logged(refuse, form)
    # Of the journal, fail2ban sees each line behind the names of machine and program; a file has the time, too.
    (tmp_path / "log").write_text("".join(f"{prefix}{line}\n" for line in lines))
    done = subprocess.run(
        ["fail2ban-regex", "-o", "<ip>", tmp_path / "log", environment.ROOT / "deploy" / "fail2ban.conf"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["203.0.113.9", "2001:db8::7"]
