"""The checklist names tests that exist, and leaves no point out."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LIST = (ROOT / "docs" / "ux-checklist.md").read_text(encoding="utf-8")


def test_every_point_is_judged():
    found = re.findall(r"^(\d+)\. .*?\. (?:Done: `test_|In part: |Not yet: |Does not apply: )", LIST, re.MULTILINE)
    assert [int(number) for number in found] == list(range(1, 97))


def test_every_test_it_names_exists():
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert set(re.findall(r"`(test_\w+)`", LIST)) <= set(re.findall(r"def (test_\w+)", tests))


def test_the_pictures_of_the_read_me_are_there_and_small():
    for name in ("README.md", "LISEZMOI.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pictures = re.findall(r"docs/pictures/[\w-]+\.png", text)
        assert len(pictures) == 8
        assert all((ROOT / picture).stat().st_size <= 150_000 for picture in pictures)
        assert len(text.splitlines()) <= 150
