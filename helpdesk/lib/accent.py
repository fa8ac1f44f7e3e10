"""The owner's accent colour, and its shades that are readable in both themes."""

from __future__ import annotations

from helpdesk.lib.colors import BLACK, READABLE, STEPS, WHITE, Rgb, contrast, mix, parse, to_hex

#: The accent of the shipped tokens (static/tokens.css).
SHIPPED = "#6d2c65"
#: Its colour for links in mails on a dark ground.
SHIPPED_DARK = "#e3b3db"

#: By theme: the surfaces on which the accent is text, and the faintest text that stands on a soft fill.
LIGHT_SURFACES, LIGHT_INK = ("#fcfbf9", "#ffffff", "#f5f3ef", "#f1eee9"), "#6d646a"
DARK_SURFACES, DARK_INK = ("#191618", "#221e21", "#141113", "#262125"), "#a1969d"
DARK_PAPER: Rgb = (25, 22, 24)


def stylesheet(colour: str) -> str:
    """Return the CSS rules of another accent; empty for the shipped one. Raises ValueError as `parse`."""
    if to_hex(parse(colour)) == SHIPPED:
        return ""
    dark = shades(colour, dark=True)
    blocks = (
        _block(":root", shades(colour, dark=False)),
        "@media screen{" + _block(':root[data-theme="dark"]', dark) + "}",
        "@media screen and (prefers-color-scheme: dark){" + _block(':root:not([data-theme="light"])', dark) + "}",
    )
    return "\n".join(blocks) + "\n"


def of_mail(colour: str) -> tuple[str, str]:
    """Return the colour of links in mails, on light and on dark. Raises ValueError as `parse`."""
    if to_hex(parse(colour)) == SHIPPED:
        return SHIPPED, SHIPPED_DARK
    return shades(colour, dark=False)["accent"], shades(colour, dark=True)["accent"]


def _block(selector: str, values: dict[str, str]) -> str:
    names = {"accent": "accent", "focus": "accent", "accent-strong": "strong", "accent-soft": "soft"}
    names |= {"ticked": "soft", "accent-rule": "rule"}
    return selector + "{" + ";".join(f"--g-{token}:{values[shade]}" for token, shade in names.items()) + "}"


def shades(colour: str, *, dark: bool) -> dict[str, str]:
    """Return the accent and its shades in one theme (name → colour), each as near to `colour` as is readable."""
    end, surfaces = (WHITE, DARK_SURFACES) if dark else (BLACK, LIGHT_SURFACES)
    ground, ink = (DARK_PAPER, DARK_INK) if dark else (WHITE, LIGHT_INK)
    accent = _until(parse(colour), end, surfaces)
    soft = _until(mix(parse(accent), ground, 9, 10), BLACK if dark else WHITE, (ink, accent))
    rule = to_hex(mix(parse(accent), ground, 7, 10))
    return {"accent": accent, "strong": to_hex(mix(parse(accent), end, 1, 4)), "soft": soft, "rule": rule}


def _until(colour: Rgb, end: Rgb, others: tuple[str, ...]) -> str:
    """Return the colour, moved towards black or white until it is readable on all the others."""
    for step in range(STEPS):
        moved = to_hex(mix(colour, end, step, STEPS))
        if all(contrast(moved, other) >= READABLE for other in others):
            return moved
    return to_hex(end)
