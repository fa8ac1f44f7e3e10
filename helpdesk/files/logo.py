"""The owner's logo: drawn anew at the size it is shown, kept as a file of ours, named by a setting.

Nothing that was sent is handed out again: no script, no place where a photograph was taken, no picture that fills the
memory of a browser. Mails name the organisation in words instead: a linked picture would tell when a mail is read and
most programs block it, an enclosed one would put a paper clip on every answer.
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

#: What is read, by its first bytes. No SVG: it is a document that may hold script.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
#: The most that is taken in: bytes, and pixels of a side.
MOST_BYTES, MOST_PIXELS = 2 * 1024 * 1024, 4_000
#: Pixels within which it is kept: twice what a page shows.
ROOM = (560, 112)
#: Shares of the visible pixels from which a picture is lost on paper as dark, or as light, as itself.
DARK_SHARE, LIGHT_SHARE = 0.15, 0.5
DARK, LIGHT = 70, 215


@dataclass(frozen=True)
class Logo:
    """The stored picture; `ground` says on what it can be seen: ``light``, ``dark`` or (empty) on anything."""

    path: str
    sha256: str
    media_type: str
    width: int
    height: int
    ground: str

    @property
    def version(self) -> str:
        """Return what stands in its address: another picture has another address."""
        return self.sha256[:16]

    @property
    def is_wide(self) -> bool:
        """Whether it takes the place of the name, as word marks do."""
        return self.width >= 2 * self.height


def current() -> Logo | None:
    """Return the logo of the desk, if it has one."""
    value = settings.get("logo")
    return Logo(**value) if value else None


def save(stream: IO[bytes], *, actor: Agent | None) -> None:
    """Take this picture as the logo in place of the one before. Raises InvalidInput at ``logo``."""
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
    """Go back to the desk's own mark."""
    _put(None, actor)


def _put(value: dict[str, Any] | None, actor: Agent | None) -> None:
    before = current()
    settings.save({"logo": value}, actor=actor)
    if before is not None and (value is None or value["path"] != before.path):
        file_store.discard([before.path])


def _refusal(message: Any) -> InvalidInput:
    return InvalidInput(message, field="logo")


def _read(content: bytes) -> Image.Image:
    """Read a picture, its size looked at before a pixel is drawn; a moving one gives its first."""
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
    # A clear margin would shrink what is seen; a black one is part of the picture.
    picture = picture.crop(picture.getbbox()) if clear and picture.getbbox() else picture
    picture.thumbnail(ROOM)
    return picture


def _encoded(picture: Image.Image) -> bytes:
    """Return the bytes of a picture: colours and nothing else."""
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    target = BytesIO()
    if picture.mode == "RGB":
        bare.save(target, "JPEG", quality=90, optimize=True)
    else:
        bare.save(target, "PNG", optimize=True)
    return target.getvalue()


def _ground(picture: Image.Image) -> str:
    """Tell on what a picture with clear parts can be seen."""
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
