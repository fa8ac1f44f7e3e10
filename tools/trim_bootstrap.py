"""Write the part of Bootstrap the desk uses: no component that needs its script, no grid, no ready-made colour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "static" / "vendor" / "bootstrap-5.3.9"
SOURCE, TRIMMED = FOLDER / "bootstrap.min.css", FOLDER / "bootstrap.desk.css"

#: The classes our pages may wear; rules for plain elements stay.
USED = re.compile(
    r"btn|btn-(check|primary)|disabled|active|form-(label|text|control|select|check|check-input|check-label|switch)"
    r"|is-invalid|invalid-feedback|visually-hidden|visually-hidden-focusable|small|mark|w-100"
    r"|d-(none|block|inline|inline-block|flex|grid)|[mp][tbxy]?-([0-5]|auto)|text-(center|end|start|nowrap|truncate)"
)


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield (prelude, body) of each block of a minified stylesheet; statements without a body have an empty one."""
    start = depth = 0
    opened = -1
    for place, sign in enumerate(css):
        if sign == ";" and depth == 0:
            start = place + 1
        elif sign == "{":
            opened = place if depth == 0 else opened
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened], css[opened + 1 : place]
                start = place + 1


def used_selectors(prelude: str) -> str:
    """Return the selectors of this list whose classes are all used."""
    selectors = re.split(r",(?![^(]*\))", prelude)
    return ",".join(selector for selector in selectors if _is_used(selector))


def _is_used(selector: str) -> bool:
    classes = re.findall(r"\.([a-z][\w-]*)", selector)
    return "data-bs" not in selector and all(USED.fullmatch(name) for name in classes)


def trim(css: str) -> str:
    """Return the stylesheet without the rules of unused families, one rule per line."""
    lines = []
    for prelude, body in blocks(css):
        if prelude.startswith("@media"):
            inner = trim(body)
            lines += [f"{prelude}{{\n{inner}}}"] if inner else []
        elif not prelude.startswith("@") and used_selectors(prelude):
            lines.append(f"{used_selectors(prelude)}{{{body}}}")
    return "".join(f"{line}\n" for line in lines)


def trimmed() -> str:
    """Return what ``bootstrap.desk.css`` should hold."""
    css = SOURCE.read_text()
    licence = css[css.index("/*") : css.index("*/") + 2]
    rules = re.sub(r"/[*].*?[*]/", "", css, flags=re.DOTALL).removeprefix('@charset "UTF-8";')
    return f"{licence}\n{trim(rules)}"


if __name__ == "__main__":
    TRIMMED.write_text(trimmed())
