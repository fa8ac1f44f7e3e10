"""Passwords: hashed with argon2, and refused when short, common, or made of their owner's name or address."""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy

MIN_CHARACTERS = 8
#: Stored in place of a hash where somebody came without choosing a password: nothing matches it.
NONE = "!"
#: A longer text is never hashed: a password of megabytes would be an attack on the processor.
MAX_BYTES = 1024

# 19 MiB, two passes: small machines can do this when several people sign in at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def make_hash(password: str, *, salt: bytes | None = None) -> str:
    """Return the hash to store for this password; only a demo gives its own `salt`."""
    return _hasher.hash(normal(password), salt=salt)


def normal(password: str) -> str:
    """Return a password in the one form that is hashed: keyboards write an accent with its letter, or after it."""
    return unicodedata.normalize("NFC", password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether this is the password of a stored hash; without a hash False, after the same work."""
    if _is_too_long(password):
        return False
    # Hashes made before passwords were normalised hold the form in which they were written then.
    forms = dict.fromkeys((normal(password), password, unicodedata.normalize("NFD", password)))
    stored = password_hash if is_set(password_hash) else None
    return any(_verifies(stored or _hash_of_nobody(), form) for form in forms) and stored is not None


def is_set(password_hash: str | None) -> bool:
    """Whether a password was chosen: one is stored that can match."""
    return password_hash not in {None, "", NONE}


def _verifies(password_hash: str, form: str) -> bool:
    try:
        return _hasher.verify(password_hash, form)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str, password: str) -> bool:
    """Whether the hash that this password matches was made with other settings, or of another form of it."""
    is_other_form = not password.isascii() and not _verifies(password_hash, normal(password))
    return is_other_form or _hasher.check_needs_rehash(password_hash)


def check_new(password: str, *own: str, field: str = "password") -> None:
    """Raise InvalidInput at `field` for a weak password; `own` are the owner's e-mail addresses and names."""
    password = normal(password)
    if len(password) < MIN_CHARACTERS:
        raise InvalidInput(lazy("Use at least 8 characters; 15 or more are better."), field=field)
    if _is_too_long(password):
        raise InvalidInput(lazy("This password is too long: use at most 1,000 characters."), field=field)
    core = _core(password)
    if core in _common() or len(set(core)) <= 2:
        raise InvalidInput(lazy("This password is among the first that are guessed: choose another."), field=field)
    if core in _own_words(own):
        raise InvalidInput(lazy("Your e-mail address or name is too easy to guess: choose another."), field=field)


def _is_too_long(password: str) -> bool:
    return len(password) > MAX_BYTES or len(password.encode("utf-8", "replace")) > MAX_BYTES


def _core(text: str) -> str:
    """Return the word that a password varies: of Soleil2024! it is soleil."""
    folded = text.casefold()
    return re.sub(r"[\d\W_]+$", "", folded) or folded


def _own_words(texts: tuple[str, ...]) -> set[str]:
    words = set()
    for text in filter(None, texts):
        local = text.partition("@")[0]
        words |= {_core(part) for part in (text, local, re.sub(r"\s", "", text), *text.split())}
    return words


@cache
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split()
    return frozenset(lines) | frozenset(map(_core, lines))


@cache
def _hash_of_nobody() -> str:
    return make_hash(secrets.token_urlsafe())
