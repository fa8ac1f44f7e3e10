"""What opens a ticket without signing in ends: with the sign-out, with its link, with a new password."""

from __future__ import annotations

import time
from typing import Any

import pytest
import time_machine
from playhouse.test_utils import count_queries

from helpdesk import clock, links
from helpdesk.errors import NotFound
from helpdesk.operations import upkeep
from helpdesk.people import customers
from helpdesk.tickets import cc
from helpdesk.visitors import guest_passes
from models import AccessLink, CustomerAddress, GuestPass, OutgoingEmail, SignIn, Ticket
from tests.support import cast, doors
from tests.support.racing import beside

NOON = "2026-03-02T12:00:00Z"
DAY = 86_400


def open_by_link(client: Any, ticket: Ticket) -> str:
    """Open a ticket by its link; return the path of its page."""
    doors.post(client, f"/t/{links.make('ticket', address=ticket.address, ticket=ticket)}")
    path = f"/tickets/{ticket.number}"
    assert client.get(path).status_code == 200
    return path


def copy_of(app: Any, client: Any) -> Any:
    """Return the browser of a thief of cookies."""
    thief = app.test_client()
    for cookie in client._cookies.values():
        thief.set_cookie(cookie.key, cookie.value)
    return thief


def waiting_mail(kind: str, **values: Any) -> OutgoingEmail:
    """Return a mail that is still to be sent with a link of this kind."""
    texts = dict.fromkeys(("to_email", "from_email", "locale", "subject", "body", "mail_id"), "x")
    return OutgoingEmail.create(
        kind=kind, link_kind=kind, due_at=clock.now(), created_at=clock.now(), **texts, **values
    )


def test_a_copied_cookie_opens_nothing_after_the_sign_out(app: Any, client: Any, ticket: Ticket) -> None:
    path = open_by_link(client, ticket)
    thief = copy_of(app, client)
    assert thief.get(path).status_code == 200
    doors.post(client, "/sign-out")
    assert thief.get(path).status_code == client.get(path).status_code == 404
    assert GuestPass.select().count() == 0


def test_a_copied_cookie_opens_nothing_after_signing_in(app: Any, client: Any, ticket: Ticket, dan: Any) -> None:
    path = open_by_link(client, ticket)
    thief = copy_of(app, client)
    doors.post(client, "/sign-in", {"email": dan.primary_address.email, "password": cast.PASSWORD})
    assert thief.get(path).status_code == 404


def test_the_end_of_the_link_is_the_end(client: Any, ticket: Ticket) -> None:
    path = open_by_link(client, ticket)
    AccessLink.delete().execute()
    assert client.get(path).status_code == 404


def test_a_pass_expires_with_its_link(client: Any, ticket: Ticket) -> None:
    with time_machine.travel(NOON, tick=False) as travel:
        path = open_by_link(client, ticket)
        travel.shift(29 * DAY)
        assert client.get(path).status_code == 200
        travel.shift(DAY)
        assert client.get(path).status_code == 404
        travel.shift(2 * DAY)
        upkeep.STEPS["passes of guests"]()
    assert GuestPass.select().count() == 0


def test_expired_passes_are_swept(database: Any, ticket: Ticket) -> None:
    guest_passes.give("", ticket, ticket.address)
    assert guest_passes.purge() == 0
    GuestPass.update(expires_at=clock.now()).execute()
    assert guest_passes.purge() == 1


def test_a_browser_opens_its_twenty_latest_tickets(database: Any, carol: Any, sales: Any) -> None:
    token, rows = "", [cast.open_ticket(carol, sales) for _ in range(22)]
    for row in (*rows, rows[-1]):
        token = guest_passes.give(token, row, row.address)
    assert {guest.ticket_id for guest in guest_passes.guests(token)} == {row.id for row in rows[2:]}


def test_the_list_of_a_browser_reads_each_ticket_by_one_statement(client: Any, carol: Any, sales: Any) -> None:
    counts = []
    for number in (2, 10):
        for _ in range(number):
            open_by_link(client, cast.open_ticket(carol, sales))
        with count_queries() as counted:
            assert client.get("/tickets").status_code == 200
        counts.append(counted.count)
    assert counts[1] <= counts[0] + 10


def test_one_link_opened_twice_at_once_opens_twice(database: Any, ticket: Ticket) -> None:
    def give() -> None:
        with database.atomic():
            guest_passes.give("one browser", ticket, ticket.address)
            time.sleep(0.2)

    assert beside(give, give) == ["done", "done"]
    assert [guest.ticket_id for guest in guest_passes.guests("one browser")] == [ticket.id]


def test_a_session_of_before_opens_nothing_and_breaks_nothing(client: Any, ticket: Ticket) -> None:
    with client.session_transaction() as session:
        session["guest"] = {str(ticket.id): ticket.address_id}
        session["linked"] = [ticket.id]
    assert client.get(f"/tickets/{ticket.number}").status_code == 404
    open_by_link(client, ticket)


def test_a_new_password_ends_every_way_into_the_account(client: Any, ticket: Ticket, carol: Any) -> None:
    path, address = open_by_link(client, ticket), carol.primary_address
    token = links.make("sign-in", address=address)
    waiting = waiting_mail("sign-in", address=address)
    customers.set_password(carol, "a new and longer password", current=cast.PASSWORD)
    assert client.get(path).status_code == 404
    assert client.get(f"/sign-in/{token}").status_code == 404
    assert OutgoingEmail.get_by_id(waiting.id).state == "cancelled"
    assert SignIn.select().count() == 0
    # The link of one ticket, which stands in mails, goes on opening that ticket.
    open_by_link(client, ticket)


def test_links_of_others_stay(database: Any, carol: Any, dan: Any, ana: Any) -> None:
    token, reset = links.make("sign-in", address=dan.primary_address), links.make("reset", agent=ana)
    links.forget_links_of(carol)
    assert links.find("sign-in", token)
    assert links.find("reset", reset)


def test_a_reset_mail_that_waits_is_not_sent_to_a_former_address(ana: Any, root: Any) -> None:
    waiting = waiting_mail("reset", agent=ana)
    links.forget_links_of(ana)
    assert OutgoingEmail.get_by_id(waiting.id).state == "cancelled"


def test_who_was_taken_out_of_copy_learns_nothing_by_their_link(client: Any, ticket: Ticket, root: Any) -> None:
    cc.add_cc(ticket, ["bob@elsewhere.example"], actor=root)
    bob = CustomerAddress.get(CustomerAddress.email == "bob@elsewhere.example")
    cc.remove_cc(ticket, bob, actor=root)
    # Made by a mail that was just being sent.
    token = links.make("ticket", address=bob, ticket=ticket)
    for answer in (client.get(f"/t/{token}"), doors.post(client, f"/t/{token}")):
        assert answer.status_code == 404
        assert ticket.number not in answer.text
        assert ticket.subject not in answer.text


@pytest.mark.parametrize("number", ["", "0", "nothing", "\0"])
def test_no_pass_opens_what_is_not_there(ticket: Ticket, number: str) -> None:
    token = guest_passes.give("", ticket, ticket.address, is_proven=True)
    assert guest_passes.guest_of(token, ticket.number) is not None
    assert guest_passes.guest_of(token, number) is guest_passes.guest_of("", ticket.number) is None
    with pytest.raises(NotFound):
        links.find("ticket", token)
