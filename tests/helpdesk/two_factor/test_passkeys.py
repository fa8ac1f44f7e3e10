"""Passkeys: made, used once a challenge, bound to the desk's address, removed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from helpdesk.errors import InvalidInput, NotAllowed, NotFound, TooMany
from helpdesk.people import required_second_factor, sign_in_limits, sign_ins
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.settings import environment
from helpdesk.two_factor import passkeys, pending_sign_ins, recovery_codes, second_factors
from helpdesk.two_factor.passkeys import Site
from models import Agent, JournalEntry, OutgoingEmail, Passkey, RecoveryCode, Role, SignIn
from tests.support import passkey_devices, phones, racing
from tests.support.passkey_devices import SITE, Device

HOME = Visitor("203.0.113.7")
ELSEWHERE = Site("desk.example.net", "https://desk.example.net")


def use(answer: str, site: Site = SITE, agent: Agent | None = None) -> Agent:
    return passkeys.use(answer, site=site, visitor=HOME, agent=agent)


def refused(answer: str, **options: Any) -> bool:
    with pytest.raises(InvalidInput) as error:
        use(answer, **options)
    return str(error.value) == str(passkeys.REFUSED)


def acts() -> list[str]:
    return [row.act for row in JournalEntry.select().order_by(JournalEntry.id)]


# --- Added ----------------------------------------------------------------------------------------------------------


def test_the_first_one_is_a_second_factor_with_recovery_codes(ana: Agent) -> None:
    kept, other = (sign_ins.start_sign_in(ana, device="x", by_link=False, network="") for _ in range(2))
    answer = Device().make(passkeys.creation_options(ana, SITE))
    codes = passkeys.add(ana, answer, " Laptop ", site=SITE, keep_token=kept)
    assert len(codes) == recovery_codes.COUNT
    assert [row.name for row in passkeys.of(ana)] == ["Laptop"]
    assert second_factors.is_on(ana)
    assert second_factors.having([ana]) == {ana.id}
    assert sign_ins.person_of(kept) == ana
    assert sign_ins.person_of(other) is None
    assert acts()[-1] == "passkey-added"
    mail = OutgoingEmail.get()
    assert (mail.kind, mail.to_email, mail.link_kind, "passkey" in mail.body) == ("passkey-added", ana.email, "", True)
    assert pending_sign_ins.complete(pending_sign_ins.begin(ana), codes[0], visitor=HOME) == ana


def test_another_one_leaves_codes_and_browsers(ana: Agent) -> None:
    _phone, codes = phones.set_up(ana)
    token = sign_ins.start_sign_in(ana, device="x", by_link=False, network="")
    passkey_devices.added(ana)
    assert RecoveryCode.select().count() == len(codes)
    assert sign_ins.person_of(token) == ana


def test_what_is_no_sound_answer_makes_none(ana: Agent, ben: Agent) -> None:
    options = passkeys.creation_options(ana, SITE)
    answer = Device().make(options)
    broken = json.loads(answer)
    broken["response"]["attestationObject"] = "AAAA"
    used = Device().use(options)
    for text in (
        *("", "null", "[]", "{}", '{"response": 1}', '{"response": {"clientDataJSON": "%%"}}', "[" * 50_000),
        *(json.dumps(broken), used, Device().make(options, ELSEWHERE), Device(verifies=False).make(options)),
    ):
        with pytest.raises(InvalidInput):
            passkeys.add(ana, text, "Laptop", site=SITE, keep_token=None)
    with pytest.raises(InvalidInput, match="open for too long"):
        passkeys.add(ben, answer, "Laptop", site=SITE, keep_token=None)
    with pytest.raises(InvalidInput) as error:
        passkeys.add(ana, answer, " \u200b", site=SITE, keep_token=None)
    assert error.value.field == "name"
    assert not Passkey.select().exists()


def test_one_is_stored_once_and_ten_at_most(ana: Agent, ben: Agent) -> None:
    device = passkey_devices.added(ana)
    with pytest.raises(InvalidInput, match="stored already"):
        passkeys.add(ben, device.make(passkeys.creation_options(ben, SITE)), "x", site=SITE, keep_token=None)
    for _ in range(passkeys.MOST - 1):
        passkey_devices.added(ana)
    with pytest.raises(InvalidInput, match="At most 10 passkeys"):
        passkey_devices.added(ana)


def test_two_desks_under_one_name_write_over_no_passkey_of_each_other(ana: Agent, ben: Agent) -> None:
    def handle(agent: Agent) -> str:
        return str(json.loads(passkeys.creation_options(agent, SITE))["user"]["id"])

    before = handle(ana)
    Agent.update(email="other@example.org").where(Agent.id == ana.id).execute()
    assert handle(Agent.get_by_id(ana.id)) == before != handle(ben)
    environment.use(replace(environment.current(), secret_key="the key of another desk, with 32 characters"))
    assert handle(ana) != before


def test_none_comes_in_behind_a_reset(database: Any, ana: Agent, root: Agent) -> None:
    passkey_devices.added(ana)
    token = sign_ins.start_sign_in(ana, device="x", by_link=False, network="")
    answer = Device().make(passkeys.creation_options(ana, SITE))
    add = partial(passkeys.add, ana, answer, "Laptop", site=SITE, keep_token=token)
    ended = racing.beside(partial(second_factors.reset, ana, actor=root), add)
    assert ended[0] == "done"
    assert not Passkey.select().exists()
    with pytest.raises(NotAllowed):
        add()


def test_a_browser_is_told_which_it_has_already(ana: Agent) -> None:
    passkey_devices.added(ana)
    options = json.loads(passkeys.creation_options(ana, SITE))
    assert [one["id"] for one in options["excludeCredentials"]] == [Passkey.get().credential_id]
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert ana.email.encode().hex() not in options["user"]["id"]


# --- Used -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [True, False])
def test_it_opens_the_account_again_and_again(ana: Agent, counts: bool) -> None:
    device = passkey_devices.added(ana, counts=counts)
    for _ in range(3):
        assert use(device.use(passkeys.request_options(SITE))) == ana
    assert Passkey.get().last_used_at is not None


def test_an_answer_is_good_once(ana: Agent) -> None:
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        device = passkey_devices.added(ana, counts=False)
        older = passkeys.request_options(SITE)
        clock.shift(timedelta(seconds=1))
        answer = device.use(passkeys.request_options(SITE))
        assert use(answer) == ana
        assert refused(answer)
        assert refused(device.use(older))


def test_it_gives_no_tries_back_to_who_guesses_codes_beside(ana: Agent) -> None:
    _phone, _codes = phones.set_up(ana)
    device = passkey_devices.added(ana)
    for _ in range(sign_in_limits.CODES):
        with pytest.raises(InvalidInput):
            pending_sign_ins.complete(pending_sign_ins.begin(ana), "no code", visitor=HOME)
    assert use(device.use(passkeys.request_options(SITE))) == ana
    with pytest.raises(TooMany):
        pending_sign_ins.complete(pending_sign_ins.begin(ana), "no code", visitor=HOME)


def test_of_two_browsers_with_one_answer_one_gets_in(database: Any, ana: Agent) -> None:
    device = passkey_devices.added(ana, counts=False)
    answer = device.use(passkeys.request_options(SITE))
    assert sorted(racing.beside(*[partial(use, answer)] * 4)) == ["InvalidInput"] * 3 + ["done"]


def test_what_is_refused_is_told_in_the_same_words(ana: Agent, ben: Agent) -> None:
    device, stranger = passkey_devices.added(ana), Device()
    options = passkeys.request_options(SITE)
    assert refused(stranger.use(options))
    assert refused(device.use(options), agent=ben)
    assert refused(device.use(options, ELSEWHERE))
    assert refused(device.use(passkeys.creation_options(ana, SITE)))
    assert refused(device.make(options))
    assert refused("{}")
    device.verifies = False
    assert refused(device.use(options))
    device.verifies = True
    forged = json.loads(device.use(options))
    forged["response"]["signature"] = json.loads(stranger.use(options))["response"]["signature"]
    assert refused(json.dumps(forged))
    assert use(device.use(options)) == ana
    Agent.update(active=False).execute()
    assert refused(device.use(passkeys.request_options(SITE)))


@pytest.mark.parametrize("key", ["a\0b", "\ud800", None, 7, [], "x" * 15_000])
def test_a_key_that_cannot_be_one_is_refused_as_any_other(database: Any, ana: Agent, key: Any) -> None:
    answer = json.loads(passkey_devices.added(ana).use(passkeys.request_options(SITE)))
    assert refused(json.dumps({**answer, "id": key}))


def test_one_of_another_address_opens_nothing_here(ana: Agent) -> None:
    device = passkey_devices.added(ana, ELSEWHERE)
    assert refused(device.use(passkeys.request_options(SITE), SITE))
    assert not passkeys.exist(SITE)
    assert json.loads(passkeys.request_options(SITE, ana)).get("allowCredentials", []) == []


def test_a_copied_device_is_found_by_its_count(ana: Agent) -> None:
    device = passkey_devices.added(ana)
    use(device.use(passkeys.request_options(SITE)))
    device.count -= 1
    assert refused(device.use(passkeys.request_options(SITE)))


def test_a_challenge_lives_for_an_hour_and_is_of_this_desk(ana: Agent) -> None:
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        device = passkey_devices.added(ana)
        old = passkeys.request_options(SITE)
        clock.shift(timedelta(minutes=59))
        assert use(device.use(old)) == ana
        late = passkeys.request_options(SITE)
        clock.shift(timedelta(minutes=61))
        assert refused(device.use(late))
        foreign = passkeys.request_options(SITE)
        environment.use(replace(environment.current(), secret_key="another key of more than 32 characters"))
        assert refused(device.use(foreign))
        assert use(device.use(passkeys.request_options(SITE))) == ana


def test_a_clock_that_was_ahead_leaves_no_one_outside(ana: Agent) -> None:
    with time_machine.travel("2027-03-02T12:00:00Z", tick=False) as clock:
        device = passkey_devices.added(ana)
        use(device.use(passkeys.request_options(SITE)))
        clock.move_to("2026-03-02T12:00:00Z")
        answer = device.use(passkeys.request_options(SITE))
        assert use(answer) == ana
        assert refused(answer)


# --- Removed --------------------------------------------------------------------------------------------------------


def test_with_the_last_one_the_recovery_codes_go(ana: Agent) -> None:
    passkey_devices.added(ana, name="Laptop")
    passkey_devices.added(ana, name="Phone")
    laptop, phone = passkeys.of(ana)
    assert passkeys.remove(ana, laptop.id) == "Laptop"
    assert RecoveryCode.select().exists()
    assert passkeys.remove(ana, phone.id) == "Phone"
    assert not RecoveryCode.select().exists()
    assert not second_factors.is_on(ana)
    with pytest.raises(NotFound):
        passkeys.remove(ana, phone.id)
    assert acts()[-2:] == ["passkey-removed"] * 2


def test_nobody_removes_another_ones(ana: Agent, ben: Agent) -> None:
    passkey_devices.added(ana)
    with pytest.raises(NotFound):
        passkeys.remove(ben, Passkey.get().id)


def test_it_is_a_second_factor_where_one_is_required(ana: Agent) -> None:
    Role.update(requires_second_factor=True).where(Role.id == ana.role_id).execute()
    required_second_factor.refresh()
    assert required_second_factor.days_left(Agent.get_by_id(ana.id)) == 7
    passkey_devices.added(ana)
    assert required_second_factor.days_left(Agent.get_by_id(ana.id)) is None
    with pytest.raises(InvalidInput, match="required of you"):
        passkeys.remove(ana, Passkey.get().id)
    phones.set_up(ana)
    passkeys.remove(ana, Passkey.get().id)
    assert second_factors.is_on(ana)


def test_of_two_that_are_removed_at_once_a_required_one_stays(database: Any, ana: Agent) -> None:
    Role.update(requires_second_factor=True).where(Role.id == ana.role_id).execute()
    for _ in range(2):
        passkey_devices.added(ana)
    removals = [partial(passkeys.remove, ana, row.id) for row in passkeys.of(ana)]
    assert sorted(racing.beside(*removals)) == ["InvalidInput", "done"]


def test_a_reset_takes_them_away(ana: Agent, root: Agent) -> None:
    passkey_devices.added(ana)
    sign_ins.start_sign_in(ana, device="x", by_link=False, network="")
    assert second_factors.reset(ana, actor=root)
    assert not Passkey.select().exists()
    assert not SignIn.select().where(SignIn.agent == ana.id).exists()
