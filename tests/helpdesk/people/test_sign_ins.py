"""Signing in and staying signed in; passwords forgotten and changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import time_machine
from argon2 import PasswordHasher

from helpdesk import links
from helpdesk.errors import InvalidInput, NotFound, TooMany
from helpdesk.lib import passwords
from helpdesk.links import LinkExpired
from helpdesk.people import sign_ins
from helpdesk.people.sign_in_limits import Browser, Visitor
from helpdesk.visitors import customer_sign_in
from models import Agent, Customer, JournalEntry, OutgoingEmail, SignIn
from tests.support import cast

NOON = "2026-03-02T12:00:00Z"
HOME = "203.0.113.7"
NEW = "a new and longer password"
DAY = 86_400

Make = Callable[[str], Agent | Customer]


@pytest.fixture
def travel(database: Any) -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def sign_in(
    email: str = "ana@desk.example",
    password: str = cast.PASSWORD,
    address: str = HOME,
    browser: Browser | None = None,
) -> Agent:
    return sign_ins.sign_in(email, password, visitor=Visitor(address, browser))


def guess(times: int, **options: Any) -> int:
    """Try a wrong password so often; return how many tries were looked at."""
    looked_at = 0
    for _ in range(times):
        with pytest.raises((InvalidInput, TooMany)) as refused:
            sign_in(password="wrong", **options)
        looked_at += refused.type is InvalidInput
    return looked_at


def test_an_agent_signs_in(ana: Agent) -> None:
    assert sign_in() == sign_in(" Ana@Desk.Example ") == ana


def test_unknown_wrong_disabled_and_invited_are_told_the_same(ana: Agent) -> None:
    cast.make_agent("Off", active=False)
    cast.make_agent("Invited", password_hash=None)
    texts = set()
    for email in ("ana", "nobody", "off", "invited"):
        with pytest.raises(InvalidInput) as refused:
            sign_in(f"{email}@desk.example", cast.PASSWORD if email != "ana" else "wrong")
        texts.add((str(refused.value), refused.value.field))
    assert len(texts) == 1


def test_ten_wrong_passwords_close_the_account_for_one_network_a_while(travel: Any, ana: Agent) -> None:
    assert guess(12) == 10
    with pytest.raises(TooMany):
        sign_in()
    assert sign_in(address="203.0.113.99") == ana
    travel.shift(900)
    assert sign_in() == ana


def test_strangers_shut_nobody_out_and_are_slowed_down(ana: Agent) -> None:
    looked_at = [guess(12, address=f"198.51.100.{number}") for number in range(20)]
    assert looked_at == [10] * 5 + [3] * 15
    assert sign_in() == ana


def test_the_network_alone_refuses_no_right_password(ana: Agent, ben: Agent) -> None:
    for number in range(40):
        assert guess(1, email=f"nobody{number}@desk.example", address=f"2001:db8::{number:x}") == 1
    assert guess(9, email=ben.email, address="2001:db8::ffff") == 3
    assert sign_in(address="2001:db8::ffff") == ana


def test_a_browser_that_signed_in_before_counts_by_itself(ana: Agent, ben: Agent) -> None:
    known = Browser("a").with_account(sign_ins.account_of(ana))
    guess(12)
    assert sign_in(browser=known) == ana
    guess(12, browser=known)
    with pytest.raises(TooMany):
        sign_in(browser=known)
    assert sign_in(address="203.0.113.8", browser=Browser("b")) == ana
    # It is known for the accounts that it signed in to, and for no other.
    guess(12, email=ben.email)
    with pytest.raises(TooMany):
        sign_in(ben.email, browser=known)


def test_a_browser_is_remembered_for_its_last_accounts() -> None:
    browser = Browser("a")
    for number in range(7):
        browser = browser.with_account(f"agent {number}")
    assert [number for number in range(7) if browser.knows(f"agent {number}")] == [2, 3, 4, 5, 6]


def test_agents_and_customers_count_apart(ana: Agent, carol: Customer) -> None:
    for number in range(40):
        guess(1, email=f"nobody{number}@desk.example")
    visitor = Visitor(HOME)
    for _ in range(10):
        with pytest.raises(InvalidInput):
            customer_sign_in.sign_in("carol@customer.example", "wrong", visitor=visitor)
    with pytest.raises(TooMany):
        customer_sign_in.sign_in("carol@customer.example", cast.PASSWORD, visitor=visitor)


def test_a_flood_of_wrong_passwords_does_not_fill_the_journal(ana: Agent) -> None:
    for number in range(60):
        guess(1, email=f"nobody{number}@desk.example")
    assert JournalEntry.select().count() == 30


def test_whose_mail_strangers_ask_for_gets_one_in_the_browser_they_know(ana: Agent) -> None:
    for number in range(5):
        with suppress(TooMany):
            sign_ins.ask_reset(ana.email, visitor=Visitor(f"198.51.100.{number}"))
    assert OutgoingEmail.select().count() == 3
    sign_ins.ask_reset(ana.email, visitor=Visitor(HOME, Browser("a").with_account(sign_ins.account_of(ana))))
    assert OutgoingEmail.select().count() == 4


def test_an_office_may_sign_in_all_day(ana: Agent) -> None:
    assert all(sign_in() == ana for _ in range(35))


def test_a_password_of_megabytes_costs_nothing(ana: Agent) -> None:
    began = time.process_time()
    with pytest.raises(InvalidInput):
        sign_in(password="x" * 10_000_000)
    assert time.process_time() - began < 0.5


def test_an_outdated_hash_is_renewed(ana: Agent) -> None:
    ana.password_hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(cast.PASSWORD)
    ana.save()
    sign_in()
    assert not passwords.is_outdated(Agent.get_by_id(ana.id).password_hash, cast.PASSWORD)


@pytest.mark.usefixtures("real_hasher")
def test_the_time_of_the_answer_does_not_tell_who_has_an_account(ana: Agent) -> None:
    times: dict[str, list[float]] = {"ana@desk.example": [], "nobody@desk.example": []}
    for _ in range(9):
        for email, taken in times.items():
            began = time.thread_time()
            with pytest.raises(InvalidInput):
                sign_in(email, "wrong")
            taken.append(time.thread_time() - began)
    known, unknown = map(min, times.values())
    assert 0.5 < known / unknown < 2


@pytest.mark.parametrize("make", [cast.make_agent, cast.make_customer])
def test_a_token_signs_its_person_in(database: Any, make: Make) -> None:
    person = make("Ana")
    token = sign_ins.start_sign_in(person, device="Firefox, Linux")
    assert sign_ins.person_of(token) == person
    assert token not in (SignIn.get().token_hash, SignIn.get().device)


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800"])
def test_other_tokens_are_nobodys(ana: Agent, token: str) -> None:
    sign_ins.start_sign_in(ana)
    assert sign_ins.person_of(token) is None


def test_a_copied_token_is_dead_after_signing_out(ana: Agent) -> None:
    token = sign_ins.start_sign_in(ana)
    sign_ins.end_sign_in(token)
    assert sign_ins.person_of(token) is None


def test_a_disabled_agent_is_out_at_once(ana: Agent, root: Agent) -> None:
    token = sign_ins.start_sign_in(ana)
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    assert sign_ins.person_of(token) is None


@pytest.mark.parametrize(("make", "idle", "absolute"), [(cast.make_agent, 3, 30), (cast.make_customer, 14, 90)])
def test_sign_ins_end_when_idle_and_in_any_case(travel: Any, make: Make, idle: int, absolute: int) -> None:
    person = make("Ana")
    idler, visitor = sign_ins.start_sign_in(person), sign_ins.start_sign_in(person)
    for day in range(1, absolute):
        travel.shift(DAY)
        assert sign_ins.person_of(visitor) == person
        if day == idle:
            assert sign_ins.person_of(idler) is None
    travel.shift(DAY)
    assert sign_ins.person_of(visitor) is None


def test_being_seen_is_written_every_five_minutes_at_most(travel: Any, ana: Agent) -> None:
    token = sign_ins.start_sign_in(ana)
    seen = []
    for _ in range(3):
        travel.shift(150)
        sign_ins.person_of(token)
        seen.append(SignIn.get().last_seen_at)
    assert len(set(seen)) == 2
    assert seen[0] < seen[1] == seen[2]


def test_ones_browsers_are_listed_and_ended_one_by_one(ana: Agent, ben: Agent) -> None:
    here, there = sign_ins.start_sign_in(ana, device="here"), sign_ins.start_sign_in(ana, device="there")
    sign_ins.start_sign_in(ben)
    rows = sign_ins.list_sign_ins(ana)
    assert sorted(row.device for row in rows) == ["here", "there"]
    sign_ins.end_one(ana, next(row.id for row in rows if not sign_ins.is_current(row, here)))
    assert sign_ins.person_of(here) == ana
    assert sign_ins.person_of(there) is None


def test_the_browser_of_another_cannot_be_ended(ana: Agent, ben: Agent, carol: Customer) -> None:
    tokens = [sign_ins.start_sign_in(person) for person in (ben, carol)]
    for row in SignIn.select():
        with pytest.raises(NotFound):
            sign_ins.end_one(ana, row.id)
    assert all(sign_ins.person_of(token) for token in tokens)


def test_changing_the_password_keeps_this_browser_only(ana: Agent) -> None:
    here, there = sign_ins.start_sign_in(ana), sign_ins.start_sign_in(ana)
    sign_ins.change_password(ana, cast.PASSWORD, NEW, keep_token=here)
    assert sign_ins.person_of(here) == ana
    assert sign_ins.person_of(there) is None
    assert sign_in(password=NEW) == ana


def test_changing_the_password_needs_the_present_one(ana: Agent) -> None:
    with pytest.raises(InvalidInput) as refused:
        sign_ins.change_password(ana, "wrong", NEW, keep_token=None)
    assert refused.value.field == "current"


def test_the_present_password_cannot_be_guessed_either(ana: Agent) -> None:
    for _ in range(10):
        with pytest.raises(InvalidInput):
            sign_ins.change_password(ana, "wrong", NEW, keep_token=None)
    with pytest.raises(TooMany):
        sign_ins.change_password(ana, cast.PASSWORD, NEW, keep_token=None)


def test_a_forgotten_password_is_mailed_a_link(request_context: None, ana: Agent) -> None:
    sign_ins.ask_reset("Ana@desk.example", visitor=Visitor(HOME))
    mail = OutgoingEmail.get()
    assert (mail.to_email, mail.link_kind, mail.agent) == ("ana@desk.example", "reset", ana)


def test_unknown_and_disabled_accounts_get_no_mail(request_context: None) -> None:
    cast.make_agent("Off", active=False)
    for email in ("nobody@desk.example", "off@desk.example", "nonsense", ""):
        sign_ins.ask_reset(email, visitor=Visitor(HOME))
    assert OutgoingEmail.select().count() == 0


@pytest.mark.parametrize("email", ["ana@desk.example", "nobody@desk.example"])
def test_asking_too_often_is_refused_to_everybody(request_context: None, ana: Agent, email: str) -> None:
    for _ in range(3):
        sign_ins.ask_reset(email, visitor=Visitor(HOME))
    with pytest.raises(TooMany):
        sign_ins.ask_reset(email, visitor=Visitor(HOME))


def test_a_reset_ends_every_browser_and_every_other_link(ana: Agent) -> None:
    token, other = sign_ins.start_sign_in(ana), links.make("reset", agent=ana)
    link = links.find("reset", links.make("reset", agent=ana))
    sign_ins.reset_password(link, NEW, visitor=Visitor(HOME))
    assert sign_ins.person_of(token) is None
    assert sign_in(password=NEW) == ana
    with pytest.raises(NotFound):
        links.find("reset", other)


def test_a_reset_opens_a_blocked_account(ana: Agent) -> None:
    for _ in range(10):
        with pytest.raises(InvalidInput):
            sign_in(password="wrong")
    sign_ins.reset_password(links.find("reset", links.make("reset", agent=ana)), NEW, visitor=Visitor(HOME))
    assert sign_in(password=NEW) == ana


def test_a_reset_link_works_once(ana: Agent) -> None:
    link = links.find("reset", links.make("reset", agent=ana))
    sign_ins.reset_password(link, NEW, visitor=Visitor(HOME))
    with pytest.raises(LinkExpired):
        sign_ins.reset_password(link, "yet another password", visitor=Visitor(HOME))


def test_a_bad_new_password_leaves_the_link_usable(ana: Agent) -> None:
    token = links.make("reset", agent=ana)
    with pytest.raises(InvalidInput):
        sign_ins.reset_password(links.find("reset", token), "short", visitor=Visitor(HOME))
    assert links.find("reset", token)


def test_a_disabled_account_cannot_be_reset(ana: Agent) -> None:
    link = links.find("reset", links.make("reset", agent=ana))
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    with pytest.raises(NotFound, match="disabled"):
        sign_ins.reset_password(link, NEW, visitor=Visitor(HOME))
