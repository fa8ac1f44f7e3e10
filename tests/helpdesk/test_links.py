"""Private links: made, found, used, expired; and the set-up link."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from helpdesk import links, settings
from helpdesk.errors import NotFound
from helpdesk.links import LinkExpired
from models import AccessLink, Agent, Customer, Ticket

NOON = "2026-03-02T12:00:00Z"


@pytest.fixture
def travel(database: Any) -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def test_a_link_is_found_by_its_token(ana: Agent) -> None:
    token = links.make("reset", agent=ana)
    assert links.find("reset", token).agent == ana


def test_a_token_has_256_bits_and_only_its_hash_is_stored(ana: Agent) -> None:
    token = links.make("reset", agent=ana)
    assert len(token) == 43
    assert token not in (AccessLink.get().token_hash, AccessLink.get().nonce)


def test_no_two_tokens_are_alike(ana: Agent) -> None:
    assert len({links.make("reset", agent=ana) for _ in range(5)}) == 5


def test_a_link_of_another_kind_is_unknown(ana: Agent) -> None:
    token = links.make("reset", agent=ana)
    with pytest.raises(NotFound):
        links.find("invitation", token)


@pytest.mark.parametrize("token", ["", "x", "%", "\0", "é" * 43, "\ud800", "a" * 100_000])
def test_odd_tokens_are_unknown(database: Any, token: str) -> None:
    with pytest.raises(NotFound):
        links.find("reset", token)


@pytest.mark.parametrize(
    ("kind", "seconds"), [("ticket", 30 * 86_400), ("sign-in", 1800), ("invitation", 7 * 86_400), ("reset", 3600)]
)
def test_each_kind_has_its_time(travel: Any, ana: Agent, ticket: Ticket, kind: str, seconds: int) -> None:
    token = links.make(kind, agent=ana, ticket=ticket if kind == "ticket" else None)
    travel.shift(seconds - 1)
    assert links.find(kind, token)
    travel.shift(1)
    with pytest.raises(LinkExpired, match="has expired"):
        links.find(kind, token)


def test_an_expired_link_tells_for_whom_it_was(travel: Any, carol: Customer) -> None:
    token = links.make("sign-in", address=carol.primary_address)
    travel.shift(3600)
    with pytest.raises(LinkExpired) as expired:
        links.find("sign-in", token)
    assert expired.value.link.address == carol.primary_address


@pytest.mark.parametrize("kind", ["sign-in", "invitation", "reset"])
def test_a_link_is_used_once(ana: Agent, kind: str) -> None:
    token = links.make(kind, agent=ana)
    links.use(links.find(kind, token))
    with pytest.raises(LinkExpired, match="used already"):
        links.find(kind, token)


def test_of_two_uses_at_once_one_wins(ana: Agent) -> None:
    token = links.make("reset", agent=ana)
    first, second = links.find("reset", token), links.find("reset", token)
    links.use(first)
    with pytest.raises(LinkExpired, match="used already"):
        links.use(second)


def test_a_link_that_expires_on_its_page_cannot_be_used(travel: Any, ana: Agent) -> None:
    link = links.find("reset", links.make("reset", agent=ana))
    travel.shift(3600)
    with pytest.raises(LinkExpired, match="has expired"):
        links.use(link)


def test_the_link_of_a_ticket_is_used_again_and_again(ticket: Ticket) -> None:
    token = links.make("ticket", ticket=ticket)
    for _ in range(2):
        links.use(links.find("ticket", token))


@pytest.mark.parametrize(
    ("kind", "path"),
    [("ticket", "/t/x"), ("sign-in", "/sign-in/x"), ("invitation", "/admin/invitation/x"), ("reset", "/admin/reset/x")],
)
def test_addresses_start_with_the_public_address(database: Any, kind: str, path: str) -> None:
    settings.save({"site_url": "https://help.example.org"})
    assert links.url(kind, "x") == f"https://help.example.org{path}"


def test_old_links_are_purged_and_recent_ones_remembered(travel: Any, ana: Agent) -> None:
    links.make("reset", agent=ana)
    travel.shift(91 * 86_400)
    token = links.make("reset", agent=ana)
    assert links.purge() == 1
    assert links.find("reset", token)


def test_the_set_up_link_stays_the_same_until_there_is_an_administrator(database: Any) -> None:
    assert links.setup_token() == links.setup_token()
    assert links.setup_is_open()
    assert links.check_setup_token(links.setup_token())


@pytest.mark.parametrize("token", ["", "x", "é", "\ud800"])
def test_a_wrong_set_up_token_opens_nothing(database: Any, token: str) -> None:
    assert not links.check_setup_token(token)


def test_the_set_up_link_is_dead_once_there_is_an_administrator(root: Agent) -> None:
    assert not links.setup_is_open()
    assert not links.check_setup_token(links.setup_token())
