"""Changing the customer of a ticket: who reads it, what stops, what stays, who is mailed, and how it is undone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from helpdesk import access, clock, journal, journal_listing, journal_search, links, orders, search, settings, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.events import describe
from helpdesk.lists import bulk, undo
from helpdesk.lists.bulk import Outcome
from helpdesk.lists.period_criteria import BAD, GOOD
from helpdesk.outbox import claims, retries, returned
from helpdesk.people import addresses, customers
from helpdesk.reports import satisfaction
from helpdesk.tickets import cc, customer_change, strangers, thread
from helpdesk.visitors import confirmations
from models import (
    Agent,
    BulkChange,
    Customer,
    CustomerAddress,
    JournalEntry,
    Message,
    OutgoingEmail,
    Role,
    Ticket,
    TicketCc,
    TicketEvent,
)
from tests.support import postgresql_only
from tests.support.racing import beside, meeting

pytestmark = pytest.mark.usefixtures("request_context")

DAN = "dan@customer.example"
Change = Callable[..., Outcome]


@pytest.fixture
def change(ticket: Ticket, dan: Customer, ana: Agent) -> Change:
    """Return the act that gives Carol's ticket to Dan, kept to be undone."""

    def act(email: str = DAN, **more: Any) -> Outcome:
        row = Ticket.get_by_id(ticket.id)
        more = {"seen": thread.newest_id(row), **more}
        rule = partial(tickets.change_customer, email=email, actor=ana, **more)
        return bulk.run("customer", [ticket.id], rule, actor=ana)

    return act


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def histories(ticket: Ticket) -> list[str]:
    lines = TicketEvent.select().where(TicketEvent.ticket == ticket.id).order_by(TicketEvent.id)
    return [describe(event) for event in lines]


def mails_to(email: str) -> list[tuple[str, str]]:
    rows = OutgoingEmail.select(OutgoingEmail.kind, OutgoingEmail.state).where(OutgoingEmail.to_email == email)
    return list(rows.order_by(OutgoingEmail.id).tuples())


def test_the_new_customer_reads_it_and_the_former_one_does_not(
    ticket: Ticket, carol: Customer, dan: Customer, change: Change
) -> None:
    guest = TicketGuest(carol, ticket.id, ticket.address)
    assert access.sees(carol, ticket)
    assert access.sees(guest, ticket)
    assert change().done == 1
    now = fresh(ticket)
    assert (now.customer, now.address.email) == (dan, DAN)
    assert access.sees(dan, now)
    assert not access.sees(carol, now)
    assert not access.sees(guest, now)
    for gone in (carol, guest):
        with pytest.raises(NotFound):
            tickets.receive_message(ticket, "Hello?", actor=gone)
    assert Message.select().where(Message.ticket == ticket.id).count() == 1
    assert (
        histories(ticket)[-1]
        == f"Ana changed the customer from Carol Jones ({guest.address.email}) to Dan Brown ({DAN})"
    )


def test_both_persons_have_a_line_in_the_journal(ticket: Ticket, change: Change) -> None:
    change()
    lines = JournalEntry.select().where(JournalEntry.act.startswith("ticket-")).order_by(JournalEntry.id)
    number = ticket.number
    assert [journal.describe(row) for row in lines] == [
        f"Ana took ticket {number} from Carol Jones (carol@customer.example), who no longer reads it: "
        f"it went to Dan Brown ({DAN})",
        f"Ana gave Dan Brown ({DAN}) ticket {number}, which was of Carol Jones (carol@customer.example)",
    ]


@pytest.mark.parametrize("person", ["Carol Jones", "carol@customer.example", "Dan Brown", DAN])
def test_the_journal_is_searched_for_each_of_the_two_persons(ticket: Ticket, change: Change, person: str) -> None:
    action = change().action
    assert action is not None
    undo.undo(action, actor=action.agent)
    lines = journal_listing.entries(journal_listing.Wanted(subjects=journal_search.subjects_of(person)))
    # It was given to the one and taken from the other, then the other way round.
    assert sorted(row.act for row in lines if row.act.startswith("ticket-")) == ["ticket-given", "ticket-taken-away"]


def test_people_in_copy_stay_and_the_new_customer_is_none_of_them(ticket: Ticket, root: Agent, change: Change) -> None:
    cc.add_cc(ticket, [DAN, "eve@visitor.example"], actor=root)
    change()
    assert [row.email for row in cc.in_copy(ticket)] == ["eve@visitor.example"]
    eve = CustomerAddress.get(CustomerAddress.email == "eve@visitor.example")
    assert access.sees(TicketGuest(eve.customer, ticket.id, eve), fresh(ticket))


def test_search_finds_it_under_the_new_customer_only(ticket: Ticket, change: Change) -> None:
    def find_by_author(text: str) -> list[int]:
        query = search.ticket_ids(text, "author")
        return [key for (key,) in query.tuples()] if query is not None else []

    assert find_by_author("carol") == [ticket.id]
    action = change().action
    assert (find_by_author("carol"), find_by_author("brown")) == ([], [ticket.id])
    assert action is not None
    undo.undo(action, actor=action.agent)
    assert (find_by_author("carol"), find_by_author("brown")) == ([ticket.id], [])


def test_an_address_nobody_has_makes_a_customer(ticket: Ticket, change: Change) -> None:
    assert change("New@Visitor.Example").done == 1
    now = fresh(ticket)
    assert now.address.email == "new@visitor.example"
    assert not now.address.is_proven
    assert now.customer.locale == ticket.locale
    assert not access.sees(now.customer, now)
    customers.prove(now.address)
    assert access.sees(now.customer, now)


@pytest.mark.parametrize(
    ("email", "why"),
    [
        ("", "not an e-mail address"),
        ("carol@customer.example", "an address of the present customer"),
        ("CAROL@customer.example", "an address of the present customer"),
        ("help@desk.example", "an address of this help desk"),
    ],
)
def test_what_cannot_be_is_refused(ticket: Ticket, change: Change, email: str, why: str) -> None:
    settings.save({"default_sender": "help@desk.example"})
    outcome = change(email)
    assert outcome.done == 0
    assert len(outcome.refused) == 1
    assert why in str(outcome.refused)
    assert fresh(ticket).customer_id == ticket.customer_id


def test_spam_and_the_bin_are_left_first(ticket: Ticket, root: Agent, change: Change) -> None:
    tickets.delete(ticket, actor=root)
    assert "take it out first" in str(change().refused)
    tickets.restore(fresh(ticket), actor=root)
    tickets.mark_spam(fresh(ticket), actor=root, block_author=False)
    assert "take it out first" in str(change().refused)


def test_who_may_not_assign_changes_no_customer(ticket: Ticket, ana: Agent, ben: Agent, dan: Customer) -> None:
    with pytest.raises(NotFound):
        tickets.change_customer(ticket, DAN, actor=ben, seen=9**9)
    Role.update(can_assign=False).where(Role.id == ana.role_id).execute()
    with pytest.raises(NotAllowed):
        tickets.change_customer(ticket, DAN, actor=ana, seen=9**9)
    with pytest.raises(NotAllowed):
        customer_change.preview(ticket, DAN, actor=ana)


def test_the_preview_counts_what_follows(
    ticket: Ticket, carol: Customer, dan: Customer, root: Agent, ana: Agent
) -> None:
    links.make("ticket", address=ticket.address, ticket=ticket)
    cc.add_cc(ticket, [DAN, "eve@visitor.example"], actor=root)
    orders.save_order(
        {"shop": "web", "number": "A1", "email": DAN, "date": "2026-03-31", "total": "1", "currency": "EUR"}
    )
    OutgoingEmail.update(state="sent").execute()
    tickets.reply(ticket, "<p>We look into it.</p>", actor=root)
    shown = customer_change.preview(fresh(ticket), DAN, actor=ana)
    assert shown.address is not None
    assert (shown.address.customer, shown.messages, shown.files, shown.links, shown.browsers) == (dan, 2, 0, 1, 0)
    assert (shown.mails, shown.copies, shown.was_in_copy) == (1, ("eve@visitor.example",), True)
    assert (shown.former_orders, shown.orders, shown.newest) == (0, 1, thread.newest_id(ticket))
    assert customer_change.preview(ticket, "new@visitor.example", actor=ana).address is None


# --- Mails --------------------------------------------------------------------------------------------------------


def test_nobody_is_mailed_unless_that_is_ticked(ticket: Ticket, change: Change) -> None:
    OutgoingEmail.delete().execute()
    change()
    assert not OutgoingEmail.select().exists()


def test_who_was_not_to_be_mailed_is_sent_no_confirmation_once_their_address_is_proven(
    ticket: Ticket, change: Change
) -> None:
    change("new@visitor.example")
    address = fresh(ticket).address
    customers.prove(address)
    confirmations.make_good(address)
    assert mails_to("new@visitor.example") == []


def test_the_new_customer_is_mailed_a_link_where_that_is_ticked(ticket: Ticket, change: Change) -> None:
    OutgoingEmail.delete().execute()
    change(tells=True)
    assert mails_to(DAN) == [("confirmation", "pending")]
    mail = OutgoingEmail.get()
    assert mail.link_kind == "ticket"
    assert "The total looks wrong to me." in mail.body
    assert not claims.is_moot(mail)


def test_an_address_that_is_not_proven_is_mailed_nothing_that_was_typed(ticket: Ticket, change: Change) -> None:
    OutgoingEmail.delete().execute()
    change("new@visitor.example", tells=True)
    mail = OutgoingEmail.get()
    assert (mail.kind, mail.to_email) == ("received", "new@visitor.example")
    assert "The total looks wrong to me." not in mail.body


def test_a_reply_that_waits_goes_to_the_new_customer(ticket: Ticket, root: Agent, change: Change) -> None:
    OutgoingEmail.update(state="sent").execute()
    settings.save({"undo_send_seconds": 30})
    message = tickets.reply(ticket, "<p>We look into it.</p>", actor=root)
    former = ticket.address.email
    assert mails_to(former)[-1] == ("notification", "pending")
    action = change().action
    assert mails_to(former)[-1] == ("notification", "cancelled")
    assert mails_to(DAN) == [("notification", "pending")]
    mail = OutgoingEmail.get(OutgoingEmail.to_email == DAN)
    assert (mail.message, mail.due_at, mail.automatic) == (message, message.public_at, "")
    assert action is not None
    undone = undo.undo(action, actor=action.agent)
    assert (undone.back, undone.cancelled) == (1, 1)
    assert mails_to(former)[-1] == ("notification", "pending")
    assert mails_to(DAN) == [("notification", "cancelled")]


def test_who_was_in_copy_gets_a_reply_that_waits_once(ticket: Ticket, root: Agent, change: Change) -> None:
    cc.add_cc(ticket, [DAN], actor=root)
    OutgoingEmail.update(state="sent").execute()
    settings.save({"undo_send_seconds": 30})
    tickets.reply(ticket, "<p>We look into it.</p>", actor=root)
    as_copied = mails_to(DAN)
    action = change().action
    assert [kind for kind, state in mails_to(DAN) if state == "pending"] == ["notification"]
    assert action is not None
    undo.undo(action, actor=action.agent)
    assert mails_to(DAN) == [*as_copied, ("notification", "cancelled")]


def test_what_failed_to_reach_the_former_customer_is_not_tried_again(
    ticket: Ticket, root: Agent, change: Change
) -> None:
    message = tickets.reply(ticket, "<p>We look into it.</p>", actor=root)
    former = ticket.address.email
    OutgoingEmail.update(state="failed").where(OutgoingEmail.to_email == former).execute()
    states = mails_to(former)
    action = change().action
    assert retries.retry_message(message, actor=root) == retries.retry_failed(actor=root) == 0
    assert {state for _kind, state in mails_to(former)} == {"cancelled"}
    assert action is not None
    undo.undo(action, actor=action.agent)
    assert mails_to(former) == states


def test_what_came_back_from_the_former_customer_is_not_tried_again(
    ticket: Ticket, root: Agent, ana: Agent, carol: Customer, change: Change
) -> None:
    message = tickets.reply(ticket, "<p>We look into it.</p>", actor=root)
    theirs = OutgoingEmail.message == message.id
    OutgoingEmail.update(state="sent", bounced_at=clock.now()).where(theirs).execute()
    mail = OutgoingEmail.get(theirs)
    change()
    assert returned.send_again(Message.get_by_id(message.id), actor=ana) == 0
    with pytest.raises(InvalidInput, match="no longer that of carol@"):
        retries.retry(mail, actor=root)
    assert OutgoingEmail.get_by_id(mail.id).state == "sent"
    # Nor where their address has been removed since, so that the mail no longer says whose it was.
    OutgoingEmail.update(address=None).where(theirs).execute()
    with pytest.raises(InvalidInput):
        retries.retry(OutgoingEmail.get_by_id(mail.id), actor=root)
    OutgoingEmail.update(state="pending").where(theirs).execute()
    assert claims.is_moot(OutgoingEmail.get_by_id(mail.id))
    # Once in copy, they may read it.
    OutgoingEmail.update(state="sent", address=carol.primary_address).where(theirs).execute()
    cc.add_cc(fresh(ticket), ["carol@customer.example"], actor=ana)
    retries.retry(OutgoingEmail.get_by_id(mail.id), actor=root)
    assert OutgoingEmail.get_by_id(mail.id).state == "pending"


def test_undoing_what_unblocked_the_former_customer_blocks_nobody_else(
    ticket: Ticket, carol: Customer, dan: Customer, root: Agent, ana: Agent, change: Change
) -> None:
    tickets.mark_spam(ticket, actor=ana, block_author=True)
    rule = partial(tickets.not_spam, actor=ana)
    action = bulk.run("not-spam", [ticket.id], rule, actor=ana).action
    assert change().done == 1
    assert action is not None
    assert undo.undo(action, actor=ana).left_alone == 1
    assert Customer.get_by_id(dan.id).blocked_at is None


def test_what_the_former_customer_thought_of_it_is_not_said_to_be_the_new_ones(
    ticket: Ticket, carol: Customer, dan: Customer, ana: Agent, change: Change
) -> None:
    tickets.close(ticket, actor=ana)
    settings.save({"ask_satisfaction": True})
    satisfaction.rate(ticket, BAD, actor=carol, comment="My neighbour was rude.")
    assert satisfaction.own_rating(ticket) == satisfaction.rating_of(ticket) is not None
    change()
    assert satisfaction.own_rating(fresh(ticket)) is None
    satisfaction.rate(fresh(ticket), GOOD, actor=dan)
    rating = satisfaction.own_rating(fresh(ticket))
    assert rating is not None
    assert (rating.score, rating.comment) == (GOOD, "")


# --- Two at once --------------------------------------------------------------------------------------------------


def test_what_the_former_customer_wrote_meanwhile_stops_it(ticket: Ticket, carol: Customer, change: Change) -> None:
    seen = thread.newest_id(ticket)
    tickets.receive_message(ticket, "It is mine, after all.", actor=carol)
    outcome = change(seen=seen)
    assert "A message has come in meanwhile" in str(outcome.refused)
    assert fresh(ticket).customer_id == carol.id


@postgresql_only
def test_a_message_that_comes_in_at_the_same_moment_is_before_it_or_not_there(
    database: Any, ticket: Ticket, carol: Customer, dan: Customer, ana: Agent, monkeypatch: Any
) -> None:
    """The former customer has the page open; whichever is first, nothing of theirs lands in Dan's ticket unseen."""
    seen = thread.newest_id(ticket)
    come: threading.Event = meeting(monkeypatch, customer_change, "_hold_address", 0.5)

    def write() -> None:
        assert come.wait(60)
        tickets.receive_message(Ticket.get_by_id(ticket.id), "Mine.", actor=Customer.get_by_id(carol.id))

    def give() -> None:
        tickets.change_customer(Ticket.get_by_id(ticket.id), DAN, actor=Agent.get_by_id(ana.id), seen=seen)

    assert beside(give, write) == ["done", "NotFound"]
    assert fresh(ticket).customer == dan
    assert Message.select().where(Message.ticket == ticket.id).count() == 1


@postgresql_only
def test_an_address_removed_at_the_same_moment_gets_no_ticket(
    database: Any, ticket: Ticket, dan: Customer, root: Agent, ana: Agent, monkeypatch: Any
) -> None:
    second = addresses.add(dan, "dan@home.example", actor=root)
    seen = thread.newest_id(ticket)
    come: threading.Event = meeting(monkeypatch, addresses, "_delete", 0.5)

    def take() -> None:
        assert come.wait(60)
        tickets.change_customer(
            Ticket.get_by_id(ticket.id), "dan@home.example", actor=Agent.get_by_id(ana.id), seen=seen
        )

    def remove() -> None:
        addresses.remove(CustomerAddress.get_by_id(second.id), actor=Agent.get_by_id(root.id))

    assert beside(remove, take)[0] == "done"
    now = fresh(ticket)
    assert now.address is not None
    assert now.address.customer_id == now.customer_id


# --- Undoing ------------------------------------------------------------------------------------------------------


def test_it_is_undone_with_links_and_copies(
    ticket: Ticket, carol: Customer, dan: Customer, root: Agent, ana: Agent, change: Change
) -> None:
    cc.add_cc(ticket, [DAN, "eve@visitor.example"], actor=root)
    guest = TicketGuest(carol, ticket.id, ticket.address)
    action = change(tells=True).action
    assert action is not None
    undone = undo.undo(action, actor=ana)
    assert (undone.back, undone.left_alone, undone.cancelled) == (1, 0, 1)
    now = fresh(ticket)
    assert (now.customer, now.address) == (carol, guest.address)
    assert access.sees(guest, now)
    assert {row.email for row in cc.in_copy(ticket)} == {DAN, "eve@visitor.example"}
    assert histories(ticket)[-1] == "Ana undid a change: Carol Jones is the customer again"
    with pytest.raises(InvalidInput, match="undone already"):
        undo.undo(action, actor=ana)


def test_what_was_written_since_is_not_shown_to_the_former_customer(
    ticket: Ticket, dan: Customer, ana: Agent, change: Change
) -> None:
    action = change().action
    assert action is not None
    tickets.receive_message(fresh(ticket), "My secret.", actor=dan)
    assert undo.undo(action, actor=ana).left_alone == 1
    assert fresh(ticket).customer == dan


def test_who_wrote_as_a_stranger_meanwhile_is_in_copy_of_nothing_when_it_is_theirs_again(
    ticket: Ticket, carol: Customer, ana: Agent, change: Change
) -> None:
    action, address = change().action, ticket.address
    assert action is not None
    strangers.receive_from_stranger(fresh(ticket), "Hello?", address=address, form_key="stranger")
    assert cc.in_copy(ticket) == [address]
    assert undo.undo(action, actor=ana).back == 1
    assert (fresh(ticket).customer, cc.in_copy(ticket)) == (carol, [])


def test_it_is_not_undone_for_who_is_gone_nor_too_late(
    ticket: Ticket, carol: Customer, root: Agent, ana: Agent, change: Change
) -> None:
    action = change().action
    assert action is not None
    customers.delete_customer(carol, actor=root)
    assert undo.undo(action, actor=ana).left_alone == 1
    BulkChange.delete().execute()
    later = change("new@visitor.example").action
    assert later is not None
    later.created_at = clock.now() - timedelta(minutes=undo.UNDO_MINUTES + 1)
    with pytest.raises(InvalidInput, match="no longer be undone"):
        undo.undo(later, actor=ana)


def test_there_and_back_and_there_again(ticket: Ticket, carol: Customer, dan: Customer, change: Change) -> None:
    change()
    change("carol@customer.example")
    assert fresh(ticket).customer == carol
    assert access.sees(TicketGuest(carol, ticket.id, ticket.address), fresh(ticket))
    change()
    assert fresh(ticket).customer == dan
    assert TicketCc.select().count() == 0
