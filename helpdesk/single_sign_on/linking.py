"""Whose account of a provider is whose here: linked by a sign-in of another kind, never silently; and unlinked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import JOIN, IntegrityError

from database import database
from helpdesk import access, clock, events, journal
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import lazy
from helpdesk.lib import passwords
from helpdesk.locking import lock_account
from helpdesk.people import customers
from helpdesk.single_sign_on import attempts, only, providers
from helpdesk.single_sign_on.attempts import Proof, Refused
from models import Agent, Customer, CustomerAddress, Identity, IdentityProvider

#: Linked accounts of one person: as many as there are providers.
MOST = providers.MOST


def find(proof: Proof) -> Identity | None:
    """Return what this account of the provider is linked to; by its name there, never by an address."""
    query = Identity.select(Identity, Agent, Customer)
    query = query.join(Agent, JOIN.LEFT_OUTER).switch(Identity).join(Customer, JOIN.LEFT_OUTER)
    identity: Identity | None = query.where(Identity.provider == proof.provider.id, Identity.sub == proof.sub).first()
    return identity


def of(person: Agent | Customer) -> list[Identity]:
    """Return the linked accounts of somebody, the oldest first, each with its provider."""
    query = Identity.select(Identity, IdentityProvider).join(IdentityProvider)
    return list(query.where(_belongs_to(person)).order_by(Identity.id).limit(MOST))


def having(agents: Iterable[Agent]) -> set[int]:
    """Return the ids of those among these agents who have a linked account."""
    rows = Identity.select(Identity.agent).where(Identity.agent.in_([agent.id for agent in agents]))
    return {row.agent_id for row in rows}


def is_linked(agent: Agent) -> bool:
    """Whether a provider opens this account."""
    return Identity.select().where(Identity.agent == agent.id).exists()


def _belongs_to(person: Agent | Customer) -> bool:
    return (Identity.agent if isinstance(person, Agent) else Identity.customer) == person.id


def touch(identity: Identity, proof: Proof) -> None:
    """Keep when an account was last used, and what its address is called now."""
    Identity.update(last_used_at=clock.now(), email=proof.email).where(Identity.id == identity.id).execute()


def link(person: Agent | Customer, proof: Proof, *, by_group: bool = False, used: bool = False) -> Identity:
    """Link an account of a provider to somebody; with `used` it has just signed them in.

    Raises Refused where it is somebody else's, or InvalidInput where another one of this provider is linked.
    """
    return store(person, proof.provider, proof.sub, proof.email, by_group=by_group, used=used)


def store(
    person: Agent | Customer,
    provider: IdentityProvider,
    sub: str,
    email: str,
    *,
    by_group: bool = False,
    used: bool = False,
) -> Identity:
    """Link the account with this name at a provider to somebody, as `link` does."""
    now = clock.now()
    if isinstance(person, Agent) and not provider.for_agents:
        raise Refused("unknown", provider)
    with events.transaction():
        if isinstance(person, Agent):
            lock_account(person)
        others = Identity.select().where(_belongs_to(person), Identity.provider == provider.id)
        if any(row.sub != sub for row in others):
            raise InvalidInput(
                lazy("Another account of %(name)s is linked already: unlink it first.", name=str(provider))
            )
        try:
            with database.atomic():
                identity = Identity.create(
                    provider=provider.id, sub=sub, email=email, by_group=by_group, linked_at=now,
                    agent=person if isinstance(person, Agent) else None,
                    customer=person if isinstance(person, Customer) else None,
                    last_used_at=now if used else None,
                )  # fmt: skip
        except IntegrityError:
            raise Refused("taken", provider) from None
        journal.record(journal.Act.IDENTITY_LINKED, actor=person, subject=email or sub, provider=str(provider))
    return identity


def waiting_of(stored: Any) -> tuple[IdentityProvider, str, str] | None:
    """Return provider, name and address of an account that came back in this browser a short while ago, as stored."""
    if not isinstance(stored, dict) or not 0 <= attempts.now() - stored["since"] <= attempts.WINDOW:
        return None
    provider = providers.of(stored["provider"])
    return (provider, stored["sub"], stored["email"]) if provider is not None else None


def complete(person: Agent | Customer, stored: Any) -> IdentityProvider | None:
    """Link the account that came back in this browser before, now that its owner has signed in here in another way.

    Both must have one address. Return the provider, or None where nothing was linked.
    """
    waiting = waiting_of(stored)
    if waiting is None or waiting[2] not in _addresses(person):
        return None
    provider, sub, email = waiting
    if not (provider.for_members if isinstance(person, Customer) else provider.for_agents):
        return None
    try:
        store(person, provider, sub, email)
    except (Refused, InvalidInput):
        return None
    return provider


def _addresses(person: Agent | Customer) -> set[str]:
    if isinstance(person, Agent):
        return {person.email}
    rows = person.addresses.where(CustomerAddress.proven_at.is_null(False)).limit(customers.MAX_ADDRESSES)
    return {row.email for row in rows}


def unlink(person: Agent | Customer, key: int) -> str:
    """Unlink one of somebody's own accounts and return the provider's name.

    Raises NotFound, StillInUse, or InvalidInput where nothing else would let them in.
    """
    with events.transaction():
        if isinstance(person, Agent):
            lock_account(person)
        rows = of(person)
        row = next((row for row in rows if row.id == key), None)
        if row is None:
            raise NotFound(lazy("This account is not linked any more."))
        if len(rows) == 1 and isinstance(person, Agent) and not passwords.is_set(person.password_hash):
            raise InvalidInput(lazy("Nothing else would let you in: choose a password first."))
        row.delete_instance()
        name = str(row.provider)
        journal.record(journal.Act.IDENTITY_UNLINKED, actor=person, subject=row.email or row.sub, provider=name)
        only.require_way_in()
    return name


def unlink_for(row: Identity, *, actor: Actor) -> None:
    """Unlink an account of somebody else. Raises NotAllowed, or StillInUse for the last administrator's way in."""
    access.require(actor, "administer")
    person = row.agent or row.customer
    with events.transaction():
        row.delete_instance()
        about = person.name if isinstance(person, Agent) else ""
        named = f"{row.email or row.sub}"
        journal.record(
            journal.Act.IDENTITY_UNLINKED, actor=actor, subject=named, about=about, provider=str(row.provider)
        )
        only.require_way_in()
