"""The switch by which a second administrator confirms each erasure: what it protects protects the switch as well.

Whoever switches it off waits for another administrator, so that nobody erases alone what two shall decide. It is not
switched on where one administrator would wait for ever; whoever runs the machine has the way back (`switch_off`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import fn

from helpdesk import access, clock, i18n, journal, notifications, settings
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.locking import hold_actor
from helpdesk.notifications import Cause, Occasion, Recipient
from helpdesk.settings import run_state
from models import Agent, Identity

KEY = "erasure_second"
#: Under which it is remembered who wants it switched off.
WAITING = "erasure_second_off"


def administrators() -> list[Agent]:
    """Return the administrators who can sign in: active, and no invitation that nobody took."""
    came = Identity.select().where(Identity.agent == Agent.id)
    query = Agent.select().where(Agent.is_admin, Agent.active, Agent.password_hash.is_null(False) | fn.EXISTS(came))
    return list(query.order_by(Agent.id))


def others(agent: Agent) -> list[Agent]:
    """Return the other administrators who can sign in."""
    return [one for one in administrators() if one.id != agent.id]


def waiting() -> dict[str, Any] | None:
    """Return who wants it switched off (`agent`, an id, and `name`), None while nobody does."""
    stored = run_state.read(WAITING) if settings.get(KEY) else None
    return stored if isinstance(stored, dict) else None


def waits_for(agent: Agent) -> bool:
    """Whether this administrator may let it be switched off, as another one wants."""
    stored = waiting()
    return bool(stored and agent.is_admin and stored["agent"] != agent.id)


def check_switch() -> None:
    """Raise InvalidInput where there is no second administrator to confirm anything."""
    if len(administrators()) < 2:
        raise InvalidInput(
            lazy("You are the only administrator who can sign in: every erasure would wait for ever. Invite another."),
            field=KEY,
        )


def held_back(values: Mapping[str, Any], *, actor: Agent) -> dict[str, Any]:
    """Return the settings that may be stored now: switching it off is asked for instead.

    Call it in the transaction that stores them. Raises InvalidInput at its field where nobody could confirm anything.
    """
    if KEY not in values:
        return dict(values)
    wanted = settings.clean(KEY, values[KEY])
    if wanted and not settings.get(KEY):
        check_switch()
    if wanted or not settings.get(KEY):
        return dict(values)
    if waiting() is None:
        access.require(actor, "administer")
        hold_actor(actor)
        run_state.write(WAITING, {"agent": actor.id, "name": actor.name, "at": clock.now().isoformat()})
        journal.record(journal.Act.SECOND_OFF_WANTED, actor=actor)
        _tell(
            others(actor), actor,
            lazy(
                "%(who)s wants one administrator to be enough to erase a customer. A second one goes on being "
                "needed until another administrator confirms this.", who=actor.name,
            ),
        )  # fmt: skip
    return {key: value for key, value in values.items() if key != KEY}


def confirm(*, actor: Agent) -> None:
    """Switch it off, as another administrator wants. Raises NotAllowed, also for who wanted it, or NotFound."""
    access.require(actor, "administer")
    with transaction():
        hold_actor(actor)
        stored = waiting()
        if stored is None:
            raise NotFound(lazy("There is nothing to confirm any more."))
        if stored["agent"] == actor.id:
            raise NotAllowed(lazy("You wanted it yourself: another administrator confirms it."))
        run_state.forget(WAITING)
        journal.record(journal.Act.SECOND_OFF_CONFIRMED, actor=actor, subject=stored["name"])
        settings.save({KEY: False}, actor=actor)
        _tell(
            others(actor), actor,
            lazy(
                "One administrator is enough to erase a customer from now on: %(first)s wanted it, %(second)s "
                "confirmed it.", first=stored["name"], second=actor.name,
            ),
        )  # fmt: skip


def keep(*, actor: Agent) -> None:
    """Leave it on, whoever wanted it off. Raises NotAllowed or NotFound."""
    access.require(actor, "administer")
    with transaction():
        stored = waiting()
        if stored is None:
            raise NotFound(lazy("There is nothing to cancel any more."))
        run_state.forget(WAITING)
        journal.record(journal.Act.SECOND_OFF_CANCELLED, actor=actor, subject=stored["name"])


def switch_off() -> None:
    """Switch it off from the machine, and tell all administrators, in the caller's transaction."""
    run_state.forget(WAITING)
    settings.save({KEY: False})
    text = lazy(
        "Somebody with access to the machine of the desk let one administrator be enough to erase a customer. What "
        "waited for a second one goes on: look at it now."
    )
    _tell(administrators(), None, text)


def _tell(agents: list[Agent], actor: Agent | None, text: Any) -> None:
    """Mail these administrators a sentence, each in their language."""
    link = f"{settings.site_url()}/admin/erasures/"
    for agent in agents:
        one = Recipient(agent.email, i18n.supported(agent.locale), agent=agent)
        with i18n.in_language(one.locale):
            data = {"sentence": str(text), "link": link}
        notifications.owe(Cause(Occasion.ERASURE_SECOND, actor or access.SYSTEM, people=(one,), data=data))
