"""Whether customers are satisfied: who answers, when, and what it adds up to."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playhouse.test_utils import count_queries

import helpdesk.wiring  # noqa: F401 — replies owe mails only once it is read
from database import database
from helpdesk import clock, events, journal_listing, settings, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.reports import satisfaction, statistics
from helpdesk.tickets import cc
from models import JournalEntry, OutgoingEmail, Rating, Ticket, TicketEvent
from tests.support import cast, sqlite_only

UTC = ZoneInfo("UTC")


@pytest.fixture(autouse=True)
def asks(database):
    settings.save({"ask_satisfaction": True})


@pytest.fixture
def closed(ticket, ana):
    tickets.close(ticket, actor=ana)
    return ticket


def again(ticket):
    return Ticket.get_by_id(ticket.id)


def last_sentence(ticket):
    last = TicketEvent.select().where(TicketEvent.ticket == ticket.id).order_by(TicketEvent.id.desc()).first()
    return events.describe(last)


def test_an_answer_is_kept_and_written_in_the_history(closed, carol):
    satisfaction.rate(closed, "good", actor=carol, comment=" Quick!\0 ")
    row = Rating.get()
    assert (row.ticket, row.score, row.comment) == (closed, "good", "Quick!")
    assert last_sentence(closed) == "Carol Jones is satisfied: Quick!"


def test_an_answer_is_changed_and_the_same_one_changes_nothing(closed, carol):
    for score in ("good", "bad", "bad"):
        satisfaction.rate(closed, score, actor=carol)
    assert [row.score for row in Rating.select()] == ["bad"]
    kinds = TicketEvent.select().where(TicketEvent.kind.startswith("rated"))
    assert [event.kind for event in kinds.order_by(TicketEvent.id)] == ["rated-good", "rated-bad"]


def test_who_came_by_the_private_link_answers(closed, carol):
    guest = TicketGuest(carol, closed.id, carol.primary_address)
    satisfaction.rate(closed, "good", actor=guest)
    assert last_sentence(closed) == "Carol Jones is satisfied"


def test_who_is_in_copy_is_not_asked_and_does_not_answer(closed, ana, dan):
    cc.add_cc(again(closed), [dan.primary_address.email], actor=ana)
    assert not satisfaction.is_asked(closed, dan)
    with pytest.raises(NotAllowed):
        satisfaction.rate(closed, "bad", actor=dan)


def test_a_stranger_does_not_find_the_ticket(closed):
    with pytest.raises(NotFound):
        satisfaction.rate(closed, "bad", actor=cast.make_customer("Eve"))


def test_an_open_ticket_takes_no_answer_and_keeps_the_former_one(closed, carol):
    satisfaction.rate(closed, "good", actor=carol)
    tickets.receive_message(closed, "Not quite", actor=carol)
    with pytest.raises(InvalidInput, match="open again"):
        satisfaction.rate(closed, "bad", actor=carol)
    assert Rating.get().score == "good"


@pytest.mark.parametrize(("score", "comment"), [("", ""), ("best", ""), ("good", "x" * 1001)])
def test_what_no_form_sends_is_refused(closed, carol, score, comment):
    with pytest.raises(InvalidInput):
        satisfaction.rate(closed, score, actor=carol, comment=comment)
    assert Rating.select().count() == 0


def test_a_desk_that_does_not_ask_takes_no_answer(closed, carol):
    settings.save({"ask_satisfaction": False})
    assert not satisfaction.is_asked(closed, carol)
    with pytest.raises(NotFound):
        satisfaction.rate(closed, "good", actor=carol)


def test_what_was_commented_stays_out_of_the_journal(closed, carol):
    satisfaction.rate(closed, "bad", actor=carol, comment="Private matter")
    lines = [*JournalEntry.select(), *journal_listing.entries(journal_listing.Wanted())]
    assert "rated-bad" in str([row.data for row in lines])
    assert not any("Private" in str(row.data) for row in lines)


# --- The mail of a closing reply ----------------------------------------------------------------------------------


def bodies(ticket):
    mails = OutgoingEmail.select().where(
        OutgoingEmail.ticket == ticket.id, OutgoingEmail.kind.in_(["notification", "copy"])
    )
    return {mail.to_email: "Are you satisfied" in mail.body for mail in mails}


def test_the_mail_of_a_closing_reply_says_that_one_may_answer(ticket, ana, carol, dan):
    cc.add_cc(ticket, [dan.primary_address.email], actor=ana)
    OutgoingEmail.delete().execute()
    tickets.reply(again(ticket), "<p>Done.</p>", actor=ana, close=True)
    assert bodies(ticket) == {carol.primary_address.email: True, dan.primary_address.email: False}


@pytest.mark.parametrize(("asks", "closes"), [(True, False), (False, True)])
def test_no_other_mail_says_so(ticket, ana, asks, closes):
    settings.save({"ask_satisfaction": asks})
    tickets.reply(ticket, "<p>Done.</p>", actor=ana, close=closes)
    assert set(bodies(ticket).values()) == {False}


# --- Figures ------------------------------------------------------------------------------------------------------


def test_figures_keep_to_ones_sight_and_to_the_period(closed, carol, ana, root, sales):
    other = cast.open_ticket(carol, sales)
    tickets.close(other, actor=root)
    satisfaction.rate(closed, "good", actor=carol)
    satisfaction.rate(other, "bad", actor=carol, comment="Too slow")
    period = statistics.last_days(7, UTC)
    mine, everybody = (satisfaction.measure(agent, period) for agent in (ana, root))
    assert (mine.all.answers, mine.all.percent, mine.comments) == (1, 100, [])
    assert (everybody.all.answers, everybody.all.percent) == (2, 50)
    assert [row.comment for row in everybody.comments] == ["Too slow"]
    assert {row.name: row.percent for row in everybody.tables["service"]} == {"Billing": 100, "Sales": 0}
    Rating.update(rated_at=clock.now() - timedelta(days=30)).execute()
    assert satisfaction.measure(root, period).all.percent is None


def test_spam_and_the_bin_do_not_count(closed, carol, root):
    satisfaction.rate(closed, "bad", actor=carol)
    tickets.delete(again(closed), actor=root)
    assert satisfaction.measure(root, statistics.last_days(7, UTC)).all.answers == 0


@sqlite_only
def test_the_answers_of_a_period_are_found_by_their_time(closed, carol, root):
    satisfaction.rate(closed, "bad", actor=carol, comment="Too slow")
    with count_queries() as counter:
        (said,) = satisfaction.measure(root, statistics.last_days(7, UTC)).comments
        assert said.ticket.number == closed.number
    asked = [row.msg for row in counter.get_queries() if '"ticket" AS' in row.msg[0]]
    plans = [repr(database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()) for sql, values in asked]
    assert len(plans) == 2
    assert all("rating_rated_at" in plan for plan in plans)
