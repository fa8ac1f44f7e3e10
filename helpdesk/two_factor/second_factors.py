"""The second factor of an agent: set up, moved to another telephone, switched off, and reset by an administrator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from helpdesk import access, clock, events, journal, links, notifications
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy, ngettext
from helpdesk.lib import throttle
from helpdesk.locking import lock_account
from helpdesk.people import required_second_factor, sign_in_limits, sign_ins
from helpdesk.settings import encryption
from helpdesk.two_factor import one_time_codes, recovery_codes
from models import Agent, Passkey, PendingSignIn, RecoveryCode, SecondFactor

#: How long a secret that was shown waits for its first code.
SHOWN_FOR = timedelta(hours=1)

OUTDATED = lazy("This code picture is outdated: begin again.")
NOT_ON = lazy("Two-factor authentication is not on.")


@dataclass(frozen=True)
class Setup:
    """What a telephone takes up: the secret to type, and the address in the picture."""

    secret: str
    address: str


def of(agent: Agent) -> SecondFactor | None:
    """Return the second factor of an agent, or None when there is none that a code was given for."""
    return SecondFactor.get_or_none(SecondFactor.agent == agent.id, SecondFactor.confirmed_at.is_null(False))


def is_on(agent: Agent) -> bool:
    """Whether the password alone does not open the account of this agent: there is a telephone, or a passkey."""
    return of(agent) is not None or Passkey.select().where(Passkey.agent == agent.id).exists()


def having(agents: Iterable[Agent]) -> set[int]:
    """Return the ids of those among these agents who have a second factor."""
    chosen = Agent.id.in_([agent.id for agent in agents]) & Agent.id.in_(required_second_factor.owners())
    return {row.id for row in Agent.select(Agent.id).where(chosen)}


# --- One's own ----------------------------------------------------------------------------------------------------


def begin(agent: Agent, current: str | None) -> str:
    """Make a secret for a telephone that is being set up; one that is in use stays so until the first code.

    Return the key by which this browser, and no other one of the agent's, is shown it (`pending`, `confirm`).
    Raises InvalidInput at ``current`` unless that is the password, or TooMany.
    """
    sign_ins.check_current(agent, current)
    secret = encryption.encrypt(one_time_codes.new_secret())
    row = SecondFactor.insert(agent=agent.id, pending_secret=secret, pending_since=clock.now())
    row.on_conflict(
        conflict_target=[SecondFactor.agent], preserve=[SecondFactor.pending_secret, SecondFactor.pending_since]
    ).execute()
    return links.hash_token(secret)


def pending(agent: Agent, key: str) -> Setup | None:
    """Return what the telephone being set up takes up; None when there is none, or not any more."""
    secret = encryption.decrypt(_pending_secret(agent, key))
    return Setup(secret, one_time_codes.address(secret, agent.email)) if secret else None


def _pending_secret(agent: Agent, key: str) -> str:
    now = clock.now()
    is_recent = SecondFactor.pending_since.between(now - SHOWN_FOR, now + throttle.APART)
    row = SecondFactor.get_or_none(SecondFactor.agent == agent.id, is_recent)
    return str(row.pending_secret) if row is not None and links.hash_token(row.pending_secret) == key else ""


def confirm(agent: Agent, code: str, *, key: str, keep_token: str | None) -> list[str]:
    """Let the telephone count from now on, and return the recovery codes, which are shown this once.

    One's other browsers are signed out. Raises InvalidInput at ``code``.
    """
    stored = _pending_secret(agent, key)
    secret = encryption.decrypt(stored)
    if not secret:
        raise InvalidInput(OUTDATED, field="code")
    step = one_time_codes.step_of(secret, _digits(code))
    if step is None:
        raise InvalidInput(_why_wrong(secret, _digits(code)), field="code")
    with events.transaction():
        lock_account(agent)
        was_on = of(agent) is not None
        row = SecondFactor.update(
            # No secret waits any more.
            secret=stored,
            last_step=step,
            confirmed_at=clock.now(),
            pending_secret="",
            pending_since=None,  # nosec B106
        )
        if not row.where(SecondFactor.agent == agent.id, SecondFactor.pending_secret == stored).execute():
            raise InvalidInput(OUTDATED, field="code")
        codes = recovery_codes.make(agent)
        sign_ins.end_all_sign_ins(agent, except_token=keep_token)
        required_second_factor.refresh()
        journal.record(journal.Act.TWO_FACTOR_CHANGED if was_on else journal.Act.TWO_FACTOR_ON, actor=agent)
    return codes


def was_confirmed(agent: Agent, key: str) -> bool:
    """Whether this very setup is what counts now: its form is being sent once more, by loading its page again."""
    row = of(agent)
    return row is not None and bool(key) and links.hash_token(row.secret) == key


def _digits(code: str) -> str:
    return code.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")


def _why_wrong(secret: str, code: str) -> str:
    minutes = one_time_codes.minutes_apart(secret, code)
    if minutes:
        return ngettext(
            "The clocks of the phone and of the desk are %(num)d minute apart: let the phone set its time by itself.",
            "The clocks of the phone and of the desk are %(num)d minutes apart: let the phone set its time by itself.",
            minutes,
        )
    return str(lazy("This code is not right. Enter the one that the phone shows now."))


def renew_codes(agent: Agent, current: str | None) -> list[str]:
    """Return new recovery codes, shown this once; the earlier ones open nothing any more.

    Raises InvalidInput at ``current``, or TooMany.
    """
    sign_ins.check_current(agent, current)
    with events.transaction():
        lock_account(agent)
        if not is_on(agent):
            raise InvalidInput(NOT_ON)
        codes = recovery_codes.make(agent)
        journal.record(journal.Act.RECOVERY_CODES_MADE, actor=agent)
    return codes


def switch_off(agent: Agent, current: str | None) -> None:
    """Take the second factor away. Raises InvalidInput at ``current`` or where one is required, or TooMany."""
    sign_ins.check_current(agent, current)
    if required_second_factor.is_required(agent):
        raise InvalidInput(lazy("Two-factor authentication is required of you. You can set up another phone instead."))
    with events.transaction():
        lock_account(agent)
        if remove_all(agent):
            journal.record(journal.Act.TWO_FACTOR_OFF, actor=agent)


def remove_all(agent: Agent) -> bool:
    """Delete all of an agent's second factors, in the caller's transaction; return whether there was one."""
    had_passkey = Passkey.delete().where(Passkey.agent == agent.id).execute()
    RecoveryCode.delete().where(RecoveryCode.agent == agent.id).execute()
    PendingSignIn.delete().where(PendingSignIn.agent == agent.id).execute()
    removed = SecondFactor.delete().where(SecondFactor.agent == agent.id).execute()
    required_second_factor.refresh()
    return bool(removed or had_passkey)


# --- Somebody else's ----------------------------------------------------------------------------------------------


def reset(agent: Agent, *, actor: Agent | None) -> bool:
    """Take away the second factor of somebody who lost the telephone and the codes; return whether there was one.

    They are signed out everywhere, and both are told by e-mail. `actor` is None at the command line of the machine.
    Raises NotAllowed, or InvalidInput for one's own.
    """
    if actor is not None:
        access.require(actor, "administer")
        if actor.id == agent.id:
            raise InvalidInput(lazy("Your own is switched off in your profile."))
    with events.transaction():
        lock_account(agent, actor=actor)
        if not is_on(agent):
            return False
        remove_all(agent)
        sign_ins.end_all_sign_ins(agent)
        journal.record(
            journal.Act.TWO_FACTOR_RESET, actor=actor, subject=f"{agent.name} ({agent.email})", about=agent.name
        )
        notifications.tell_of_reset(agent, actor=actor)
    sign_in_limits.forget_codes(sign_ins.account_of(agent))
    return True


# --- Signing in ---------------------------------------------------------------------------------------------------


def use(agent: Agent, code: str) -> bool:
    """Whether this is a code of the agent's, of the telephone or for recovery, that was not used; it is from now on."""
    row = of(agent)
    step = one_time_codes.step_of(encryption.decrypt(row.secret), _digits(code)) if row is not None else None
    if row is None or step is None:
        return recovery_codes.use(agent, code)
    # Of two browsers with one code the first one has it: the second finds its step used up.
    unused = (SecondFactor.id == row.id) & (SecondFactor.secret == row.secret) & (SecondFactor.last_step < step)
    return bool(SecondFactor.update(last_step=step).where(unused).execute())
