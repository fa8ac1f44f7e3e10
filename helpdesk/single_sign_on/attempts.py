"""One way to a provider and back: begun for one browser and one purpose, good for some minutes, and used once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from helpdesk import clock, journal
from helpdesk.errors import HelpdeskError, TooMany
from helpdesk.lib import control_characters, email_syntax, log, throttle
from helpdesk.people.sign_in_limits import Visitor, network
from helpdesk.settings import provider_failures
from helpdesk.single_sign_on import providers
from models import IdentityProvider

#: What somebody goes to a provider for.
SIGN_IN, LINK, CONFIRM, TEST = "sign-in", "link", "confirm", "test"
#: Seconds that somebody may take at the provider.
WINDOW = 900
#: Ways back that came to nothing, from one network in `WINDOW` seconds: each may ask the provider something.
PER_NETWORK = 60
#: Refusals that no visitor is to blame for: the provider is away or set up wrongly, or somebody turned back.
NO_FAULT = frozenset(
    {
        *("unreachable", "certificate", "address", "answer", "issuer", "metadata", "client", "secret", "key", "clock"),
        *("no-auth-time", "cancelled", "refused"),
    }
)
#: Attempts that one browser has open at a time.
OPEN = 3
#: Claims that hold more than this are no text to show.
LONGEST = 254


class Refused(HelpdeskError):
    """Nobody came in; `key` names the reason (`helpdesk.settings.provider_failures`)."""

    def __init__(self, key: str, provider: IdentityProvider | None = None, detail: str = "") -> None:
        self.key, self.provider, self.detail = key, provider, detail
        super().__init__(provider_failures.sentence(key, str(provider or ""), detail))


@dataclass(frozen=True)
class Attempt:
    """What a browser keeps while somebody is at a provider; all of it are plain values of its session."""

    state: str
    nonce: str
    verifier: str
    provider: int
    purpose: str
    begun_at: int
    #: Where it leads back to: customers and agents have a door each, and what opens one opens no other.
    path: str = ""
    after: str = ""
    agent: int = 0


@dataclass(frozen=True)
class Proof:
    """Who came back from a provider, by its word: `sub` is who they are, the others are what it tells of them."""

    provider: IdentityProvider
    sub: str
    email: str = ""
    is_verified: bool = False
    name: str = ""
    groups: tuple[str, ...] = ()
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def in_group(self) -> bool:
        """Whether they are in the group by which the provider admits somebody new."""
        return bool(self.provider.group) and self.provider.group in self.groups

    @property
    def hides_groups(self) -> bool:
        """Whether the provider says that there are groups, and where they are read, in place of their names.

        Entra ID does so from 200 groups on (OpenID Connect Core, section 5.6.2: distributed claims).
        """
        name = self.provider.group_claim
        elsewhere = self.claims.get("_claim_names")
        return name not in self.claims and isinstance(elsewhere, Mapping) and name in elsewhere


def now() -> int:
    """Return the present time in seconds since 1970."""
    return int(clock.now().replace(tzinfo=UTC).timestamp())


def begin(
    provider: IdentityProvider, purpose: str, *, path: str, after: str = "", agent: int = 0
) -> tuple[str, Attempt]:
    """Return the address at the provider, and what the browser keeps meanwhile. Raises Refused."""
    attempt = Attempt(
        state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48),
        provider=provider.id, purpose=purpose, begun_at=now(), path=path, after=after, agent=agent,
    )  # fmt: skip
    try:
        url = providers.client_of(provider, path).sign_in_url(
            state=attempt.state, nonce=attempt.nonce, verifier=attempt.verifier, again=purpose == CONFIRM
        )
    except providers.protocol().Failure as failure:
        raise Refused(failure.key, provider, failure.detail) from None
    return url, attempt


def finish(attempt: Attempt | None, answer: Mapping[str, str], *, path: str, visitor: Visitor) -> Proof:
    """Return who came back by this answer of the provider; the attempt is used up. Raises Refused or TooMany."""
    provider = _provider_of(attempt) if attempt is not None else None
    if attempt is None or provider is None or not 0 <= now() - attempt.begun_at <= WINDOW or attempt.path != path:
        raise Refused("state")
    key = f"single sign-on {network(visitor.address)}"
    try:
        throttle.hit(key, limit=PER_NETWORK, seconds=WINDOW)
        _use_up(attempt)
        proof = _proof(provider, attempt, answer, path)
    except TooMany:
        log.sign_in_refused("agent", "blocked", visitor.address)
        raise
    except Refused as refused:
        note(refused, visitor)
        raise
    throttle.uncount(key)
    return proof


def _provider_of(attempt: Attempt) -> IdentityProvider | None:
    """Return where an attempt went; one is tried out before it is enabled."""
    return providers.of(attempt.provider, also_disabled=attempt.purpose == TEST)


def _use_up(attempt: Attempt) -> None:
    """Raise Refused for an attempt that was used, also with a session that somebody had copied before."""
    if throttle.count(f"single sign-on {attempt.state}", seconds=2 * WINDOW) > 1:
        raise Refused("state")


def note(refused: Refused, visitor: Visitor, *, email: str = "", account: str = "agent") -> None:
    """Write a refused sign-in into the log and the journal, with its reason.

    What the provider or its set-up is to blame for is no visitor's fault, by which fail2ban would shut an office out.
    A flood from one network would only fill the journal.
    """
    if refused.key not in NO_FAULT:
        log.sign_in_refused(account, "provider", visitor.address)
    if throttle.count(f"single sign-on noted {network(visitor.address)}", seconds=WINDOW) > PER_NETWORK:
        return
    journal.record(
        journal.Act.PROVIDER_REFUSED, actor=None, subject=email, network=visitor.address,
        provider=str(refused.provider or ""), failure=refused.key, detail=refused.detail,
    )  # fmt: skip


def _proof(provider: IdentityProvider, attempt: Attempt, answer: Mapping[str, str], path: str) -> Proof:
    asked = ("email", *([provider.group_claim] if provider.admits else []))
    try:
        client = providers.client_of(provider, path)
        client.check_answerer(answer.get("iss"))
        if "error" in answer:
            raise _error_of(provider, answer["error"])
        claims = client.identify(
            answer.get("code", ""), verifier=attempt.verifier, nonce=attempt.nonce, claims=asked,
            seconds=max(0, now() - attempt.begun_at) if attempt.purpose == CONFIRM else None,
        )  # fmt: skip
    except providers.protocol().Failure as failure:
        raise Refused(failure.key, provider, failure.detail) from None
    return Proof(
        provider=provider, sub=claims["sub"],
        email=_email(claims.get("email")), is_verified=_verified(provider, claims),
        name=_text(claims.get("name")), groups=_groups(claims, provider.group_claim), claims=claims,
    )  # fmt: skip


def _error_of(provider: IdentityProvider, error: str) -> Refused:
    if error in {"access_denied", "interaction_required", "login_required", "consent_required"}:
        return Refused("cancelled", provider)
    return Refused("refused", provider, _text(error)[:60])


def _verified(provider: IdentityProvider, claims: Mapping[str, Any]) -> bool:
    """Whether the address is proven, by the provider's word, or the owner's where it has none."""
    word = claims.get("email_verified")
    if word is None:
        return bool(provider.assumes_verified)
    # Some write it as a text.
    return word is True or word == "true"


def _text(value: Any) -> str:
    return control_characters.one_line(value)[:LONGEST].strip() if isinstance(value, str) else ""


def _email(value: Any) -> str:
    try:
        return email_syntax.normalise(_text(value))
    except HelpdeskError:
        return ""


def _groups(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the groups of a claim; its name may lead into others by dots (``realm_access.roles``)."""
    value: Any = claims.get(name)
    if value is None and "." in name:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        value = [value]
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
