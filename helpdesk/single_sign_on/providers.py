"""The providers as administrators set them up; what was linked goes with what it was linked by."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from peewee import fn

from database import database
from helpdesk import access, settings
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.lib.cache import CachedValue
from helpdesk.people import required_second_factor
from helpdesk.single_sign_on import only
from models import (
    COVERS_ALL,
    COVERS_NOTHING,
    COVERS_PLACE,
    Department,
    Identity,
    IdentityProvider,
    Role,
    Service,
    SignIn,
)

#: Providers of one desk.
MOST = 20
#: What a stored secret, and what was linked, belong to: with another application everybody has another name there.
APPLICATION = ("issuer", "client_id")
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
COVERS = {
    COVERS_NOTHING: lazy("Nothing yet"),
    COVERS_ALL: lazy("The whole support"),
    COVERS_PLACE: lazy("The service or department below"),
}
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")

_rows = CachedValue(lambda: {row.id: row for row in IdentityProvider.select().order_by(IdentityProvider.id)})


def protocol() -> ModuleType:
    """Return the module that knows the libraries of OpenID Connect: read only once somebody signs in by a provider."""
    return importlib.import_module("helpdesk.lib.openid")


def enabled(*, members: bool = False) -> list[IdentityProvider]:
    """Return the providers that one may sign in by: agents, or with `members` customers."""
    return [row for row in _rows().values() if row.enabled and (row.for_members if members else row.for_agents)]


def in_use() -> list[IdentityProvider]:
    """Return the providers that anybody may sign in by."""
    return [row for row in _rows().values() if row.enabled]


def exist() -> bool:
    """Whether any provider is set up, also a disabled one."""
    return bool(_rows())


def of(key: Any, *, also_disabled: bool = False) -> IdentityProvider | None:
    """Return the enabled provider with this id."""
    row = _rows().get(key) if isinstance(key, int) else None
    return row if row is not None and (row.enabled or also_disabled) else None


def is_local() -> bool:
    """Whether this desk is tried out on one machine: then a provider there needs no certificate."""
    return urlsplit(settings.site_url()).hostname in HERE


def client_of(provider: IdentityProvider, path: str) -> Any:
    """Return what asks a provider; it leads back to this path of the desk. Raises the Failure of `protocol`."""
    secret = settings.decrypt(provider.client_secret)
    if not secret:
        raise protocol().Failure("secret")
    return protocol().Provider(
        issuer=provider.issuer, client_id=provider.client_id, client_secret=secret, scopes=provider.scopes,
        redirect_url=f"{settings.site_url()}{path}", local=is_local(),
    )  # fmt: skip


# --- Set up -------------------------------------------------------------------------------------------------------


def save(provider: IdentityProvider, values: Mapping[str, Any], *, actor: Actor) -> IdentityProvider:
    """Store a provider. An empty ``secret`` keeps the stored one, unless it was another application's.

    With another issuer or client ID everything that was linked ends. Raises NotAllowed, StillInUse, or InvalidInput
    at the field that is wrong.
    """
    access.require(actor, "administer")
    is_new = provider.id is None
    if is_new and len(_rows()) >= MOST:
        raise InvalidInput(lazy("At most %(limit)s providers.", limit=MOST))
    before = {name: getattr(provider, name) for name in APPLICATION}
    inputs.set_attributes(provider, _application(values) | _who_comes(values))
    changed = not is_new and any(getattr(provider, name) != value for name, value in before.items())
    typed = str(values.get("secret") or "").strip()
    if typed:
        provider.client_secret = settings.encrypt(typed)
    elif is_new or changed:
        raise InvalidInput(lazy("Type the client secret: it belongs to this application."), field="secret")
    with database.atomic():
        provider.save()
        if changed or not (provider.enabled and provider.vouches and provider.for_agents):
            _vouch_no_more(provider)
        if changed:
            Identity.delete().where(Identity.provider == provider.id).execute()
        required_second_factor.refresh()
        only.require_way_in()
    return provider


def _application(values: Mapping[str, Any]) -> dict[str, Any]:
    issuer = str(values.get("issuer") or "").strip().removesuffix("/.well-known/openid-configuration")
    if not issuer:
        raise InvalidInput(lazy("This field is required."), field="issuer")
    if len(issuer) > IdentityProvider.issuer.max_length or not _is_issuer(issuer):
        raise InvalidInput(
            lazy("Write the whole address of the issuer, beginning with https:// and without ? or #."), field="issuer"
        )
    scopes = str(values.get("scopes") or "openid email profile").split()
    if not all(SCOPE.fullmatch(scope) for scope in scopes) or len(" ".join(scopes)) > 300:
        raise InvalidInput(
            lazy("Write scopes with a blank between them. Example: openid email profile."), field="scopes"
        )
    return {
        "label": inputs.label(values.get("label"), "label", 60),
        "issuer": issuer,
        "client_id": inputs.required(values.get("client_id"), "client_id", 300),
        "scopes": " ".join(dict.fromkeys(["openid", *scopes])),
        "enabled": bool(values.get("enabled", True)),
        "assumes_verified": bool(values.get("assumes_verified")),
        "vouches": bool(values.get("vouches")),
        **_whom(values),
    }


def _whom(values: Mapping[str, Any]) -> dict[str, bool]:
    agents, members = bool(values.get("for_agents", True)), bool(values.get("for_members"))
    if not (agents or members):
        raise InvalidInput(lazy("Choose who signs in by it: agents, customers or both."), field="for_agents")
    return {"for_agents": agents, "for_members": members}


def _is_issuer(text: str) -> bool:
    """Whether a text can be an issuer: https, or http on this machine where the desk is tried out there."""
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_plain = text.isprintable() and not set(text) & set(" \\?#@") and bool(host)
    return is_plain and (parts.scheme == "https" or (parts.scheme == "http" and host in HERE and is_local()))


def _who_comes(values: Mapping[str, Any]) -> dict[str, Any]:
    admits, covers = bool(values.get("admits")), values.get("covers") or COVERS_NOTHING
    role = inputs.find_row(Role, values.get("role"), "role")
    service = inputs.find_row(Service, values.get("service"), "service")
    department = inputs.find_row(Department, values.get("department"), "department")
    group = inputs.one_line(values.get("group"), 200)
    if covers not in COVERS:
        raise InvalidInput(lazy("Choose one from the list."), field="covers")
    if admits and not group:
        raise InvalidInput(
            lazy("Name the group: without one, everybody of the organisation would come in."), field="group"
        )
    if admits and role is None:
        raise InvalidInput(lazy("This field is required."), field="role")
    if covers == COVERS_PLACE and service is None:
        raise InvalidInput(lazy("Choose the service."), field="service")
    if department is not None and (service is None or department.service_id != service.id):
        raise InvalidInput(lazy("This department belongs to another service."), field="department")
    return {
        "admits": admits, "group_claim": inputs.one_line(values.get("group_claim"), 100) or "groups", "group": group,
        "role": role, "covers": covers, "service": service, "department": department,
    }  # fmt: skip


def ends(provider: IdentityProvider, values: Mapping[str, Any]) -> int:
    """Return how many linked accounts end when these values are stored."""
    if all(str(values.get(name) or "").strip() == getattr(provider, name) for name in APPLICATION):
        return 0
    return linked(provider)


def linked(provider: IdentityProvider) -> int:
    """Return how many accounts are linked to a provider."""
    return int(Identity.select().where(Identity.provider == provider.id).count())


def counts() -> dict[int, int]:
    """Return how many accounts are linked, by the ids of the providers."""
    query = Identity.select(Identity.provider, fn.COUNT(Identity.id)).group_by(Identity.provider)
    return dict(query.tuples())


def labels() -> dict[int, str]:
    """Return what the providers are called, by their ids."""
    return {key: str(row) for key, row in _rows().items()}


def delete(provider: IdentityProvider, *, actor: Actor) -> None:
    """Delete a provider with what was linked to it. Raises NotAllowed or StillInUse."""
    access.require(actor, "administer")
    with database.atomic():
        _vouch_no_more(provider)
        provider.delete_instance()
        required_second_factor.refresh()
        only.require_way_in()


def _vouch_no_more(provider: IdentityProvider) -> None:
    """Let no open sign-in of those linked to a provider count as one with a second factor any more."""
    theirs = Identity.select(Identity.agent).where(Identity.provider == provider.id, Identity.agent.is_null(False))
    SignIn.update(vouched=False).where(SignIn.vouched, SignIn.agent.in_(theirs)).execute()
