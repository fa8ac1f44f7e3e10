"""One-time codes, as every authenticator application makes them (RFC 6238): six digits, others every 30 seconds."""

from __future__ import annotations

from datetime import UTC, datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

from helpdesk import clock, settings

DIGITS = 6
#: Steps of 30 seconds before and after the present one whose codes are taken, too: clocks differ, and people are slow.
WINDOW = 1
#: Letters of the desk's name in the picture: one of another script takes nine characters, and it stands there twice.
LONGEST_NAME = 40
#: Steps within which a code shows that a clock is wrong: a quarter of an hour either way.
WRONG_CLOCK = 30


def new_secret() -> str:
    """Return 160 random bits, written as applications take them."""
    return str(pyotp.random_base32())


def address(secret: str, email: str) -> str:
    """Return what a telephone reads from the picture: secret, account, and the name of the desk."""
    name = settings.get("desk_name")[:LONGEST_NAME]
    return str(pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=name))


def step_of(secret: str, code: str) -> int | None:
    """Return the step that this is the code of, among the present one and its neighbours; None when it is wrong."""
    return _step(secret, code, WINDOW)


def minutes_apart(secret: str, code: str) -> int:
    """Return by how many minutes the clocks differ that would make this the right code; 0 when none does."""
    step = _step(secret, code, WRONG_CLOCK)
    return round(abs(step - pyotp.TOTP(secret).timecode(_now())) / 2) if step is not None else 0


def _step(secret: str, code: str, window: int) -> int | None:
    if not (secret and len(code) == DIGITS and code.isascii() and code.isdigit()):
        return None
    try:
        return int(pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=_now(), valid_window=window))
    except OTPVerificationError:
        return None


def _now() -> datetime:
    return clock.now().replace(tzinfo=UTC)
