"""The verbs of a ticket, from its opening to its answer and back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from helpdesk import events, search, settings, tickets
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, ReplyOutdated
from helpdesk.events import EventKind
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses, outdated_reply, spam_and_bin, thread
from models import CannedResponse, Customer, CustomerAddress, Filter, Message, Status, Ticket, TicketEvent
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


def kinds(ticket):
    return [event.kind for event in ticket.events.order_by(TicketEvent.id)]


def test_a_reply_that_is_too_long_is_refused_whole(ticket, ana):
    with pytest.raises(InvalidInput):
        tickets.reply(ticket, f"<p>{'a' * 400_000}</p>", actor=ana)


def test_a_reply_to_what_was_not_read_is_not_stored(ticket, ana, carol):
    seen = outdated_reply.Seen(thread.newest_id(ticket))
    newer = tickets.receive_message(ticket, "It is solved.", actor=carol)
    with pytest.raises(ReplyOutdated) as refusal:
        tickets.reply(ticket, "<p>Have you tried this?</p>", actor=ana, close=True, seen=seen)
    assert (refusal.value.messages, kinds(ticket)[-1]) == ([newer], "customer-wrote")
    assert "1 new message" in str(refusal.value)
    tickets.reply(ticket, "<p>Good.</p>", actor=ana, seen=outdated_reply.Seen(newer.id))
    assert kinds(ticket)[-1] == "replied"


def test_the_first_ticket_of_prefix_10000_is_100001(carol, sales):
    ticket = cast.open_ticket(carol, sales)
    assert ticket.number == f"10000{ticket.id}"


def test_a_new_prefix_touches_new_tickets_only(carol, sales):
    old = cast.open_ticket(carol, sales)
    settings.save({"ticket_prefix": "HD-"})
    new = cast.open_ticket(carol, sales)
    assert Ticket.get_by_id(old.id).number == old.number
    assert new.number == f"HD-{new.id}"


def test_a_prefix_that_would_repeat_an_old_number_is_refused(carol, sales):
    cast.open_ticket(carol, sales)
    with pytest.raises(InvalidInput) as refusal:
        settings.save({"ticket_prefix": ""})
    assert refusal.value.field == "ticket_prefix"


def test_a_visitor_becomes_a_customer_with_an_unproven_address(sales):
    ticket = cast.open_ticket("New@Visitor.example", sales, first_name="Nina", last_name="Vis")
    address = CustomerAddress.get(CustomerAddress.email == "new@visitor.example")
    assert (ticket.address, address.is_proven, address.customer.first_name) == (address, False, "Nina")


def test_a_customer_writes_with_a_proven_address(carol, sales):
    CustomerAddress.update(is_primary=False).execute()
    now = carol.created_at
    CustomerAddress.create(customer=carol, email="new@customer.example", is_primary=True, created_at=now)
    assert cast.open_ticket(carol, sales).address.email == "carol@customer.example"


def test_a_new_ticket_has_the_chosen_status_and_priority(ticket):
    assert (ticket.status.identifier, ticket.priority.identifier) == ("active", "normal")
    assert (ticket.is_open, ticket.awaits_reply, kinds(ticket)) == (True, True, ["opened"])


def test_the_same_form_sent_twice_makes_one_ticket(carol, sales):
    first = cast.open_ticket(carol, sales, form_key="k" * 32)
    assert cast.open_ticket(carol, sales, form_key="k" * 32).id == first.id
    assert Ticket.select().count() == 1


@pytest.mark.parametrize(("field", "value"), [("subject", "  "), ("body", "\0 \n"), ("subject", "x" * 201)])
def test_empty_and_endless_texts_are_refused_by_name(carol, sales, field, value):
    with pytest.raises(InvalidInput) as refusal:
        cast.open_ticket(carol, sales, **{field: value})
    assert refusal.value.field == field
    assert Ticket.select().count() == 0


def test_a_department_of_another_service_is_refused(carol, invoices, sales):
    with pytest.raises(InvalidInput) as refusal:
        cast.open_ticket(carol, sales, invoices)
    assert refusal.value.field == "department"


def test_a_service_with_departments_asks_for_one(carol, billing):
    with pytest.raises(InvalidInput):
        cast.open_ticket(carol, billing)


def test_what_fails_half_way_leaves_nothing(carol, sales, monkeypatch):
    Filter.create(name="broken", author_id=cast.owner().id, position=1)
    monkeypatch.setattr("helpdesk.filters.apply_filters", lambda *_given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cast.open_ticket(carol, sales)
    assert (Ticket.select().count(), Message.select().count()) == (0, 0)


# --- Replies and messages -----------------------------------------------------------------------------------------


def test_a_reply_sets_pending_and_takes_the_unassigned_ticket(ticket, ana):
    tickets.reply(ticket, "<p>It is right.</p>", actor=ana)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.status.identifier, stored.assignee, stored.awaits_reply) == ("pending", ana, False)


def test_a_reply_that_closes_is_one_change(ticket, ana):
    tickets.reply(ticket, "<p>Done.</p>", actor=ana, close=True)
    assert Ticket.get_by_id(ticket.id).is_closed
    assert kinds(ticket) == ["opened", "replied", "closed"]


def test_a_reply_leaves_a_colleagues_ticket_theirs(ticket, ana, root):
    tickets.assign(ticket, ana, actor=root)
    tickets.reply(ticket, "<p>Hello.</p>", actor=root)
    assert Ticket.get_by_id(ticket.id).assignee == ana


def test_a_reply_takes_a_ticket_of_my_team(ticket, ana, root):
    team = cast.make_team("Desk", ana)
    tickets.assign(ticket, team, actor=root)
    tickets.reply(ticket, "<p>Hello.</p>", actor=ana)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.assignee, stored.team) == (ana, None)


def test_the_most_specific_signature_signs(ticket, ana, invoices):
    cast.permit(ana, invoices, signature="<p>Ana, Invoices</p>")
    message = tickets.reply(ticket, "<p>Hello.</p>", actor=ana)
    assert message.signature == "<p>Ana, Invoices</p>"


def test_a_reply_of_markup_only_is_refused(ticket, ana):
    with pytest.raises(InvalidInput):
        tickets.reply(ticket, "<p><br></p><script>alert(1)</script>", actor=ana)


def test_a_reply_is_cleaned(ticket, ana):
    message = tickets.reply(ticket, '<p onclick="x()">Hi <img src=x onerror=y></p>', actor=ana)
    assert message.body == "<p>Hi </p>"


def test_a_customers_message_reopens_and_sets_the_default_status(ticket, ana, carol):
    tickets.reply(ticket, "<p>Done.</p>", actor=ana, close=True)
    tickets.receive_message(ticket, "Not quite.", actor=carol)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.status.identifier, stored.is_open, stored.awaits_reply, stored.assignee) == (
        "active",
        True,
        True,
        ana,
    )


def test_a_customers_message_frees_the_ticket_of_a_disabled_agent(ticket, ana, carol):
    tickets.take(ticket, actor=ana)
    ana.active = False
    ana.save()
    tickets.receive_message(ticket, "Anybody there?", actor=carol)
    assert Ticket.get_by_id(ticket.id).assignee is None


def test_the_oldest_unanswered_message_counts(ticket, carol):
    waiting = ticket.waiting_since
    tickets.receive_message(ticket, "And another thing.", actor=carol)
    assert Ticket.get_by_id(ticket.id).waiting_since == waiting


def test_a_message_to_a_ticket_in_the_bin_restores_it(ticket, root, carol):
    tickets.delete(ticket, actor=root)
    tickets.receive_message(ticket, "Hello?", actor=carol)
    assert not Ticket.get_by_id(ticket.id).in_bin


def test_a_message_to_spam_stays_spam(ticket, ana, carol):
    tickets.mark_spam(ticket, actor=ana)
    tickets.receive_message(ticket, "Buy!", actor=carol)
    assert Ticket.get_by_id(ticket.id).is_spam


def test_a_foreign_customer_cannot_write(ticket, dan):
    with pytest.raises(NotFound):
        tickets.receive_message(ticket, "Mine!", actor=dan)


def test_a_note_changes_nothing_but_the_activity(ticket, ana):
    tickets.add_note(ticket, "<p>Call her.</p>", actor=ana)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.status.identifier, stored.assignee) == ("active", None)


def test_a_deleted_note_leaves_who_and_when_but_no_text(ticket, ana):
    note = tickets.add_note(ticket, "<p>Secret.</p>", actor=ana)
    tickets.delete_note(note, actor=ana)
    stored = Message.get_by_id(note.id)
    assert (stored.body, stored.deleted_at is not None, kinds(ticket)[-1]) == ("", True, "note-deleted")


def test_only_its_author_a_manager_or_an_administrator_deletes_a_note(ticket, ana, billing, mona):
    note = tickets.add_note(ticket, "<p>Secret.</p>", actor=ana)
    with pytest.raises(NotAllowed):
        tickets.delete_note(note, actor=cast.make_agent("Bea", billing))
    tickets.delete_note(note, actor=mona)


# --- States -------------------------------------------------------------------------------------------------------


def test_closing_twice_changes_nothing(ticket, ana):
    tickets.close(ticket, actor=ana)
    tickets.close(ticket, actor=ana)
    assert kinds(ticket) == ["opened", "closed"]


def test_the_customer_closes_from_the_account(ticket, carol):
    tickets.close(ticket, actor=carol)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.status.identifier, stored.closed_by_customer) == ("closed", True)
    assert kinds(ticket)[-1] == EventKind.CLOSED_BY_CUSTOMER


def test_a_closed_ticket_that_is_called_otherwise_was_closed_when_it_was(ticket, ana):
    tickets.close(ticket, actor=ana)
    closed_at = datetime(2025, 12, 30, 9)
    Ticket.update(closed_at=closed_at).execute()
    archived = Status.create(identifier="archived", label="Archived", category="closed")
    tickets.set_status(Ticket.get_by_id(ticket.id), archived, actor=ana)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.status.identifier, stored.is_open, stored.closed_at) == ("archived", False, closed_at)
    # Whoever opens and closes it again closes it then.
    tickets.reopen(stored, actor=ana)
    tickets.set_status(Ticket.get_by_id(ticket.id), archived, actor=ana)
    assert Ticket.get_by_id(ticket.id).closed_at > closed_at


def test_a_disabled_status_is_refused(ticket, ana):
    Status.update(enabled=False).where(Status.identifier == "on hold").execute()
    with pytest.raises(InvalidInput):
        tickets.set_status(ticket, Status.get(Status.identifier == "on hold"), actor=ana)


def test_a_role_without_the_capability_may_not_close(ticket, billing):
    reader = cast.make_agent("Rea", billing, role=cast.make_role("Reader", can_set_status=False))
    with pytest.raises(NotAllowed):
        tickets.close(ticket, actor=reader)


def test_important_stands_first_and_gives_the_former_priority_back(ticket, ana):
    tickets.mark_important(ticket, actor=ana)
    assert (ticket.priority.identifier, ticket.rank) == ("high", -2 * lookups.important_priority().weight)
    tickets.not_important(ticket, actor=ana)
    assert Ticket.get_by_id(ticket.id).priority.identifier == "normal"


def test_tags_are_one_whatever_case_and_accents(ticket, ana):
    tickets.set_tags(ticket, ["Été", "ete", "urgent"], actor=ana)
    assert sorted(row.tag.key for row in ticket.ticket_tags) == ["ete", "urgent"]
    tickets.set_tags(ticket, ["urgent"], actor=ana)
    assert [row.tag.name for row in ticket.ticket_tags] == ["urgent"]


def test_tags_that_others_changed_since_stay_so(ticket, ana, root):
    tickets.set_tags(ticket, ["late", "paid"], actor=ana)
    tickets.set_tags(ticket, ["late", "vip"], actor=root)
    tickets.set_tags(ticket, ["#Paid", "new"], actor=ana, shown=["late", "paid"])
    assert sorted(row.tag.name for row in ticket.ticket_tags) == ["new", "vip"]


# --- Assigning ----------------------------------------------------------------------------------------------------


def test_assigning_to_an_agent_frees_the_team(ticket, root, ana, team):
    tickets.assign(ticket, team, actor=root)
    tickets.assign(ticket, ana, actor=root)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.assignee, stored.team) == (ana, None)


def test_a_transfer_gives_sight_of_this_ticket_only(ticket, ana, ben, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    returned = tickets.transfer(ticket, ben, actor=ana, note="Please <b>help</b>\nToday")
    tickets.reply(ticket, "<p>Hi</p>", actor=ben)
    with pytest.raises(NotFound):
        tickets.reply(other, "<p>Hi</p>", actor=ben)
    note = Message.get(Message.kind == "note")
    # With its lines, as they were typed.
    assert note.body == "<p>Please &lt;b&gt;help&lt;/b&gt;<br>Today</p>"
    assert returned == note


def test_a_disabled_agent_is_nobodys_choice(ticket, root, ben):
    ben.active = False
    ben.save()
    with pytest.raises(InvalidInput):
        tickets.transfer(ticket, ben, actor=root)


def test_who_is_not_in_support_gets_no_ticket(ticket, root):
    with pytest.raises(InvalidInput):
        tickets.assign(ticket, cast.make_agent("Nobody"), actor=root)
    assert Ticket.get_by_id(ticket.id).assignee is None


def test_a_move_keeps_the_assignee(ticket, ana, root, sales):
    tickets.take(ticket, actor=ana)
    tickets.move(ticket, sales.id, None, actor=root)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.service, stored.department, stored.assignee) == (sales, None, ana)


# --- Spam and bin -------------------------------------------------------------------------------------------------


def test_spam_condemns_the_authors_next_tickets_and_can_be_taken_back(ticket, ana, carol, sales):
    tickets.mark_spam(ticket, actor=ana)
    later = cast.open_ticket(Customer.get_by_id(carol.id), sales)
    assert later.is_spam
    tickets.not_spam(ticket, actor=ana)
    assert Customer.get_by_id(carol.id).blocked_at is None


def test_spam_leaves_the_authors_other_tickets_alone(ticket, ana, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    tickets.mark_spam(ticket, actor=ana)
    assert not Ticket.get_by_id(other.id).is_spam


def test_the_bin_gives_back_for_thirty_days(ticket, ana):
    tickets.delete(ticket, actor=ana)
    assert tickets.purge_bin() == 0
    tickets.restore(ticket, actor=ana)
    assert not Ticket.get_by_id(ticket.id).in_bin


def test_after_thirty_days_the_ticket_is_gone_with_its_messages(ticket, ana):
    tickets.delete(ticket, actor=ana)
    Ticket.update(binned_at=ticket.binned_at - timedelta(days=31)).execute()
    assert tickets.purge_bin() == 1
    assert (Ticket.select().count(), Message.select().count()) == (0, 0)


def test_a_purged_number_is_never_given_out_again(ticket, ana, carol, sales):
    tickets.delete(ticket, actor=ana)
    Ticket.update(binned_at=ticket.binned_at - timedelta(days=31)).execute()
    tickets.purge_bin()
    assert cast.open_ticket(carol, sales).number != ticket.number


def test_two_edits_of_different_columns_both_stay(ticket, ana, root):
    mine, theirs = Ticket.get_by_id(ticket.id), Ticket.get_by_id(ticket.id)
    tickets.take(mine, actor=ana)
    tickets.mark_important(theirs, actor=root)
    stored = Ticket.get_by_id(ticket.id)
    assert (stored.assignee, stored.priority.identifier) == (ana, "high")


def test_a_canned_response_can_be_saved_from_a_reply(ticket, ana):
    canned_responses.save_from_reply(ticket, "Hours", "<p>9 to 5.</p>", actor=ana)
    with pytest.raises(InvalidInput) as refusal:
        canned_responses.save_from_reply(ticket, "Hours", "<p>Other.</p>", actor=ana)
    assert (refusal.value.field, CannedResponse.select().count()) == ("canned_name", 1)


def test_a_subject_is_changed_on_one_line_and_found(ticket, ana):
    tickets.rename(ticket, "  Wrong\n total ", actor=ana)
    assert Ticket.get_by_id(ticket.id).subject == "Wrong total"
    assert [key for (key,) in search.ticket_ids("wrong total", "subject").tuples()] == [ticket.id]
    assert search.ticket_ids("question", "subject").count() == 0


def test_the_history_keeps_the_former_subject(ticket, ana):
    tickets.rename(ticket, "Wrong total", actor=ana)
    tickets.rename(ticket, "Wrong total", actor=ana)
    said = [events.describe(event) for event in ticket.events]
    assert said[1:] == ["Ana changed the subject from “A question about my invoice” to “Wrong total”"]


@pytest.mark.parametrize("subject", [" \n ", "x" * 201])
def test_a_subject_is_bounded(ticket, ana, subject):
    with pytest.raises(InvalidInput) as refusal:
        tickets.rename(ticket, subject, actor=ana)
    assert refusal.value.field == "subject"


def test_a_customer_changes_no_subject(ticket, carol):
    with pytest.raises(NotAllowed):
        tickets.rename(ticket, "Mine", actor=carol)


def test_what_its_customer_just_restored_is_not_purged(ticket, ana, carol, monkeypatch):
    tickets.delete(ticket, actor=ana)
    monkeypatch.setattr(spam_and_bin, "BIN_DAYS", -1)
    inner = spam_and_bin.transaction

    def late():
        """The customer writes between the look at the bin and the deletion."""
        monkeypatch.setattr(spam_and_bin, "transaction", inner)
        tickets.receive_message(Ticket.get_by_id(ticket.id), "It came back!", actor=carol)
        return inner()

    monkeypatch.setattr(spam_and_bin, "transaction", late)
    assert tickets.purge_bin() == 0
    assert Ticket.get_by_id(ticket.id).messages.count() == 2
