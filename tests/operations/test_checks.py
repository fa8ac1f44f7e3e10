"""The command that tells whether a change is good: a race is told from a fault."""

from __future__ import annotations

import pytest

from helpdesk.cli import checks

TESTS = """
from pathlib import Path

def test_late():
    flag = Path(__file__).with_name("tried")
    tried = flag.exists()
    flag.touch()
    assert tried

def test_other():
    assert {other}
"""


@pytest.mark.parametrize(("other", "code"), [(True, 0), (False, 1)], ids=["a race", "a fault"])
def test_what_fails_is_tried_once_more(tmp_path, monkeypatch, capfd, other, code):
    monkeypatch.setattr(checks, "CHECKS", ())
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_two.py").write_text(TESTS.format(other=other))
    further = ("-c", str(tmp_path / "pytest.ini"), "--numprocesses", "0", str(tmp_path))
    assert checks.run_tests.callback(further) == code
    lines = capfd.readouterr().out.splitlines()
    again = lines[lines.index("Once more, with nothing beside them:") :]
    assert [line for line in again if line.startswith("PASSED") and line.endswith("test_late")]
    assert any(line.startswith("FAILED") and "test_other" in line for line in again) is not other
