"""What axe finds on a page as it stands in the browser."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

#: The dark theme changes colours only.
DARK_RULES = ("color-contrast",)


def violations(page: Any, *rules: str) -> list[str]:
    """Return what breaks these rules (none: all): the rule and the place."""
    # A colour on its way to another is measured as neither.
    page.wait_for_function("!document.getAnimations().some(one => one.playState === 'running')")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("async options => (await axe.run(options)).violations", options)
    return [f"{row['id']}: {row['nodes'][0]['html'][:200]} ({len(row['nodes'])})" for row in found]


def complaints(page: Any) -> list[str]:
    """Return what breaks any rule in the light theme, and the rules of colour in the dark one, put on what is open."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    light = violations(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    dark = violations(page, *DARK_RULES)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return light + [f"in the dark, {text}" for text in dark]
