"""A small provider of OAuth 2 on the loopback: sign-in page, tokens that are used once, introspection for dovecot."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import secrets
import threading
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from helpdesk.settings.mail_providers import GOOGLE, MICROSOFT, Provider

CLIENT, SECRET = "desk-client", "desk-client-secret"


class OAuthProvider:
    """`account` is the user whose mailbox a token opens; `seconds` is how long one is good."""

    def __init__(self, account: str = "support") -> None:
        self.account, self.seconds = account, 3600
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: set[str] = set()
        self.access_tokens: set[str] = set()
        #: Every token that was handed out, and how often one was asked for by a refresh token.
        self.secrets: list[str] = [SECRET]
        self.renewals = 0
        self.is_down = False
        #: Whether applications may open mailboxes by themselves, and how often one asked.
        self.admits_applications, self.applications = True, 0
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
                self.send_response(302)
                self.send_header("Location", provider._allowed(asked))
                self.end_headers()

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                asked = {key: values[0] for key, values in parse_qs(content).items()}
                status, answer = provider._answer(self.path, asked)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_arguments: Any) -> None:
                """Stay quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self.server.shutdown()
        self.server.server_close()

    def as_google(self, imap_port: int, smtp_port: int = 587) -> Provider:
        """Return what the desk knows about it: it stands where Google would."""
        return replace(
            GOOGLE, authorize_url=f"{self.url}/authorize", token_url=f"{self.url}/token",
            imap_host="127.0.0.1", imap_port=imap_port, smtp_host="127.0.0.1", smtp_port=smtp_port, smtp_tls="none",
        )  # fmt: skip

    def as_microsoft(self, imap_port: int) -> Provider:
        """Return what the desk knows about it: it stands where Microsoft would, for any directory."""
        return replace(
            MICROSOFT, authorize_url=f"{self.url}/{{tenant}}/authorize", token_url=f"{self.url}/{{tenant}}/token",
            imap_host="127.0.0.1", imap_port=imap_port,
        )  # fmt: skip

    def withdraw(self) -> None:
        """Withdraw the consent: no token is good any more."""
        self.refresh_tokens.clear()
        self.access_tokens.clear()
        self.admits_applications = False

    def allow(self, url: str) -> str:
        """Open its sign-in page as a browser does and allow the access; return where it leads back to."""

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_arguments: Any) -> None:
                return None

        try:
            urllib.request.build_opener(Stay).open(url)
        except urllib.error.HTTPError as answer:
            return str(answer.headers["Location"])
        raise AssertionError("it leads nowhere")

    def _allowed(self, asked: dict[str, str]) -> str:
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _answer(self, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/introspect":
            is_good = asked.get("token") in self.access_tokens
            return 200, {"active": "true", "username": self.account} if is_good else {"active": "false"}
        if self.is_down:
            return 503, {"error": "temporarily_unavailable"}
        if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        if asked.get("grant_type") == "refresh_token":
            self.renewals += 1
            # Each is used once: whoever does not store the new one is shut out.
            if asked["refresh_token"] not in self.refresh_tokens:
                return 400, {"error": "invalid_grant", "error_description": asked["refresh_token"]}
            self.refresh_tokens.discard(asked["refresh_token"])
            return 200, self._tokens()
        if asked.get("grant_type") == "client_credentials":
            return self._of_application(path, asked.get("scope", ""))
        begun = self.codes.pop(asked.get("code", ""), None)
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if begun is None or begun["redirect_uri"] != asked["redirect_uri"] or begun["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        return 200, self._tokens()

    def _of_application(self, path: str, scope: str) -> tuple[int, dict[str, Any]]:
        """Answer as Microsoft does: for one directory and what the application has, and without a refresh token."""
        self.applications += 1
        if path != "/desk.example/token" or scope != MICROSOFT.application_scope:
            return 400, {"error": "invalid_request"}
        if not self.admits_applications:
            return 400, {"error": "unauthorized_client"}
        tokens = self._tokens()
        self.refresh_tokens.discard(tokens.pop("refresh_token"))
        return 200, tokens

    def _tokens(self) -> dict[str, Any]:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.access_tokens.add(access)
        self.refresh_tokens.add(refresh)
        self.secrets += [access, refresh]
        return {
            "access_token": access, "refresh_token": refresh, "expires_in": self.seconds, "token_type": "Bearer",
        }  # fmt: skip
