"""Where anybody may have an address."""

from __future__ import annotations

import pytest

from helpdesk.lib import public_mail_domains
from helpdesk.lib.public_mail_domains import is_public


@pytest.mark.parametrize(
    "domain",
    [
        *("bk.ru", "list.ru", "ya.ru", "arcor.de", "vodafonemail.de", "mozmail.com", "privaterelay.appleid.com"),
        *("sympatico.ca", "videotron.ca", "btopenworld.com", "hispeed.ch", "scarlet.be", "netcourrier.com", "juno.com"),
    ],
)
def test_what_is_offered_to_everybody_is_known(domain: str) -> None:
    assert is_public(domain)


def test_the_lists_are_sorted() -> None:
    for text in (public_mail_domains._NAMES, public_mail_domains._ENDINGS):
        assert text.split() == sorted(set(text.split()))


def test_a_domain_of_ones_own_is_none_of_them() -> None:
    assert not any(is_public(domain) for domain in ("acme.example", "mail.acme.example", "list.acme.example"))
