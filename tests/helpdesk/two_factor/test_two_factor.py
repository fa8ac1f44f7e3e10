"""The second factor: set up, given at sign-in, each code once, reset; and who must have one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import time_machine

from helpdesk import links, settings
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, TooMany
from helpdesk.lib import qr_code
from helpdesk.operations import upkeep
from helpdesk.people import agents, invitations, permissions, required_second_factor, sign_ins
from helpdesk.people.sign_in_limits import Browser, Visitor
from helpdesk.settings import environment
from helpdesk.two_factor import pending_sign_ins, recovery_codes, second_factors, step_up
from models import Agent, JournalEntry, OutgoingEmail, PendingSignIn, RecoveryCode, Role, SecondFactor
from tests.support import cast, phones, racing

NOON = "2026-03-02T12:00:00Z"
DAY = 86_400
HOME = Visitor("203.0.113.7")


@pytest.fixture
def travel(database: Any) -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def give(agent: Agent, code: str, *, visitor: Visitor = HOME) -> Agent:
    """Sign in up to the code, and give it."""
    return pending_sign_ins.complete(pending_sign_ins.begin(agent), code, visitor=visitor)


def refused(agent: Agent, code: str, **options: Any) -> str:
    with pytest.raises((InvalidInput, TooMany)) as error:
        give(agent, code, **options)
    return str(error.value)


def acts() -> list[str]:
    return [row.act for row in JournalEntry.select().order_by(JournalEntry.id)]


# --- Setting it up --------------------------------------------------------------------------------------------------


def test_it_is_on_from_the_first_code(travel: Any, ana: Agent) -> None:
    key, phone = phones.begin(ana)
    setup = second_factors.pending(ana, key)
    assert setup is not None
    assert not second_factors.is_on(ana)
    assert f"secret={setup.secret}" in setup.address
    with pytest.raises(InvalidInput, match="phone shows now"):
        second_factors.confirm(ana, "000000x", key=key, keep_token=None)
    code = phone.code()
    codes = second_factors.confirm(ana, f" {code[:3]} {code[3:]}", key=key, keep_token=None)
    assert second_factors.is_on(ana)
    assert second_factors.pending(ana, key) is None
    assert len(set(codes)) == 10
    assert acts() == ["two-factor-on"]


def test_no_secret_and_no_recovery_code_is_stored_readable(ana: Agent) -> None:
    phone, codes = phones.set_up(ana)
    rows = repr([*SecondFactor.select().dicts(), *RecoveryCode.select().dicts()])
    assert phone.totp.secret not in rows
    assert not any(code in rows or code.replace("-", "") in rows for code in codes)


def test_it_begins_with_the_password(ana: Agent) -> None:
    with pytest.raises(InvalidInput) as error:
        second_factors.begin(ana, "wrong")
    assert error.value.field == "current"
    assert not SecondFactor.select().exists()


def test_a_picture_that_was_shown_an_hour_ago_counts_no_more(travel: Any, ana: Agent) -> None:
    key, phone = phones.begin(ana)
    travel.shift(3_601)
    assert second_factors.pending(ana, key) is None
    with pytest.raises(InvalidInput, match="outdated"):
        second_factors.confirm(ana, phone.code(), key=key, keep_token=None)


def test_the_secret_is_shown_to_the_browser_that_began(ana: Agent) -> None:
    earlier, _phone = phones.begin(ana)
    key, phone = phones.begin(ana)
    for other in ("", earlier):
        assert second_factors.pending(ana, other) is None
        with pytest.raises(InvalidInput, match="outdated"):
            second_factors.confirm(ana, phone.code(), key=other, keep_token=None)
    assert second_factors.confirm(ana, phone.code(), key=key, keep_token=None)


def test_the_longest_name_and_address_fit_into_the_picture(ana: Agent) -> None:
    settings.save({"desk_name": "案" * 60})
    ana.email = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"
    setup = second_factors.pending(ana, second_factors.begin(ana, cast.PASSWORD))
    assert setup is not None
    assert qr_code.svg(setup.address)


def test_a_wrong_clock_is_named_with_its_minutes(travel: Any, ana: Agent) -> None:
    key, phone = phones.begin(ana)
    with pytest.raises(InvalidInput, match="10 minutes apart"):
        second_factors.confirm(ana, phone.code(seconds=-600), key=key, keep_token=None)


def test_this_browser_stays_and_the_others_are_signed_out(ana: Agent) -> None:
    here, there = sign_ins.start_sign_in(ana), sign_ins.start_sign_in(ana)
    phones.set_up(ana, keep_token=here)
    assert sign_ins.person_of(here) == ana
    assert sign_ins.person_of(there) is None


def test_another_phone_counts_from_its_first_code_on(ana: Agent) -> None:
    former, codes = phones.set_up(ana)
    second_factors.begin(ana, cast.PASSWORD)
    assert give(ana, former.code()) == ana
    now, _codes = phones.set_up(ana)
    assert "not right" in refused(ana, former.code())
    assert "not right" in refused(ana, codes[0])
    assert give(ana, now.code()) == ana
    assert "two-factor-changed" in acts()


# --- The code at sign-in --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "is_right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_is_right_for_three_steps(travel: Any, ana: Agent, seconds: int, is_right: bool) -> None:
    phone, _codes = phones.set_up(ana)
    assert second_factors.use(ana, phone.code(seconds=seconds)) is is_right


def test_a_code_is_right_once_and_so_are_those_before_it(travel: Any, ana: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    assert second_factors.use(ana, phone.code())
    assert not second_factors.use(ana, phone.code())
    assert not second_factors.use(ana, phone.code(seconds=-30))
    travel.shift(30)
    assert second_factors.use(ana, phone.code())


def test_the_first_code_does_not_sign_in_as_well(travel: Any, ana: Agent) -> None:
    key, phone = phones.begin(ana)
    second_factors.confirm(ana, phone.code(), key=key, keep_token=None)
    assert not second_factors.use(ana, phone.code())


@pytest.mark.parametrize("kind", ["phone", "recovery"])
def test_of_two_browsers_at_once_one_code_opens_one(ana: Agent, kind: str) -> None:
    phone, codes = phones.set_up(ana)
    code = phone.code() if kind == "phone" else codes[0]
    tokens = [pending_sign_ins.begin(ana) for _ in range(4)]
    gives = [partial(pending_sign_ins.complete, token, code, visitor=HOME) for token in tokens]
    assert sorted(racing.beside(*gives)) == ["InvalidInput"] * 3 + ["done"]


@pytest.mark.parametrize("code", ["", "0", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "\0", "\ud800", "0" * 100_000])
def test_strange_codes_are_wrong_ones(ana: Agent, code: str) -> None:
    phones.set_up(ana)
    assert not second_factors.use(ana, code)


def test_a_recovery_code_opens_once_however_it_is_typed(ana: Agent) -> None:
    phone, codes = phones.set_up(ana)
    typed = f" {codes[0].upper().replace('-', ' ').replace('1', 'l').replace('0', 'O')} "
    assert give(ana, typed) == ana
    assert recovery_codes.left(ana) == 9
    first, second = refused(ana, typed), refused(ana, phone.wrong_code())
    assert first == second
    assert "recovery-code-used" in acts()


def test_new_recovery_codes_end_the_earlier_ones(ana: Agent, ben: Agent) -> None:
    _phone, codes = phones.set_up(ana)
    _his, others = phones.set_up(ben)
    with pytest.raises(InvalidInput):
        second_factors.renew_codes(ana, "wrong")
    fresh = second_factors.renew_codes(ana, cast.PASSWORD)
    assert not second_factors.use(ana, codes[0])
    assert not second_factors.use(ana, others[0])
    assert second_factors.use(ana, fresh[0])
    assert second_factors.use(ben, others[0])


# --- Half a sign-in -------------------------------------------------------------------------------------------------


def test_half_a_sign_in_opens_nothing_and_lasts_ten_minutes(travel: Any, ana: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    token = pending_sign_ins.begin(ana)
    assert sign_ins.person_of(token) is None
    assert token not in PendingSignIn.get().token_hash
    travel.shift(599)
    assert pending_sign_ins.agent_of(token) == ana
    travel.shift(1)
    assert pending_sign_ins.agent_of(token) is None
    with pytest.raises(NotFound, match="Sign in again"):
        pending_sign_ins.complete(token, phone.code(), visitor=HOME)
    upkeep.run()
    travel.shift(1)
    upkeep.run()
    assert not PendingSignIn.select().exists()


def test_what_a_clock_that_was_ahead_has_left_waits_no_longer(travel: Any, ana: Agent) -> None:
    phones.set_up(ana)
    travel.shift(86_400)
    token, (key, _phone), browser = pending_sign_ins.begin(ana), phones.begin(ana), sign_ins.start_sign_in(ana)
    travel.shift(-50)
    # As far apart as the clocks of two hosts may be.
    assert (pending_sign_ins.agent_of(token), step_up.is_fresh(browser)) == (ana, True)
    assert second_factors.pending(ana, key) is not None
    travel.shift(-3_600)
    assert (pending_sign_ins.agent_of(token), step_up.is_fresh(browser)) == (None, False)
    assert second_factors.pending(ana, key) is None


def test_half_a_sign_in_is_made_whole_once(ana: Agent) -> None:
    phone, codes = phones.set_up(ana)
    token = pending_sign_ins.begin(ana)
    pending_sign_ins.complete(token, phone.code(), visitor=HOME)
    with pytest.raises(NotFound):
        pending_sign_ins.complete(token, codes[0], visitor=HOME)


def test_half_a_sign_in_ends_with_the_password_the_account_and_the_factor(ana: Agent, root: Agent) -> None:
    phones.set_up(ana)
    token = pending_sign_ins.begin(ana)
    sign_ins.change_password(ana, cast.PASSWORD, "a new and longer password", keep_token=None)
    assert pending_sign_ins.agent_of(token) is None
    token = pending_sign_ins.begin(ana)
    second_factors.switch_off(ana, "a new and longer password")
    assert pending_sign_ins.agent_of(token) is None
    token = pending_sign_ins.begin(ana)
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    assert pending_sign_ins.agent_of(token) is None


def test_five_wrong_codes_close_it_for_one_network_whatever_password_comes_between(travel: Any, ana: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    for _ in range(5):
        assert "not right" in refused(ana, phone.wrong_code())
        sign_ins.sign_in(ana.email, cast.PASSWORD, visitor=HOME)
    assert "Too many" in refused(ana, phone.code())
    # Elsewhere, and later, it goes on.
    assert give(ana, phone.code(), visitor=Visitor("203.0.113.99")) == ana
    travel.shift(901)
    assert give(ana, phone.code()) == ana


def test_a_thief_of_the_password_guesses_thirty_codes_a_day_and_shuts_nobody_out(travel: Any, ana: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    tries = [refused(ana, phone.wrong_code(), visitor=Visitor(f"198.51.100.{at // 5}")) for at in range(60)]
    assert sum("not right" in text for text in tries) == 30
    known = Visitor(HOME.address, Browser("a").with_account(sign_ins.account_of(ana)))
    assert give(ana, phone.code(), visitor=known) == ana
    travel.shift(DAY + 1)
    assert give(ana, phone.code()) == ana


def test_a_wrong_code_stands_in_the_journal_with_its_network(ana: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    refused(ana, phone.wrong_code())
    line = JournalEntry.select().order_by(JournalEntry.id.desc()).get()
    assert (line.act, line.subject, line.network) == ("sign-in-failed", ana.email, HOME.address)


# --- Off, and reset -------------------------------------------------------------------------------------------------


def test_switching_off_takes_the_password(ana: Agent) -> None:
    phones.set_up(ana)
    with pytest.raises(InvalidInput):
        second_factors.switch_off(ana, "wrong")
    assert second_factors.is_on(ana)
    second_factors.switch_off(ana, cast.PASSWORD)
    second_factors.switch_off(ana, cast.PASSWORD)
    assert not second_factors.is_on(ana)
    assert not RecoveryCode.select().exists()
    assert acts().count("two-factor-off") == 1


def test_an_administrator_resets_it_and_both_are_told(ana: Agent, root: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    token = sign_ins.start_sign_in(ana)
    for _ in range(31):
        refused(ana, phone.wrong_code())
    assert second_factors.reset(ana, actor=root)
    assert not second_factors.is_on(ana)
    assert sign_ins.person_of(token) is None
    assert {mail.to_email for mail in OutgoingEmail.select()} == {ana.email, root.email}
    line = JournalEntry.get(JournalEntry.act == "two-factor-reset")
    assert (line.actor_name, line.subject) == ("Root", f"Ana ({ana.email})")
    assert not second_factors.reset(ana, actor=root)
    assert OutgoingEmail.select().count() == 2


def test_what_the_machine_resets_is_told_as_that_to_all_administrators(ana: Agent, root: Agent) -> None:
    phones.set_up(ana)
    second_factors.reset(ana, actor=None)
    mails = {mail.to_email: mail.body for mail in OutgoingEmail.select()}
    assert set(mails) == {ana.email, root.email}
    assert all("was reset on the machine of the desk" in body for body in mails.values())


def test_only_administrators_reset_and_not_their_own(ana: Agent, ben: Agent, root: Agent) -> None:
    phones.set_up(ana)
    phones.set_up(root)
    with pytest.raises(NotAllowed):
        second_factors.reset(ana, actor=ben)
    with pytest.raises(InvalidInput, match="in your profile"):
        second_factors.reset(root, actor=root)
    second_factors.reset(root, actor=None)
    assert not second_factors.is_on(root)
    assert [mail.to_email for mail in OutgoingEmail.select()] == [root.email]


def test_with_another_secret_key_recovery_codes_are_the_way_in(ana: Agent) -> None:
    phone, codes = phones.set_up(ana)
    environment.use(replace(environment.current(), secret_key="another key of more than 32 characters"))
    assert not second_factors.use(ana, phone.code())
    assert second_factors.use(ana, codes[0])


def test_it_goes_with_the_account(ana: Agent, root: Agent) -> None:
    phones.set_up(ana)
    pending_sign_ins.begin(ana)
    agents.delete_agent(ana, actor=root)
    assert not any(table.select().exists() for table in (SecondFactor, RecoveryCode, PendingSignIn))


# --- Who must have one ----------------------------------------------------------------------------------------------


def days(agent: Agent) -> int | None:
    return required_second_factor.days_left(Agent.get_by_id(agent.id))


def require(role: Role, root: Agent, *, on: bool = True) -> None:
    permissions.save_role(Role.get_by_id(role.id), {"requires_second_factor": on}, actor=root)


def test_a_role_requires_it_and_seven_days_are_counted_down(travel: Any, ana: Agent, root: Agent) -> None:
    assert days(ana) is None
    require(ana.role, root)
    assert (days(ana), days(root)) == (7, None)
    travel.shift(DAY)
    require(ana.role, root)
    assert days(ana) == 6
    travel.shift(6 * DAY - 1)
    assert (days(ana), required_second_factor.is_overdue(Agent.get_by_id(ana.id))) == (1, False)
    travel.shift(1)
    assert (days(ana), required_second_factor.is_overdue(Agent.get_by_id(ana.id))) == (0, True)
    phones.set_up(ana)
    assert days(ana) is None


def test_it_ends_when_nobody_requires_it_any_more(travel: Any, ana: Agent, root: Agent) -> None:
    require(ana.role, root)
    require(ana.role, root, on=False)
    assert days(ana) is None
    settings.save({"administrators_second_factor": True})
    assert (days(ana), days(root)) == (None, 7)
    settings.save({"administrators_second_factor": False})
    assert days(root) is None


def test_another_role_and_a_closed_account(travel: Any, ana: Agent, root: Agent) -> None:
    strict = cast.make_role("Strict", requires_second_factor=True)
    agents.save_agent(ana, {"role": strict.id}, actor=root)
    assert days(ana) == 7
    agents.disable_agent(ana, actor=root)
    assert days(ana) is None
    agents.save_agent(ana, {"active": True}, actor=root)
    assert days(ana) == 7


def test_the_days_of_somebody_new_begin_when_they_come(travel: Any, root: Agent) -> None:
    strict = cast.make_role("Strict", requires_second_factor=True)
    nora = invitations.invite(root, "nora@desk.example", "Nora", strict)
    assert days(nora) is None
    # Whatever else changes meanwhile.
    agents.save_agent(root, {"name": "The root"}, actor=root)
    assert days(nora) is None
    travel.shift(8 * DAY)
    link = links.find("invitation", links.make("invitation", agent=nora))
    sign_ins.start_sign_in(invitations.accept_invitation(link, "Nora", "a brand new password"))
    assert days(nora) == 7


def test_who_must_have_it_does_not_switch_it_off(ana: Agent, root: Agent) -> None:
    phones.set_up(ana)
    require(ana.role, root)
    assert days(ana) is None
    with pytest.raises(InvalidInput, match="required of you"):
        second_factors.switch_off(ana, cast.PASSWORD)
    second_factors.reset(ana, actor=root)
    assert days(ana) == 7


def test_a_new_role_is_told_in_the_journal_and_the_days_are_not(ana: Agent, root: Agent) -> None:
    require(ana.role, root)
    sign_ins.start_sign_in(ana)
    (line,) = JournalEntry.select().where(JournalEntry.act == "changed")
    assert line.data["fields"] == ["requires_second_factor"]
