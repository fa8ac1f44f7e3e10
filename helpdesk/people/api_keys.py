"""API keys of other programs: shown once when made, stored as a hash, refused once revoked."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from peewee import IntegrityError

from database import database
from helpdesk import access, clock, journal, links
from helpdesk.access import Actor
from helpdesk.errors import HelpdeskError, InvalidInput, NotAllowed
from helpdesk.i18n import lazy
from helpdesk.journal import Act
from helpdesk.lib import inputs, log, throttle
from helpdesk.orders.order_input import MAX_SHOP
from helpdesk.people import sign_in_limits
from models import Agent, ApiKey

#: How every key begins, so that one can recognise it; and how many of its characters the screen shows.
MARK, SHOWN = "guichet_", 14
MAX_NAME = 80
#: How often `last_used_at` is written at most.
LAST_USED_EVERY = timedelta(minutes=5)
REQUESTS_A_MINUTE = 600
WRONG_AN_HOUR = 60


class WrongKey(HelpdeskError):
    """There is no key, or a wrong one (401)."""


def make(name: Any, shop: Any = "", *, actor: Agent) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is not stored. Raises NotAllowed, InvalidInput at ``name``.

    With a `shop` it sends and reads the orders of that shop, and no others.
    """
    access.require(actor, "configure")
    if not access.sees_all(actor):
        raise NotAllowed(lazy("A key reads the orders of every customer: ask an administrator to make it."))
    text = inputs.required(name, "name", MAX_NAME)
    secret = f"{MARK}{secrets.token_urlsafe(32)}"
    try:
        with database.atomic():
            key = ApiKey.create(
                name=text,
                prefix=secret[:SHOWN],
                token_hash=links.hash_token(secret),
                created_by=actor,
                created_at=clock.now(),
                shop=inputs.one_line(shop, MAX_SHOP) or None,
            )
            journal.record(Act.KEY_MADE, actor=actor, subject=text)
    except IntegrityError as error:
        raise InvalidInput(lazy("There is a key of this name already."), field="name") from error
    return key, secret


def revoke(key: ApiKey, *, actor: Actor) -> None:
    """Revoke a key, so that it is refused from now on. Raises NotAllowed."""
    access.require(actor, "configure")
    with database.atomic():
        revoked = ApiKey.update(revoked_at=clock.now()).where(ApiKey.id == key.id, ApiKey.revoked_at.is_null())
        if revoked.execute():
            journal.record(Act.KEY_REVOKED, actor=actor, subject=key.name)


def restore(key: ApiKey, *, actor: Actor) -> bool:
    """Let a revoked key open again; False when another one has its name now. Raises NotAllowed."""
    access.require(actor, "configure")
    others = ApiKey.select().where(ApiKey.name == key.name, ApiKey.revoked_at.is_null())
    if others.exists():
        return False
    with database.atomic():
        ApiKey.update(revoked_at=None).where(ApiKey.id == key.id).execute()
        journal.record(Act.KEY_RESTORED, actor=actor, subject=key.name)
    return True


def require_shop(key: ApiKey, shop: str) -> None:
    """Raise NotAllowed unless this key is for that shop."""
    if key.shop is not None and key.shop != inputs.one_line(shop, MAX_SHOP):
        raise NotAllowed(lazy("This key is for the shop “%(shop)s”.", shop=key.shop), field="shop")


def check(secret: str, *, network: str) -> ApiKey:
    """Return the key with this secret and count one request with it; `network` is the caller's IP address.

    Raises WrongKey, or TooMany after too many wrong keys from one network or too many requests with one key.
    """
    key = ApiKey.get_or_none(ApiKey.token_hash == links.hash_token(secret), ApiKey.revoked_at.is_null())
    if key is None:
        log.sign_in_refused("key", "wrong", network)
        throttle.hit(f"wrong key {sign_in_limits.network(network)}", limit=WRONG_AN_HOUR, seconds=3600)
        raise WrongKey(lazy("This key is not known, or it was revoked."))
    throttle.hit(f"key {key.id}", limit=REQUESTS_A_MINUTE, seconds=60)
    now = clock.now()
    if key.last_used_at is None or key.last_used_at < now - LAST_USED_EVERY:
        ApiKey.update(last_used_at=now).where(ApiKey.id == key.id).execute()
    return key
