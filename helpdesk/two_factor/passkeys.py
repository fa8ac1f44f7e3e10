"""Passkeys of agents: added, used in place of password and code, and removed."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType

from peewee import IntegrityError

from helpdesk import clock, events, journal, notifications, settings
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, log
from helpdesk.locking import lock_account
from helpdesk.people import required_second_factor, sign_in_limits, sign_ins
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.two_factor import challenges, recovery_codes, second_factors
from models import Agent, Passkey

#: Passkeys of one agent.
MOST = 10
MAX_NAME = 60
#: An answer of a browser is 1 to 4 kB; one with the certificates of a device stays below this.
LONGEST = 20_000
SIGN_IN = "sign-in"

REFUSED = lazy("This passkey was not accepted. Try again, or choose another way.")
NOT_MADE = lazy("The passkey was not made. Try again.")


@dataclass(frozen=True)
class Site:
    """Where a passkey is made and used: the host it is bound to, and the address of the page that asks for it."""

    host: str
    origin: str


def library() -> ModuleType:
    """Return the module that knows the library of passkeys: read only once somebody makes or uses one."""
    return importlib.import_module("helpdesk.two_factor.webauthn_library")


def of(agent: Agent) -> list[Passkey]:
    """Return the passkeys of an agent, the oldest first."""
    return list(Passkey.select().where(Passkey.agent == agent.id).order_by(Passkey.id).limit(MOST))


def exist(site: Site, agent: Agent | None = None) -> bool:
    """Whether this agent, or anybody, has a passkey for this address of the desk."""
    rows = Passkey.select().where(Passkey.host == site.host)
    return (rows if agent is None else rows.where(Passkey.agent == agent.id)).exists()


# --- Added and removed --------------------------------------------------------------------------------------------


def creation_options(agent: Agent, site: Site) -> str:
    """Return as JSON what the browser of this agent makes a passkey of."""
    return str(
        library().creation_options(
            host=site.host, desk=settings.get("desk_name"), email=agent.email, name=agent.name,
            user_handle=challenges.user_handle(agent.id),
            challenge=challenges.make(_adding(agent)), existing=[row.credential_id for row in of(agent)],
        )
    )  # fmt: skip


def _adding(agent: Agent) -> str:
    return f"add {agent.id}"


def add(agent: Agent, answer: str, name: str, *, site: Site, keep_token: str | None) -> list[str]:
    """Store a passkey that the agent's browser has made; return recovery codes, shown this once, with the first factor.

    One is told by e-mail, and one's other browsers are signed out when it is the first factor. Raises InvalidInput at
    ``name``, or where the answer is not sound, and NotAllowed when the browser with `keep_token` was signed out since.
    """
    name = inputs.one_line(name, MAX_NAME)
    if not name:
        raise InvalidInput(lazy("This field is required."), field="name")
    try:
        credential, _id, challenge = library().read(answer[:LONGEST])
        if challenges.made_at(_adding(agent), challenge) is None:
            raise InvalidInput(lazy("The page was open for too long. Try again."))
        key = library().verify_new(credential, challenge=challenge, host=site.host, origin=site.origin)
    except library().Unsound as error:
        raise InvalidInput(NOT_MADE) from error
    with events.transaction():
        lock_account(agent)
        if keep_token is not None:
            # Nothing comes in behind a reset that has just taken all of them away.
            sign_ins.require_still(agent, keep_token)
        if len(of(agent)) >= MOST:
            raise InvalidInput(lazy("At most %(limit)s passkeys: remove one first.", limit=MOST))
        is_first = not second_factors.is_on(agent)
        try:
            Passkey.create(
                agent=agent.id, credential_id=key.credential_id, public_key=key.public_key, sign_count=key.sign_count,
                host=site.host, name=name, created_at=clock.now(),
            )  # fmt: skip
        except IntegrityError as error:
            raise InvalidInput(lazy("This passkey is stored already.")) from error
        journal.record(journal.Act.PASSKEY_ADDED, actor=agent, name=name)
        required_second_factor.refresh()
        notifications.send_account_mail("passkey-added", agent=agent)
        if not is_first:
            return []
        sign_ins.end_all_sign_ins(agent, except_token=keep_token)
        return recovery_codes.make(agent)


def remove(agent: Agent, key: int) -> str:
    """Remove one of the agent's passkeys and return its name. Raises NotFound, or InvalidInput for a required one."""
    with events.transaction():
        lock_account(agent)
        rows = of(agent)
        row = next((row for row in rows if row.id == key), None)
        if row is None:
            raise NotFound(lazy("There is no such passkey any more."))
        is_last = len(rows) == 1 and second_factors.of(agent) is None
        if is_last and required_second_factor.is_required(agent):
            raise InvalidInput(lazy("A second factor is required of you: set up another one first."))
        row.delete_instance()
        journal.record(journal.Act.PASSKEY_REMOVED, actor=agent, name=row.name)
        if is_last:
            second_factors.remove_all(agent)
    return str(row.name)


# --- Used ---------------------------------------------------------------------------------------------------------


def request_options(site: Site, agent: Agent | None = None) -> str:
    """Return as JSON what a browser signs with a passkey of this agent, or of whoever is there."""
    allowed = [row.credential_id for row in of(agent) if row.host == site.host] if agent is not None else []
    return str(library().request_options(host=site.host, challenge=challenges.make(SIGN_IN), allowed=allowed))


def use(answer: str, *, site: Site, visitor: Visitor, agent: Agent | None = None) -> Agent:
    """Return the agent whose passkey has signed a challenge of this desk, which it uses up.

    Where an agent is given, it must be a passkey of theirs. Raises InvalidInput, in the same words whatever is wrong.
    """
    owner = _owner(answer, site, agent)
    if owner is None:
        log.sign_in_refused("agent", "passkey", visitor.address)
        raise InvalidInput(REFUSED, field="passkey")
    # Codes that were tried stay counted: whoever guesses them beside the owner gets no further ones by this.
    sign_in_limits.forget(sign_ins.account_of(owner), visitor)
    return owner


def _owner(answer: str, site: Site, agent: Agent | None) -> Agent | None:
    """Return whose passkey has signed this; None when it is nobody's, another one's, or its challenge is used up."""
    try:
        credential, credential_id, challenge = library().read(answer[:LONGEST])
        made_at = challenges.made_at(SIGN_IN, challenge)
        row = (
            Passkey.select(Passkey, Agent)
            .join(Agent)
            .where(Passkey.credential_id == credential_id, Passkey.host == site.host, Agent.active)
            .first()
        )
        if made_at is None or row is None or (agent is not None and row.agent_id != agent.id):
            return None
        key = library().Key(row.credential_id, row.public_key, row.sign_count)
        count = library().verify_use(credential, key, challenge=challenge, host=site.host, origin=site.origin)
    except library().Unsound:
        return None
    # Of two browsers with one answer the first has it, as with codes.
    last = Passkey.last_challenge
    is_unused = (Passkey.id == row.id) & ((last < made_at) | (last > challenges.latest()))
    used = Passkey.update(sign_count=count, last_challenge=made_at, last_used_at=clock.now()).where(is_unused)
    return row.agent if used.execute() else None
