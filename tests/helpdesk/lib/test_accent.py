"""An accent of the owner's: readable whatever was chosen, changed no more than that takes."""

from __future__ import annotations

import pytest

from helpdesk.lib import accent, colors
from helpdesk.settings import environment


@pytest.mark.parametrize("colour", ["#ffff00", "#000000", "#ffffff", "#0b6e4f", "#ff0000", "#7f7f7f", "#0000ff"])
@pytest.mark.parametrize("dark", [False, True])
def test_any_accent_stays_readable(colour, dark):
    made = accent.shades(colour, dark=dark)
    surfaces, ink = (accent.DARK_SURFACES, accent.DARK_INK) if dark else (accent.LIGHT_SURFACES, accent.LIGHT_INK)
    on_accent = "#2b1028" if dark else "#ffffff"
    for ground in (*surfaces, made["soft"], on_accent):
        assert colors.contrast(made["accent"], ground) >= 4.5
        assert colors.contrast(made["strong"], ground) >= 4.5
    assert colors.contrast(ink, made["soft"]) >= 4.5


def test_a_readable_accent_is_taken_as_it_is():
    assert accent.shades("#0b6e4f", dark=False)["accent"] == "#0b6e4f"


def test_the_shipped_accent_needs_no_rule():
    assert accent.stylesheet(accent.SHIPPED) == ""


def test_the_shipped_accent_is_that_of_the_tokens():
    assert f"--g-accent: {accent.SHIPPED};" in (environment.ROOT / "static" / "tokens.css").read_text()
