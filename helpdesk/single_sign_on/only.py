"""A desk whose agents come in by a provider alone: passwords and passkeys open no account, and what is left of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk import settings
from helpdesk.errors import InvalidInput, NotAllowed, StillInUse
from helpdesk.i18n import lazy
from helpdesk.people import sign_ins
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.settings import environment
from models import AccessLink, Agent, Identity, IdentityProvider, PendingSignIn, SignIn

ONLY = "single_sign_on_only"
CLOSED = lazy("At this desk, agents sign in with their organisation’s account: passwords and passkeys open nothing.")


def is_only() -> bool:
    """Whether agents come in by a provider alone; ``GUICHET_PASSWORDS=1`` on the machine opens the others again."""
    return bool(settings.get(ONLY)) and not environment.current().passwords


def was_tried() -> bool:
    """Whether an administrator has signed in by a provider that is enabled."""
    query = Identity.select().join(Agent).switch(Identity).join(IdentityProvider)
    open_to_them = IdentityProvider.enabled & IdentityProvider.for_agents
    came = Agent.is_admin & Agent.active & open_to_them & Identity.last_used_at.is_null(False)
    return query.where(came).exists()


def require_way_in() -> None:
    """Raise StillInUse where agents come in by a provider alone, and no administrator could any more.

    Call it in the transaction that has taken something away.
    """
    if settings.get(ONLY) and not was_tried():
        raise StillInUse(
            lazy(
                "Agents sign in with single sign-on only, and no administrator could any more. Switch that off in "
                "“Configuration” first."
            )
        )


def check_switch() -> None:
    """Raise InvalidInput while the switch would let nobody in: no provider has let an administrator in."""
    if not was_tried():
        raise InvalidInput(
            lazy("Link an account of an administrator and sign in with it once: else nobody could come in."),
            field=ONLY,
        )


def follow_setting(changes: Mapping[str, tuple[Any, Any]], actor: Agent | None) -> None:
    """Refuse the switch before a provider has let an administrator in; end what passwords had opened.

    Whoever switches it stays signed in. Raises InvalidInput.
    """
    if not changes.get(ONLY, (None, False))[1]:
        return
    check_switch()
    SignIn.delete().where(SignIn.agent.is_null(False), SignIn.agent != (actor.id if actor is not None else 0)).execute()
    PendingSignIn.delete().execute()


def sign_in(email: str, password: str, *, visitor: Visitor, waiting: tuple[int, str] | None) -> Agent:
    """Return the active agent with this address and password.

    Where agents come in by a provider alone, a password does no more than link, once, the account that came back in
    this browser before: `waiting` is its provider and address. Raises NotAllowed, InvalidInput or TooMany.
    """
    if not is_only():
        return sign_ins.sign_in(email, password, visitor=visitor)
    if waiting is None or sign_ins.fold_email(email) != waiting[1]:
        raise NotAllowed(CLOSED)
    agent = sign_ins.sign_in(email, password, visitor=visitor)
    if Identity.select().where(Identity.agent == agent.id, Identity.provider == waiting[0]).exists():
        raise NotAllowed(CLOSED)
    return agent


def ask_reset(email: str, *, visitor: Visitor) -> None:
    """Mail a link to a new password, as `sign_ins.ask_reset` does. Raises NotAllowed where it would open nothing."""
    if is_only():
        raise NotAllowed(CLOSED)
    sign_ins.ask_reset(email, visitor=visitor)


def require_use(link: AccessLink) -> None:
    """Raise NotAllowed for a link to a new password that could open nothing: its agent comes in by a provider.

    Who is not linked yet still chooses one, by which the link is made once.
    """
    if is_only() and Identity.select().where(Identity.agent == link.agent_id).exists():
        raise NotAllowed(CLOSED)


def require_passkeys(pending: Agent | None) -> None:
    """Raise NotAllowed where a passkey alone would open an account; after a provider it is the second factor."""
    if pending is None and is_only():
        raise NotAllowed(CLOSED)
