"""The colours of labels: parsed, and changed as little as possible until the text is readable."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

Rgb = tuple[int, int, int]

#: WCAG 2 level AA for small text.
READABLE = 4.5

#: The colours of a row whose stored ones cannot be parsed: (background, text).
FALLBACK = ("#574f55", "#ffffff")

#: On a dark page the soft pairs that ship would be the brightest things there: (background, text) on light and dark.
#: A pair that an owner chose is worn as it is.
SOFT_PAIRS = {
    ("#dcf5e4", "#14532d"): ("#1d3a29", "#a9e2bd"),
    ("#fdeccb", "#6b3f04"): ("#42301a", "#f0cf98"),
    ("#e6e8ed", "#3d4453"): ("#32343c", "#cdd1db"),
    ("#fde2e1", "#8b1a1a"): ("#482526", "#f5bcb8"),
}
DARK = (
    ("@media screen{", ':root[data-theme="dark"] '),
    ("@media screen and (prefers-color-scheme:dark){", ':root:not([data-theme="light"]) '),
)

#: Steps from a background to black or white.
STEPS = 25

BLACK: Rgb = (0, 0, 0)
WHITE: Rgb = (255, 255, 255)

#: The colour names of CSS.
_TABLE = """
aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff beige f5f5dc bisque ffe4c4 black
000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a burlywood deb887 cadetblue 5f9ea0
chartreuse 7fff00 chocolate d2691e coral ff7f50 cornflowerblue 6495ed cornsilk fff8dc crimson dc143c cyan 00ffff
darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b darkgray a9a9a9 darkgreen 006400 darkgrey a9a9a9 darkkhaki
bdb76b darkmagenta 8b008b darkolivegreen 556b2f darkorange ff8c00 darkorchid 9932cc darkred 8b0000 darksalmon
e9967a darkseagreen 8fbc8f darkslateblue 483d8b darkslategray 2f4f4f darkslategrey 2f4f4f darkturquoise 00ced1
darkviolet 9400d3 deeppink ff1493 deepskyblue 00bfff dimgray 696969 dimgrey 696969 dodgerblue 1e90ff firebrick
b22222 floralwhite fffaf0 forestgreen 228b22 fuchsia ff00ff gainsboro dcdcdc ghostwhite f8f8ff gold ffd700
goldenrod daa520 gray 808080 green 008000 greenyellow adff2f grey 808080 honeydew f0fff0 hotpink ff69b4
indianred cd5c5c indigo 4b0082 ivory fffff0 khaki f0e68c lavender e6e6fa lavenderblush fff0f5 lawngreen 7cfc00
lemonchiffon fffacd lightblue add8e6 lightcoral f08080 lightcyan e0ffff lightgoldenrodyellow fafad2 lightgray
d3d3d3 lightgreen 90ee90 lightgrey d3d3d3 lightpink ffb6c1 lightsalmon ffa07a lightseagreen 20b2aa lightskyblue
87cefa lightslategray 778899 lightslategrey 778899 lightsteelblue b0c4de lightyellow ffffe0 lime 00ff00
limegreen 32cd32 linen faf0e6 magenta ff00ff maroon 800000 mediumaquamarine 66cdaa mediumblue 0000cd
mediumorchid ba55d3 mediumpurple 9370db mediumseagreen 3cb371 mediumslateblue 7b68ee mediumspringgreen 00fa9a
mediumturquoise 48d1cc mediumvioletred c71585 midnightblue 191970 mintcream f5fffa mistyrose ffe4e1 moccasin
ffe4b5 navajowhite ffdead navy 000080 oldlace fdf5e6 olive 808000 olivedrab 6b8e23 orange ffa500 orangered
ff4500 orchid da70d6 palegoldenrod eee8aa palegreen 98fb98 paleturquoise afeeee palevioletred db7093 papayawhip
ffefd5 peachpuff ffdab9 peru cd853f pink ffc0cb plum dda0dd powderblue b0e0e6 purple 800080 rebeccapurple 663399
red ff0000 rosybrown bc8f8f royalblue 4169e1 saddlebrown 8b4513 salmon fa8072 sandybrown f4a460 seagreen 2e8b57
seashell fff5ee sienna a0522d silver c0c0c0 skyblue 87ceeb slateblue 6a5acd slategray 708090 slategrey 708090
snow fffafa springgreen 00ff7f steelblue 4682b4 tan d2b48c teal 008080 thistle d8bfd8 tomato ff6347 turquoise
40e0d0 violet ee82ee wheat f5deb3 white ffffff whitesmoke f5f5f5 yellow ffff00 yellowgreen 9acd32
"""
NAMES: dict[str, str] = dict(re.findall(r"(\w+)\s([0-9a-f]{6})", _TABLE))


def parse(text: str) -> Rgb:
    """Return the colour of ``#rgb``, ``#rgba``, ``#rrggbb``, ``#rrggbbaa`` or a CSS name; alpha is mixed with white.

    Raises ValueError for anything else.
    """
    text = text.strip().lower()
    digits = NAMES.get(text) or text.removeprefix("#")
    if text not in NAMES and not re.fullmatch(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", text):
        raise ValueError(text)
    if len(digits) < 5:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, *alpha = (int(digits[start : start + 2], 16) for start in range(0, len(digits), 2))
    return mix((red, green, blue), WHITE, 255 - alpha[0], 255) if alpha else (red, green, blue)


def mix(colour: Rgb, towards: Rgb, part: int, whole: int) -> Rgb:
    """Return `colour` mixed with another, by the share `part` / `whole`."""
    red, green, blue = (round(a + (b - a) * part / whole) for a, b in zip(colour, towards, strict=True))
    return red, green, blue


def to_hex(colour: Rgb) -> str:
    """Write a colour as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def luminance(colour: Rgb) -> float:
    """Return the relative luminance of WCAG 2, from 0 (black) to 1 (white)."""
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21. Raises ValueError as `parse`."""
    return _contrast(parse(first), parse(second))


def _contrast(first: Rgb, second: Rgb) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def safe_background(background: str, text: str) -> str:
    """Return `background`, changed as little as makes `text` readable on it. Raises ValueError as `parse`."""
    back, ink = parse(background), parse(text)
    for step in range(STEPS + 1):
        for end in (BLACK, WHITE):
            mended = mix(back, end, step, STEPS)
            if _contrast(mended, ink) >= READABLE:
                return to_hex(mended)
    raise AssertionError("black or white carries every text at 4.58:1")  # pragma: no cover


def _pair(row: Any) -> tuple[str, str]:
    try:
        return to_hex(parse(row.background_color)), to_hex(parse(row.text_color))
    except ValueError:
        return FALLBACK


def rule(name: str, row: Any) -> str:
    """Return the CSS rule of one status or priority: its two colours, and the background its text is readable on."""
    background, text = _pair(row)
    safe = safe_background(background, text)
    return f".{name}{{--label-bg:{background};--label-fg:{text};--label-safe:{safe}}}"


def stylesheet(statuses: Iterable[Any], priorities: Iterable[Any]) -> str:
    """Return the stylesheet of the owner's colours: ``status-<id>`` and ``priority-<id>``."""
    rows = [(f"status-{row.id}", row) for row in statuses] + [(f"priority-{row.id}", row) for row in priorities]
    rules = [rule(name, row) for name, row in rows] + _dark_rules(rows)
    return "\n".join(rules) + "\n"


def _dark_rules(rows: list[tuple[str, Any]]) -> list[str]:
    soft = [(name, SOFT_PAIRS[pair]) for name, row in rows if (pair := _pair(row)) in SOFT_PAIRS]
    return [
        start
        + "".join(f"{root}.{name}{{--label-fg:{text};--label-safe:{ground}}}" for name, (ground, text) in soft)
        + "}"
        for start, root in DARK
        if soft
    ]
