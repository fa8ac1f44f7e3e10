"""Links between tickets: made, seen, merged along, and what a blocked ticket asks before it is closed."""

from __future__ import annotations

from datetime import timedelta

import pytest

import helpdesk.wiring  # noqa: F401 — acts owe mails only once it is read
from helpdesk import clock, send_later, settings, tickets
from helpdesk.access import SYSTEM
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import describe
from helpdesk.lists import linked_reply
from helpdesk.lists.linked_reply import Answer
from helpdesk.relations import blocking, relating
from helpdesk.relations.blocking import Blocked
from helpdesk.send_later import NewReply
from helpdesk.settings import lookups
from helpdesk.tickets import drafts, merge_undo
from helpdesk.tickets.splitting import Part
from models import Draft, Message, OutgoingEmail, Relation, Ticket, TicketEvent
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def second(carol, billing, invoices):
    return cast.open_ticket(carol, billing, department=invoices, subject="Second")


@pytest.fixture
def third(dan, billing, invoices):
    return cast.open_ticket(dan, billing, department=invoices, subject="Third")


def again(ticket):
    return Ticket.get_by_id(ticket.id)


def ways(ticket, agent):
    return [(one.way, one.ticket and one.ticket.number) for one in relating.of_ticket(ticket, agent)]


@pytest.mark.parametrize(("way", "back"), list(relating.OPPOSITE.items()))
def test_both_sides_show_it_and_say_it(ticket, second, ana, way, back):
    relating.relate(ticket, second, way, actor=ana)
    relating.relate(ticket, second, way, actor=ana)
    relating.relate(second, ticket, back, actor=ana)
    assert Relation.select().count() == 1
    assert ways(ticket, ana) == [(way, second.number)]
    assert ways(second, ana) == [(back, ticket.number)]
    for one, other in ((ticket, second), (second, ticket)):
        (line,) = one.events.where(one.events.model.kind == "linked")
        assert other.number in describe(line)
        assert other.number not in describe(line, is_nameless=True)
    (link,) = relating.of_ticket(second, ana)
    relating.unrelate(second, link.key, actor=ana)
    relating.unrelate(second, link.key, actor=ana)
    assert ways(ticket, ana) == []


def test_what_is_wrong_is_refused(ticket, second, third, ana):
    with pytest.raises(InvalidInput, match="same ticket"):
        relating.relate(ticket, again(ticket), "same", actor=ana)
    with pytest.raises(InvalidInput):
        relating.relate(ticket, second, "loves", actor=ana)
    made = relating.relate(ticket, second, "blocks", actor=ana)
    with pytest.raises(InvalidInput, match="linked already"):
        relating.relate(ticket, second, "same", actor=ana)
    with pytest.raises(NotFound):
        relating.unrelate(third, made.id, actor=ana)


def test_who_sees_one_side_reads_no_number(ticket, sales, dan, ana, ben, root):
    hidden = cast.open_ticket(dan, sales)
    with pytest.raises(NotFound):
        relating.relate(ticket, hidden, "blocked", actor=ana)
    relating.relate(ticket, hidden, "blocked", actor=root)
    assert ways(ticket, ana) == [("blocked", None)]
    with pytest.raises(Blocked) as error:
        tickets.close(again(ticket), actor=ana)
    assert hidden.number not in str(error.value)
    (link,) = relating.of_ticket(ticket, ana)
    relating.unrelate(ticket, link.key, actor=ana)
    assert ways(hidden, ben) == []


def test_a_blocked_ticket_is_closed_by_who_was_asked(ticket, second, ana, carol):
    relating.relate(second, ticket, "blocks", actor=ana)
    closed = lookups.closed_status()
    for act in (
        lambda: tickets.close(again(ticket), actor=ana),
        lambda: tickets.set_status(again(ticket), closed, actor=ana),
        lambda: tickets.reply(again(ticket), "<p>Done</p>", actor=ana, close=True),
        lambda: tickets.close(again(ticket), actor=SYSTEM),
    ):
        with pytest.raises(Blocked):
            act()
    assert again(ticket).is_open
    assert blocking.blocked_among([ticket.id, second.id]) == {ticket.id}
    # What blocks is not blocked, and once it is closed nothing is asked.
    tickets.close(again(second), actor=ana)
    assert blocking.blocked_among([ticket.id]) == set()
    tickets.close(again(ticket), actor=ana)
    tickets.reopen(again(ticket), actor=ana)
    tickets.reopen(again(second), actor=ana)
    tickets.close(again(ticket), actor=ana, even_blocked=True)
    tickets.reopen(again(ticket), actor=ana)
    # The customer knows of no other ticket.
    tickets.close(again(ticket), actor=carol)
    assert not again(ticket).is_open


def test_a_merge_moves_links_and_its_undoing_gives_them_back(ticket, second, third, dan, billing, invoices, ana):
    other = cast.open_ticket(dan, billing, department=invoices)
    relating.relate(ticket, third, "blocks", actor=ana)
    relating.relate(ticket, other, "follows", actor=ana)
    relating.relate(second, third, "same", actor=ana)
    relating.relate(ticket, second, "same", actor=ana)
    number = ticket.number
    tickets.merge(again(ticket), again(second), actor=ana)
    assert ways(second, ana) == [("same", third.number), ("follows", other.number)]
    target = again(second)
    made = tickets.undo_merge(merge_undo.find(number, target), target, actor=ana)
    assert ways(made, ana) == [("blocks", third.number), ("same", second.number), ("follows", other.number)]
    assert ways(second, ana) == [("same", third.number), ("same", number)]


def test_a_chain_of_merges_gives_each_its_links_back(ticket, second, third, carol, billing, invoices, ana):
    last = cast.open_ticket(carol, billing, department=invoices)
    relating.relate(ticket, third, "blocked", actor=ana)
    numbers = ticket.number, second.number
    tickets.merge(again(ticket), again(second), actor=ana)
    tickets.merge(again(second), again(last), actor=ana)
    assert ways(last, ana) == [("blocked", third.number)]
    first = tickets.undo_merge(merge_undo.find(numbers[0], again(last)), again(last), actor=ana)
    tickets.undo_merge(merge_undo.find(numbers[1], again(last)), again(last), actor=ana)
    assert ways(first, ana) == [("blocked", third.number)]
    assert ways(last, ana) == ways(Ticket.get(Ticket.number == numbers[1]), ana) == []


def test_a_part_that_was_split_off_is_linked(ticket, carol, ana):
    message = tickets.receive_message(ticket, "Something else", actor=carol)
    part = Part((message.id,), "Else", ticket.service_id, ticket.department_id)
    made = tickets.split(again(ticket), part, actor=ana)
    assert ways(made, ana) == [("follows", ticket.number)]
    tickets.undo_split(made, actor=ana)
    assert Relation.select().count() == 0


def test_purging_a_ticket_takes_its_links_along(ticket, second, ana):
    relating.relate(ticket, second, "same", actor=ana)
    ticket.delete_instance()
    assert ways(second, ana) == []


def test_all_linked_tickets_are_answered_each_by_its_own_reply(ticket, second, third, ana, ben):
    settings.save({"undo_send_seconds": 10})
    for row in (second, third):
        relating.relate(ticket, row, "same", actor=ana)
    chosen = relating.tickets_of(relating.of_ticket(ticket, ana))
    answer = Answer("<p>Hello {{customer_firstname}}, {{prefixed_id}} is solved</p>", "key", close=True)
    tickets.delete(again(second), actor=ana)
    chosen = [again(row) for row in chosen]
    preview = linked_reply.preview(answer, chosen, actor=ana)
    assert (preview.done, sum(preview.refused.values())) == (1, 1)
    outcome = linked_reply.send(answer, chosen, actor=ana)
    assert (outcome.done, list(outcome.refused)) == (1, list(preview.refused))
    assert linked_reply.send(answer, [again(third)], actor=ana).done == 1
    (sent,) = Message.select().where(Message.kind == "reply")
    assert sent.body == f"<p>Hello Dan, {third.number} is solved</p>"
    assert not again(third).is_open
    assert OutgoingEmail.select().where(OutgoingEmail.message == sent.id).count() == 1
    assert linked_reply.withdraw("key", chosen, actor=ben).done == 0
    assert linked_reply.withdraw("key", chosen, actor=ana).done == 1
    assert Message.select().where(Message.kind == "reply").count() == 0
    assert again(third).is_open


def test_taken_back_the_text_is_one_draft(ticket, second, third, ana):
    settings.save({"undo_send_seconds": 10})
    answer = Answer("<p>Solved</p>", "key")
    linked_reply.send(answer, [again(ticket), again(second), again(third)], actor=ana)
    assert linked_reply.withdraw("key", [ticket, second, third], actor=ana).done == 3
    assert Draft.select().count() == 1
    assert drafts.of(ticket, ana).body == "<p>Solved</p>"


@pytest.mark.parametrize(("body", "said"), [("<p> </p>", "Write a message"), ("<p>{{name}}</p>", "no variable")])
def test_a_text_that_cannot_be_sent_is_refused(ticket, ana, body, said):
    with pytest.raises(InvalidInput, match=said):
        linked_reply.preview(Answer(body, "key"), [ticket], actor=ana)
    with pytest.raises(InvalidInput, match="Tick at least"):
        linked_reply.check(Answer("<p>Yes</p>", "key"), [])


def test_what_the_history_says_of_a_scheduled_reply_names_no_ticket_that_others_do_not_see(ticket, second, ana):
    relating.relate(second, ticket, "blocks", actor=ana)
    new = NewReply("<p>Done</p>", close=True)
    row = send_later.schedule(again(ticket), new, clock.now() + timedelta(days=1), actor=ana)
    send_later.send_now(row, actor=ana)
    assert again(ticket).is_open
    line = TicketEvent.select().where(TicketEvent.kind == "act-skipped").get()
    assert "blocks this one" in describe(line)
    assert second.number not in describe(line)
