"""Write the part of ``static/desk.css`` that pages of visitors use: they also open on slow lines."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from trim_bootstrap import blocks

ROOT = Path(__file__).resolve().parent.parent
SOURCE, TRIMMED = ROOT / "static" / "desk.css", ROOT / "static" / "public.css"
#: Scripts of visitors' pages; what they and the templates do not name, only the desk wears.
SCRIPTS = ("chips", "confirm", "files", "form", "menus", "network", "public", "visitor_draft")
#: What stands before a part that a template computes.
PREFIXES = ("is-", "has-", "needs-")
#: Templates of the desk alone; those of signing in are pages like the visitors' ones.
OF_THE_DESK = re.compile(r"templates/(desk\.html|admin/(?!account/|ticket_signed_out))")


def sources() -> Iterator[Path]:
    """Give every file that may put a class on a page of visitors."""
    for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "web").glob("*.py"), *(ROOT / "public").glob("*.py")]:
        if not OF_THE_DESK.match(path.relative_to(ROOT).as_posix()):
            yield path
    yield from (ROOT / "static" / "js" / f"{name}.js" for name in SCRIPTS)


def words() -> set[str]:
    """Return every word that may be a class there."""
    return {word for path in sources() for word in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))}


def matching_selectors(prelude: str, words: set[str]) -> str:
    """Return the selectors of this list that may match; what stands in brackets (``:is``, ``:not``) is no condition."""
    return ", ".join(selector for selector in _selectors(prelude) if _may_match(selector, words))


def _selectors(prelude: str) -> Iterator[str]:
    start = depth = 0
    for place, sign in enumerate(prelude):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            yield prelude[start:place].strip()
            start = place + 1
    yield prelude[start:].strip()


def _may_match(selector: str, known: set[str]) -> bool:
    while "(" in selector:
        selector, before = re.sub(r":[\w-]+\([^()]*\)", "", selector), selector
        if selector == before:
            return True
    return all(name in known or name.startswith(PREFIXES) for name in re.findall(r"\.([a-z][\w-]*)", selector))


def trim(css: str, known: set[str]) -> str:
    """Return the stylesheet without the rules that match nothing, one rule per line."""
    lines = []
    for prelude, body in ((prelude.strip(), " ".join(body.split())) for prelude, body in blocks(css)):
        if prelude.startswith(("@media", "@supports")):
            inner = trim(body, known)
            lines += [f"{prelude} {{\n{inner}}}"] if inner else []
        elif prelude.startswith("@") or matching_selectors(prelude, known):
            lines.append(
                f"{prelude if prelude.startswith('@') else matching_selectors(prelude, known)} {{ {body.strip()} }}"
            )
    return "".join(f"{line}\n" for line in lines)


def trimmed() -> str:
    """Return what ``public.css`` should hold."""
    rules = re.sub(r"/[*].*?[*]/", "", SOURCE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return f"/* Made by tools/trim_desk.py from desk.css: change that one. */\n{trim(rules, words())}"


def write() -> None:
    """Write ``public.css``."""
    TRIMMED.write_text(trimmed(), encoding="utf-8")


if __name__ == "__main__":
    write()
