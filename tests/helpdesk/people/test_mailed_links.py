"""Links in the hands of administrators: one handed over, or all of them ended."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk import links
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, TooMany
from helpdesk.links import LinkExpired
from helpdesk.people import mailed_links, sign_ins
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.visitors import guest_passes
from models import AccessLink, Agent, Customer, GuestPass, JournalEntry, OutgoingEmail, SignIn, Ticket
from tests.support import cast, doors

HOME = Visitor("203.0.113.7")
NEW = "a new and longer password"


def token(url: str) -> str:
    return url.rpartition("/")[2]


def journal() -> list[tuple[str, str]]:
    return list(JournalEntry.select(JournalEntry.act, JournalEntry.subject).order_by(JournalEntry.id).tuples())


# --- One link, handed over ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_whom", ["an administrator", "the machine"])
def test_who_lost_the_password_chooses_another(ana: Agent, root: Agent, by_whom: str) -> None:
    actor = root if by_whom == "an administrator" else None
    former = links.make("reset", agent=ana)
    url = mailed_links.new_password_link(ana, actor=actor)
    with pytest.raises(NotFound):
        links.find("reset", former)
    sign_ins.reset_password(links.find("reset", token(url)), NEW, visitor=HOME)
    assert sign_ins.sign_in(ana.email, NEW, visitor=HOME) == ana
    (mail,) = OutgoingEmail.select().where(OutgoingEmail.agent == ana)
    # It tells that there is a link, and carries none: whoever reads the mailbox gets no way in.
    assert (mail.kind, mail.link_kind, "/admin/" in mail.body) == ("link-made", "", False)
    assert ("link-made", f"Ana ({ana.email})") in journal()


def test_the_link_lifts_a_block_where_it_is_used(ana: Agent) -> None:
    for _ in range(12):
        with pytest.raises((InvalidInput, TooMany)):
            sign_ins.sign_in(ana.email, "wrong", visitor=HOME)
    with pytest.raises(TooMany):
        sign_ins.sign_in(ana.email, cast.PASSWORD, visitor=HOME)
    url = mailed_links.new_password_link(ana, actor=None)
    sign_ins.reset_password(links.find("reset", token(url)), NEW, visitor=HOME)
    assert sign_ins.sign_in(ana.email, NEW, visitor=HOME) == ana


def test_who_never_had_a_password_is_invited(ana: Agent, root: Agent) -> None:
    Agent.update(password_hash=None).where(Agent.id == ana.id).execute()
    url = mailed_links.new_password_link(Agent.get_by_id(ana.id), actor=root)
    assert "/admin/invitation/" in url
    assert links.find("invitation", token(url)).agent == ana
    mailed_links.mail_new_password(Agent.get_by_id(ana.id), actor=root)
    assert OutgoingEmail.select().where(OutgoingEmail.agent == ana, OutgoingEmail.kind == "invitation").count() == 1


def test_only_administrators_of_an_active_account(ana: Agent, ben: Agent, root: Agent) -> None:
    for act in (mailed_links.new_password_link, mailed_links.mail_new_password):
        with pytest.raises(NotAllowed):
            act(ana, actor=ben)
        ana.active = False
        with pytest.raises(InvalidInput):
            act(ana, actor=root)
        ana.active = True
    assert not AccessLink.select().exists()


def test_an_account_is_named_by_its_address(ana: Agent) -> None:
    assert mailed_links.agent_at(" ANA@desk.example") == ana
    with pytest.raises(NotFound, match="No account of the support"):
        mailed_links.agent_at("nobody@desk.example")
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    with pytest.raises(InvalidInput, match="disabled"):
        mailed_links.agent_at(ana.email)


def test_the_screen_shows_or_mails_it(client_of: Any, root: Agent, ana: Agent, smtp: Any) -> None:
    client, address = client_of(root), f"/admin/users/new-password/?id={ana.id}"
    assert f'href="/admin/users/new-password/?id={ana.id}' in client.get("/admin/users/").text
    shown = doors.post(client, address, {"link": "1"}).text
    assert "/admin/reset/" in shown
    doors.post(client, address, {"mail": "1"})
    assert [act for act, _subject in journal() if act == "link-made"] == ["link-made"] * 2
    assert client.get(f"/admin/users/new-password/?id={ana.id + 10_000}").status_code == 404


# --- All of them, ended ---------------------------------------------------------------------------------------------


def test_every_link_ends_with_the_browsers_it_brought(ticket: Ticket, carol: Customer, ana: Agent, root: Agent) -> None:
    address = carol.primary_address
    tokens = {kind: links.make(kind, address=address, ticket=ticket) for kind in ("ticket", "sign-in")}
    tokens["reset"] = links.make("reset", agent=ana)
    cookie = guest_passes.give("", ticket, address, link=links.find("ticket", tokens["ticket"]), is_proven=True)
    guest_passes.give("", ticket, address)
    sign_ins.start_sign_in(carol, by_link=True)
    sign_ins.start_sign_in(carol)
    assert mailed_links.revoke(actor=root) == 3
    assert [row.by_link for row in SignIn.select()] == [False]
    for kind, mailed in tokens.items():
        with pytest.raises(LinkExpired):
            links.find(kind, mailed)
    assert guest_passes.guest_of(cookie, ticket.number) is None
    assert not GuestPass.select().exists()
    assert ("links-revoked", "") in journal()
    assert mailed_links.revoke(actor=root) == 0


def test_the_links_of_one_person_end_alone(ticket: Ticket, carol: Customer, dan: Customer, ana: Agent) -> None:
    hers = links.make("ticket", address=carol.primary_address, ticket=ticket)
    his = links.make("ticket", address=dan.primary_address, ticket=ticket)
    reset = links.make("reset", agent=ana)
    cookie = guest_passes.give("", ticket, dan.primary_address, link=links.find("ticket", his), is_proven=True)
    assert mailed_links.revoke(f" {carol.primary_address.email.upper()}", actor=None) == 1
    with pytest.raises(LinkExpired):
        links.find("ticket", hers)
    assert links.find("ticket", his)
    assert links.find("reset", reset)
    assert guest_passes.guests(cookie)
    assert mailed_links.revoke(ana.email, actor=None) == 1
    assert ("persons-links-revoked", ana.email) in journal()


def test_nobodys_links_and_nobodys_right(ana: Agent, root: Agent) -> None:
    with pytest.raises(NotFound, match="Nobody has this e-mail address"):
        mailed_links.revoke("nobody@example.org", actor=root)
    with pytest.raises(NotAllowed):
        mailed_links.revoke(actor=ana)


def test_the_page_of_health_asks_before_it_ends_everybodys(
    client_of: Any, root: Agent, ana: Agent, ticket: Ticket, carol: Customer
) -> None:
    links.make("ticket", address=carol.primary_address, ticket=ticket)
    client, alive = client_of(root), AccessLink.select().where(AccessLink.expires_at > ticket.created_at)
    assert 'action="/admin/health/links"' in client.get("/admin/health/").text
    assert "Revoke every mailed link?" in doors.post(client, "/admin/health/links", {"email": " "}).text
    doors.post(client, "/admin/health/links", {"email": "nobody@example.org"})
    assert doors.post(client, "/admin/health/links", {"email": "", "confirmed": "1"}).status_code == 302
    assert "1 link was revoked." in client.get("/admin/health/").text
    assert alive.count() == 1
    assert doors.post(client_of(ana), "/admin/health/links", {"confirmed": "1"}).status_code in {403, 404}
