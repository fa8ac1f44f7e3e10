"""A ticket's page opens where one answers: older messages are a line each, and what follows an act is one's choice."""

from __future__ import annotations

import re

import pytest
from playhouse.test_utils import count_queries

from helpdesk import settings, tickets
from helpdesk.lib import richtext
from helpdesk.tickets import unread
from models import Message, Ticket
from tests.support import cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"


def url(ticket, what=""):
    return f"{LIST}{ticket.number}/{what}".rstrip("/")


def page(client, address):
    return client.get(address).get_data(as_text=True)


def folded(html):
    return [int(key) for key in re.findall(r'<details class="msg is-collapsed[^"]*" id="m([0-9]+)"', html)]


def unfolded(html):
    return [int(key) for key in re.findall(r'<article class="msg[^"]*" id="m([0-9]+)"', html)]


def landing(html):
    return int(re.search(r'id="newest"></span>.*?id="m([0-9]+)"', html, re.DOTALL)[1])


@pytest.fixture
def talk(ticket, carol, ana):
    """A ticket of seven messages, the last two of its customer."""
    tickets.reply(ticket, "<p>One</p>", actor=ana)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "Two", actor=carol)
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>Three</p>", actor=ana)
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>Four <b>and</b> a half</p>", actor=ana)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "Five", actor=carol)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "Six", actor=carol)
    return [row.id for row in Message.select().order_by(Message.id)]


def test_what_came_after_the_last_reply_is_open_and_the_rest_a_line(client_of, ticket, talk, ana):
    html = page(client_of(ana), url(ticket))
    assert (folded(html), unfolded(html)) == (talk[:5], talk[5:])
    assert landing(html) == talk[5]
    assert '<span class="words">Four and a half</span>' in html
    assert "5 messages are folded" in html


def test_what_is_unread_is_open_and_one_lands_at_the_first(client_of, ticket, talk, ana, ben):
    tickets.assign(ticket, ben, actor=ana)
    unread.read(ticket, talk[2], actor=ben)
    html = page(client_of(ben), url(ticket))
    assert (folded(html), unfolded(html)) == (talk[:3], talk[3:])
    assert landing(html) == talk[3]


def test_a_note_of_today_is_open(client_of, ticket, talk, ana):
    note = tickets.add_note(Ticket.get_by_id(ticket.id), "<p>Ring first.</p>", actor=ana)
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>Done</p>", actor=ana)
    assert note.id in unfolded(page(client_of(ana), url(ticket)))


def test_one_click_unfolds_all_and_three_messages_are_not_folded(client_of, ticket, talk, ana):
    client = client_of(ana)
    address = re.search(r'href="([^"]+)#newest" data-unfold', page(client, f"{url(ticket)}?view=open"))[1]
    html = page(client, address.replace("&amp;", "&"))
    assert (folded(html), unfolded(html)) == ([], talk)
    Message.delete().where(Message.id.in_(talk[1:5])).execute()
    assert folded(page(client, url(ticket))) == []


def test_a_message_longer_than_a_screen_and_its_quotation_unfold(client_of, ticket, carol, ana):
    tickets.receive_message(ticket, "\n\n".join(["Line"] * 40), actor=carol)
    body = "<p>See below.</p><blockquote><p>Earlier</p><blockquote>Older</blockquote></blockquote>"
    tickets.reply(Ticket.get_by_id(ticket.id), body, actor=ana)
    html = page(client_of(ana), url(ticket))
    assert html.count("Show the whole message") == 1
    assert '<details class="quoted"><summary>Quoted text</summary><blockquote><p>Earlier' in html


@pytest.mark.parametrize(
    ("html", "quoted"),
    [
        ("<p>a</p><blockquote>b</blockquote>", "<blockquote>b</blockquote>"),
        ("<p>a</p><blockquote>b</blockquote><p>c</p>", ""),
        ("<blockquote>b</blockquote>", ""),
        ("<p>a</p><p>&gt; b<br>&gt; c</p>\n<p>&gt; d</p>", "<p>&gt; b<br>&gt; c</p>\n<p>&gt; d</p>"),
        ("<p>a</p><blockquote>x<blockquote>y</blockquote></blockquote> ", "<blockquote>x<blockquote>y</blockquote>"),
        ("</blockquote>", ""),
        ("", ""),
    ],
)
def test_a_quotation_at_the_end_is_met(html, quoted):
    start = richtext.quote_at_end(html)
    assert html[start:].startswith(quoted) if quoted else start == 0


@pytest.mark.parametrize("number", [13, 200])
def test_a_long_thread_asks_as_little_as_a_short_one(client_of, ticket, talk, ana, number):
    client, counts = client_of(ana), []
    rows = [
        {
            "ticket": ticket.id,
            "kind": "reply",
            "author_name": "Ana",
            "body": "<p>x</p>",
            "created_at": ticket.created_at,
        }
        for _more in range(number)
    ]
    for _round in range(2):
        page(client, url(ticket))
        with count_queries() as counted:
            html = page(client, url(ticket))
        counts.append(counted.count)
        Message.insert_many(rows).execute()
    assert counts[0] == counts[1] <= 10
    assert len(folded(html)) + len(unfolded(html)) <= 100


# --- On to the next -----------------------------------------------------------------------------------------------


@pytest.fixture
def three(ticket, carol, billing, invoices):
    return [ticket, *(cast.open_ticket(carol, billing, invoices) for _more in range(2))]


def choose(agent, what):
    agent.after_act = what
    agent.save()


@pytest.mark.parametrize(
    ("act", "data"),
    [("reply", {"body": "Hi"}), ("close", {}), ("transfer", {}), ("spam", {"block": "no"}), ("delete", {})],
)
@pytest.mark.parametrize("what", ["next", "list"])
def test_an_act_leads_on_as_the_profile_says(client_of, three, root, ben, act, data, what):
    choose(root, what)
    data = data | ({"to": f"agent-{ben.id}"} if act == "transfer" else {})
    answer = post(client_of(root), f"{url(three[0], act)}?view=open", data)
    assert answer.location == {"next": f"{url(three[1])}?view=open#newest", "list": f"{LIST}?view=open"}[what]


def test_the_last_ticket_leads_to_the_one_before_and_the_only_one_to_the_list(client_of, three, root):
    choose(root, "next")
    client = client_of(root)
    assert post(client, f"{url(three[2], 'close')}?view=open").location == f"{url(three[1])}?view=open#newest"
    post(client, f"{url(three[1], 'close')}?view=open")
    assert post(client, f"{url(three[0], 'close')}?view=open").location == f"{LIST}?view=open"


def test_where_one_lands_the_words_and_the_way_back_are_shown(client_of, three, root):
    settings.save({"undo_send_seconds": 10})
    choose(root, "next")
    client = client_of(root)
    html = page(client, post(client, f"{url(three[0], 'reply')}?view=open", {"body": "Hi"}).location)
    assert "Your message has been sent." in html
    back = re.search(r'action="([^"]+/withdraw/[^"]+)"', html)[1].replace("&amp;", "&")
    assert post(client, back).location == f"{url(three[0])}?view=open#reply"
    assert not Message.select().where(Message.kind == "reply").exists()


def test_a_note_stays_and_so_does_whoever_chose_nothing(client_of, three, root):
    client = client_of(root)
    assert post(client, url(three[0], "close")).location == url(three[0])
    choose(root, "next")
    answer = post(client, url(three[1], "reply"), {"body": "Hm", "kind": "note"})
    assert answer.location == f"{url(three[1])}#newest"


def test_the_profile_asks(client_of, three, root):
    client = client_of(root)
    assert "Go to the next ticket of the list" in text_of(client.get("/admin/profile"))
    profile = {"name": root.name, "locale": "", "timezone": "", "after_act": "next", "shortcuts": "y"}
    post(client, "/admin/profile", profile)
    assert type(root).get_by_id(root.id).after_act == "next"
