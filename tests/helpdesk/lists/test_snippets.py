"""Where a search was met."""

from __future__ import annotations

import pytest

from helpdesk import tickets
from helpdesk.lists import snippets
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.mark.parametrize(
    ("text", "wanted", "hits"),
    [
        ("Élève absent hier", ["eleve"], ["Élève"]),
        ("E\u0301le\u0300ve absent", ["eleve"], ["Élève"]),
        ("The œuvre and the OEUVRE", ["oeuvre"], ["œuvre", "OEUVRE"]),
        ("Straße, strasse", ["strasse"], ["Straße", "strasse"]),
        ("Bicycles and a bicycle", ["bicycle"], ["Bicycles", "bicycle"]),
        ("red bicycles", ["bicycle", "red"], ["red"]),
        ("a_b", ["b"], ["b"]),
        ("<b>bold</b>", ["bold"], ["bold"]),
    ],
)
def test_searched_words_are_marked(text, wanted, hits):
    parts = snippets.cut(text, wanted)
    assert [piece for piece, hit in parts if hit] == hits


def test_a_text_without_the_words_has_no_passage():
    assert snippets.cut("Nothing of the kind", ["bicycle"]) == []


def test_a_passage_is_cut_at_words_around_the_first_match():
    parts = snippets.cut("before " * 50 + "bicycle" + " after" * 50, ["bicycle"])
    text = "".join(piece for piece, _hit in parts)
    assert text.startswith("… before ")
    assert text.endswith(" after …")
    assert "bicycle" in text
    assert len(text) <= snippets.LONGEST + 4


def test_a_word_longer_than_a_passage_is_shown_whole():
    assert snippets.cut("x" * 500, ["x" * 500]) == [("x" * 500, True)]


def test_marking_keeps_the_whole_text():
    parts = snippets.marked("Where is my bicycle?", ["bicycle"])
    assert parts == [("Where is my ", False), ("bicycle", True), ("?", False)]


def test_the_newest_matching_message_gives_the_passage(carol, sales, root):
    ticket = cast.open_ticket(carol, sales, subject="Bicycle", body="My bicycle is late.")
    tickets.reply(ticket, "<p>Your <b>bicycle</b> left today.</p>", actor=root)
    tickets.add_note(ticket, "<p>Nothing to add.</p>", actor=root)
    found = snippets.of_tickets([ticket.id], "bicycle")
    assert found == {ticket.id: [("Your ", False), ("bicycle", True), (" left today.", False)]}


def test_words_apart_in_author_and_message_are_found(carol, sales):
    ticket = cast.open_ticket(carol, sales, subject="Hello", body="A bicycle")
    assert snippets.of_tickets([ticket.id], "Jones bicy") == {ticket.id: [("A ", False), ("bicycle", True)]}


def test_notes_are_searched_too(carol, sales, root):
    ticket = cast.open_ticket(carol, sales, subject="Hello", body="Hello")
    tickets.add_note(ticket, "<p>A wheelwright knows.</p>", actor=root)
    assert list(snippets.of_tickets([ticket.id], "wheelwr")) == [ticket.id]


@pytest.mark.parametrize("text", ["", "?!", "bicycle"])
def test_only_the_tickets_of_the_page_are_looked_at(carol, sales, text):
    cast.open_ticket(carol, sales, subject="Hello", body="My bicycle")
    assert snippets.of_tickets([], text) == {}


def test_what_stands_for_erased_people_and_texts_is_no_match_by_its_mark():
    for text in ("[[erased:5]]", "[[erased]]"):
        for parts in (snippets.marked(f"Hello {text}", ["erased"]), snippets.cut(f"Hello {text}", ["erased"])):
            assert "[[" not in "".join(piece for piece, _hit in parts)
            assert [piece for piece, hit in parts if hit] in (["Erased"], ["erased"])
