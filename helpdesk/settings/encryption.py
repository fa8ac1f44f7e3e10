"""Stored secrets: passwords of mail servers and mailboxes, encrypted with the secret key of the desk."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from helpdesk.settings import environment


def _vault() -> Fernet:
    key = hashlib.sha256(b"stored secrets" + environment.current().secret_key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def encrypt(text: str) -> str:
    """Return a text encrypted with the secret key of the desk."""
    return _vault().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Return the text that `encrypt` was given; empty when the secret key has changed since."""
    try:
        return _vault().decrypt(text.encode()).decode() if text else ""
    except InvalidToken:
        return ""
