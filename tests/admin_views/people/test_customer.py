"""The page of a customer: what it shows to whom, and every act on their addresses and on the whole of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from playhouse.test_utils import count_queries

from database import Stamp
from helpdesk import clock, settings, tickets
from helpdesk.people import addresses
from helpdesk.tickets import cc
from models import Agent, Customer, CustomerAddress, JournalEntry, OutgoingEmail, Role, SignIn, Ticket
from tests.support import cast, doors

Clients = Callable[[Agent | Customer], FlaskClient]
#: Statements of the page for who sees everything; one counts what waits for a second administrator.
MOST = 11


def acts_of_journal(kind: str) -> list[str]:
    rows = JournalEntry.select(JournalEntry.act).where(JournalEntry.act.startswith(kind)).order_by(JournalEntry.id)
    return [act for (act,) in rows.tuples()]


def test_it_shows_who_they_are_and_what_they_asked(
    client_of: Clients, root: Agent, ticket: Ticket, carol: Customer
) -> None:
    answer = client_of(root).get(f"/admin/customers/{carol.id}")
    page = answer.text
    assert f'href="/admin/tickets/{ticket.number}">{ticket.subject}' in page
    assert f'class="label status-{ticket.status_id}"' in page
    text = doors.text_of(answer)
    for words in ("carol@customer.example", "Carol", "Jones", "English", "1 ticket", "open: 1", "No order."):
        assert words in text


def test_it_keeps_to_what_the_reader_sees(
    client_of: Clients, ana: Agent, carol: Customer, ticket: Ticket, sales: Any
) -> None:
    foreign = cast.open_ticket(carol, sales, subject="Not for Ana")
    answer = client_of(ana).get(f"/admin/customers/{carol.id}")
    page = answer.text
    assert f"/admin/tickets/{ticket.number}" in page
    assert foreign.number not in page
    assert "Not for Ana" not in page
    assert "They have others that you may not see." in doors.text_of(answer)
    assert "1 ticket " in doors.text_of(answer)


def test_who_sees_part_of_the_tickets_is_offered_nothing_that_opens_the_others(
    client_of: Clients, ana: Agent, root: Agent, carol: Customer, ticket: Ticket, sales: Any
) -> None:
    second = addresses.add(carol, "carol@home.example", actor=root)
    Role.update(can_configure=True).where(Role.id == ana.role_id).execute()
    Stamp.bump()
    client, path = client_of(ana), f"/admin/customers/{carol.id}"
    doors_to_all = (">Correct<", ">Remove<", "Add an address", "Deleting")
    page = client.get(path).text
    assert [door for door in doors_to_all if door not in page.replace("\n", "").replace("  ", "")] == []
    cast.open_ticket(carol, sales)
    page = client.get(path).text
    # That one ticket was opened with the address, and another one, would be told by a number beside it.
    assert "2 tickets" not in page
    assert [door for door in doors_to_all if door in page.replace("\n", "").replace("  ", "")] == []
    assert client.get(f"{path}/addresses/{second.id}/remove").status_code == 403


def test_it_asks_no_more_for_many_tickets(
    app: Any, root: Agent, ticket: Ticket, carol: Customer, billing: Any, invoices: Any
) -> None:
    client, path = doors.signed_in(app, root), f"/admin/customers/{carol.id}"
    client.get(path)
    with count_queries() as few:
        client.get(path)
    for _ in range(25):
        cast.open_ticket(carol, billing, invoices)
    for name in ("work", "home", "club"):
        addresses.add(carol, f"carol@{name}.example", actor=root)
    with count_queries() as many:
        page = client.get(path).text
    assert many.count == few.count <= MOST
    assert "Search tickets by this name" in page


def test_who_meets_them_is_led_there_and_nobody_else(
    client_of: Clients, root: Agent, ana: Agent, ben: Agent, ticket: Ticket, carol: Customer, dan: Customer, sales: Any
) -> None:
    path = f"/admin/customers/{carol.id}"
    for agent in (root, ana):
        assert f"{path}?ticket={ticket.number}" in client_of(agent).get(f"/admin/tickets/{ticket.number}").text
    assert f'href="{path}?' in client_of(root).get("/admin/customers/").text
    page = client_of(ana).get(f"{path}?ticket={ticket.number}").text
    assert f'href="/admin/tickets/{ticket.number}"' in page
    for missing in (f"/admin/customers/{dan.id}", "/admin/customers/99999999", f"/admin/customers/{2**63}"):
        assert client_of(ana).get(missing).status_code == 404
    assert client_of(ben).get(path).status_code == 404
    # In copy of a ticket one sees is not enough: their orders and other addresses are not for everybody there.
    cc.add_cc(cast.open_ticket(dan, sales), ["carol@customer.example"], actor=root)
    assert client_of(ben).get(path).status_code == 404
    assert client_of(ben).get(f"/admin/customers/{dan.id}").status_code == 200


def test_who_sets_nothing_up_sees_no_door_and_passes_none(
    client_of: Clients, ana: Agent, root: Agent, ticket: Ticket, carol: Customer
) -> None:
    second = addresses.add(carol, "carol@home.example", actor=root)
    client, path = client_of(ana), f"/admin/customers/{carol.id}"
    page = client.get(path).text
    for door in ("Add an address", "Remove", "Make it the main one", "Deleting", "Change names"):
        assert door not in page
    assert "Correct" in page
    for act in ("", f"/{second.id}/main", f"/{second.id}/remove"):
        answer = doors.post(client, f"{path}/addresses{act}", {"email": "x@new.example"})
        assert answer.status_code == 403
    assert client.get(f"{path}/addresses/{second.id}/remove").status_code == 403
    assert {row.email for row in carol.addresses} == {"carol@customer.example", "carol@home.example"}


# --- Addresses ----------------------------------------------------------------------------------------------------


def test_an_address_is_added_and_a_link_mailed_where_that_is_ticked(
    client_of: Clients, root: Agent, carol: Customer
) -> None:
    client, path = client_of(root), f"/admin/customers/{carol.id}"
    assert 'name="invited"' not in client.get(path).text
    answer = doors.post(client, f"{path}/addresses", {"email": " Carol@Home.Example "}, follow_redirects=True)
    assert "carol@home.example was added." in doors.text_of(answer)
    assert not OutgoingEmail.select().exists()
    settings.save({"mail_host": "localhost"})
    doors.post(client, f"{path}/addresses", {"email": "carol@work.example", "invited": "y"})
    mail = OutgoingEmail.get()
    assert (mail.kind, mail.to_email, mail.link_kind) == ("sign-in", "carol@work.example", "sign-in")
    assert acts_of_journal("address") == ["address-added"] * 2
    assert acts_of_journal("link-mailed") == ["link-mailed"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Write an e-mail address."),
        ("carol", "not an e-mail address"),
        ("dan@customer.example", "Another customer has this address."),
        ("CAROL@customer.example", "The customer has this address already."),
        ("a" * 300 + "@home.example", "not an e-mail address"),
    ],
)
def test_a_wrong_address_is_refused_with_the_reason(
    client_of: Clients, root: Agent, carol: Customer, dan: Customer, typed: str, why: str
) -> None:
    answer = doors.post(client_of(root), f"/admin/customers/{carol.id}/addresses", {"email": typed})
    text = doors.text_of(answer)
    assert answer.status_code == 422
    assert why in text
    assert f'value="{typed}"' in answer.text or not typed
    assert [row.email for row in carol.addresses] == ["carol@customer.example"]


def test_nobody_has_more_than_twenty_addresses(client_of: Clients, root: Agent, carol: Customer) -> None:
    for number in range(18):
        addresses.add(carol, f"carol{number}@home.example", actor=root)
    client, path = client_of(root), f"/admin/customers/{carol.id}"
    doors.post(client, f"{path}/addresses", {"email": "last@home.example"})
    assert carol.addresses.count() == 20
    assert "Add an address" not in client.get(path).text
    answer = doors.post(client, f"{path}/addresses", {"email": "more@home.example"})
    assert "as many addresses as one may have" in doors.text_of(answer)
    assert carol.addresses.count() == 20


def test_the_main_address_is_chosen(client_of: Clients, root: Agent, carol: Customer) -> None:
    second = addresses.add(carol, "carol@home.example", actor=root)
    client, path = client_of(root), f"/admin/customers/{carol.id}/addresses/{second.id}/main"
    for _click in range(2):
        doors.post(client, path)
        assert [row.email for row in addresses.of_customer(carol) if row.is_primary] == ["carol@home.example"]
    assert acts_of_journal("address-chosen") == ["address-chosen"]
    page = doors.text_of(client.get(f"/admin/customers/{carol.id}"))
    assert re.search(r"carol @home\.example Main address not proven yet .* carol @customer\.example proven", page)


def test_an_address_of_somebody_else_is_not_met_on_this_page(
    client_of: Clients, root: Agent, carol: Customer, dan: Customer
) -> None:
    client, theirs = client_of(root), dan.primary_address
    for act in ("main", "link", "remove"):
        answer = doors.post(client, f"/admin/customers/{carol.id}/addresses/{theirs.id}/{act}")
        assert answer.status_code == 404
    assert CustomerAddress.get_by_id(theirs.id).customer == dan


def test_a_link_is_mailed_by_who_meets_them_and_not_without_end(
    client_of: Clients, ana: Agent, ticket: Ticket, carol: Customer
) -> None:
    CustomerAddress.update(proven_at=None).execute()
    OutgoingEmail.delete().execute()
    address = carol.primary_address
    client, path = client_of(ana), f"/admin/customers/{carol.id}"
    assert "Mail a link" not in client.get(path).text
    answer = doors.post(client, f"{path}/addresses/{address.id}/link", follow_redirects=True)
    assert "sends no e-mail yet" in doors.text_of(answer)
    settings.save({"mail_host": "localhost"})
    assert "Mail a link" in client.get(path).text
    for _click in range(addresses.LINKS):
        answer = doors.post(client, f"{path}/addresses/{address.id}/link", follow_redirects=True)
        assert "A link is on its way to carol@customer.example." in doors.text_of(answer)
    answer = doors.post(client, f"{path}/addresses/{address.id}/link", follow_redirects=True)
    assert "A link is on its way" not in doors.text_of(answer)
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "sign-in").count() == addresses.LINKS
    CustomerAddress.update(undeliverable_at=clock.now()).execute()
    answer = doors.post(client, f"{path}/addresses/{address.id}/link", follow_redirects=True)
    assert "come back: correct the address first" in doors.text_of(answer)


def test_removing_asks_who_gets_the_tickets(client_of: Clients, root: Agent, ticket: Ticket, carol: Customer) -> None:
    first = ticket.address
    client, path = client_of(root), f"/admin/customers/{carol.id}/addresses/{first.id}/remove"
    assert "only address of this customer" in doors.text_of(client.get(path))
    answer = doors.post(client, path)
    assert (answer.status_code, "only address" in doors.text_of(answer)) == (422, True)
    second = addresses.add(carol, "carol@home.example", actor=root)
    page = doors.text_of(client.get(path))
    assert "1 ticket was opened with it" in page
    assert "carol@home.example (not proven yet" in page
    for wrong in ("", "nobody", str(first.id), "0"):
        answer = doors.post(client, path, {"successor": wrong})
        assert answer.status_code == 422
        assert "1 ticket was opened with it: choose which address gets it." in doors.text_of(answer)
    answer = doors.post(client, path, {"successor": str(second.id)})
    assert answer.location == f"/admin/customers/{carol.id}"
    assert Ticket.get_by_id(ticket.id).address_id == second.id
    assert [row.email for row in carol.addresses] == ["carol@home.example"]
    history = doors.text_of(client.get(f"/admin/tickets/{ticket.number}"))
    assert "Root removed the address carol@customer.example: e-mails go to carol@home.example" in history
    # A second click finds nothing more to remove.
    assert doors.post(client, path, {"successor": str(second.id)}).status_code == 404


# --- The whole customer -------------------------------------------------------------------------------------------


def test_a_customer_is_blocked_and_unblocked(client_of: Clients, ana: Agent, ticket: Ticket, carol: Customer) -> None:
    client, path = client_of(ana), f"/admin/customers/{carol.id}"
    doors.post(client, f"{path}/block", {"act": "block"})
    assert Customer.get_by_id(carol.id).blocked_at
    page = client.get(path).text
    assert "Blocked since" in page
    assert "Unblock" in page
    doors.post(client, f"{path}/block", {"act": "unblock"})
    assert Customer.get_by_id(carol.id).blocked_at is None
    assert [row.act for row in JournalEntry.select().where(JournalEntry.subject == str(carol))] == ["changed"] * 2


def test_blocking_needs_the_right_to_mark_as_spam(
    client_of: Clients, ana: Agent, ticket: Ticket, carol: Customer
) -> None:
    Role.update(can_configure=True, can_set_status=False).where(Role.id == ana.role_id).execute()
    client, path = client_of(ana), f"/admin/customers/{carol.id}"
    assert 'value="block"' not in client.get(path).text
    assert doors.post(client, f"{path}/block", {"act": "block"}).status_code == 403
    assert Customer.get_by_id(carol.id).blocked_at is None


def test_a_customer_with_tickets_is_not_deleted(
    client_of: Clients, root: Agent, ticket: Ticket, carol: Customer
) -> None:
    client, path = client_of(root), "/admin/customers/delete/"
    tickets.delete(ticket, actor=root)
    for data in ({"id": carol.id}, {"id": carol.id, "confirmed": "1"}):
        answer = doors.post(client, path, data)
        assert "is still used by: 1 ticket" in doors.text_of(answer)
        assert f'href="/admin/customers/{carol.id}' in answer.text
    assert Customer.get_by_id(carol.id)


def test_a_customer_without_tickets_is_deleted_and_leaves_every_copy(
    client_of: Clients, root: Agent, ticket: Ticket, dan: Customer
) -> None:
    cc.add_cc(ticket, ["dan@customer.example"], actor=root)
    client, path = client_of(root), "/admin/customers/delete/"
    page = doors.text_of(doors.post(client, path, {"id": dan.id}))
    assert "The addresses go, too: dan@customer.example." in page
    answer = doors.post(client, path, {"id": dan.id, "confirmed": "1"})
    assert answer.location == "/admin/customers/"
    assert not Customer.select().where(Customer.id == dan.id).exists()
    assert doors.post(client, path, {"id": dan.id, "confirmed": "1"}).status_code == 404
    history = doors.text_of(client.get(f"/admin/tickets/{ticket.number}"))
    assert "Root took dan@customer.example out of copy" in history
    assert JournalEntry.select().where(JournalEntry.act == "deleted", JournalEntry.subject == "Dan Brown").exists()


def test_the_form_of_names_leads_back_to_the_page(client_of: Clients, root: Agent, carol: Customer) -> None:
    client, own = client_of(root), f"/admin/customers/{carol.id}"
    edit = re.search(r'href="(/admin/customers/edit/[^"]+)"', client.get(own).text)
    assert edit is not None
    data = {"first_name": "Caroline", "last_name": "Jones", "locale": ""}
    answer = doors.post(client, edit[1].replace("&amp;", "&"), data)
    assert answer.location.endswith(own)
    assert "Caroline Jones" in doors.text_of(client.get(own))


def test_links_that_are_old_leave_the_page_whole(client_of: Clients, ana: Agent, ticket: Ticket) -> None:
    """What an address of the page names of where one came from may be anything."""
    client, path = client_of(ana), f"/admin/customers/{ticket.customer_id}"
    for origin in (
        "ticket=nonsense", "url=https://evil.example/", "url=%0d%0aX", "ticket=%00",
        "key=1", "address_id=1", "endpoint=x", "_scheme=ftp", "_external=1&_scheme=ftp", "_method=PUT",
    ):  # fmt: skip
        page = client.get(f"{path}?{origin}")
        assert page.status_code == 200
        assert 'href="https://evil.example' not in page.text
        assert "ftp:" not in page.text
    address = f"/admin/addresses/{ticket.address_id}"
    CustomerAddress.update(undeliverable_at=clock.now()).execute()
    for origin in ("key=1", "_scheme=ftp", "_external=1&_scheme=ftp"):
        page = client.get(f"{address}?{origin}")
        assert page.status_code == 200
        assert "ftp:" not in page.text


def test_an_id_that_none_can_have_is_an_address_that_is_not_there(
    client_of: Clients, root: Agent, ticket: Ticket
) -> None:
    client, huge = client_of(root), 10**30
    for path in (
        f"/admin/customers/{huge}",
        f"/admin/customers/{ticket.customer_id}/addresses/{huge}/remove",
        f"/admin/addresses/{huge}",
    ):
        assert client.get(path).status_code == 404


# --- What is kept of them -----------------------------------------------------------------------------------------


def test_an_administrator_sees_what_is_kept_and_takes_it_as_one_file(
    client_of: Clients, root: Agent, ana: Agent, ticket: Ticket, carol: Customer
) -> None:
    path = f"/admin/customers/{carol.id}"
    page = doors.text_of(client_of(root).get(path))
    assert "Personal data" in page
    assert re.search(r"Messages 1 Files 0", page)
    answer = client_of(root).get(f"{path}/export")
    assert (answer.mimetype, answer.get_data()[:2]) == ("application/zip", b"PK")
    assert acts_of_journal("person-exported") == ["person-exported"]
    # Some time after the sign-in, the password is asked for once more, as for every export.
    late = client_of(root)
    SignIn.update(created_at=clock.now() - timedelta(hours=1), confirmed_at=None).execute()
    assert late.get(f"{path}/export").location.startswith("/admin/confirm?")
    assert "Personal data" not in doors.text_of(client_of(ana).get(path))
    assert client_of(ana).get(f"{path}/export").status_code == 403
    assert acts_of_journal("person-exported") == ["person-exported"]
