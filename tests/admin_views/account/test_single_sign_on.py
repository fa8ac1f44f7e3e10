"""Agents sign in with their organisation's account, at a provider that is real and sometimes hostile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from database import Stamp
from helpdesk import clock, settings
from helpdesk.lib import openid
from helpdesk.single_sign_on import attempts, providers
from models import Agent, Identity, IdentityProvider, JournalEntry, SignIn
from tests.support import cast, doors, phones, sqlite_only
from tests.support import oidc_provider as real
from tests.support.oidc_pages import SIGN_IN, come_back, is_in, leave, link_on, links_on, path_of, refusals
from tests.support.oidc_provider import OidcProvider

BACK = "/admin/single-sign-on"


# --- In -----------------------------------------------------------------------------------------------------------


def test_a_linked_account_signs_in_and_leads_to_the_page_that_was_asked_for(
    app: Any, linked: Identity, acme: OidcProvider
) -> None:
    client = app.test_client()
    there = leave(client, f"{SIGN_IN}?next=/admin/profile")
    assert "code_challenge_method=S256" in there
    assert real.SECRET not in there
    answer = client.get(path_of(acme.allow(there)))
    assert (answer.status_code, answer.location) == (303, "/admin/profile")
    assert is_in(client)
    lines = {row.act for row in JournalEntry.select()}
    assert {"signed-in", "provider-signed-in"} <= lines
    assert Identity.get().last_used_at is not None


def test_a_known_agent_is_linked_after_one_sign_in_with_the_password_and_never_silently(
    app: Any, provider: IdentityProvider, acme: OidcProvider, ana: Agent
) -> None:
    acme.sign_in_as(ana.email)
    client = app.test_client()
    answer = come_back(client, acme)
    assert (answer.location, is_in(client), Identity.select().count()) == (f"{SIGN_IN}?next=/admin/", False, 0)
    text = doors.text_of(client.get(SIGN_IN))
    assert f"No account here is linked to this account of “Acme” yet ({ana.email})." in text
    doors.post(client, SIGN_IN, {"email": ana.email, "password": cast.PASSWORD})
    identity = Identity.get()
    assert (identity.agent_id, identity.sub, identity.last_used_at) == (ana.id, acme.person["sub"], None)
    assert "opens your account" in doors.text_of(client.get("/admin/profile"))
    other = app.test_client()
    come_back(other, acme)
    assert is_in(other)


def test_a_sign_in_of_somebody_else_links_nothing(
    app: Any, provider: IdentityProvider, acme: OidcProvider, ana: Agent, ben: Agent
) -> None:
    acme.sign_in_as(ana.email)
    client = app.test_client()
    come_back(client, acme)
    doors.post(client, SIGN_IN, {"email": ben.email, "password": cast.PASSWORD})
    assert (is_in(client), Identity.select().count()) == (True, 0)


def test_what_waits_to_be_linked_outlasts_the_code_and_not_a_quarter_of_an_hour(
    app: Any, provider: IdentityProvider, acme: OidcProvider, ana: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, _codes = phones.set_up(ana)
    acme.sign_in_as(ana.email)
    client = app.test_client()
    come_back(client, acme)
    doors.post(client, SIGN_IN, {"email": ana.email, "password": cast.PASSWORD})
    assert Identity.select().count() == 0
    doors.post(client, "/admin/sign-in/code", {"code": phone.code()})
    assert Identity.select().count() == 1
    Identity.delete().execute()
    late = app.test_client()
    come_back(late, acme)
    monkeypatch.setattr(attempts, "WINDOW", -1)
    doors.post(late, SIGN_IN, {"email": ana.email, "password": cast.PASSWORD})
    assert Identity.select().count() == 0


def test_who_is_not_known_meets_what_an_unlinked_agent_meets(
    app: Any, linked: Identity, acme: OidcProvider, ana: Agent, ben: Agent
) -> None:
    pages = []
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    for email in ("nobody@desk.example", ben.email, ana.email):
        acme.sign_in_as(email)
        client = app.test_client()
        answer = come_back(client, acme)
        assert not is_in(client)
        text = doors.text_of(client.get(answer.location)).replace(email, "…")
        pages.append((answer.status_code, answer.location, text))
    assert len(set(pages)) == 1
    assert refusals() == ["unknown", "unknown", "disabled"]
    assert Identity.select().count() == 1


def test_it_is_the_name_there_that_counts_and_never_the_address(
    app: Any, linked: Identity, acme: OidcProvider, ana: Agent, ben: Agent
) -> None:
    acme.sign_in_as(ana.email, sub="somebody else")
    client = app.test_client()
    come_back(client, acme)
    assert not is_in(client)
    acme.sign_in_as(ben.email, sub=linked.sub)
    come_back(client, acme)
    assert ana.email in client.get("/admin/profile").get_data(as_text=True)


@pytest.mark.parametrize(
    ("claims", "assumes", "comes_in"),
    [
        ({"email_verified": False}, False, False),
        ({"email_verified": False}, True, False),
        ({"email_verified": None}, False, False),
        ({"email_verified": None}, True, True),
        ({"email_verified": "true"}, False, True),
        ({"email_verified": 1}, False, False),
        ({"email": None}, True, False),
        ({"email": "no address"}, False, False),
    ],
)  # fmt: skip
@sqlite_only
def test_an_address_must_be_proven(
    app: Any, linked: Identity, acme: OidcProvider, claims: dict[str, Any], assumes: bool, comes_in: bool
) -> None:
    IdentityProvider.update(assumes_verified=assumes).execute()
    acme.person = {key: one for key, one in {**acme.person, **claims}.items() if one is not None}
    client = app.test_client()
    answer = come_back(client, acme)
    assert is_in(client) == comes_in
    if not comes_in:
        assert "is proven, so it was not used" in doors.text_of(client.get(answer.location))


# --- Hostile providers, and hostile strangers ---------------------------------------------------------------------


def wrong(**values: Any) -> Callable[[Any, Any], None]:
    """Change claims of the token."""

    def twist(claims: dict[str, Any], _header: Any) -> None:
        claims.update({key: one for key, one in values.items() if one is not None})
        for key in [key for key, one in values.items() if one is None]:
            claims.pop(key, None)

    return twist


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"nonce": "another"}, "claim"),
        ({"nonce": None}, "claim"),
        ({"aud": "another-client"}, "claim"),
        ({"aud": ["desk-client", "another-client"]}, "claim"),
        ({"aud": ["desk-client", "another-client"], "azp": "another-client"}, "claim"),
        ({"iss": "https://evil.example"}, "claim"),
        ({"iss": None}, "claim"),
        ({"sub": ""}, "claim"),
        ({"sub": 7}, "claim"),
        ({"sub": "x" * 256}, "claim"),
        ({"exp": None}, "claim"),
        ({"exp": "never"}, "claim"),
        ({"iat": 1, "exp": 2}, "clock"),
        ({"nbf": 99_999_999_999}, "claim"),
    ],
)  # fmt: skip
@sqlite_only
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    app: Any, linked: Identity, acme: OidcProvider, values: dict[str, Any], reason: str
) -> None:
    acme.twist = wrong(**values)
    client = app.test_client()
    answer = come_back(client, acme)
    assert (is_in(client), refusals()) == (False, [reason])
    assert "Sign in to the desk" in doors.text_of(client.get(answer.location))


@sqlite_only
def test_an_audience_of_several_is_right_where_this_desk_is_the_one_it_was_made_for(
    app: Any, linked: Identity, acme: OidcProvider
) -> None:
    acme.twist = wrong(aud=["desk-client", "another-client"], azp="desk-client")
    client = app.test_client()
    come_back(client, acme)
    assert is_in(client)


@sqlite_only
def test_a_signature_must_be_that_of_the_provider(app: Any, linked: Identity, acme: OidcProvider) -> None:
    own, stranger = acme.keys[0], real.new_key("first")
    forgeries = {
        "no signature": real.unsigned,
        "another key under its name": real.signed_by(stranger),
        "the public key as a secret": real.signed_with_public_key(own),
        "a key that comes along": real.signed_by(stranger, jwk=stranger.as_dict(private=False)),
        "an unknown key": real.signed_by(stranger, kid="another"),
        "a key elsewhere": real.signed_by(stranger, jku="http://localhost:1/keys"),
        "garbage": lambda _claims, _header: "a.b.c",
        "nothing at all": lambda _claims, _header: "",
    }
    for name, sign in forgeries.items():
        acme.sign = sign
        client = app.test_client()
        come_back(client, acme)
        assert not is_in(client), name
    assert set(refusals()) == {"signature", "key", "claim"}


@sqlite_only
def test_a_token_without_the_name_of_its_key_is_taken_where_there_is_one_alone(
    app: Any, linked: Identity, acme: OidcProvider
) -> None:
    def nameless(_claims: Any, header: dict[str, Any]) -> None:
        del header["kid"]

    acme.twist = nameless
    client = app.test_client()
    come_back(client, acme)
    assert is_in(client)
    acme.keys = [*acme.keys, real.new_key("second")]
    openid.forget()
    other = app.test_client()
    come_back(other, acme)
    assert (is_in(other), refusals()) == (False, ["key"])


@sqlite_only
def test_a_new_key_of_the_provider_is_read_and_the_others_are_not_asked_for_each_time(
    app: Any, linked: Identity, acme: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _time in range(2):
        come_back(app.test_client(), acme)
    asked = acme.requests.count("/keys"), acme.requests.count("/.well-known/openid-configuration")
    assert asked == (1, 1)
    acme.keys = [*acme.keys, real.new_key("second")]
    early = app.test_client()
    come_back(early, acme)
    # A flood of unknown names asks no more often than that.
    assert (is_in(early), acme.requests.count("/keys")) == (False, 1)
    monkeypatch.setattr(openid, "LOOK_AGAIN", 0.000001)
    client = app.test_client()
    come_back(client, acme)
    assert (is_in(client), acme.requests.count("/keys")) == (True, 2)


def test_a_way_back_is_of_one_browser_for_some_minutes_and_once(
    app: Any, linked: Identity, acme: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, victim = app.test_client(), app.test_client()
    back = path_of(acme.allow(leave(client)))
    leave(victim)
    # A stranger's way in another browser: nobody is signed in to an account that is not theirs.
    said = doors.text_of(victim.get(back, follow_redirects=True))
    assert "was not begun in this browser" in said
    assert not is_in(victim)
    with client.session_transaction() as session:
        before = dict(session)
    client.get(back)
    assert is_in(client)
    copied = app.test_client()
    with copied.session_transaction() as session:
        session.update(before)
    # A session that was copied before is used up, too, and the code with it.
    copied.get(back)
    assert not is_in(copied)
    late = app.test_client()
    back = path_of(acme.allow(leave(late)))
    monkeypatch.setattr(attempts, "WINDOW", -1)
    late.get(back)
    assert not is_in(late)
    assert app.test_client().get(f"{BACK}?code=x&state=y").location == SIGN_IN


@sqlite_only
def test_a_code_is_used_once(app: Any, linked: Identity, acme: OidcProvider) -> None:
    first, second = app.test_client(), app.test_client()
    back = path_of(acme.allow(leave(first)))
    own = path_of(acme.allow(leave(second)))
    first.get(back)
    stolen = back.partition("code=")[2].partition("&")[0]
    state = own.partition("state=")[2].partition("&")[0]
    second.get(f"{BACK}?code={stolen}&state={state}")
    assert (is_in(first), is_in(second), refusals()) == (True, False, ["code"])


@sqlite_only
def test_a_way_begun_at_one_door_ends_at_no_other(app: Any, linked: Identity, acme: OidcProvider) -> None:
    IdentityProvider.update(for_members=True).execute()
    for page, door in ((SIGN_IN, "/single-sign-on"), ("/sign-in", BACK)):
        client = app.test_client()
        back = path_of(acme.allow(leave(client, page)))
        client.get(f"{door}?{back.partition('?')[2]}")
        assert not is_in(client)
    assert acme.requests.count("/token") == 0


@sqlite_only
def test_no_other_site_begins_a_way(app: Any, linked: Identity, acme: OidcProvider, provider: IdentityProvider) -> None:
    client = app.test_client()
    for token in ("", "?token=", "?token=x", f"?token={doors.csrf_token(app.test_client())}"):
        answer = client.get(f"/admin/sign-in/by/{provider.id}{token}")
        assert (answer.status_code, answer.location) == (303, f"{SIGN_IN}?next=/admin/")
    assert client.get("/admin/sign-in/by/999").status_code == 404
    assert acme.requests == []


@sqlite_only
def test_the_answer_of_another_provider_is_refused(
    app: Any, linked: Identity, acme: OidcProvider, request: pytest.FixtureRequest
) -> None:
    evil = OidcProvider()
    request.addfinalizer(evil.stop)
    evil.row()
    evil.sign_in_as("ana@desk.example", sub=linked.sub)
    # Its own account of the same name is another one.
    client = app.test_client()
    second = links_on(client, SIGN_IN, "/by/")[1]
    there = client.get(second).location
    assert there.startswith(evil.issuer)
    client.get(path_of(evil.allow(there)))
    assert not is_in(client)
    # A way to the one, and the answer of the other (RFC 9207).
    acme.answer = {"iss": evil.issuer}
    come_back(client, acme)
    assert not is_in(client)
    acme.answer, acme.about = {}, {"authorization_response_iss_parameter_supported": True}
    openid.forget()
    come_back(client, acme)
    assert not is_in(client)
    assert refusals() == ["unknown", "mixed", "mixed"]
    acme.answer = {"iss": acme.issuer}
    come_back(client, acme)
    assert is_in(client)


@sqlite_only
def test_a_provider_that_speaks_for_another_one_is_refused(app: Any, linked: Identity, acme: OidcProvider) -> None:
    for about, sentence in (
        ({"issuer": "http://localhost:1"}, "calls itself by another name"),
        ({"token_endpoint": "http://169.254.169.254/token"}, "gives no usable address for “token_endpoint”"),
        ({"jwks_uri": "ftp://localhost/keys"}, "gives no usable address for “jwks_uri”"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "gives no usable address"),
    ):
        acme.about = about
        openid.forget()
        client = app.test_client()
        answer = client.get(link_on(client, SIGN_IN, "/by/"), follow_redirects=True)
        assert sentence in doors.text_of(answer)


# --- What goes wrong ----------------------------------------------------------------------------------------------


@sqlite_only
def test_a_provider_that_is_away_is_named_beside_the_other_ways(app: Any, linked: Identity, acme: OidcProvider) -> None:
    client = app.test_client()
    acme.is_down = True
    text = doors.text_of(client.get(link_on(client, SIGN_IN, "/by/"), follow_redirects=True))
    assert "cannot be reached at the moment. Sign in another way" in text
    assert "Password" in text
    acme.is_down = False
    openid.forget()
    back = path_of(acme.allow(leave(client)))
    acme.is_down = True
    assert "cannot be reached" in doors.text_of(client.get(back, follow_redirects=True))
    assert not is_in(client)


@sqlite_only
def test_answers_that_are_too_long_or_no_answers_are_refused(app: Any, linked: Identity, acme: OidcProvider) -> None:
    for raw in (b"x" * 600_000, b"[]", b"{", b"[" * 100_000):
        acme.raw = raw
        openid.forget()
        client = app.test_client()
        answer = client.get(link_on(client, SIGN_IN, "/by/"))
        assert answer.location == f"{SIGN_IN}?next=/admin/"
    assert set(refusals()) == {"answer", "unreachable"}


@sqlite_only
def test_answers_that_break_off_or_cannot_be_unpacked_are_refused(
    app: Any, linked: Identity, acme: OidcProvider
) -> None:
    for missing, headers in ((9, {}), (0, {"Content-Encoding": "gzip"})):
        acme.missing, acme.headers = missing, headers
        openid.forget()
        client = app.test_client()
        answer = client.get(link_on(client, SIGN_IN, "/by/"))
        assert answer.location == f"{SIGN_IN}?next=/admin/"
    assert refusals() == ["unreachable", "unreachable"]


@sqlite_only
def test_what_is_no_token_is_refused(app: Any, linked: Identity, acme: OidcProvider) -> None:
    answers = (b"null", b"7", b"[]", b'"error"', b'{"expires_in": [1]}', b'{"id_token": {}}', b'{"error": {"a": 1}}')
    for raw in answers:
        acme.raw_tokens = raw
        client = app.test_client()
        assert come_back(client, acme).location == f"{SIGN_IN}?next=/admin/"
        assert not is_in(client)
    assert len(refusals()) == len(answers)
    acme.raw_tokens = b""
    acme.twist = wrong(iat=float("inf"))
    client = app.test_client()
    come_back(client, acme)
    assert (is_in(client), refusals()[-1]) == (False, "signature")


@sqlite_only
def test_what_the_provider_is_to_blame_for_shuts_no_visitor_out_and_does_not_flood_the_journal(
    app: Any, linked: Identity, acme: OidcProvider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lines() -> list[dict[str, Any]]:
        return [row.__dict__["fields"] for row in caplog.records if row.message == "sign-in refused"]

    monkeypatch.setattr(attempts, "PER_NETWORK", 2)
    acme.is_down = True
    for _time in range(4):
        openid.forget()
        client = app.test_client()
        client.get(link_on(client, SIGN_IN, "/by/"))
    assert (lines(), refusals()) == ([], ["unreachable", "unreachable"])
    acme.is_down = False
    openid.forget()
    acme.sign_in_as("nobody@desk.example")
    come_back(app.test_client(), acme)
    # One word: fail2ban reads no line whose reason has a blank.
    assert [(row["account"], row["reason"]) for row in lines()] == [("agent", "provider")]


@sqlite_only
def test_a_clock_that_is_wrong_is_named_with_its_minutes(app: Any, linked: Identity, acme: OidcProvider) -> None:
    for seconds in (600, -900):
        acme.seconds_off = seconds
        client = app.test_client()
        answer = come_back(client, acme)
        minutes = abs(seconds) // 60
        assert f"this desk are {minutes} minutes apart" in doors.text_of(client.get(answer.location))
        assert not is_in(client)
    acme.seconds_off = 60
    client = app.test_client()
    come_back(client, acme)
    assert is_in(client)


@sqlite_only
def test_who_turns_back_at_the_provider_reads_so(app: Any, linked: Identity, acme: OidcProvider) -> None:
    client = app.test_client()
    acme.answer = {"code": None, "error": "access_denied"}
    assert "was cancelled" in doors.text_of(client.get(come_back(client, acme).location))
    acme.answer = {"code": None, "error": "server_<b>error"}
    page = client.get(come_back(client, acme).location)
    assert "refused the sign-in (server_<b>error)" in doors.text_of(page)
    assert "server_<b>" not in page.get_data(as_text=True)


@sqlite_only
def test_a_secret_that_is_wrong_or_lost_is_named(app: Any, linked: Identity, acme: OidcProvider) -> None:
    IdentityProvider.update(client_secret=settings.encrypt("wrong")).execute()
    client = app.test_client()
    assert "does not take the client ID or the client secret" in doors.text_of(
        client.get(come_back(client, acme).location)
    )
    row = IdentityProvider.get()
    row.client_secret = "of another key"
    row.save()
    text = doors.text_of(client.get(link_on(client, SIGN_IN, "/by/"), follow_redirects=True))
    assert "cannot be read with this secret key" in text


@sqlite_only
def test_claims_that_only_the_second_address_gives_are_asked_for(
    app: Any, linked: Identity, acme: OidcProvider
) -> None:
    acme.only_in_userinfo = {"email", "email_verified", "name"}
    client = app.test_client()
    come_back(client, acme)
    assert is_in(client)


@sqlite_only
def test_a_provider_that_takes_the_secret_in_a_header_alone(app: Any, linked: Identity, acme: OidcProvider) -> None:
    acme.by_form = False
    client = app.test_client()
    come_back(client, acme)
    assert (is_in(client), refusals()) == (True, [])


@sqlite_only
def test_a_flood_of_ways_back_ends(app: Any, linked: Identity, acme: OidcProvider, monkeypatch: Any) -> None:
    monkeypatch.setattr(attempts, "PER_NETWORK", 3)
    acme.answer = {"code": "wrong"}
    texts = []
    for _time in range(4):
        client = app.test_client()
        texts.append(doors.text_of(client.get(come_back(client, acme).location)))
    assert ["Too many attempts" in text for text in texts] == [False, False, False, True]
    assert acme.requests.count("/token") == 3


@sqlite_only
def test_successes_count_for_nothing(app: Any, linked: Identity, acme: OidcProvider, monkeypatch: Any) -> None:
    monkeypatch.setattr(attempts, "PER_NETWORK", 2)
    for _time in range(4):
        client = app.test_client()
        come_back(client, acme)
        assert is_in(client)


# --- The second factor --------------------------------------------------------------------------------------------


def test_the_code_is_asked_for_unless_the_provider_asks_itself(
    app: Any, linked: Identity, acme: OidcProvider, ana: Agent
) -> None:
    phone, _codes = phones.set_up(ana)
    client = app.test_client()
    assert come_back(client, acme).location.startswith("/admin/sign-in/code")
    assert not is_in(client)
    doors.post(client, "/admin/sign-in/code", {"code": phone.code()})
    assert is_in(client)
    row = IdentityProvider.get()
    row.vouches = True
    row.save()
    other = app.test_client()
    come_back(other, acme)
    assert is_in(other)
    assert [row.vouched for row in SignIn.select().order_by(SignIn.id)] == [False, True]


def test_a_role_that_requires_one_holds_back_who_came_without(
    app: Any, linked: Identity, acme: OidcProvider, ana: Agent
) -> None:
    Agent.update(second_factor_due_at=clock.now() - timedelta(days=1)).where(Agent.id == ana.id).execute()
    ana.role.requires_second_factor = True
    ana.role.save()
    client = app.test_client()
    come_back(client, acme)
    assert client.get("/admin/tickets/").location == "/admin/profile/two-factor"
    row = IdentityProvider.get()
    row.vouches = True
    row.save()
    other = app.test_client()
    come_back(other, acme)
    assert other.get("/admin/tickets/").status_code == 200
    # By the password alone it is still missing.
    third = app.test_client()
    doors.post(third, SIGN_IN, {"email": ana.email, "password": cast.PASSWORD})
    assert third.get("/admin/tickets/").location == "/admin/profile/two-factor"


@sqlite_only
def test_a_provider_that_is_switched_off_lets_nobody_finish_with_a_code(
    app: Any, linked: Identity, acme: OidcProvider, ana: Agent
) -> None:
    phone, _codes = phones.set_up(ana)
    client = app.test_client()
    come_back(client, acme)
    row = IdentityProvider.get()
    row.enabled = False
    row.save()
    doors.post(client, "/admin/sign-in/code", {"code": phone.code()})
    assert not is_in(client)


def test_an_open_sign_in_counts_as_one_with_a_second_factor_as_long_as_its_provider_asks_for_one(
    app: Any, linked: Identity, acme: OidcProvider, ana: Agent, root: Agent
) -> None:
    IdentityProvider.update(vouches=True).execute()
    Stamp.bump()
    ana.role.requires_second_factor = True
    ana.role.save()
    client = app.test_client()
    come_back(client, acme)
    Agent.update(second_factor_due_at=clock.now() - timedelta(days=1)).where(Agent.id == ana.id).execute()
    Stamp.bump()
    assert client.get("/admin/tickets/").status_code == 200
    row = IdentityProvider.get()
    values = {"label": row.label, "issuer": row.issuer, "client_id": row.client_id}
    providers.save(row, {**values, "vouches": True}, actor=root)
    assert client.get("/admin/tickets/").status_code == 200
    providers.save(row, values, actor=root)
    assert client.get("/admin/tickets/").location == "/admin/profile/two-factor"
