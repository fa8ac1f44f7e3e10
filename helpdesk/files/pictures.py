"""How large a picture is, read from its first bytes: a small file may fill the memory of whoever looks at it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from models import IMAGES

#: The formats of `IMAGES`.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def pixels_of(path: Path, media_type: str) -> int | None:
    """Return the number of pixels of a picture that pages show, 0 if it cannot be measured; None for other files."""
    if media_type not in IMAGES:
        return None
    try:
        # Nothing is decoded: opening reads the header.
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return 0
    return width * height
