"""OAuth 2: the way to a sign-in page (authorization code with PKCE), and the tokens of a person or an application.

This module imports the libraries for it. Nothing imports it before a mailbox needs it.
"""

from __future__ import annotations

from dataclasses import dataclass

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

#: Seconds a provider may take for one answer.
TIMEOUT = 15
#: Answers that mean that it may go well later.
PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down", "rate_limit_exceeded"})


class Refused(Exception):
    """The provider says no, and will until somebody does something: the message is its word for it."""


class Unreachable(OSError):
    """The provider cannot be reached, or does not answer as agreed."""


@dataclass(frozen=True)
class Client:
    """An application of an owner at a provider."""

    client_id: str
    client_secret: str
    token_url: str
    scope: str
    redirect_url: str = ""

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self.client_id,
            self.client_secret,
            scope=self.scope,
            redirect_uri=self.redirect_url or None,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",  # nosec B106 # noqa: S106 — the name of a method
            default_timeout=TIMEOUT,
        )

    def sign_in_url(self, authorize_url: str, state: str, verifier: str, **parameters: str) -> str:
        """Return the address of the page where a person allows the access."""
        url, _state = self._session().create_authorization_url(
            authorize_url, state=state, code_verifier=verifier, **parameters
        )
        return str(url)

    def redeem(self, code: str, verifier: str) -> Tokens:
        """Return the tokens of a code. Raises Refused or Unreachable."""
        return self._ask(code=code, code_verifier=verifier, grant_type="authorization_code")

    def renew(self, refresh_token: str) -> Tokens:
        """Return new tokens; the refresh token may be another one from now on. Raises Refused or Unreachable."""
        tokens = self._ask(refresh_token=refresh_token, grant_type="refresh_token")
        return Tokens(tokens.access, tokens.refresh or refresh_token, tokens.seconds)

    def of_application(self) -> Tokens:
        """Return the token of the application itself, which no person has allowed. Raises Refused or Unreachable."""
        return self._ask(grant_type="client_credentials")

    def _ask(self, **values: str) -> Tokens:
        try:
            with self._session() as session:
                answer = session.fetch_token(self.token_url, allow_redirects=False, **values)
        except OAuthError as error:
            if error.error in PASSING:
                raise Unreachable(error.error) from None
            # Without what it was asked with: no trace may hold a token.
            raise Refused(str(error.error)[:80]) from None
        except (requests.RequestException, ValueError) as error:
            raise Unreachable(type(error).__name__) from None
        access = answer.get("access_token")
        if not isinstance(access, str) or not access:
            raise Unreachable("no token")
        seconds = str(answer.get("expires_in") or "")
        return Tokens(
            access,
            str(answer.get("refresh_token") or ""),
            int(seconds) if seconds.isdecimal() and len(seconds) < 10 else 3600,
        )


@dataclass(frozen=True)
class Tokens:
    """What a provider gave: the access token is good for so many seconds, the refresh token brings the next."""

    access: str
    refresh: str
    seconds: int

    def __repr__(self) -> str:
        return f"Tokens(seconds={self.seconds})"
