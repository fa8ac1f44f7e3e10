"""What passkeys need of the library `webauthn`; read only once somebody makes or uses one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

#: How long a browser waits for a finger, a face or a PIN, in milliseconds.
PATIENCE = 300_000


class Unsound(Exception):
    """What the browser sent is no answer to its challenge, or is signed by another key."""


@dataclass(frozen=True)
class Key:
    """The public half of a passkey, in base64url, and how often its device says it was used."""

    credential_id: str
    public_key: str
    sign_count: int


def _descriptors(keys: Iterable[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key)) for key in keys]


def creation_options(
    *, host: str, desk: str, email: str, name: str, user_handle: bytes, challenge: bytes, existing: Iterable[str]
) -> str:
    """Return as JSON what a browser makes a passkey of: one that is found without a name, and asks who is there."""
    chosen = AuthenticatorSelectionCriteria(
        resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
    )
    options = webauthn.generate_registration_options(
        rp_id=host, rp_name=desk, user_name=email, user_display_name=name, user_id=user_handle, challenge=challenge,
        timeout=PATIENCE, authenticator_selection=chosen, exclude_credentials=_descriptors(existing),
    )  # fmt: skip
    return webauthn.options_to_json(options)


def request_options(*, host: str, challenge: bytes, allowed: Iterable[str]) -> str:
    """Return as JSON what a browser signs with a passkey; with one of `allowed`, where any are named."""
    options = webauthn.generate_authentication_options(
        rp_id=host, challenge=challenge, timeout=PATIENCE, allow_credentials=_descriptors(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return webauthn.options_to_json(options)


def read(answer: str) -> tuple[dict[str, Any], str, bytes]:
    """Return the answer of a browser, the id of its key, and the challenge it is to. Raises Unsound."""
    try:
        credential = json.loads(answer)
        data = parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        # Written anew: half a letter, or a NUL, is nothing to ask a database for.
        credential_id = bytes_to_base64url(base64url_to_bytes(credential["id"]))
        return credential, credential_id, data.challenge
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unsound from error


def verify_new(credential: dict[str, Any], *, challenge: bytes, host: str, origin: str) -> Key:
    """Return the public half of a passkey that was just made for this challenge. Raises Unsound."""
    try:
        made = webauthn.verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=host, expected_origin=origin,
            require_user_verification=True,
        )  # fmt: skip
    except Exception as error:
        raise Unsound from error
    return Key(bytes_to_base64url(made.credential_id), bytes_to_base64url(made.credential_public_key), made.sign_count)


def verify_use(credential: dict[str, Any], key: Key, *, challenge: bytes, host: str, origin: str) -> int:
    """Return how often the device says this key was used, now that it signed this challenge. Raises Unsound.

    A count that does not grow is that of a copy (WebAuthn, section 6.1.1).
    """
    try:
        used = webauthn.verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=host, expected_origin=origin,
            credential_public_key=base64url_to_bytes(key.public_key), credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )  # fmt: skip
    except Exception as error:
        raise Unsound from error
    return used.new_sign_count
