"""Signing in and staying signed in; passwords forgotten and changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from argon2 import PasswordHasher

from helpdesk import links
from helpdesk.errors import InvalidInput, NotFound, TooMany
from helpdesk.lib import passwords
from helpdesk.links import LinkExpired
from helpdesk.people import accounts
from models import Agent, Customer, OutgoingEmail, SignIn
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


def sign_in(email: str = "ana@desk.example", password: str = cast.PASSWORD, address: str = HOME) -> Agent:
    return accounts.sign_in(email, password, address_key=address)


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


def test_ten_wrong_passwords_close_the_account_for_a_while(travel: Any, ana: Agent) -> None:
    for number in range(10):
        with pytest.raises(InvalidInput):
            sign_in(password="wrong", address=f"203.0.113.{number}")
    with pytest.raises(TooMany):
        sign_in(address="203.0.113.99")
    travel.shift(900)
    assert sign_in() == ana


def test_thirty_wrong_passwords_close_the_network(database: Any) -> None:
    for number in range(30):
        with pytest.raises(InvalidInput):
            sign_in(f"nobody{number}@desk.example", "wrong", address=f"2001:db8::{number:x}")
    with pytest.raises(TooMany):
        sign_in("somebody@desk.example", address="2001:db8::ffff")


def test_an_office_may_sign_in_all_day(ana: Agent) -> None:
    assert all(sign_in() == ana for _ in range(35))


def test_a_password_of_megabytes_costs_nothing(ana: Agent) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidInput):
        sign_in(password="x" * 10_000_000)
    assert time.perf_counter() - began < 0.5


def test_an_outdated_hash_is_renewed(ana: Agent) -> None:
    ana.password_hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(cast.PASSWORD)
    ana.save()
    sign_in()
    assert not passwords.is_outdated(Agent.get_by_id(ana.id).password_hash)


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
    token = accounts.start_sign_in(person, device="Firefox, Linux")
    assert accounts.person_of(token) == person
    assert token not in (SignIn.get().token_hash, SignIn.get().device)


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800"])
def test_other_tokens_are_nobodys(ana: Agent, token: str) -> None:
    accounts.start_sign_in(ana)
    assert accounts.person_of(token) is None


def test_a_copied_token_is_dead_after_signing_out(ana: Agent) -> None:
    token = accounts.start_sign_in(ana)
    accounts.end_sign_in(token)
    assert accounts.person_of(token) is None


def test_a_disabled_agent_is_out_at_once(ana: Agent, root: Agent) -> None:
    token = accounts.start_sign_in(ana)
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    assert accounts.person_of(token) is None


@pytest.mark.parametrize(("make", "idle", "absolute"), [(cast.make_agent, 3, 30), (cast.make_customer, 14, 90)])
def test_sign_ins_end_when_idle_and_in_any_case(travel: Any, make: Make, idle: int, absolute: int) -> None:
    person = make("Ana")
    idler, visitor = accounts.start_sign_in(person), accounts.start_sign_in(person)
    for day in range(1, absolute):
        travel.shift(DAY)
        assert accounts.person_of(visitor) == person
        if day == idle:
            assert accounts.person_of(idler) is None
    travel.shift(DAY)
    assert accounts.person_of(visitor) is None


def test_being_seen_is_written_every_five_minutes_at_most(travel: Any, ana: Agent) -> None:
    token = accounts.start_sign_in(ana)
    seen = []
    for _ in range(3):
        travel.shift(150)
        accounts.person_of(token)
        seen.append(SignIn.get().last_seen_at)
    assert len(set(seen)) == 2
    assert seen[0] < seen[1] == seen[2]


def test_ones_browsers_are_listed_and_ended_one_by_one(ana: Agent, ben: Agent) -> None:
    here, there = accounts.start_sign_in(ana, device="here"), accounts.start_sign_in(ana, device="there")
    accounts.start_sign_in(ben)
    rows = accounts.list_sign_ins(ana)
    assert sorted(row.device for row in rows) == ["here", "there"]
    accounts.end_one(ana, next(row.id for row in rows if not accounts.is_current(row, here)))
    assert accounts.person_of(here) == ana
    assert accounts.person_of(there) is None


def test_the_browser_of_another_cannot_be_ended(ana: Agent, ben: Agent, carol: Customer) -> None:
    tokens = [accounts.start_sign_in(person) for person in (ben, carol)]
    for row in SignIn.select():
        with pytest.raises(NotFound):
            accounts.end_one(ana, row.id)
    assert all(accounts.person_of(token) for token in tokens)


def test_changing_the_password_keeps_this_browser_only(ana: Agent) -> None:
    here, there = accounts.start_sign_in(ana), accounts.start_sign_in(ana)
    accounts.change_password(ana, cast.PASSWORD, NEW, keep_token=here)
    assert accounts.person_of(here) == ana
    assert accounts.person_of(there) is None
    assert sign_in(password=NEW) == ana


def test_changing_the_password_needs_the_present_one(ana: Agent) -> None:
    with pytest.raises(InvalidInput) as refused:
        accounts.change_password(ana, "wrong", NEW, keep_token=None)
    assert refused.value.field == "current"


def test_the_present_password_cannot_be_guessed_either(ana: Agent) -> None:
    for _ in range(10):
        with pytest.raises(InvalidInput):
            accounts.change_password(ana, "wrong", NEW, keep_token=None)
    with pytest.raises(TooMany):
        accounts.change_password(ana, cast.PASSWORD, NEW, keep_token=None)


def test_a_forgotten_password_is_mailed_a_link(request_context: None, ana: Agent) -> None:
    accounts.ask_reset("Ana@desk.example", address_key=HOME)
    mail = OutgoingEmail.get()
    assert (mail.to_email, mail.link_kind, mail.agent) == ("ana@desk.example", "reset", ana)


def test_unknown_and_disabled_accounts_get_no_mail(request_context: None) -> None:
    cast.make_agent("Off", active=False)
    for email in ("nobody@desk.example", "off@desk.example", "nonsense", ""):
        accounts.ask_reset(email, address_key=HOME)
    assert OutgoingEmail.select().count() == 0


@pytest.mark.parametrize("email", ["ana@desk.example", "nobody@desk.example"])
def test_asking_too_often_is_refused_to_everybody(request_context: None, ana: Agent, email: str) -> None:
    for _ in range(3):
        accounts.ask_reset(email)
    with pytest.raises(TooMany):
        accounts.ask_reset(email)


def test_a_reset_ends_every_browser_and_every_other_link(ana: Agent) -> None:
    token, other = accounts.start_sign_in(ana), links.make("reset", agent=ana)
    link = links.find("reset", links.make("reset", agent=ana))
    accounts.reset_password(link, NEW)
    assert accounts.person_of(token) is None
    assert sign_in(password=NEW) == ana
    with pytest.raises(NotFound):
        links.find("reset", other)


def test_a_reset_opens_a_blocked_account(ana: Agent) -> None:
    for _ in range(10):
        with pytest.raises(InvalidInput):
            sign_in(password="wrong")
    accounts.reset_password(links.find("reset", links.make("reset", agent=ana)), NEW)
    assert sign_in(password=NEW) == ana


def test_a_reset_link_works_once(ana: Agent) -> None:
    link = links.find("reset", links.make("reset", agent=ana))
    accounts.reset_password(link, NEW)
    with pytest.raises(LinkExpired):
        accounts.reset_password(link, "yet another password")


def test_a_bad_new_password_leaves_the_link_usable(ana: Agent) -> None:
    token = links.make("reset", agent=ana)
    with pytest.raises(InvalidInput):
        accounts.reset_password(links.find("reset", token), "short")
    assert links.find("reset", token)


def test_a_disabled_account_cannot_be_reset(ana: Agent) -> None:
    link = links.find("reset", links.make("reset", agent=ana))
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    with pytest.raises(NotFound, match="disabled"):
        accounts.reset_password(link, NEW)
