"""What is unread, in the list and in a ticket, and the list beside a ticket: through the pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

from helpdesk import clock, tickets
from helpdesk.lists import listing
from helpdesk.tickets import thread, unread
from models import Message, ReadMark, Ticket, TicketEvent
from tests.support import cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"


def url(ticket, what=""):
    return f"{LIST}{ticket.number}/{what}".rstrip("/")


def html(client, address):
    return client.get(address).get_data(as_text=True)


def is_unread(client, ticket):
    """Whether the list shows the ticket in weight (with a dot, by its style) and in words."""
    row = re.search(rf'<tr [^>]*>(?:(?!</tr>).)*value="{ticket.number}".*?</tr>', html(client, LIST), re.DOTALL)[0]
    signs = ["class=is-unread" in row, "Unread: </span>" in row]
    assert len(set(signs)) == 1
    return signs[0]


def mark_read(client, ticket):
    """Do what the script of the ticket's page does: tell up to where the thread was shown."""
    where, upto = re.search(r'data-read="([^"]+)" data-upto="(\d+)"', html(client, url(ticket))).groups()
    return post(client, where, {"upto": upto})


def many(ticket, carol, number):
    """Let the customer write this many messages."""
    first = Message.get(Message.ticket == ticket.id)
    columns = {"ticket": ticket, "kind": "customer", "customer": carol, "author_name": "Carol Jones"}
    rows = [{**columns, "body": f"<p>Line {n}.</p>", "created_at": first.created_at} for n in range(number)]
    Message.insert_many(rows).execute()


def bodies(page):
    return re.findall(r"<p>Line (\d+)\.</p>", page)


def test_a_page_shown_before_a_merge_says_nothing_when_it_is_read(client_of, ticket, carol, root):
    client = client_of(root)
    where, upto = re.search(r'data-read="([^"]+)" data-upto="(\d+)"', html(client, url(ticket))).groups()
    other = cast.open_ticket(carol, ticket.service, ticket.department)
    tickets.merge(ticket, other, actor=root)
    assert post(client, where, {"upto": upto}).json == {}
    assert "Nothing was changed." not in html(client, url(other))


# --- The list -----------------------------------------------------------------------------------------------------


def test_what_one_has_seen_is_quiet_in_ones_own_list_only(client_of, ticket, ana, root):
    mine, other = client_of(ana), client_of(root)
    assert is_unread(mine, ticket)
    assert mark_read(mine, ticket).status_code == 200
    assert (is_unread(mine, ticket), is_unread(other, ticket)) == (False, True)


def test_a_page_that_is_read_writes_nothing(client_of, ticket, ana):
    client = client_of(ana)
    html(client, url(ticket))
    assert ReadMark.select().count() == 0
    assert is_unread(client, ticket)


def test_a_page_that_shows_nothing_new_has_nothing_to_tell(client_of, ticket, ana):
    client = client_of(ana)
    mark_read(client, ticket)
    assert "data-read" not in html(client, url(ticket))


def test_a_reply_makes_it_quiet_and_an_answer_unread(client_of, ticket, ana, carol):
    client = client_of(ana)
    post(client, url(ticket, "reply"), {"body": "Here it is."})
    assert not is_unread(client, ticket)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "Thanks!", actor=carol)
    assert is_unread(client, ticket)


def test_a_button_marks_a_ticket_as_unread_and_leaves(client_of, ticket, ana):
    client = client_of(ana)
    mark_read(client, ticket)
    answer = post(client, f"{url(ticket, 'unread')}?view=mine")
    assert answer.location == f"{LIST}?view=mine"
    assert "The ticket is marked as unread." in text_of(client.get(LIST))
    assert is_unread(client, ticket)


def test_without_script_a_button_marks_as_read(client_of, ticket, ana):
    client = client_of(ana)
    assert f'action="{url(ticket, "read")}"' in html(client, url(ticket))
    post(client, url(ticket, "read"))
    assert not is_unread(client, ticket)
    assert f'action="{url(ticket, "read")}"' not in html(client, url(ticket))


@pytest.mark.parametrize("odd", ["0", "-1", "x", "9" * 30])
def test_odd_words_of_a_script_do_no_harm(client_of, ticket, ana, odd):
    assert post(client_of(ana), url(ticket, "read"), {"upto": odd}).status_code in {200, 302}


def test_ticked_tickets_are_marked_as_read_and_as_unread(client_of, ticket, ana):
    client = client_of(ana)
    for act, said, is_new in (
        ("read", "1 ticket is marked as read.", False),
        ("unread", "1 ticket is marked as unread.", True),
    ):
        post(client, f"/admin/bulk/{act}", {"number": ticket.number})
        assert said in text_of(client.get(LIST))
        assert is_unread(client, ticket) is is_new


def test_marking_many_needs_a_tick_and_ones_own_sight(client_of, ticket, ben):
    client = client_of(ben)
    post(client, "/admin/bulk/read", {"number": ticket.number})
    assert "Tick at least one ticket first." in text_of(client.get(LIST))
    assert ReadMark.select().count() == 0


# --- The thread ---------------------------------------------------------------------------------------------------


def test_the_first_message_since_ones_visit_is_announced(client_of, ticket, ana, root, carol):
    client = client_of(ana)
    assert 'id="new"' not in html(client, url(ticket))
    mark_read(client, ticket)
    tickets.add_note(Ticket.get_by_id(ticket.id), "<p>Look here.</p>", actor=root)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "And now?", actor=carol)
    page = html(client, url(ticket))
    assert page.index("The total looks wrong") < page.index("New since your last visit") < page.index("Look here.")
    assert page.count('id="new"') == 1


def test_a_long_thread_opens_at_the_first_unread_message(client_of, ticket, ana, carol):
    client = client_of(ana)
    many(ticket, carol, 20)
    mark_read(client, ticket)
    many(ticket, carol, 130)
    first = html(client, url(ticket))
    assert bodies(first) == [str(n) for n in range(100)]
    assert first.index("New since your last visit") < first.index("Line 0.")
    following = re.search(r'href="([^"]+after=\d+)">Later messages', first)[1]
    assert bodies(html(client, following)) == [str(n) for n in range(100, 130)]


def test_a_reply_from_the_first_page_of_what_is_unread_is_held(client_of, ticket, ana, carol):
    client = client_of(ana)
    mark_read(client, ticket)
    many(ticket, carol, 120)
    seen = re.search(r'name="seen" value="(\d+)"', html(client, url(ticket)))[1]
    answer = post(client, url(ticket, "reply"), {"body": "Hi", "seen": seen})
    assert answer.status_code == 409
    assert "20 new messages" in text_of(answer)


def test_once_its_first_page_was_shown_a_long_thread_opens_at_the_next(client_of, ticket, ana, carol):
    client = client_of(ana)
    mark_read(client, ticket)
    many(ticket, carol, 250)
    for expected in (range(100), range(100, 200), range(150, 250)):
        assert bodies(html(client, url(ticket))) == [str(n) for n in expected]
        mark_read(client, ticket)


def test_earlier_and_later_pages_lead_to_each_other(client_of, ticket, ana, carol):
    client = client_of(ana)
    many(ticket, carol, 150)
    last = html(client, url(ticket))
    assert "Later messages" not in last
    before = html(client, re.search(r'href="([^"]+before=\d+)"', last)[1])
    after = html(client, re.search(r'href="([^"]+after=\d+)"', before)[1])
    assert (bodies(before)[-1], bodies(after)[0], bodies(after)[-1]) == ("49", "50", "149")
    assert "Earlier messages" in after


def test_the_address_of_a_message_beyond_the_end_shows_the_end(client_of, ticket, ana):
    assert "The total looks wrong" in html(client_of(ana), f"{url(ticket)}?after={2**62}")


def test_marks_cost_the_page_of_a_ticket_no_query(client_of, ticket, ana, carol):
    client = client_of(ana)

    def count():
        html(client, url(ticket))
        with count_queries() as counted:
            html(client, url(ticket))
        return counted.count

    few = count()
    mark_read(client, ticket)
    many(ticket, carol, thread.MESSAGES - 1)
    assert count() == few


TIME = re.compile(r'<time datetime="[^"]+" title="\d+ \w+ \d{4}, \d\d:\d\d">([^<]+)</time>')


def test_messages_and_events_tell_their_times_in_one_form(client_of, ticket, ana):
    tickets.close(ticket, actor=ana)
    client = client_of(ana)

    def times():
        block = html(client, url(ticket)).partition('class="thread"')[2].partition("</section>")[0]
        return TIME.findall(block)

    def in_full():
        return re.findall(r'<span class="when"><time datetime="[^"]+">([^<]+)</time>', html(client, url(ticket)))

    assert re.fullmatch(r"\d\d:\d\d", in_full()[0])
    assert times() == ["just now"]
    for days, form in ((3, r"\d+ \w+( \d{4})?, \d\d:\d\d"), (400, r"\d+ \w+ \d{4}, \d\d:\d\d")):
        for table in (Message, TicketEvent):
            table.update(created_at=clock.now() - timedelta(days=days)).execute()
        assert [bool(re.fullmatch(form, short)) for short in (*times(), *in_full())] == [True, True]


# --- The list beside a ticket -------------------------------------------------------------------------------------


def beside(client, ticket, words="view=open"):
    """Return the rows that stand beside a ticket, and the present one."""
    page = html(client, f"{LIST}beside?at={ticket.number}&{words}")
    rows = re.findall(r'<a class="beside-row([^"]*)" href="[^"]*?/(\w+)\?[^"]*"([^>]*)>', page)
    return [number for _class, number, _current in rows], [number for _c, number, current in rows if current], page


def test_the_list_one_came_from_stands_beside_a_ticket(client_of, ticket, ana, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices, subject="Another one")
    numbers, current, page = beside(client_of(ana), other)
    assert (numbers, current) == ([ticket.number, other.number], [other.number])
    assert f'href="{url(ticket)}?view=open#newest"' in page
    assert "Carol Jones" in page


def test_beside_a_ticket_the_others_tell_whether_they_are_unread(client_of, ticket, ana, carol, billing, invoices):
    other, client = cast.open_ticket(carol, billing, invoices), client_of(ana)
    assert beside(client, other)[2].count("Unread: </span>") == 1
    unread.mark([ticket.id], read=True, actor=ana)
    assert "Unread:" not in beside(client, other)[2]


def test_a_ticket_further_down_has_its_neighbours_beside_it(client_of, ana, carol, billing, invoices, monkeypatch):
    monkeypatch.setattr(listing, "BESIDE", 4)
    several = [cast.open_ticket(carol, billing, invoices).number for _ in range(9)]
    numbers, current, _page = beside(client_of(ana), Ticket.get(Ticket.number == several[6]))
    assert (numbers, current) == (several[4:9], [several[6]])


def test_beside_a_ticket_that_left_the_list_stands_its_beginning(client_of, ticket, ana, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices)
    tickets.close(ticket, actor=ana)
    assert beside(client_of(ana), ticket)[:2] == ([other.number], [])


def test_an_empty_list_beside_a_ticket_says_so(client_of, ticket, ana):
    tickets.close(ticket, actor=ana)
    assert "No ticket here" in beside(client_of(ana), ticket)[2]


def test_a_folded_list_stays_folded_on_the_next_page(client_of, ticket, ana):
    client = client_of(ana)
    assert '<div class="ticket">' in html(client, url(ticket))
    client.set_cookie("beside", "off")
    assert '<div class="ticket is-alone">' in html(client, url(ticket))
