"""The list of tickets: what stands in it, in which order, page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

from database import database
from helpdesk import clock, search, snooze, tickets
from helpdesk.lists import counting, listing, rows
from helpdesk.lists.listing import TicketListing
from models import DueTime, Ticket
from tests.support import cast, sqlite_only

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def many(carol, billing, invoices):
    """Seven tickets, the second one important."""
    return [cast.open_ticket(carol, billing, invoices, subject=f"Ticket {n}") for n in range(7)]


def numbers(page):
    return [row.subject for row in page.rows]


def test_important_first_then_longest_waiting(many, root):
    tickets.mark_important(many[3], actor=root)
    tickets.reply(many[0], "<p>Hi</p>", actor=root)
    listed = numbers(TicketListing(root).page())
    assert listed == ["Ticket 3", "Ticket 1", "Ticket 2", "Ticket 4", "Ticket 5", "Ticket 6", "Ticket 0"]


def test_pages_follow_one_another_both_ways(many, root):
    wanted = TicketListing(root, size=3)
    first = wanted.page()
    second = wanted.page(after=first.after)
    third = wanted.page(after=second.after)
    assert numbers(first) + numbers(second) + numbers(third) == [f"Ticket {n}" for n in range(7)]
    assert (first.before, third.after) == (None, None)
    assert numbers(wanted.page(before=third.before)) == numbers(second)
    assert numbers(wanted.page(before=second.before)) == numbers(first)


@pytest.mark.parametrize("key", ["x", "bm90IGpzb24", "W10", "WyIyMDI2IiwgMV0", "W251bGwsIG51bGwsIG51bGxd", "9" * 900])
def test_a_key_that_is_not_ours_gives_the_first_page(many, root, key):
    assert numbers(TicketListing(root, size=2).page(after=key)) == ["Ticket 0", "Ticket 1"]


def test_views_hold_what_they_say(many, root, ana):
    tickets.take(many[0], actor=ana)
    tickets.close(many[1], actor=root)
    tickets.mark_spam(many[2], actor=root)
    tickets.delete(many[3], actor=root)
    snooze.snooze(many[4], clock.now() + timedelta(days=1), actor=root)
    held = {view: len(TicketListing(ana, view).page().rows) for view in listing.VIEWS}
    closed = {"closed": 1, "spam": 1, "bin": 1, "all": 6}
    assert held == {"open": 3, "mine": 1, "unassigned": 2, "snoozed": 1, "overdue": 0, **closed}


def test_every_list_keeps_to_ones_sight(many, ben):
    assert [TicketListing(ben, view).page().rows for view in listing.VIEWS] == [[]] * len(listing.VIEWS)


def test_a_list_costs_the_same_whatever_its_length(many, root):
    TicketListing(root).page()
    for size in (1, 5):
        with count_queries() as counted:
            TicketListing(root, size=size).page()
        assert counted.count == 2


def test_criteria_narrow_the_list(many, root, billing, sales):
    assert len(TicketListing(root, service_id=billing.id).page().rows) == 7
    assert TicketListing(root, service_id=sales.id).page().rows == []


def test_the_menu_counts_what_the_lists_hold(many, root, ana, ben, invoices, billing):
    counting.forget_counts()
    tickets.take(many[0], actor=ana)
    tickets.mark_spam(many[1], actor=root)
    counts = counting.counts(ana)
    assert (counts.open, counts.mine, counts.unassigned) == (6, 1, 5)
    assert (counts.services, counts.departments) == ({billing.id: 6}, {invoices.id: 6})
    assert counting.counts(ben).open == 0


def test_neighbours_stand_before_and_after(many, root):
    place = TicketListing(root).place_of(many[3])
    assert place == (many[2].number, many[4].number, 4, 7)


def test_a_ticket_beyond_the_limit_or_of_another_list_has_no_position(many, root, monkeypatch):
    tickets.close(many[3], actor=root)
    counting.forget_counts()
    assert TicketListing(root).place_of(many[3]).position == 0
    monkeypatch.setattr("helpdesk.lists.listing.COUNT_LIMIT", 3)
    every = TicketListing(root, "all", sort="oldest")
    assert [every.place_of(ticket).position for ticket in many] == [1, 2, 3, 0, 0, 0, 0]
    assert every.place_of(many[1]).total == 3


def test_a_count_stops_at_its_limit(many, root):
    assert TicketListing(root).tally().total == 7


# --- Search -------------------------------------------------------------------------------------------------------


@pytest.fixture
def letters(carol, dan, sales, root):
    """Two tickets with a conversation."""
    one = cast.open_ticket(carol, sales, subject="Élève absent", body="Ma fille était malade.")
    two = cast.open_ticket(dan, sales, subject="Broken cup", body="It arrived in pieces.")
    tickets.reply(two, "<p>We send you another <b>œuvre</b>.</p>", actor=root)
    return one, two


@pytest.mark.parametrize(
    ("text", "scope", "found"),
    [
        ("eleve", "everywhere", [0]),
        ("ÉLÈVE", "subject", [0]),
        ("malade", "content", [0]),
        ("malade", "subject", []),
        ("oeuvre", "everywhere", [1]),
        ("dan@customer.example", "author", [1]),
        ("brown", "author", [1]),
        ("brown", "content", []),
        ("fille mal", "everywhere", [0]),
        ("fille pieces", "everywhere", []),
    ],
)
def test_words_are_found_where_one_looks(letters, root, text, scope, found):
    rows = TicketListing(root, "all", text=text, scope=scope).page().rows
    assert sorted(row.id for row in rows) == sorted(letters[n].id for n in found)


ODD = [
    "",
    "'",
    '"',
    "c++",
    "(",
    "a AND",
    "NOT",
    "*",
    "é\0b",
    "%",
    "\\",
    "a:b",
    "--",
    "' OR 1=1",
    "x " * 300,
    "😀",
    "-a",
]


@pytest.mark.parametrize("text", ODD)
def test_odd_input_never_errs(letters, root, text):
    for scope in search.SCOPES:
        TicketListing(root, "all", text=text or " ", scope=scope).page()


def test_a_ticket_stands_in_the_search_it_was_opened_from(letters, carol, sales, root):
    third = cast.open_ticket(carol, sales, subject="Cup and saucer", body="A cup, please.")
    wanted = TicketListing(root, "all", text="cup", sort="oldest")
    one, two = letters
    assert wanted.place_of(two) == (None, third.number, 1, 2)
    assert wanted.place_of(third) == (two.number, None, 2, 2)
    # A search that does not hold it: the tickets beside it are still those of the search.
    assert wanted.place_of(one) == (None, two.number, 0, 2)
    assert TicketListing(root, "all", text="?").place_of(one) == (None, None, 0, 0)


def test_a_page_and_a_place_run_a_search_once(many, root):
    wanted = TicketListing(root, "all", text="carol", size=3)
    key = wanted.page().after
    acts = {
        "first page": lambda: wanted.tally(wanted.page()).total,
        "second page": lambda: wanted.tally(wanted.page(after=key)).total,
        "place": lambda: wanted.place_of(many[3]).total,
    }
    for name, act in acts.items():
        with count_queries() as counted:
            assert act() == 7, name
        texts = [record.msg[0] for record in counted.get_queries()]
        assert sum(text.count('FROM "message_search"') for text in texts) == 1, name


def test_a_number_is_found(letters, root):
    rows = TicketListing(root, "all", text=letters[0].number).page().rows
    assert [row.id for row in rows] == [letters[0].id]


def test_a_deleted_note_is_not_found_any_more(letters, root):
    note = tickets.add_note(letters[0], "<p>hippopotamus</p>", actor=root)
    tickets.delete_note(note, actor=root)
    assert TicketListing(root, "all", text="hippopotamus").page().rows == []
    assert Ticket.select().count() == 2


# --- Orders, figures, news ----------------------------------------------------------------------------------------


def test_orders_are_offered_where_they_mean_something(root):
    assert TicketListing(root).sorts == ("urgent", "waiting", "newest", "oldest")
    assert TicketListing(root, "closed").sorts == TicketListing(root, text="x").sorts == ("newest", "oldest")


@pytest.mark.parametrize(("sort", "first"), [("urgent", 3), ("newest", 5), ("oldest", 0), ("junk", 3)])
def test_each_order_begins_with_its_own(many, root, sort, first):
    tickets.mark_important(many[3], actor=root)
    tickets.tag(many[5], "late", actor=root)
    assert TicketListing(root, sort=sort).page().rows[0].subject == f"Ticket {first}"


@pytest.mark.parametrize("view", ["open", "closed", "spam", "bin"])
@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_pages_of_every_order_follow_one_another(many, root, view, sort):
    for ticket in many:
        {"open": tickets.take, "closed": tickets.close, "spam": tickets.mark_spam, "bin": tickets.delete}[view](
            Ticket.get_by_id(ticket.id), actor=root
        )
    wanted, seen, after = TicketListing(root, view, sort=sort, size=3), [], ""
    while after is not None:
        page = wanted.page(after=after)
        seen, after = seen + numbers(page), page.after
    assert seen == [f"Ticket {n}" for n in (range(7) if sort == "oldest" else range(6, -1, -1))]


@sqlite_only
@pytest.mark.parametrize(
    ("view", "sort"),
    [*((view, "") for view in listing.VIEWS), *(("open", sort) for sort in ("waiting", "newest", "oldest", "due"))],
)
def test_every_list_reads_an_index_in_its_order(many, root, view, sort):
    if sort == "due":
        DueTime.create(first_reply=60)
    wanted = TicketListing(root, view, sort=sort)
    assert wanted.chosen_sort == (sort or wanted.sorts[0])
    sql, values = wanted.query(Ticket.id).order_by(*wanted.order.terms()).limit(26).sql()
    plan = " / ".join(row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values))
    assert "TEMP B-TREE" not in plan
    assert "USING" in plan or wanted.order.columns == (Ticket.id,)


def test_figures_of_a_narrowed_list_are_its_own(many, root, ana):
    tickets.reply(many[0], "<p>Hi</p>", actor=root)
    counting.forget_counts()
    wanted = TicketListing(ana, status_id=many[1].status_id)
    assert (TicketListing(ana).tally(), wanted.tally()) == ((7, 6, False), (6, 6, False))
    assert wanted.tally(wanted.page()) == wanted.tally()
    assert TicketListing(ana, "closed").tally() == (0, 0, False)


def test_plain_lists_know_their_figures_without_a_query(many, root):
    counting.forget_counts()
    TicketListing(root).tally()
    with count_queries() as counted:
        TicketListing(root, "unassigned").tally()
        TicketListing(root, service_id=many[0].service_id).tally()
    assert counted.count == 0


def test_what_waits_narrows(many, root):
    tickets.reply(many[0], "<p>Hi</p>", actor=root)
    assert len(TicketListing(root, waits=True).page().rows) == 6


def test_news_are_what_was_opened_since_within_ones_sight(many, root, ben, ana):
    since = rows.newest_id() - 3
    assert [TicketListing(agent).newer(since) for agent in (root, ana, ben)] == [3, 3, 0]
    assert TicketListing(ana, "unassigned").newer(rows.newest_id()) == 0
