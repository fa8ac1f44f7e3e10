"""The journal reads its own lines and the histories of tickets: each once, in the order of time, by an index."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from playhouse.test_utils import count_queries

from helpdesk import clock, journal, journal_listing, settings, tickets
from helpdesk.journal_listing import Wanted
from helpdesk.operations import upkeep
from helpdesk.people import sign_ins
from helpdesk.reports import satisfaction
from helpdesk.tickets.spam_and_bin import BIN_DAYS
from models import JournalEntry, Ticket, TicketEvent
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


def texts(**wanted):
    return [text for _row, _kind, text in journal.with_sentences(journal_listing.entries(Wanted(**wanted)))]


@pytest.fixture
def switched_off(root):
    """The log of activity, as the screen of Configuration switches it."""

    def switch(on):
        settings.save({"log_enabled": on}, actor=root)

    return switch


# --- Stored once --------------------------------------------------------------------------------------------------


def test_what_happens_to_a_ticket_is_stored_once(ticket, ana):
    JournalEntry.delete().execute()
    tickets.reply(ticket, "<p>Look again.</p>", actor=ana, close=True)
    assert JournalEntry.select().count() == 0
    assert texts(kind="activity")[:2] == [
        f"Ticket {ticket.number}: Ana closed the ticket",
        f"Ticket {ticket.number}: Ana replied",
    ]


def test_deleting_and_merging_are_read_once_and_outlive_the_ticket(ticket, ana, root, billing, invoices):
    other = cast.open_ticket(ticket.customer, billing, invoices, subject="Twin")
    number = other.number
    tickets.merge(other, ticket, actor=ana)
    tickets.delete(Ticket.get_by_id(ticket.id), actor=root)
    deleted, merged = f"Ticket {ticket.number}: Root moved the ticket to the bin", f"merged ticket {number}"
    assert texts().count(deleted) == 1
    assert sum(merged in text for text in texts()) == 1
    with time_machine.travel(clock.now() + timedelta(days=BIN_DAYS + 1)):
        tickets.purge_bin()
        read = texts(kind="activity")
    assert TicketEvent.select().count() == 0
    assert read[0] == f"Ticket {ticket.number} was deleted for good"
    assert read[1] == deleted
    assert merged in read[2]
    assert len(read) == 3


def test_what_a_customer_commented_stays_with_the_ticket(ticket, carol, ana):
    settings.save({"ask_satisfaction": True})
    tickets.close(ticket, actor=ana)
    satisfaction.rate(Ticket.get_by_id(ticket.id), "bad", actor=carol, comment="Private matter")
    assert not any("Private" in text for text in texts())
    assert any("is not satisfied" in text for text in texts())


def test_no_history_forges_a_line(ticket):
    TicketEvent.update(actor_name="Eve\r\nRoot signed in\x1b[31m", data={"old": "a\r\nb"}).execute()
    assert not any(letter in "".join(texts()) for letter in "\r\n\x1b")


# --- The log, and how far back it goes ----------------------------------------------------------------------------


def test_switching_the_log_off_hides_no_history(ticket, ana, switched_off):
    switched_off(False)
    assert f"Ticket {ticket.number}: Carol Jones opened the ticket" in texts()
    tickets.close(ticket, actor=ana)
    assert f"Ticket {ticket.number}: Ana closed the ticket" not in texts()
    assert [event.kind for event in ticket.events.order_by(TicketEvent.id)] == ["opened", "closed"]
    switched_off(True)
    tickets.reopen(Ticket.get_by_id(ticket.id), actor=ana)
    read = texts(kind="activity")
    assert [text.rpartition(": ")[2] for text in read] == ["Ana reopened the ticket", "Carol Jones opened the ticket"]


def test_a_log_that_was_never_on_tells_nothing_of_tickets(ticket, switched_off):
    switched_off(False)
    JournalEntry.delete().execute()
    assert texts() == []
    switched_off(True)
    JournalEntry.update(created_at=clock.now() + timedelta(seconds=1)).execute()
    assert texts(kind="activity") == []


def test_the_journal_goes_no_further_back_than_its_days(ticket, ana):
    settings.save({"journal_days": "30"})
    TicketEvent.update(created_at=clock.now() - timedelta(days=31)).execute()
    tickets.close(ticket, actor=ana)
    assert texts(kind="activity") == [f"Ticket {ticket.number}: Ana closed the ticket"]
    upkeep.run()
    assert ticket.events.count() == 2


# --- Order, pages, filters ----------------------------------------------------------------------------------------


@pytest.fixture
def mixed(ticket, ana, root):
    """Lines of both kinds, most of them of the same moment."""
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        for _time in range(3):
            tickets.close(Ticket.get_by_id(ticket.id), actor=ana)
            sign_ins.start_sign_in(ana)
            tickets.reopen(Ticket.get_by_id(ticket.id), actor=ana)
            sign_ins.start_sign_in(root)
    sign_ins.start_sign_in(root)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages_hold_every_line_once_and_in_order(mixed, size):
    whole = [journal_listing.key_of(line) for line in journal_listing.entries(Wanted())]
    assert len(whole) == len(set(whole)) == 14
    assert whole == sorted(whole, reverse=True)
    paged, key = [], None
    while page := journal_listing.entries(Wanted(), before=key, limit=size):
        key = journal_listing.read_key(journal_listing.write_key(page[-1]))
        paged += [journal_listing.key_of(line) for line in page]
    assert paged == whole


def test_filters_reach_the_histories(mixed, ticket, ana, root):
    assert len(texts(agent_id=ana.id)) == 9
    assert len(texts(agent_id=ana.id, kind="activity")) == 6
    assert len(texts(agent_id=root.id, kind="activity")) == 0
    start = TicketEvent.get(kind="opened").created_at
    assert texts(kind="activity", until=start + timedelta(minutes=1)) == [texts(kind="activity")[-1]]
    assert len(texts(kind="activity", since=start + timedelta(minutes=1))) == 6


@pytest.mark.parametrize("text", ["", "12", "9" * 400, "x", "WzEsMl0", "'"])
def test_a_key_that_is_none_begins_at_the_first_page(database, text):
    assert journal_listing.read_key(text) is None


def test_a_page_reads_no_more_for_more_lines(ticket, ana):
    texts()
    with count_queries() as few:
        texts()
    for _time in range(10):
        tickets.close(Ticket.get_by_id(ticket.id), actor=ana)
        tickets.reopen(Ticket.get_by_id(ticket.id), actor=ana)
    with count_queries() as many:
        assert len(texts()) > 20
    assert few.count == many.count


def plan_of(query, engine, database):
    """Return how the engine reads a query when it would rather not sort or read a whole table."""
    sql, values = query.sql()
    if engine == "sqlite":
        return " / ".join(row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values))
    with database.atomic():
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            database.execute_sql(f"SET LOCAL {setting} = off")
        return " / ".join(row[0] for row in database.execute_sql(f"EXPLAIN {sql}", values).fetchall())


KEY = (clock.now(), journal_listing.EVENT, 5)
ASKED = [
    (Wanted(), "created_at_id"),
    (Wanted(agent_id=1), "agent_id_created_at_id"),
    (Wanted(since=clock.now() - timedelta(days=3), until=clock.now()), "created_at_id"),
]


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize(("wanted", "index"), ASKED)
def test_histories_are_read_by_an_index_in_their_order(mixed, engine, database, wanted, index, key):
    query = journal_listing.events_of(wanted, key, *journal_listing.logged_times()[0]).limit(51)
    plan = plan_of(query, engine, database)
    # By a second end, SQLite would read all lines from the newest on.
    assert query.sql()[0].count(" < ") == 1
    assert f"ticket_event_{index}" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize(("wanted", "index"), [*ASKED, (Wanted(kind="sign-ins"), "kind_created_at_id")])
def test_own_lines_are_read_by_an_index_in_their_order(mixed, engine, database, wanted, index, key):
    plan = plan_of(journal_listing.own_lines(wanted, key).limit(51), engine, database)
    assert f"journal_entry_{index}" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
