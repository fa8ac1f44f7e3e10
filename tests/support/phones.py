"""A telephone with an application for one-time codes, as an agent has it."""

from __future__ import annotations

from datetime import UTC

import pyotp

from helpdesk import clock
from helpdesk.two_factor import second_factors
from models import Agent, SecondFactor
from tests.support import cast


class Phone:
    """Shows the codes of one secret, by the clock of the desk and so many seconds beside it."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)

    def code(self, *, seconds: int = 0) -> str:
        """Return what it shows now, or showed and will show so many seconds from now."""
        return self.totp.at(int(clock.now().replace(tzinfo=UTC).timestamp()) + seconds)

    def wrong_code(self) -> str:
        """Return a code of none of the steps about now."""
        taken = {self.code(seconds=30 * step) for step in range(-60, 61)}
        return next(code for code in map("{:06d}".format, range(1_000)) if code not in taken)


def begin(agent: Agent) -> tuple[str, Phone]:
    """Begin to set a phone up; return the key of the browser, and the phone, which has read the picture."""
    key = second_factors.begin(agent, cast.PASSWORD)
    setup = second_factors.pending(agent, key)
    assert setup is not None
    return key, Phone(setup.secret)


def set_up(agent: Agent, *, keep_token: str | None = None) -> tuple[Phone, list[str]]:
    """Switch two-factor authentication on; return the phone, and the recovery codes. Its first code is free again."""
    key, phone = begin(agent)
    codes = second_factors.confirm(agent, phone.code(), key=key, keep_token=keep_token)
    SecondFactor.update(last_step=0).where(SecondFactor.agent == agent.id).execute()
    return phone, codes
