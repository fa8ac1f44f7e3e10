"""Passwords: what is refused, how they are hashed."""

from __future__ import annotations

import unicodedata

import pytest
from argon2 import PasswordHasher

from helpdesk.errors import InvalidInput
from helpdesk.lib import passwords

pytestmark = pytest.mark.usefixtures("real_hasher")

GOOD = "correct horse battery staple"


def refusal(password: str, *own: str) -> str:
    with pytest.raises(InvalidInput) as refused:
        passwords.check_new(password, *own)
    assert refused.value.field == "password"
    return str(refused.value)


@pytest.mark.parametrize("password", ["seven77", "", "é" * 7])
def test_short_passwords_are_refused(password: str) -> None:
    assert "8 characters" in refusal(password)


@pytest.mark.parametrize("password", ["x9!" * 342, "é" * 513])
def test_passwords_of_more_than_1024_bytes_are_refused(password: str) -> None:
    assert "too long" in refusal(password)


@pytest.mark.parametrize(
    "password", ["password", "MotDePasse", "Azerty2024!", "soleil123", "00000000", "abababab", "1q2w3e4r", "12345678"]
)
def test_the_commonest_passwords_are_refused(password: str) -> None:
    assert "guessed" in refusal(password)


@pytest.mark.parametrize("password", ["ana.duval", "Duval2026", "ana.duval@desk.example", "AnaDuval!", "ana.duval42"])
def test_ones_own_name_and_address_are_refused(password: str) -> None:
    assert "name" in refusal(password, "ana.duval@desk.example", "Ana Duval")


@pytest.mark.parametrize(
    "password", [GOOD, "  spaces count ", "пароль-подлиннее", "🐢🐇🐢🐇🐢🐇🐢🐇x", "tr3s long" * 100]
)
def test_any_other_characters_are_accepted(password: str) -> None:
    passwords.check_new(password, "ana.duval@desk.example", "Ana Duval")
    assert passwords.matches(passwords.make_hash(password), password)


def test_a_password_matches_exactly() -> None:
    stored = passwords.make_hash(GOOD)
    assert not any(passwords.matches(stored, text) for text in (GOOD.upper(), GOOD + " ", GOOD[:-1], ""))


def test_a_hash_hides_the_password_and_differs_each_time() -> None:
    first, second = passwords.make_hash(GOOD), passwords.make_hash(GOOD)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


def test_nobody_has_a_password() -> None:
    assert not passwords.matches(None, GOOD)


def test_what_is_no_hash_matches_nothing() -> None:
    assert not passwords.matches("!locked", "!locked")


def test_weaker_hashes_are_outdated() -> None:
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8192).hash(GOOD), GOOD)
    assert not passwords.is_outdated(passwords.make_hash(GOOD), GOOD)


def test_an_accent_is_the_same_however_the_keyboard_writes_it():
    composed, apart = (unicodedata.normalize(form, "Crème brûlée 7") for form in ("NFC", "NFD"))
    assert composed != apart
    assert passwords.matches(passwords.make_hash(apart), composed)
    assert passwords.matches(passwords.make_hash(composed), apart)


def test_a_hash_of_the_other_form_is_accepted_once_more_and_replaced():
    composed, apart = (unicodedata.normalize(form, "Crème brûlée 7") for form in ("NFC", "NFD"))
    old = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(apart)
    assert passwords.matches(old, apart)
    assert passwords.matches(old, composed)
    assert passwords.is_outdated(old, apart)
    assert not passwords.is_outdated(passwords.make_hash(apart), apart)
