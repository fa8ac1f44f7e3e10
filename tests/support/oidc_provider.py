"""A small provider of OpenID Connect on the loopback: discovery, keys, sign-in page, tokens; hostile where asked.

Codes are used once, PKCE and the client are checked, ID tokens are signed with an RSA key of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import http.server
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import requests
from joserfc import jws, jwt
from joserfc.jwk import RSAKey

from database import Label
from helpdesk import settings
from models import IdentityProvider

CLIENT, SECRET = "desk-client", "desk-client-secret:with/signs"
Claims = dict[str, Any]


def new_key(name: str) -> RSAKey:
    """Return an RSA key with this name."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


def text_of(raw: bytes) -> str:
    """Return bytes as base64url."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class OidcProvider:
    """`person` are the claims of whoever signs in there; the hooks change what leaves it."""

    def __init__(self, certificate: str | None = None, *, by_form: bool = True) -> None:
        self.first_key, self.shipped_by_form = new_key("first"), by_form
        self.begin()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.issuer = f"{scheme}://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def begin(self) -> None:
        """Be as at the start: nobody has signed in, and nothing is hostile."""
        self.keys = [self.first_key]
        self.person: Claims = {}
        #: Changes the claims, and the header, of an ID token before it is signed.
        self.twist: Callable[[Claims, Claims], None] = lambda _claims, _header: None
        #: Signs in place of the newest key.
        self.sign: Callable[[Claims, Claims], str] | None = None
        #: Changes what discovery says, and what leads back.
        self.about: Claims = {}
        self.answer: Claims = {}
        self.codes: dict[str, Claims] = {}
        self.tokens: dict[str, Claims] = {}
        #: What was asked, by path, and with what somebody was sent here.
        self.requests: list[str] = []
        self.queries: list[Claims] = []
        self.is_down, self.seconds_off, self.raw = False, 0, b""
        #: What it answers in place of tokens, headers it adds, and bytes that it promises and does not send.
        self.raw_tokens, self.missing = b"", 0
        self.headers: dict[str, str] = {}
        self.only_in_userinfo: set[str] = set()
        self.by_form = self.shipped_by_form

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                provider._get(self, parts.path, {key: one[0] for key, one in parse_qs(parts.query).items()})

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                provider._post(self, {key: one[0] for key, one in parse_qs(content).items()})

            def log_message(self, *_arguments: Any) -> None:
                """Stay quiet."""

        return Handler

    def stop(self) -> None:
        """Answer no more."""
        self.server.shutdown()
        self.server.server_close()

    def sign_in_as(self, email: str, sub: str = "", **claims: Any) -> None:
        """Let the person with this address sign in there from now on."""
        self.person = {
            "sub": sub or f"id of {email}",
            "email": email,
            "email_verified": True,
            "name": "Ana There",
            **claims,
        }

    def row(self, **values: Any) -> IdentityProvider:
        """Set it up in the desk."""
        return IdentityProvider.create(
            **{
                "label": Label(en="Acme", fr="Acmé"), "issuer": self.issuer,
                "client_id": CLIENT, "client_secret": settings.encrypt(SECRET), **values,
            }
        )  # fmt: skip

    def allow(self, url: str) -> str:
        """Open its sign-in page as a browser does, and sign in; return where it leads back to."""
        answer = requests.get(f"{url}&signed=1", allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    # --- What it answers ------------------------------------------------------------------------------------------

    def _get(self, handler: http.server.BaseHTTPRequestHandler, path: str, query: Claims) -> None:
        self.requests.append(path)
        if self.is_down:
            return self._say(handler, 503, {"error": "temporarily_unavailable"})
        if self.raw and path != "/authorize":
            return self._send(handler, 200, "application/json", self.raw)
        if path == "/.well-known/openid-configuration":
            return self._say(handler, 200, self._metadata())
        if path == "/keys":
            return self._say(handler, 200, {"keys": [key.as_dict(private=False) for key in self.keys]})
        if path == "/userinfo":
            claims = self.tokens.get(handler.headers.get("Authorization", "").removeprefix("Bearer "))
            return self._say(handler, 200 if claims else 401, claims or {"error": "invalid_token"})
        if path == "/authorize":
            return self._authorize(handler, query)
        return self._say(handler, 404, {"error": "not_found"})

    def _metadata(self) -> Claims:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo", "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": [f"client_secret_{'post' if self.by_form else 'basic'}"],
            **self.about,
        }  # fmt: skip

    def _authorize(self, handler: http.server.BaseHTTPRequestHandler, query: Claims) -> None:
        self.queries.append(query)
        assert query["client_id"] == CLIENT
        assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
        assert "openid" in query["scope"].split()
        if "signed" not in query:
            page = f'<h1>Acme</h1><a href="{html.escape(handler.path)}&amp;signed=1">Sign in</a>'
            return self._send(handler, 200, "text/html; charset=utf-8", page.encode())
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**query, "person": self.person, "at": int(time.time()) + self.seconds_off}
        answer = {"code": code, "state": query["state"], **self.answer}
        place = f"{query['redirect_uri']}?{urlencode({key: one for key, one in answer.items() if one is not None})}"
        handler.send_response(302)
        handler.send_header("Location", place)
        handler.end_headers()
        return None

    def _post(self, handler: http.server.BaseHTTPRequestHandler, form: Claims) -> None:
        self.requests.append(handler.path)
        if self.is_down:
            return self._say(handler, 503, {"error": "temporarily_unavailable"})
        if self._client(handler, form) != (CLIENT, SECRET):
            return self._say(handler, 401, {"error": "invalid_client"})
        begun = self.codes.pop(form.get("code", ""), None)
        challenge = text_of(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if begun is None or begun["redirect_uri"] != form["redirect_uri"] or begun["code_challenge"] != challenge:
            return self._say(handler, 400, {"error": "invalid_grant"})
        if self.raw_tokens:
            return self._send(handler, 200, "application/json", self.raw_tokens)
        access = secrets.token_urlsafe(24)
        self.tokens[access] = dict(begun["person"])
        return self._say(
            handler, 200,
            {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": self._id_token(begun)},
        )  # fmt: skip

    def _client(self, handler: http.server.BaseHTTPRequestHandler, form: Claims) -> tuple[str, str]:
        if self.by_form:
            return form.get("client_id", ""), form.get("client_secret", "")
        text = base64.b64decode(handler.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        name, _colon, secret = text.partition(":")
        return unquote(name), unquote(secret)

    def _id_token(self, begun: Claims) -> str:
        now = int(time.time()) + self.seconds_off
        person = {key: one for key, one in begun["person"].items() if key not in self.only_in_userinfo}
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **person}
        if "nonce" in begun:
            claims["nonce"] = begun["nonce"]
        if "max_age" in begun:
            claims["auth_time"] = begun["at"]
        header: Claims = {"alg": "RS256", "kid": self.keys[-1].kid}
        self.twist(claims, header)
        if self.sign is not None:
            return self.sign(claims, header)
        return jwt.encode(header, claims, self.keys[-1])

    def _say(self, handler: http.server.BaseHTTPRequestHandler, status: int, answer: Claims) -> None:
        self._send(handler, status, "application/json", json.dumps(answer).encode())

    def _send(self, handler: http.server.BaseHTTPRequestHandler, status: int, kind: str, content: bytes) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(content) + self.missing))
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)


# --- Hostile signatures -------------------------------------------------------------------------------------------


def unsigned(claims: Claims, header: Claims) -> str:
    """Return an ID token whose header says that it needs no signature."""
    head = {**header, "alg": "none"}
    return f"{text_of(json.dumps(head).encode())}.{text_of(json.dumps(claims).encode())}."


def signed_by(key: RSAKey, **header: Any) -> Callable[[Claims, Claims], str]:
    """Return what signs with another key, under the name of the provider's."""
    return lambda claims, head: jwt.encode({**head, **header}, claims, key, registry=_lenient())


def signed_with_public_key(key: RSAKey) -> Callable[[Claims, Claims], str]:
    """Return what signs with a shared secret: the public key, which everybody has."""

    def sign(claims: Claims, header: Claims) -> str:
        parts = (json.dumps({**header, "alg": "HS256"}).encode(), json.dumps(claims).encode())
        content = ".".join(map(text_of, parts))
        return f"{content}.{text_of(hmac.digest(key.as_pem(private=False), content.encode(), 'sha256'))}"

    return sign


def _lenient() -> jws.JWSRegistry:
    return jws.JWSRegistry(strict_check_header=False)
