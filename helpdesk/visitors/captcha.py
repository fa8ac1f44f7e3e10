"""Security codes: the answer is stored on the server, used once, and valid for ten minutes."""

from __future__ import annotations

import functools
import hashlib
import hmac
import math
import secrets
from datetime import timedelta
from enum import Enum
from io import BytesIO

from captcha.audio import AudioCaptcha
from captcha.image import ColorTuple, ImageCaptcha
from PIL.Image import Image
from PIL.Image import new as new_picture
from PIL.ImageDraw import Draw

from helpdesk import clock
from helpdesk.errors import NotFound
from helpdesk.settings import environment
from models import SecurityCode

#: Letters only, none that looks like a digit or another letter.
ALPHABET = "ABCDEFGHJKLMNPRSTUVXYZ"
LENGTH = 5
LIFETIME = timedelta(minutes=10)

#: The language of the only voice there is.
VOICE = "en"

#: Plum ink on paper, the same in both themes: the picture is not text.
INK = (77, 58, 73)
PAPER = (247, 244, 238)

#: Enough for soft edges; with every shade the picture would be three times as large.
SHADES = 4

#: The opacity of a letter's pixels: the library's own table makes dark ink pale.
STRENGTH = [min(255, level * 4) for level in range(256)]

#: Pixels that stay free of letters at the left and at the right.
MARGIN = 18


class CodeResult(Enum):
    """The result of using a code up."""

    RIGHT = "right"
    REPEATED = "repeated"
    WRONG = "wrong"


def is_on() -> bool:
    """Whether visitors must show that they are no robot (``GUICHET_CAPTCHA``)."""
    return environment.current().captcha != "off"


def make() -> str:
    """Store a new code and return its token."""
    token = secrets.token_urlsafe(24)
    answer = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    SecurityCode.create(token=token, answer=answer, expires_at=clock.now() + LIFETIME)
    return token


def image(token: str) -> bytes:
    """Return the picture (PNG) of the code with this token. Raises NotFound when it is unknown, used or expired."""
    return _draw(require_valid(token).answer)


def sound(token: str) -> bytes:
    """Return the spoken code (WAV) with this token. Raises NotFound when it is unknown, used or expired."""
    return bytes(_voices().generate(require_valid(token).answer))


@functools.cache
def _voices() -> AudioCaptcha:
    return AudioCaptcha()


def require_valid(token: str) -> SecurityCode:
    """Return the code with this token. Raises NotFound when it is unknown, used or expired."""
    code = _find_valid(token)
    if code is None:
        raise NotFound
    return code


def check(token: str, answer: str, key: str) -> bool:
    """Whether the answer to the code is right; a wrong answer uses the code up, a right one does not.

    A code that the form `key` used up before still counts as right.
    """
    code = _find_valid(token)
    if code is None:
        return _was_used_by(token, key)
    if not _matches(code.answer, answer):
        _mark_used(code, "")
        return False
    return True


def use_up(token: str, answer: str, key: str) -> CodeResult:
    """Use the code up for the form `key`: RIGHT once, REPEATED when the same form is sent again, else WRONG."""
    code = _find_valid(token)
    if code is not None:
        right = _matches(code.answer, answer)
        if _mark_used(code, key if right else ""):
            return CodeResult.RIGHT if right else CodeResult.WRONG
    return CodeResult.REPEATED if _was_used_by(token, key) else CodeResult.WRONG


def forget(token: str) -> None:
    """Delete a code, so that even the form that used it is refused."""
    SecurityCode.delete().where(SecurityCode.token == _clean(token)).execute()


def _clean(token: str) -> str:
    """Return a token from outside without null characters, cut to its column."""
    return token.replace("\0", "")[:64]


def _find_valid(token: str) -> SecurityCode | None:
    return (
        SecurityCode.select()
        .where(
            SecurityCode.token == _clean(token),
            SecurityCode.used_at.is_null(),
            SecurityCode.expires_at > clock.now(),
        )
        .first()
    )


def _mark_used(code: SecurityCode, key: str) -> bool:
    """Mark the code as used by the form `key` (empty: by a wrong answer); False when it was used meanwhile."""
    changed = (
        SecurityCode.update(used_at=clock.now(), answer=_mark(key) if key else "")
        .where(SecurityCode.id == code.id, SecurityCode.used_at.is_null())
        .execute()
    )
    return bool(changed)


def _was_used_by(token: str, key: str) -> bool:
    row = SecurityCode.get_or_none(SecurityCode.token == _clean(token))
    return row is not None and row.used_at is not None and hmac.compare_digest(row.answer, _mark(key))


def _mark(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def _matches(expected: str, answer: str) -> bool:
    letters = "".join(answer.upper().split())
    return hmac.compare_digest(expected.encode(), letters.encode())


class SpacedCaptcha(ImageCaptcha):
    """Letters spread over the whole width: the library’s own overlap at the left edge."""

    lookup_table = STRENGTH
    character_rotate = (-20, 20)

    def create_captcha_image(self, chars: str, color: ColorTuple, background: ColorTuple) -> Image:
        """Draw these letters side by side at random heights, with a margin at both ends."""
        picture = new_picture("RGB", (self._width, self._height), background)
        glyphs = [self._glyph(char, color) for char in chars]
        room = self._width - 2 * MARGIN - sum(glyph.width for glyph in glyphs)
        left = float(MARGIN)
        for glyph in glyphs:
            spare = self._height - glyph.height
            top = spare // 2 - spare // 4 + secrets.randbelow(spare // 2 + 1)
            mask = glyph.getchannel("A").point(self.lookup_table)
            picture.paste(glyph, (round(left), top), mask)
            left += glyph.width + room / (len(glyphs) - 1)
        return picture

    def _glyph(self, char: str, color: ColorTuple) -> Image:
        glyph = self._draw_character(char, Draw(new_picture("L", (1, 1))), color)
        return glyph.crop(glyph.getbbox())

    def draw_wave(self, picture: Image, color: ColorTuple) -> None:
        """Draw a wave through all letters, so that a program finds no gap between them."""
        middle, swing = self._height / 2 + secrets.randbelow(25) - 12, 8 + secrets.randbelow(9)
        begin, pace = secrets.randbelow(628) / 100, 45 + secrets.randbelow(30)
        wave = [(x, middle + swing * math.sin(begin + x / pace)) for x in range(0, self._width + 1, 4)]
        Draw(picture).line(wave, fill=color, width=2)


#: Twice as large as it is shown: sharp on every screen, and readable when zoomed.
_drawing = SpacedCaptcha(width=336, height=120, font_sizes=(80, 88, 96))


def _draw(answer: str) -> bytes:
    picture = _drawing.create_captcha_image(answer, INK, PAPER)
    _drawing.create_noise_dots(picture, INK, width=4, number=30)
    for _line in range(5):
        _drawing.create_noise_curve(picture, INK)
    _drawing.draw_wave(picture, INK)
    buffer = BytesIO()
    picture.quantize(SHADES).save(buffer, format="png", optimize=True)
    return buffer.getvalue()
