"""One try of a code: counted, used up when it is right, and noted when it is wrong."""

from __future__ import annotations

from helpdesk import events, journal
from helpdesk.errors import InvalidInput, TooMany
from helpdesk.i18n import lazy
from helpdesk.lib import log
from helpdesk.people import sign_in_limits, sign_ins
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.two_factor import second_factors
from models import Agent


def require(agent: Agent, code: str, *, visitor: Visitor) -> None:
    """Raise InvalidInput at ``code`` unless this is an unused code of the agent's, which it uses up, or TooMany."""
    account = sign_ins.account_of(agent)
    try:
        sign_in_limits.admit_code(account, visitor)
    except TooMany:
        log.sign_in_refused("agent", "blocked", visitor.address)
        raise
    with events.transaction():
        is_right = second_factors.use(agent, code)
    if not is_right:
        log.sign_in_refused("agent", "code", visitor.address)
        journal.sign_in_refused(agent.email, visitor.address)
        raise InvalidInput(lazy("This code is not right, or it was used already."), field="code")
    sign_in_limits.forget_codes(account, visitor)
