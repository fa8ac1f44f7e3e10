"""Codes that a telephone reads."""

from __future__ import annotations

from io import BytesIO

import segno

#: Quiet modules around a code, as its norm (ISO/IEC 18004) asks; pixels of a module.
QUIET, MODULE = 4, 8


def svg(text: str) -> bytes:
    """Return a text as a code, an SVG file; a seventh of it may be covered or worn (level M)."""
    picture = BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", border=QUIET, scale=MODULE)
    return picture.getvalue()
