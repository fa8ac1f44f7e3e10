"""What colleagues read, answer and get copies of, and when it ends."""

from __future__ import annotations

import pytest

from helpdesk import access, clock, links, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.joining import merging as joining
from helpdesk.joining import parting
from helpdesk.joining.merging import Choices
from helpdesk.organisations import place, responsible, saving
from helpdesk.organisations.place import BY_DOMAIN, BY_NAME, NONE, Place
from helpdesk.people import addresses
from helpdesk.tickets import merge_undo, merging, of_organisation
from helpdesk.tickets.splitting import Part
from models import (
    PROPOSED,
    RESPONSIBLE,
    Agent,
    Customer,
    CustomerAddress,
    Merge,
    Message,
    Organisation,
    OutgoingEmail,
    Ticket,
    TicketCc,
)
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def acme(root: Agent, carol: Customer, dan: Customer) -> Organisation:
    """The organisation of Carol and Dan, by their domain."""
    values = {"name": "Acme", "domains": "customer.example"}
    return saving.save(Organisation(), values, actor=root)


@pytest.fixture
def acme_ticket(acme: Organisation, carol: Customer, billing, invoices) -> Ticket:
    """A ticket of Carol's, opened as one of Acme."""
    return cast.open_ticket(again(carol), billing, invoices)


def again(customer: Customer) -> Customer:
    """The row as it is stored now."""
    return Customer.get_by_id(customer.id)


def sees(customer: Customer, ticket: Ticket) -> bool:
    return access.sees(again(customer), ticket)


def copied(ticket: Ticket) -> set[str]:
    rows = CustomerAddress.select().join(TicketCc).where(TicketCc.ticket == ticket.id)
    return {row.email for row in rows}


# --- Sight --------------------------------------------------------------------------------------------------------


def test_colleagues_read_nothing_until_an_administrator_has_confirmed(acme_ticket, dan, root):
    assert not sees(dan, acme_ticket)
    clerk = cast.make_agent("Clerk", None, role=cast.make_role("Clerk", can_configure=True))
    responsible.set_responsible(dan, True, actor=clerk)
    assert again(dan).organisation_role == PROPOSED
    assert not sees(dan, acme_ticket)
    with pytest.raises(NotAllowed):
        responsible.confirm(again(dan), actor=clerk)
    responsible.confirm(again(dan), actor=root)
    assert again(dan).organisation_role == RESPONSIBLE
    assert sees(dan, acme_ticket)
    responsible.set_responsible(again(dan), False, actor=clerk)
    assert not sees(dan, acme_ticket)


def test_everybody_reads_where_an_administrator_says_so(acme, acme_ticket, dan, root):
    clerk = cast.make_agent("Clerk", None, role=cast.make_role("Clerk", can_configure=True))
    values = {"name": "Acme", "domains": "customer.example", "everybody_sees": True}
    with pytest.raises(NotAllowed):
        saving.save(Organisation.get_by_id(acme.id), values, actor=clerk)
    saving.save(Organisation.get_by_id(acme.id), values, actor=root)
    assert sees(dan, acme_ticket)
    saving.save(Organisation.get_by_id(acme.id), {**values, "enabled": False}, actor=root)
    assert not sees(dan, acme_ticket)


def test_an_address_that_is_not_proven_shows_nothing(acme_ticket, dan, root):
    responsible.set_responsible(dan, True, actor=root)
    CustomerAddress.update(proven_at=None).where(CustomerAddress.customer == dan.id).execute()
    assert not sees(dan, acme_ticket)


def test_a_proven_address_elsewhere_is_no_address_of_the_organisation(acme_ticket, dan, root):
    responsible.set_responsible(dan, True, actor=root)
    CustomerAddress.create(
        customer=dan, email="dan@home.example", is_primary=False, proven_at=clock.now(), created_at=clock.now()
    )
    CustomerAddress.update(proven_at=None).where(CustomerAddress.email == "dan@customer.example").execute()
    assert not sees(dan, acme_ticket)


@pytest.mark.parametrize("way", ["removed", "corrected", "by hand", "domain gone", "deleted"])
def test_whoever_leaves_reads_nothing_any_more(acme, acme_ticket, dan, root, way):
    responsible.set_responsible(dan, True, actor=root)
    actor = again(dan)
    tickets.receive_message(acme_ticket, "I know more.", actor=actor)
    assert copied(acme_ticket) == {"dan@customer.example"}
    address = dan.primary_address
    link = links.make("ticket", address=address, ticket=acme_ticket)
    assert link
    if way == "removed":
        addresses.add(again(dan), "dan@home.example", actor=root)
        addresses.remove(address, actor=root)
    elif way == "corrected":
        addresses.correct(address, "dan@home.example", actor=root)
    elif way == "by hand":
        place.save(again(dan), Place(NONE), actor=root)
    elif way == "domain gone":
        saving.save(Organisation.get_by_id(acme.id), {"name": "Acme", "domains": ""}, actor=root)
    else:
        saving.delete(Organisation.get_by_id(acme.id), actor=root)
    assert not sees(dan, acme_ticket)
    # Nor by the links of mails that were sent before.
    assert copied(acme_ticket) == set()
    for row in again(dan).addresses:
        with pytest.raises(NotFound):
            access.find_ticket(TicketGuest(again(dan), acme_ticket.id, row), acme_ticket.number)
    # Who is named responsible elsewhere later begins anew.
    assert again(dan).organisation_role == ""


def test_whoever_comes_back_is_not_responsible_any_more(acme, acme_ticket, dan, root):
    responsible.set_responsible(dan, True, actor=root)
    place.save(again(dan), Place(NONE), actor=root)
    place.save(again(dan), Place(BY_DOMAIN), actor=root)
    assert again(dan).organisation_id == acme.id
    assert not sees(dan, acme_ticket)


def test_membership_by_hand_counts_with_any_proven_address(acme, acme_ticket, root):
    eve = cast.make_customer("Eve", email="eve@home.example")
    place.save(eve, Place(BY_NAME, "Acme", is_responsible=True), actor=root)
    assert sees(eve, acme_ticket)
    CustomerAddress.update(proven_at=None).where(CustomerAddress.customer == eve.id).execute()
    assert not sees(eve, acme_ticket)


def test_tickets_of_before_and_of_others_are_not_colleagues(acme, acme_ticket, dan, root, billing, invoices):
    eve = cast.make_customer("Eve", email="eve@home.example")
    theirs = cast.open_ticket(eve, billing, invoices)
    responsible.set_responsible(dan, True, actor=root)
    assert not sees(dan, theirs)
    colleagues = access.colleagues_tickets(again(dan))
    assert colleagues is not None
    assert [row.id for row in colleagues] == [acme_ticket.id]
    assert [row.id for row in access.own_tickets(again(dan))] == []


def test_spam_and_what_a_filter_hid_is_no_colleagues(acme_ticket, dan, root):
    responsible.set_responsible(dan, True, actor=root)
    tickets.mark_spam(acme_ticket, actor=root, block_author=False)
    assert not sees(dan, acme_ticket)


# --- Answering ----------------------------------------------------------------------------------------------------


def test_a_colleague_answers_as_themselves_and_is_in_copy_then(acme_ticket, carol, dan, root):
    responsible.set_responsible(dan, True, actor=root)
    message = tickets.receive_message(acme_ticket, "I know more.", actor=again(dan))
    assert (message.customer_id, Ticket.get_by_id(acme_ticket.id).customer_id) == (dan.id, carol.id)
    assert copied(acme_ticket) == {"dan@customer.example"}
    for verb in ("close", "copy", "rate"):
        with pytest.raises(NotAllowed):
            access.require(again(dan), verb, acme_ticket)


def test_a_colleague_never_reads_notes(acme_ticket, dan, root, client_of):
    tickets.add_note(acme_ticket, "<p>Only for us</p>", actor=root)
    responsible.set_responsible(dan, True, actor=root)
    page = client_of(again(dan)).get(f"/tickets/{acme_ticket.number}")
    assert page.status_code == 200
    assert "Only for us" not in page.text
    assert "Carol Jones of Acme opened this ticket" in page.text


# --- Private ------------------------------------------------------------------------------------------------------


def test_what_its_author_keeps_stays_theirs(acme_ticket, carol, dan, root):
    responsible.set_responsible(dan, True, actor=root)
    tickets.receive_message(acme_ticket, "I know more.", actor=again(dan))
    of_organisation.set_private(acme_ticket, True, actor=again(carol))
    assert not sees(dan, acme_ticket)
    assert sees(carol, acme_ticket)
    assert copied(acme_ticket) == set()
    of_organisation.set_private(acme_ticket, False, actor=again(carol))
    assert sees(dan, acme_ticket)


def test_only_its_author_keeps_a_ticket(acme_ticket, dan, root):
    responsible.set_responsible(dan, True, actor=root)
    with pytest.raises(NotAllowed):
        of_organisation.set_private(acme_ticket, True, actor=again(dan))


def test_a_merge_keeps_what_was_private(acme_ticket, carol, dan, root, billing, invoices):
    responsible.set_responsible(dan, True, actor=root)
    secret = cast.open_ticket(again(carol), billing, invoices, is_private=True)
    assert not sees(dan, secret)
    tickets.merge(secret, acme_ticket, actor=root)
    assert not sees(dan, Ticket.get_by_id(acme_ticket.id))


@pytest.mark.parametrize("which", ["source", "target"])
def test_a_private_merge_puts_colleagues_out_of_copy(acme_ticket, carol, dan, root, billing, invoices, which):
    responsible.set_responsible(dan, True, actor=root)
    tickets.receive_message(acme_ticket, "I know more.", actor=again(dan))
    secret = cast.open_ticket(again(carol), billing, invoices, is_private=True)
    pair = (acme_ticket, secret) if which == "source" else (secret, acme_ticket)
    assert merging.readers(*pair) == []
    source, target = (Ticket.get_by_id(row.id) for row in pair)
    tickets.merge(source, target, actor=root)
    target = Ticket.get_by_id(target.id)
    assert (sees(dan, target), copied(target)) == (False, set())
    merge_undo.undo_merge(Merge.get(), target, actor=root)
    assert copied(Ticket.get_by_id(acme_ticket.id)) == {"dan@customer.example"}
    assert not sees(dan, Ticket.get_by_id(secret.id))


def test_undoing_a_merge_brings_nobody_back_who_has_left(acme_ticket, carol, dan, root, billing, invoices):
    responsible.set_responsible(dan, True, actor=root)
    tickets.receive_message(acme_ticket, "I know more.", actor=again(dan))
    secret = cast.open_ticket(again(carol), billing, invoices, is_private=True)
    tickets.merge(Ticket.get_by_id(acme_ticket.id), secret, actor=root)
    place.save(again(dan), Place(NONE), actor=root)
    merge_undo.undo_merge(Merge.get(), Ticket.get_by_id(secret.id), actor=root)
    assert copied(Ticket.get_by_id(acme_ticket.id)) == set()


def test_what_was_kept_since_a_merge_stays_so_when_it_is_undone(acme_ticket, carol, dan, root, billing, invoices):
    responsible.set_responsible(dan, True, actor=root)
    other = cast.open_ticket(again(carol), billing, invoices)
    tickets.merge(Ticket.get_by_id(acme_ticket.id), other, actor=root)
    of_organisation.set_private(Ticket.get_by_id(other.id), True, actor=again(carol))
    made = merge_undo.undo_merge(Merge.get(), Ticket.get_by_id(other.id), actor=root)
    assert (sees(dan, made), sees(dan, other)) == (False, False)


def test_what_is_taken_out_of_a_ticket_of_another_customer_is_read_by_their_colleagues(
    acme_ticket, carol, dan, root, billing, invoices
):
    responsible.set_responsible(dan, True, actor=root)
    other = cast.open_ticket(again(carol), billing, invoices)
    tickets.merge(Ticket.get_by_id(acme_ticket.id), other, actor=root)
    tickets.change_customer(Ticket.get_by_id(other.id), "eve@elsewhere.example", actor=root, seen=9**9)
    made = merge_undo.undo_merge(Merge.get(), Ticket.get_by_id(other.id), actor=root)
    assert made.customer.primary_address.email == "eve@elsewhere.example"
    assert (Ticket.get_by_id(made.id).organisation_id, sees(dan, made)) == (None, False)


def test_a_colleague_whose_message_is_split_off_leaves_there_too(acme_ticket, carol, dan, root):
    responsible.set_responsible(dan, True, actor=root)
    message = tickets.receive_message(acme_ticket, "I know more.", actor=again(dan))
    part = Part((message.id,), "More", acme_ticket.service_id, acme_ticket.department_id)
    made = tickets.split(Ticket.get_by_id(acme_ticket.id), part, actor=root)
    assert copied(made) == {"dan@customer.example"}
    place.save(again(dan), Place(NONE), actor=root)
    assert (copied(made), sees(dan, made)) == (set(), False)


def test_who_has_left_may_still_keep_a_ticket_from_former_colleagues(acme_ticket, carol, dan, root, client_of):
    responsible.set_responsible(dan, True, actor=root)
    place.save(again(carol), Place(NONE), actor=root)
    assert sees(dan, acme_ticket)
    assert "Keep it to myself" in client_of(again(carol)).get(f"/tickets/{acme_ticket.number}").text


def test_who_does_not_see_all_of_an_organisation_gives_nobody_its_sight(acme, acme_ticket, dan, root, sales):
    """A new address of who is responsible, and a customer merged with them, would read what the agent may not."""
    responsible.set_responsible(dan, True, actor=root)
    role = cast.make_role("Clerk", can_configure=True, can_assign=True)
    clerk = cast.make_agent("Clerk", sales, role=role)
    friend = cast.make_customer("Friend", "Jones", email="friend@home.example")
    cast.open_ticket(friend, sales)
    cast.open_ticket(again(dan), sales)
    assert not access.sees(clerk, acme_ticket)
    with pytest.raises(NotAllowed):
        addresses.add(again(dan), "clerk@home.example", actor=clerk)
    for source, target in ((friend, dan), (dan, friend)):
        with pytest.raises(NotAllowed):
            joining.merge(again(source), again(target), Choices(), actor=clerk)


def test_two_who_are_two_again_do_not_keep_copies_as_colleagues(acme, carol, dan, root, billing, invoices):
    stranger = cast.make_customer("Daniel", "Webb", email="daniel@home.example")
    responsible.set_responsible(dan, True, actor=root)
    joining.merge(again(dan), stranger, Choices(), actor=root)
    ticket = cast.open_ticket(again(carol), billing, invoices)
    tickets.receive_message(ticket, "I know more.", actor=again(stranger))
    assert copied(ticket) == {"daniel@home.example"}
    parting.undo_merge(dan.id, again(stranger), actor=root)
    assert (copied(ticket), sees(stranger, ticket), sees(dan, ticket)) == (set(), False, True)


# --- Copies -------------------------------------------------------------------------------------------------------


def test_named_colleagues_get_a_copy_of_new_tickets(acme, carol, dan, root, billing, invoices):
    responsible.set_copies(dan, True, actor=root)
    ticket = cast.open_ticket(again(carol), billing, invoices)
    assert copied(ticket) == {"dan@customer.example"}
    assert OutgoingEmail.select().where(OutgoingEmail.ticket == ticket.id, OutgoingEmail.kind == "copy").count() == 1
    confirmation = OutgoingEmail.get(OutgoingEmail.ticket == ticket.id, OutgoingEmail.kind == "confirmation")
    assert "Dan Brown" in confirmation.body
    own = cast.open_ticket(again(dan), billing, invoices)
    private = cast.open_ticket(again(carol), billing, invoices, is_private=True)
    assert copied(own) == copied(private) == set()


def test_a_visitor_who_typed_an_address_mails_no_colleague_yet(acme, dan, root, billing, invoices):
    responsible.set_copies(dan, True, actor=root)
    ticket = cast.open_ticket("somebody@customer.example", billing, invoices)
    assert TicketCc.get(TicketCc.ticket == ticket.id).waits
    assert not OutgoingEmail.select().where(OutgoingEmail.to_email == "dan@customer.example").exists()


def test_three_people_at_most_get_copies(acme, dan, root):
    for name in ("Pia", "Quinn", "Rosa"):
        responsible.set_copies(cast.make_customer(name, organisation_id=acme.id), True, actor=root)
    with pytest.raises(InvalidInput) as refusal:
        responsible.set_copies(again(dan), True, actor=root)
    assert refusal.value.field == "copies"


def test_who_belongs_to_none_is_neither_responsible_nor_in_copy(root):
    eve = cast.make_customer("Eve", email="eve@home.example")
    for rule in (responsible.set_responsible, responsible.set_copies):
        with pytest.raises(InvalidInput):
            rule(eve, True, actor=root)


def test_answers_go_to_colleagues_in_copy(acme, carol, dan, root, ana, billing, invoices):
    responsible.set_copies(dan, True, actor=root)
    ticket = cast.open_ticket(again(carol), billing, invoices)
    tickets.reply(ticket, "<p>Here you are.</p>", actor=ana, at_once=True)
    reply = Message.get(Message.kind == "reply")
    mailed = OutgoingEmail.select(OutgoingEmail.to_email).where(OutgoingEmail.message == reply.id).tuples()
    assert {email for (email,) in mailed} == {"carol@customer.example", "dan@customer.example"}
