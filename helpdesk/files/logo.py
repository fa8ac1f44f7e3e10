"""The owner's logo: re-encoded at the size it is shown, stored as a file and named by a setting.

The uploaded file itself is never served: no script, no location of a photograph, no picture that fills a browser's
memory. Mails name the organisation in words instead: a linked picture would reveal when a mail is read and is blocked
by most programs, an embedded one would put a paper clip on every answer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from io import BytesIO
from typing import IO, Any

from PIL import Image, ImageOps, ImageStat

from helpdesk import settings
from helpdesk.errors import InvalidInput
from helpdesk.files import file_store
from helpdesk.i18n import lazy
from models import Agent

#: The formats accepted, by their first bytes. No SVG: it may contain scripts.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
#: The largest picture accepted: bytes, and pixels of a side.
MOST_BYTES, MOST_PIXELS = 2 * 1024 * 1024, 4_000
#: Width and height in pixels within which it is stored: twice what a page shows.
ROOM = (560, 112)
#: Shares of dark, or of light, visible pixels from which a picture is hard to see on a ground of that kind.
DARK_SHARE, LIGHT_SHARE = 0.15, 0.5
DARK, LIGHT = 70, 215


@dataclass(frozen=True)
class Logo:
    """The stored picture; `ground` is the ground on which it can be seen: ``light``, ``dark`` or (empty) any."""

    path: str
    sha256: str
    media_type: str
    width: int
    height: int
    ground: str

    @property
    def version(self) -> str:
        """A text for its address that changes with the picture."""
        return self.sha256[:16]

    @property
    def is_wide(self) -> bool:
        """Whether it is shown instead of the desk's name, as a word mark is."""
        return self.width >= 2 * self.height


def current() -> Logo | None:
    """Return the logo of the desk, if it has one."""
    value = settings.get("logo")
    return Logo(**value) if value else None


def save(stream: IO[bytes], *, actor: Agent | None) -> None:
    """Make this picture the logo and delete the former one. Raises InvalidInput at ``logo``."""
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _refusal(lazy("This picture is larger than 2 MB."))
    picture = _read(content)
    data = _encoded(picture)
    media_type = "image/jpeg" if picture.mode == "RGB" else "image/png"
    file = file_store.keep(data, str(settings.DECLARED["logo"].label), media_type)
    try:
        _put(asdict(Logo(file.path, file.sha256, media_type, *picture.size, _ground(picture))), actor)
    except BaseException:
        file_store.discard([file.path])
        raise


def remove(*, actor: Agent | None) -> None:
    """Delete the logo, so that the shipped mark is shown."""
    _put(None, actor)


def _put(value: dict[str, Any] | None, actor: Agent | None) -> None:
    before = current()
    settings.save({"logo": value}, actor=actor)
    if before is not None and (value is None or value["path"] != before.path):
        file_store.discard([before.path])


def _refusal(message: Any) -> InvalidInput:
    return InvalidInput(message, field="logo")


def _read(content: bytes) -> Image.Image:
    """Return the picture, cropped and scaled down; of an animation the first frame. Raises InvalidInput.

    Its size is checked before it is decoded.
    """
    bad = _refusal(lazy("This is no picture that can be shown here. PNG, JPEG, WebP and GIF can."))
    large = _refusal(lazy("This picture has more than 4,000 pixels on a side. Make it smaller first."))
    try:
        source = Image.open(BytesIO(content), formats=FORMATS)
        if max(source.size) > MOST_PIXELS:
            raise large
        source.load()
        picture = ImageOps.exif_transpose(source)
        clear = picture.mode in {"RGBA", "LA", "PA", "P"} or "transparency" in picture.info
        picture = picture.convert("RGBA" if clear else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise large from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise bad from error
    # A transparent margin would make the visible part smaller; a black one is part of the picture.
    picture = picture.crop(picture.getbbox()) if clear and picture.getbbox() else picture
    picture.thumbnail(ROOM)
    return picture


def _encoded(picture: Image.Image) -> bytes:
    """Return the picture as a JPEG or PNG file with pixels only, without metadata."""
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    target = BytesIO()
    if picture.mode == "RGB":
        bare.save(target, "JPEG", quality=90, optimize=True)
    else:
        bare.save(target, "PNG", optimize=True)
    return target.getvalue()


def _ground(picture: Image.Image) -> str:
    """Return the ground (``light`` or ``dark``) that a transparent picture needs; empty for any."""
    if picture.mode != "RGBA":
        return ""
    alpha = picture.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return ""
    visible = alpha.point(lambda value: 255 if value > 100 else 0)
    counted = ImageStat.Stat(picture.convert("L"), mask=visible)
    (levels,), (total,) = [counted.h], counted.count
    if not total:
        return ""
    if sum(levels[:DARK]) / total >= DARK_SHARE:
        return "light"
    return "dark" if sum(levels[LIGHT:]) / total >= LIGHT_SHARE else ""
