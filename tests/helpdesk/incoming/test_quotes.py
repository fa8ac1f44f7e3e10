"""What a reply says, apart from what it quotes: as the mail programs of French and English writers send it."""

from __future__ import annotations

import time

import pytest

from helpdesk.incoming import parser_process, quotes
from helpdesk.settings import email_kinds
from models import Mailbox, MailedMessage, Message, OutgoingEmail, Service, Ticket
from tests.support.mails import mail, make_mailbox, receive
from tests.support.quoted_mails import ENGLISH, ENGLISH_QUOTES, FRENCH, FRENCH_QUOTES, KEPT_WHOLE, PAGES

CAROL = "carol@customer.example"


@pytest.mark.parametrize("words", FRENCH)
@pytest.mark.parametrize("program", FRENCH_QUOTES)
def test_french_programs(program: str, words: str) -> None:
    own, rest = quotes.split(f"{FRENCH[words]}\n\n{FRENCH_QUOTES[program]}")
    assert own.removesuffix("\n\nEnvoyé de mon iPhone") == FRENCH[words]
    assert "Nous regardons cela." in rest


@pytest.mark.parametrize("words", ENGLISH)
@pytest.mark.parametrize("program", ENGLISH_QUOTES)
def test_english_programs(program: str, words: str) -> None:
    own, rest = quotes.split(f"{ENGLISH[words]}\n\n{ENGLISH_QUOTES[program]}")
    assert own == ENGLISH[words]
    assert "Nous regardons cela." in rest


@pytest.mark.parametrize("name", KEPT_WHOLE)
def test_what_is_in_doubt_stays(name: str) -> None:
    assert quotes.split(KEPT_WHOLE[name]) == (KEPT_WHOLE[name].strip("\n"), "")


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_cut_where_their_program_says_so(name: str) -> None:
    document = parser_process.document(mail("", html=PAGES[name], headers=[("In-Reply-To", "<a@desk.example>")]))
    assert document["own"] == "Merci, cela marche."
    assert "Nous regardons cela." in document["rest"]
    assert quotes.MARK not in document["text"] + document["rest"]


def test_the_line_above_our_mails_is_known_in_every_language() -> None:
    for text in email_kinds.ABOVE.values():
        assert quotes.split(f"Merci.\n\n{text}\n\nAncien texte") == ("Merci.", f"{text}\n\nAncien texte")


def test_nothing_is_lost_and_nothing_takes_long() -> None:
    wrote = "Le 23/11/2026 10:12, support@desk.example a écrit :\n"
    texts = {
        "long line": "On " + "a " * 500_000,
        "many lines": "On a\n" * 100_000,
        "many fields": "From: a\n" * 100_000,
        "all quoted": "> x\n" * 100_000,
        "many beginnings": ("Le " + "x " * 150 + "\n") * 1_000,
        "lines broken in a quotation": f"Hello\n\n{wrote}" + "> a\nb\n" * 100_000 + "> c\n",
        "many quotations with an answer": "Hello\n" + wrote * 3_900 + "> a\n\nNo.\n" + "> b\n" * 100_000,
    }
    for name, text in texts.items():
        begin = time.process_time()
        own, rest = quotes.split(text)
        assert time.process_time() - begin < 10, name
        assert f"{own}\n{rest}".split() == text.split(), name


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    return make_mailbox(billing, billing.departments.get())


def test_an_answer_shows_its_own_words_and_keeps_the_rest(mailbox: Mailbox, ticket: Ticket) -> None:
    text = f"Merci, cela marche.\n\n{FRENCH_QUOTES['gmail, broken']}"
    [row] = receive(mailbox, mail(text, sender=CAROL, subject=f"Re: [#{ticket.number}]"))
    assert (row.state, row.message.body) == ("message", "<p>Merci, cela marche.</p>")
    assert "Nous regardons cela." in MailedMessage.get(MailedMessage.message == row.message_id).rest
    # What the team is mailed and what search finds are the words alone.
    assert not Message.select().where(Message.body.contains("regardons")).exists()
    assert not OutgoingEmail.select().where(OutgoingEmail.body.contains("regardons")).exists()


def test_a_first_mail_is_never_cut(mailbox: Mailbox) -> None:
    """Of one that sends another on, that is the content."""
    text = f"Voyez ci-dessous.\n\n{FRENCH_QUOTES['outlook']}"
    [row] = receive(mailbox, mail(text, sender=CAROL))
    assert (row.state, "Nous regardons cela." in row.message.body) == ("new", True)
