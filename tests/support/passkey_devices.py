"""A device that keeps passkeys, in place of the one on a desk: it signs as WebAuthn says."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from helpdesk.two_factor import passkeys
from helpdesk.two_factor.passkeys import Site
from models import Agent

SITE = Site("desk.example.org", "https://desk.example.org")
#: Flags of what a device signs: somebody was there, it knew who, and a new key follows.
PRESENT, VERIFIED, NEW_KEY = 0x01, 0x04, 0x40


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class Device:
    """One passkey. `counts` is whether it says how often it was used; many devices always say 0."""

    def __init__(self, *, counts: bool = True, verifies: bool = True) -> None:
        self.key, self.id = ec.generate_private_key(ec.SECP256R1()), os.urandom(32)
        self.count, self.counts, self.verifies = 0, counts, verifies

    def make(self, options: str, site: Site = SITE) -> str:
        """Return what a browser answers that was asked to make a passkey."""
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        new = bytes(16) + len(self.id).to_bytes(2) + self.id + public
        data = self._data(site, NEW_KEY) + new
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options, site)
        return self._answer({"clientDataJSON": _text(client), "attestationObject": _text(attestation)})

    def use(self, options: str, site: Site = SITE) -> str:
        """Return what a browser answers that was asked for a passkey."""
        self.count += self.counts
        client, data = self._client("webauthn.get", options, site), self._data(site)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {"clientDataJSON": _text(client), "authenticatorData": _text(data), "signature": _text(signature)}
        )

    def _client(self, act: str, options: str, site: Site) -> bytes:
        return json.dumps({"type": act, "challenge": json.loads(options)["challenge"], "origin": site.origin}).encode()

    def _data(self, site: Site, flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(site.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _answer(self, response: dict[str, Any]) -> str:
        return json.dumps({"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response})


def added(agent: Agent, site: Site = SITE, *, name: str = "Laptop", **options: bool) -> Device:
    """Return a device whose passkey the agent has added."""
    device = Device(**options)
    answer = device.make(passkeys.creation_options(agent, site), site)
    passkeys.add(agent, answer, name, site=site, keep_token=None)
    return device
