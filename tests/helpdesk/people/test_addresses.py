"""The addresses of a customer as rules: what moves with them, what ends with them, and two acts at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from helpdesk import access, clock, links, orders, tickets
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, StillInUse
from helpdesk.events import describe
from helpdesk.people import addresses, customers, sign_ins
from helpdesk.tickets import cc, thread
from helpdesk.visitors import guest_passes
from models import (
    AccessLink,
    Agent,
    Customer,
    CustomerAddress,
    JournalEntry,
    Order,
    OutgoingEmail,
    Ticket,
    TicketCc,
    TicketEvent,
)
from tests.support import cast, postgresql_only
from tests.support.racing import beside

ORDER = {
    "shop": "web", "number": "A1", "email": "carol@home.example",
    "date": "2026-03-31", "total": "1", "currency": "EUR",
}  # fmt: skip


@pytest.fixture
def second(carol: Customer, root: Agent) -> CustomerAddress:
    """Return another address of Carol, not proven yet."""
    return addresses.add(carol, "carol@home.example", actor=root)


def histories() -> list[str]:
    return [describe(event) for event in TicketEvent.select().order_by(TicketEvent.id)]


def test_what_was_opened_with_an_address_goes_to_its_successor(
    ticket: Ticket, carol: Customer, dan: Customer, root: Agent, sales: Any, second: CustomerAddress
) -> None:
    first, other = ticket.address, cast.open_ticket(dan, sales)
    cc.add_cc(other, ["carol@customer.example"], actor=root)
    token = links.make("ticket", address=first, ticket=ticket)
    signed_in = sign_ins.start_sign_in(carol)
    customers.prove(second)
    tickets.reply(ticket, "<p>We look into it.</p>", actor=root)
    addresses.remove(first, successor=second, actor=root)
    assert Ticket.get_by_id(ticket.id).address_id == second.id
    assert access.sees(Customer.get_by_id(carol.id), Ticket.get_by_id(ticket.id))
    assert [row.address_id for row in TicketCc.select()] == [second.id]
    assert not AccessLink.select().where(AccessLink.token_hash == links.hash_token(token)).exists()
    assert sign_ins.person_of(signed_in) is None
    pending = OutgoingEmail.select().where(OutgoingEmail.state == "pending", OutgoingEmail.address.is_null(False))
    assert {row.to_email for row in pending} - {"dan@customer.example"} == {"carol@home.example"}
    assert carol.primary_address == second
    assert "Root removed the address carol@customer.example: e-mails go to carol@home.example" in histories()


def test_an_address_of_no_ticket_leaves_its_copies_and_its_orders(
    ticket: Ticket, carol: Customer, dan: Customer, root: Agent, sales: Any, second: CustomerAddress
) -> None:
    other = cast.open_ticket(dan, sales)
    cc.add_cc(other, ["carol@home.example"], actor=root)
    orders.save_order(ORDER)
    tickets.reply(other, "<p>We look into it.</p>", actor=root)
    OutgoingEmail.update(state="sent").where(OutgoingEmail.address == second.id).execute()
    arrived = OutgoingEmail.get(OutgoingEmail.address == second.id)
    tickets.reply(other, "<p>And more.</p>", actor=root)
    addresses.remove(second, actor=root)
    assert not TicketCc.select().exists()
    assert "Root took carol@home.example out of copy" in histories()
    assert Order.get().customer_id is None
    assert [row.id for row in OutgoingEmail.select().where(OutgoingEmail.to_email == "carol@home.example")] == [
        arrived.id
    ]
    assert Ticket.get_by_id(ticket.id).address.email == "carol@customer.example"


def test_who_sees_part_of_the_tickets_removes_nothing(
    ticket: Ticket, carol: Customer, ben: Agent, second: CustomerAddress, sales: Any
) -> None:
    ben.role = cast.make_role("Keeper", can_configure=True)
    ben.save()
    cast.open_ticket(carol, sales)
    for act in (
        partial(addresses.remove, second, actor=ben),
        partial(addresses.remove, ticket.address, successor=second, actor=ben),
        partial(addresses.add, carol, "ben@evil.example", actor=ben),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_successor_is_another_address_of_the_same_customer(
    ticket: Ticket, dan: Customer, root: Agent, second: CustomerAddress
) -> None:
    for wrong in (dan.primary_address, ticket.address):
        with pytest.raises(InvalidInput, match="another address"):
            addresses.remove(ticket.address, successor=wrong, actor=root)
    with pytest.raises(InvalidInput, match="1 ticket was opened with it"):
        addresses.remove(ticket.address, actor=root)


def test_the_guest_of_an_address_that_is_gone_reads_nothing(
    ticket: Ticket, root: Agent, second: CustomerAddress
) -> None:
    browser = guest_passes.give("", ticket, ticket.address)
    assert guest_passes.guest_of(browser, ticket.number)
    addresses.remove(ticket.address, successor=second, actor=root)
    assert guest_passes.guest_of(browser, ticket.number) is None
    assert guest_passes.guests(browser) == []


def test_what_is_removed_already_is_not_removed_again(root: Agent, second: CustomerAddress) -> None:
    addresses.remove(second, actor=root)
    for act in (partial(addresses.remove, second, actor=root), partial(addresses.make_primary, second, actor=root)):
        with pytest.raises((NotFound, StillInUse)):
            act()
    assert [row.is_primary for row in CustomerAddress.select()] == [True]


def test_every_act_has_its_line_in_the_journal(carol: Customer, root: Agent, second: CustomerAddress) -> None:
    addresses.make_primary(second, actor=root)
    addresses.make_primary(second, actor=root)
    addresses.remove(carol.addresses.where(~CustomerAddress.is_primary).get(), actor=root)
    lines = JournalEntry.select().where(JournalEntry.act.startswith("address")).order_by(JournalEntry.id)
    assert [(row.act, row.subject, row.data["to"]) for row in lines] == [
        ("address-added", "carol@home.example", "Carol Jones"),
        ("address-chosen", "carol@home.example", "Carol Jones"),
        ("address-removed", "carol@customer.example", "Carol Jones"),
    ]


def test_tickets_are_counted_by_the_address_they_were_opened_with(
    ticket: Ticket, carol: Customer, root: Agent, second: CustomerAddress, sales: Any
) -> None:
    cast.open_ticket(carol, sales)
    assert addresses.tickets_opened_with(addresses.of_customer(carol)) == {ticket.address_id: 2}
    assert addresses.tickets_opened_with([]) == {}


@postgresql_only
def test_of_two_who_choose_the_main_address_one_stays(database: Any, carol: Customer, root: Agent) -> None:
    rows = [addresses.add(carol, f"carol@{name}.example", actor=root) for name in ("work", "home")]
    acts = [partial(addresses.make_primary, CustomerAddress.get_by_id(row.id), actor=root) for row in rows]
    assert beside(*acts) == ["done", "done"]
    assert CustomerAddress.select().where(CustomerAddress.is_primary).count() == 1


def test_an_address_just_made_the_main_one_leaves_its_place_to_another(
    ticket: Ticket, carol: Customer, root: Agent, second: CustomerAddress
) -> None:
    """Whoever removes or corrects it has read it before."""
    third = addresses.add(carol, "carol@work.example", actor=root)
    acts: list[tuple[CustomerAddress, Callable[[CustomerAddress], object]]] = [
        (second, partial(addresses.remove, actor=root)),
        (third, partial(addresses.correct, email="carol@right.example", actor=root)),
    ]
    for address, act in acts:
        addresses.make_primary(CustomerAddress.get_by_id(address.id), actor=root)
        assert not address.is_primary
        act(address)
        assert CustomerAddress.select().where(CustomerAddress.is_primary).count() == 1


def test_correcting_sends_nothing_again_about_a_ticket_that_went_to_somebody_else(
    ticket: Ticket, carol: Customer, dan: Customer, root: Agent
) -> None:
    tickets.reply(ticket, "<p>For Carol.</p>", actor=root)
    OutgoingEmail.update(state="sent", bounced_at=clock.now()).where(OutgoingEmail.address == ticket.address).execute()
    mine = OutgoingEmail.select().where(OutgoingEmail.address == ticket.address).count()
    seen = thread.newest_id(ticket)
    tickets.change_customer(ticket, "dan@customer.example", actor=root, seen=seen)
    _new, sent = addresses.correct(carol.primary_address, "carol@right.example", actor=root)
    assert (mine > 0, sent) == (True, 0)
    assert (
        not OutgoingEmail.select()
        .where(OutgoingEmail.to_email == "carol@right.example", OutgoingEmail.state == "pending")
        .exists()
    )


@postgresql_only
def test_two_who_remove_the_last_two_addresses_leave_one(
    database: Any, carol: Customer, root: Agent, second: CustomerAddress
) -> None:
    rows = addresses.of_customer(carol)
    acts = [partial(addresses.remove, CustomerAddress.get_by_id(row.id), actor=root) for row in rows]
    assert sorted(beside(*acts)) == ["StillInUse", "done"]
    assert [row.is_primary for row in CustomerAddress.select()] == [True]
