"""One folding of text, in Python and in the words of both engines (RULES 44)."""

from __future__ import annotations

import unicodedata

import pytest

from database import Label
from helpdesk import folding, search
from helpdesk.folding import fold
from models import Agent, Service
from tests.support import cast

PAIRS = [
    ("n'ai pas reçu", "Je n’ai pas reçu"),
    ("n´ai", "N‘AI"),
    ("lodz", "Łódź"),
    ("strasse", "STRAẞE"),
    ("smorrebrod", "Smørrebrød"),
    ("đuro aegir", "Đuro  \u00a0Ægir"),
    ("l'ete 2024-2025", "L’Été 2024–2025"),
    ('"oui"', "« oui »".replace(" ", "")),
    ("rechnung", "Rech\u00adnung\u200b"),
    ("eric", unicodedata.normalize("NFD", "Éric")),
    ("éric", "ÉRIC"),
    ("иванов", "ИВАНОВ"),
    ("αθηνα", "ΑΘΉΝΑ"),
    ("50% off_", "50% OFF_"),
]


@pytest.mark.parametrize(("wanted", "written"), PAIRS)
def test_both_sides_fold_alike(wanted, written):
    assert fold(wanted) in fold(written)
    assert fold(fold(written)) == fold(written)


@pytest.mark.parametrize(("wanted", "written"), PAIRS)
def test_a_column_is_searched_alike_on_both_engines(database, wanted, written):
    cast.make_agent(written)
    cast.make_agent("Somebody")
    query = Agent.select().where(folding.contains(Agent.name, wanted))
    assert [row.name for row in query] == [written]


@pytest.mark.parametrize(("word", "met"), [("fr", []), ("en", []), ("éte", ["a"]), ("summer", ["a"]), ("{", [])])
def test_a_label_is_searched_by_its_texts(database, word, met):
    Service.create(name=Label(fr="Été", en="Summer"), position=1)
    Service.create(name=Label(fr="Août", en="Month"), position=2)
    rows = Service.select().where(folding.contains(Service.name, word))
    assert ["a" for _row in rows] == met


@pytest.mark.parametrize("word", ["订单", "单", "单号", "iphone", "订单 iphone"])
def test_words_of_scripts_without_blanks_are_met_inside(database, ticket, carol, word):
    later = cast.open_ticket(carol, ticket.service, ticket.department, subject="我的订单号 iPhone手机")
    assert [row[0] for row in search.ticket_ids(word).tuples()] == [later.id]
    assert search.ticket_ids("单订").tuples().first() is None


def test_letters_keep_their_places():
    assert "".join(letter for letter, _place in folding.letters("Łœ  x")) == "loe x"
    assert [place for _letter, place in folding.letters("Łœ  x")] == [0, 1, 1, 2, 4]
