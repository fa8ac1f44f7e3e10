"""One folding of text, in Python and in the words of both engines (RULES 44)."""

from __future__ import annotations

import random
import unicodedata

import pytest

from database import Label
from helpdesk import clock, folding, search
from helpdesk.folding import fold
from models import Agent, Customer, Service
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


#: Where the letters of one text come from: what folds to others, goes, becomes several, or is what it is.
PLACES = [
    *(range(0x20, 0x7F), range(0xA0, 0x250), range(0x300, 0x370), range(0x370, 0x530), range(0x590, 0x1000)),
    *(range(0x1100, 0x1200), range(0x1E00, 0x2070), range(0x2000, 0x2C00), range(0x3000, 0x3400)),
    *(range(0x4E00, 0x4E80), range(0xAC00, 0xAC80), range(0xF900, 0xFFFE), range(0x1D400, 0x1D440)),
    *(range(0x1F300, 0x1F640),),
]


def written_and_words(count: int) -> list[tuple[str, str]]:
    """Return texts of all kinds of letters, each with a word that may be in it."""
    chance, pairs = random.Random(44), []
    while len(pairs) < count:
        text = "".join(chr(chance.choice(chance.choice(PLACES))) for _letter in range(chance.randrange(1, 10)))
        folded = fold(text)
        begin = chance.randrange(len(folded) or 1)
        word = folded[begin : begin + chance.randrange(1, 4)].strip()
        if chance.random() < 0.4:
            word = fold("".join(chr(chance.choice(chance.choice(PLACES))) for _letter in "ab"))
        if word:
            pairs.append((text, word))
    return pairs


def test_a_pattern_meets_what_folding_meets():
    wrong = [pair for pair in written_and_words(5_000) if folding.holds(*pair) != (pair[1] in fold(pair[0]))]
    assert wrong == []


def test_the_engines_meet_what_folding_meets(database):
    pairs = written_and_words(150)
    for place, (text, _word) in enumerate(pairs):
        Customer.create(first_name=text, last_name=str(place), created_at=clock.now())
    for place, (_text, word) in enumerate(pairs[:60]):
        names = Customer.select(Customer.first_name).where(folding.contains(Customer.first_name, word))
        met = {name for (name,) in names.tuples()}
        assert met == {text for text, _word in pairs if word in fold(text)}, (place, ascii(word))


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
