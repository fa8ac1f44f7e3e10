"""OpenID Connect: what a provider says of itself, the way to its sign-in page, and who came back, checked.

This module imports the libraries for it. Nothing imports it before somebody signs in by a provider. Everything that
goes wrong is a `Failure` with a key; `helpdesk.settings.provider_failures` has the sentences.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry

from helpdesk import clock
from helpdesk.lib import bounded_http
from helpdesk.lib.turns import Turns

#: Signatures that only the provider can make: with a shared secret, or none, anybody could.
ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))
KINDS_OF_KEYS = {"RS": "RSA", "PS": "RSA", "ES": "EC"}
#: Seconds that the clocks of provider and desk may be apart.
LEEWAY = 120
#: Seconds that what a provider says of itself is kept, and that a failure is.
KEPT, KEPT_FAILURE = 3600, 15
#: Seconds between two looks for a key that was not there.
LOOK_AGAIN = 30
#: Providers remembered by this process.
MOST = 50
#: Answers that mean that it may go well later.
PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down", "rate_limit_exceeded"})
REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


class Failure(Exception):
    """Why nobody came in: a key of `helpdesk.settings.provider_failures`, and a word for its sentence."""

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__(key)
        self.key, self.detail = key, detail


def now() -> int:
    """Return the present time in seconds since 1970."""
    return int(clock.now().replace(tzinfo=UTC).timestamp())


# --- What providers say of themselves -----------------------------------------------------------------------------

_answers: dict[tuple[str, bool], tuple[float, dict[str, Any] | Failure]] = {}
_lock = threading.Lock()
#: One question to each address at a time: whoever else needs the answer waits for it.
_turns = Turns(MOST)


def forget() -> None:
    """Forget what providers said."""
    _answers.clear()


def _cached(url: str, *, local: bool, newer_than: float = 0.0) -> dict[str, Any]:
    """Return the JSON at an address, asked anew after a while. `newer_than`: seconds after which it is too old now."""
    key, moment = (url, local), time.monotonic()
    entry = _answers.get(key)
    if entry is not None:
        limit = KEPT_FAILURE if isinstance(entry[1], Failure) else KEPT
        if moment - entry[0] < min(limit, newer_than or limit):
            return _answer_of(entry[1])
    with _turns.of(key):
        entry = _answers.get(key)
        # What came while one waited is new enough.
        return _answer_of(entry[1] if entry is not None and entry[0] >= moment else _ask(key))


def _answer_of(value: dict[str, Any] | Failure) -> dict[str, Any]:
    if isinstance(value, Failure):
        raise Failure(value.key, value.detail)
    return value


def _ask(key: tuple[str, bool]) -> dict[str, Any] | Failure:
    """Return what an address answers now, or why it does not; it is kept."""
    try:
        value: dict[str, Any] | Failure = fetch(key[0], local=key[1])
    except Failure as failure:
        value = failure
    with _lock:
        if len(_answers) >= MOST:
            _answers.clear()
        _answers[key] = (time.monotonic(), value)
    return value


def fetch(url: str, *, local: bool, token: str = "") -> dict[str, Any]:
    """Return the JSON object at an address. Raises Failure."""
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    try:
        with requests.Session() as session:
            bounded_http.mount(session, local=local)
            answer = session.get(url, headers=headers, allow_redirects=False)
        if answer.status_code >= 500:
            raise Failure("unreachable", str(answer.status_code))
        value = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError, OSError, RecursionError) as error:
        raise failure_of(error) from None
    if not isinstance(value, dict):
        raise Failure("answer", str(answer.status_code))
    return value


def failure_of(error: Exception) -> Failure:
    """Return what went wrong with a request."""
    if isinstance(error, bounded_http.BadAddress):
        return Failure("address")
    if isinstance(error, requests.exceptions.SSLError):
        return Failure("certificate")
    if isinstance(error, requests.exceptions.JSONDecodeError | RecursionError) or (
        isinstance(error, ValueError) and not isinstance(error, requests.RequestException)
    ):
        return Failure("answer", "JSON")
    return Failure("unreachable")


@dataclass(frozen=True)
class Provider:
    """An application of an owner at a provider. `local`: whether http on this machine may be asked."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: str
    redirect_url: str
    local: bool = False

    def metadata(self) -> dict[str, Any]:
        """Return what the provider says of itself (OpenID Connect Discovery 1.0). Raises Failure."""
        url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        values = _cached(url, local=self.local)
        if str(values.get("issuer") or "").rstrip("/") != self.issuer.rstrip("/"):
            raise Failure("issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not bounded_http.is_sound(str(values.get(name) or ""), local=self.local):
                raise Failure("metadata", name)
        return values

    def _session(self) -> OAuth2Session:
        session = OAuth2Session(
            self.client_id, self.client_secret, scope=self.scopes, redirect_uri=self.redirect_url,
            code_challenge_method="S256",
        )  # fmt: skip
        bounded_http.mount(session, local=self.local)
        return session

    def sign_in_url(self, *, state: str, nonce: str, verifier: str, again: bool = False) -> str:
        """Return the address where somebody signs in; `again` also where they are signed in there. Raises Failure."""
        parameters: dict[str, Any] = {"prompt": "login", "max_age": 0} if again else {}
        url, _state = self._session().create_authorization_url(
            self.metadata()["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier, **parameters
        )
        return str(url)

    def check_answerer(self, issuer: str | None) -> None:
        """Raise Failure where another provider than this one has sent somebody back (RFC 9207)."""
        values = self.metadata()
        if issuer is None:
            if values.get("authorization_response_iss_parameter_supported") is True:
                raise Failure("mixed")
        elif issuer != values["issuer"]:
            raise Failure("mixed")

    def redeem(self, code: str, verifier: str) -> tuple[str, str]:
        """Return the ID token and the access token of a code. Raises Failure."""
        values = self.metadata()
        offered = values.get("token_endpoint_auth_methods_supported")
        # What is not named is Basic (OpenID Connect Discovery, section 3).
        by_form = isinstance(offered, list) and "client_secret_post" in offered
        session = self._session()
        session.token_endpoint_auth_method = f"client_secret_{'post' if by_form else 'basic'}"
        try:
            with session:
                answer = session.fetch_token(
                    values["token_endpoint"], code=code, code_verifier=verifier, grant_type="authorization_code",
                    allow_redirects=False,
                )  # fmt: skip
        except OAuthError as error:
            raise _refusal(str(error.error or "")) from None
        except (requests.RequestException, ValueError, OSError, RecursionError) as error:
            raise failure_of(error) from None
        except TypeError:
            # The library takes JSON that is no object, or holds no numbers where they belong, for a token.
            raise Failure("answer", "JSON") from None
        if not isinstance(answer, dict):
            raise Failure("answer", "JSON")
        token, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise Failure("claim", "id_token")
        return token, access if isinstance(access, str) else ""

    def identify(
        self, code: str, *, verifier: str, nonce: str, claims: Iterable[str], seconds: int | None = None
    ) -> dict[str, Any]:
        """Return what the provider says of whoever came back with this code. Raises Failure.

        `claims` are asked for once more where its token has none; `seconds`: since when they must have signed in.
        """
        token, access = self.redeem(code, verifier)
        values = self.verified(token, nonce=nonce, access=access)
        if seconds is not None:
            _check_recent(values, seconds)
        place = str(self.metadata().get("userinfo_endpoint") or "")
        if access and place and any(name not in values for name in claims):
            more = fetch(place, local=self.local, token=access)
            if more.get("sub") != values["sub"]:
                raise Failure("claim", "sub")
            values = {**more, **values}
        return values

    def verified(self, token: str, *, nonce: str, access: str) -> dict[str, Any]:
        """Return what an ID token says, once signature, issuer, audience, times and nonce are right. Raises Failure."""
        try:
            signed = jwt.decode(token, self._key_of, algorithms=ALGORITHMS, registry=REGISTRY)
            claims = CodeIDToken(
                signed.claims, signed.header,
                options={
                    "iss": {"essential": True, "value": self.metadata()["issuer"]},
                    "aud": {"essential": True, "value": self.client_id},
                    "sub": {"essential": True},
                },
                params={"nonce": nonce, "client_id": self.client_id, "access_token": access},
            )  # fmt: skip
            _check_times(claims)
            claims.validate(now=now(), leeway=LEEWAY)
        except (MissingClaimError, InvalidClaimError) as error:
            raise Failure("claim", str(getattr(error, "claim", "") or error.description or "")[:40]) from None
        except (JoseError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            raise Failure("signature") from None
        if not 0 < len(claims["sub"]) <= 255 or not claims["sub"].isprintable():
            raise Failure("claim", "sub")
        return dict(claims)

    def _key_of(self, guest: Any) -> Key:
        """Return the provider's key that an ID token names; where it is new, the keys are read again."""
        header = guest.headers()
        kind = KINDS_OF_KEYS.get(str(header.get("alg"))[:2], "")
        for age in (0.0, float(LOOK_AGAIN)):
            keys = [key for key in self._keys(age) if _is_for(key, header, kind)]
            # Without a name there must be no choice (OpenID Connect Core, section 10.1).
            if len(keys) == 1:
                return JWKRegistry.import_key(keys[0])
        raise Failure("key")

    def _keys(self, newer_than: float) -> list[dict[str, Any]]:
        values = _cached(self.metadata()["jwks_uri"], local=self.local, newer_than=newer_than).get("keys")
        return [key for key in values if isinstance(key, dict)] if isinstance(values, list) else []


def _is_for(key: dict[str, Any], header: dict[str, Any], kind: str) -> bool:
    named = header.get("kid")
    is_named = key.get("kid") == named if named is not None else True
    return is_named and key.get("kty") == kind and key.get("use", "sig") == "sig"


def _check_times(claims: dict[str, Any]) -> None:
    """Raise Failure where the token, which was just made, is of another time: one of the clocks is wrong."""
    times = {name: claims.get(name) for name in ("iat", "exp")}
    for name, value in times.items():
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Failure("claim", name)
    apart = now() - int(times["iat"] or 0)
    if apart < -LEEWAY or now() - int(times["exp"] or 0) > LEEWAY:
        raise Failure("clock", str(max(1, round(abs(apart) / 60))))


def _check_recent(claims: dict[str, Any], seconds: int) -> None:
    """Raise Failure unless they signed in within so many seconds before the token was made, by the provider's clock."""
    moment = claims.get("auth_time")
    if not isinstance(moment, int | float) or isinstance(moment, bool):
        raise Failure("no-auth-time")
    if moment < claims["iat"] - seconds - 5:
        raise Failure("not-again")


def _refusal(error: str) -> Failure:
    if error in PASSING:
        return Failure("unreachable", error)
    if error == "invalid_grant":
        return Failure("code")
    if error in {"invalid_client", "unauthorized_client"}:
        return Failure("client")
    return Failure("answer", error[:60])
