"""Owner colours: what is read, what is refused, what stays readable."""

from __future__ import annotations

import itertools
import re

import pytest

from helpdesk.lib import colors
from models import Status


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#007afc", (0, 122, 252)),
        (" #FFF ", (255, 255, 255)),
        ("white", (255, 255, 255)),
        ("RebeccaPurple", (102, 51, 153)),
        ("#0000", (255, 255, 255)),
        ("#00000080", (127, 127, 127)),
    ],
)
def test_reads_hex_and_names(text: str, expected: colors.Rgb) -> None:
    assert colors.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["#", "#12", "#12345", "007afc", "reddish", "red;background:url(x)", "#ggg", "var(--x)"]
)
def test_refuses_anything_else(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text.lower())):
        colors.parse(text)


def test_contrast_of_black_and_white_is_21() -> None:
    assert colors.contrast("black", "#fff") == pytest.approx(21)


def test_white_on_the_on_hold_blue_is_too_weak_and_darkened_a_little() -> None:
    assert colors.contrast("white", "#007afc") == pytest.approx(4.05, abs=0.01)
    assert colors.safe_background("#007afc", "white") == "#0070e8"


def test_a_readable_background_is_left_alone() -> None:
    assert colors.safe_background("#e3f1e8", "#14532d") == "#e3f1e8"


def test_every_pair_of_a_grid_of_colours_becomes_readable() -> None:
    steps = ["00", "33", "66", "80", "99", "cc", "ff"]
    grid = ["#" + "".join(parts) for parts in itertools.product(steps, repeat=3)][::5]
    worst = min(colors.contrast(colors.safe_background(back, text), text) for back in grid for text in grid)
    assert worst >= colors.READABLE


def test_dark_text_on_a_dark_background_is_lightened() -> None:
    safe = colors.safe_background("#333333", "#000000")
    assert colors.luminance(colors.parse(safe)) > colors.luminance(colors.parse("#333333"))


def test_stylesheet_names_statuses_and_priorities_apart() -> None:
    row = Status(id=3, text_color="white", background_color="#007afc")
    assert colors.stylesheet([row], [row]) == (
        ".status-3{--label-bg:#007afc;--label-fg:#ffffff;--label-safe:#0070e8}\n"
        ".priority-3{--label-bg:#007afc;--label-fg:#ffffff;--label-safe:#0070e8}\n"
    )


def test_shipped_soft_pairs_are_dark_on_a_dark_page_and_readable() -> None:
    for light, dark in colors.SOFT_PAIRS.items():
        row = Status(id=3, background_color=light[0], text_color=light[1])
        sheet = colors.stylesheet([row], [])
        assert sheet.count(f".status-3{{--label-fg:{dark[1]};--label-safe:{dark[0]}}}") == 2
        assert colors.contrast(*dark) >= 7


def test_stylesheet_never_repeats_what_it_cannot_read() -> None:
    row = Status(id=1, text_color="red}*{display:none", background_color="#fff")
    assert colors.stylesheet([row], []) == ".status-1{--label-bg:#574f55;--label-fg:#ffffff;--label-safe:#574f55}\n"
