"""What a reply says, apart from what it quotes: as the mail programs of French and English writers send it."""

from __future__ import annotations

import time

import pytest

from helpdesk.incoming import parser_process, quotes, signatures
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


# --- Signatures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "own", "signature"),
    [
        ("Hello\n\n-- \nAna\n12 Market Street", "Hello", "Ana\n12 Market Street"),
        ("Hello\n-- \n\nAna\n0123\n", "Hello", "Ana\n0123"),
        # Behind a blank line somebody writes on.
        ("Hello\n-- \n\nAna\n\n0123", "Hello\n\n0123", "Ana"),
        ("Hello\n-- \nAna\n\nThe code is 42\n\nBye", "Hello\n\nThe code is 42\n\nBye", "Ana"),
        # Not marked as one: it stays.
        ("SELECT 1;\n--\n-- Table\n--\nCREATE TABLE x", None, ""),
        ("Here it is:\n--\nERROR 42", None, ""),
        ("git diff\n--- a\n+++ b", None, ""),
        ("a -- b\n\nc", None, ""),
        # Nothing would be left, or what follows is too long to be a signature.
        ("-- \nAna", None, ""),
        ("> quoted\n-- \nAna", None, ""),
        ("Hello\n-- \n" + "line\n" * 40, None, ""),
        ("Hello\n-- \n" + "x" * 5_000, None, ""),
    ],
)
def test_only_what_is_marked_as_a_signature_is_folded(text: str, own: str | None, signature: str) -> None:
    assert signatures.split(text) == (text if own is None else own, signature)


SIGNED_PAGES = {
    "Gmail": '<div>Hello</div><br>-- <br><div dir="ltr" class="gmail_signature">Ana<br>0123</div>',
    "Outlook": '<div>Hello</div><div id="Signature"><p>Ana</p><p>0123</p></div>',
    "Thunderbird": '<p>Hello</p><pre class="moz-signature" cols="72">-- \nAna\n0123</pre>',
    "Proton": '<div>Hello</div><div class="protonmail_signature_block"><div>Ana</div><div>0123</div></div>',
}


@pytest.mark.parametrize("name", SIGNED_PAGES)
def test_a_page_marks_its_signature_itself(name: str) -> None:
    page = f"From: a@x.example\r\nContent-Type: text/html\r\n\r\n{SIGNED_PAGES[name]}".encode()
    document = parser_process.document(page)
    assert document["own"].split() == ["Hello"]
    assert document["signature"].split() == ["Ana", "0123"]
    assert "0123" in document["text"]
    assert signatures.MARK not in str(document)


def test_the_signature_of_a_first_mail_is_folded_and_what_it_sends_on_is_not(sales: Service) -> None:
    mailbox = make_mailbox(sales)
    fields = "From: a@x.example\nDate: 1 May 2026\nTo: b@x.example"
    sent_on = f"See below\n-- \nAna\n\n---------- Forwarded message ---------\n{fields}\n\nHi"
    rows = receive(mailbox, mail("Hello\n\n-- \nErin\n0123"), mail(sent_on))
    one, two = (MailedMessage.get(MailedMessage.message == row.message_id) for row in rows)
    assert (rows[0].message.body, one.mail_signature) == ("<p>Hello</p>", "Erin\n0123")
    assert ("Hi" in rows[1].message.body, "Ana" in rows[1].message.body, two.mail_signature) == (True, True, "")
