"""The first words of a ticket's newest message, as the acts of its life leave them."""

from __future__ import annotations

import pytest

from helpdesk import settings, tickets
from helpdesk.lib import richtext
from helpdesk.tickets import excerpt
from models import Message, Ticket
from tests.support import cast


def words(ticket):
    row = Ticket.get_by_id(ticket.id)
    return row.excerpt, row.excerpt_by


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Hello,\n\n  two   lines", "Hello, two lines"),
        ("> earlier\n> words\nI agree.", "I agree."),
        ("> nothing else", "> nothing else"),
        ("", ""),
        ("x" * 200, "x" * 119 + "…"),
        ("word " * 60, " ".join(["word"] * 23) + "…"),
    ],
)
def test_the_first_words_stand_on_one_line(text, line):
    assert excerpt.first_words(text) == line
    assert len(line) <= excerpt.LONGEST


@pytest.mark.parametrize(
    ("html", "line"),
    [
        ("<p>&gt; earlier words</p><p>I agree.</p>", "I agree."),
        ("<p>&gt; one<br>&gt; two<br>I agree.</p>", "I agree."),
        ('<p>C’est de l’<b>urgence</b>, <a href="https://a.example">vite</a>.</p>', "C’est de l’urgence, vite."),
        ("<p>One</p><p>two<br>three</p><ul><li>four</li></ul>", "One two three four"),
        ("<blockquote><p>old</p><blockquote>older</blockquote>old</blockquote><p>New</p>", "New"),
        ("<p>New</p><blockquote><p>" + "old " * 600 + "</p></blockquote>", "New"),
        ("<blockquote><p>Nothing else</p></blockquote>", "Nothing else"),
        ("", ""),
    ],
)
def test_the_first_words_of_html_are_what_the_author_wrote(html, line):
    assert excerpt.of_html(html) == line


def test_each_message_leaves_its_words_and_a_note_does_not(ticket, carol, ana):
    assert words(ticket) == (excerpt.first_words(richtext.to_text(Message.get().body)), None)
    tickets.reply(ticket, "<p>We <b>look</b> at it.</p>", actor=ana)
    assert words(ticket) == ("We look at it.", ana.id)
    tickets.add_note(ticket, "<p>Between us.</p>", actor=ana)
    assert words(ticket) == ("We look at it.", ana.id)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "Thank you.", actor=carol)
    assert words(ticket) == ("Thank you.", None)


def test_a_message_under_spam_leaves_its_words_too(ticket, carol, root):
    tickets.mark_spam(ticket, actor=root)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "Buy this.", actor=carol)
    assert words(ticket) == ("Buy this.", None)


def test_a_reply_taken_back_leaves_the_words_before(ticket, ana):
    settings.save({"undo_send_seconds": 30})
    before = words(ticket)
    message = tickets.reply(ticket, "<p>Too early.</p>", actor=ana)
    tickets.withdraw_reply(message, actor=ana)
    assert words(ticket) == before


def test_a_merged_ticket_shows_the_newest_of_both(ticket, carol, billing, invoices, root):
    other = cast.open_ticket(carol, billing, invoices, body="The newest of all.")
    tickets.merge(other, ticket, actor=root)
    assert words(ticket) == ("The newest of all.", None)
