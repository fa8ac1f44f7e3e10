"""What the desk promises about mail that comes in, counted over mails of many shapes (`incoming.py --table` prints it).

Each line: what is promised, the number that was reached, and the number that is the most or the least there may be.
"""

from __future__ import annotations

import importlib
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from helpdesk import clock, settings
from helpdesk.incoming import acceptance, collection, pipeline
from helpdesk.notifications import reply_address
from models import (
    Agent,
    CustomerAddress,
    IncomingMail,
    Mailbox,
    MailedMessage,
    Message,
    OutgoingEmail,
    Ticket,
    TicketCc,
)
from tests.support import cast, doors
from tests.support.automatic_mails import AUTOMATIC
from tests.support.mails import ADDRESS, mail, receive
from tests.support.quoted_mails import ENGLISH, ENGLISH_QUOTES, FRENCH, FRENCH_QUOTES

Row = tuple[str, str, str, bool]

#: Tickets that are answered in every shape, rounds of a loop, mails of the ticket of very many.
TICKETS, ROUNDS, VERY_MANY = 20, 60, 10_000

#: How mail programs name what they answer: of our mail, of the customer's own, of the answer address, of the number.
SHAPES: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "Gmail": lambda ours, theirs: {"In-Reply-To": ours, "References": f"{theirs} {ours}"},
    "Outlook": lambda ours, theirs: {"In-Reply-To": ours, "References": f"{theirs} {ours}", "Thread-Index": "AdZ"},
    "Outlook on the web": lambda ours, theirs: {"References": f"{theirs},{ours}", "In-Reply-To": ours},
    "Outlook on a phone": lambda ours, theirs: {"In-Reply-To": ours},
    "Apple Mail": lambda ours, theirs: {"In-Reply-To": ours, "References": theirs},
    "Thunderbird": lambda ours, theirs: {"References": f"{theirs} {ours}", "In-Reply-To": ours},
    "Orange": lambda ours, theirs: {},
    "SFR": lambda ours, theirs: {"In-Reply-To": ours},
    "Free": lambda ours, theirs: {"References": ours},
    "Yahoo": lambda ours, theirs: {"References": f"{ours} {theirs}", "In-Reply-To": ours},
    "Proton": lambda ours, theirs: {"In-Reply-To": f"{ours} (Carol)", "References": ours},
    "a phone": lambda ours, theirs: {"In-Reply-To": "<>", "References": "<>"},
}
#: Those that keep the answer address, and those whose subject alone is left.
TO_CODE, BY_NUMBER = {"Gmail", "Outlook", "Outlook on a phone", "Orange", "Proton"}, {"a phone"}


def rows(app: Any, mailbox: Mailbox) -> Iterator[Row]:
    """Give each line of the table."""
    yield from _memory()
    yield from _silence(mailbox)
    tickets = _opened(mailbox)
    yield _threads(mailbox, tickets)
    yield from _strangers(mailbox, tickets)
    yield _loop(mailbox)
    yield from _own_words()
    yield from _very_many(app, mailbox, tickets[0])


def _at_most(name: str, number: float, most: float, unit: str = "") -> Row:
    return name, f"{number:g}{unit}", f"at most {most:g}{unit}", number <= most


def _at_least(name: str, number: float, of: int, percent: float) -> Row:
    return name, f"{number:g} of {of}", f"at least {percent:g} %", number >= of * percent / 100


def _memory() -> Iterator[Row]:
    """What the first mailbox costs the server: the parsers stay in the child."""
    before = _resident()
    collection.imap()
    yield _at_most("memory of a mailbox", round(max(0.0, _resident() - before), 1), 12, " MiB")
    parsers = [name for name in ("mailparser_reply", "helpdesk.incoming.parser_process") if name in sys.modules]
    yield _at_most("parsers in the server’s process", len(parsers), 0)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / (1 << 20)


def _silence(mailbox: Mailbox) -> Iterator[Row]:
    OutgoingEmail.delete().execute()
    shapes = [{"sender": f"program{number}@c.example", **values} for number, values in enumerate(AUTOMATIC.values())]
    receive(mailbox, *(mail(f"Automatic {number}", **values) for number, values in enumerate(shapes)))
    answers = OutgoingEmail.select().where(OutgoingEmail.address.is_null(False)).count()
    yield _at_most(f"answers to automatic mails ({len(AUTOMATIC)} shapes)", answers, 0)


def _opened(mailbox: Mailbox) -> list[tuple[Ticket, str, OutgoingEmail]]:
    """Open tickets by mail; return each with the id of that mail and the mail that answered."""
    ids = [f"<first{number}@customer.example>" for number in range(TICKETS)]
    letters = [
        mail(f"Question {number}", sender=f"p{number}@customer.example", mail_id=mail_id)
        for number, mail_id in enumerate(ids)
    ]
    opened = [row.ticket for row in receive(mailbox, *letters)]
    answers = [
        OutgoingEmail.get(OutgoingEmail.ticket == row.id, OutgoingEmail.address.is_null(False)) for row in opened
    ]
    return list(zip(opened, ids, answers, strict=True))


def _threads(mailbox: Mailbox, tickets: list[tuple[Ticket, str, OutgoingEmail]]) -> Row:
    every = [(shape, one) for one in tickets for shape in SHAPES]
    random.Random(1).shuffle(every)
    letters = [_answer(shape, *one) for shape, one in every]
    pairs = list(zip(receive(mailbox, *letters), (ticket for _shape, (ticket, *_rest) in every), strict=True))
    right = sum(row.ticket_id == ticket.id for row, ticket in pairs)
    wrong = sum(row.state == "message" and row.ticket_id != ticket.id for row, ticket in pairs)
    name, value, promised, is_held = _at_least("replies that reach their ticket", right, len(every), 99)
    return name, f"{value}, {wrong} in a wrong one", f"{promised}, 0 wrong", is_held and not wrong


def _answer(shape: str, ticket: Ticket, theirs: str, ours: OutgoingEmail) -> bytes:
    number = f" [#{ticket.number}]" if shape in BY_NUMBER else ""
    return mail(
        f"An answer from {shape}", sender=f"Person <{ours.to_email}>", subject=f"Re: your question{number}",
        to=reply_address.of(ours) if shape in TO_CODE else ADDRESS,
        headers=SHAPES[shape](ours.mail_id, theirs).items(),
    )  # fmt: skip


def _strangers(mailbox: Mailbox, tickets: list[tuple[Ticket, str, OutgoingEmail]]) -> Iterator[Row]:
    strangers = [(f"mallory{number}@evil.example", *one) for number, one in enumerate(tickets)]
    numbered = [
        mail("By number", sender=email, subject=f"Re: [#{ticket.number}]") for email, ticket, _id, _ours in strangers
    ]
    by_number = zip(receive(mailbox, *numbered), tickets, strict=True)
    joined = sum(row.ticket_id == ticket.id for row, (ticket, *_rest) in by_number)
    addressed = [
        mail("By address", sender=f"x{email}", to=reply_address.of(ours)) for email, _ticket, _id, ours in strangers
    ]
    kept = sum(row.reason == "stranger" for row in receive(mailbox, *addressed))
    readers = TicketCc.select().join(CustomerAddress).where(CustomerAddress.email.startswith("xmallory"))
    mailed = OutgoingEmail.select().where(OutgoingEmail.to_email.startswith("xmallory")).count()
    yield _at_most("strangers who join by a number", joined, 0)
    yield _at_least("strangers with an answer address: stored", kept, len(tickets), 100)
    yield _at_most("mails to them, and tickets they read", mailed + readers.where(~TicketCc.waits).count(), 0)


def _loop(mailbox: Mailbox) -> Row:
    """Let another desk answer each mail of ours within the hour, as a person would write it."""
    other = "support@other.example"
    receive(mailbox, mail("Hello", sender=other))
    answered: set[int] = set()
    for number in range(ROUNDS):
        to_them = (OutgoingEmail.to_email == other) & (OutgoingEmail.state != "cancelled")
        new = [row for row in OutgoingEmail.select().where(to_them) if row.id not in answered]
        for row in new:
            answered.add(row.id)
            receive(mailbox, mail(f"Thank you {number}", sender=other, subject=f"New {number}"))
    return _at_most("mails to a desk that answers each", len(answered), 3)


def _own_words() -> Iterator[Row]:
    # What the child does, done here: only now, so that the parsers above are those of the server.
    quotes = importlib.import_module("helpdesk.incoming.quotes")
    for language, texts, kinds in (("French", FRENCH, FRENCH_QUOTES), ("English", ENGLISH, ENGLISH_QUOTES)):
        right = lost = 0
        for text in texts.values():
            for quoted in kinds.values():
                whole = f"{text}\n\n{quoted}"
                own, rest = quotes.split(whole)
                right += own.removesuffix("\n\nEnvoyé de mon iPhone") == text
                lost += len(_words(whole) - _words(f"{own}\n{rest}"))
        yield _at_least(f"{language} replies shown without what they quote", right, len(texts) * len(kinds), 95)
        yield _at_most(f"words lost of {language} replies", lost, 0)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text))


def _very_many(app: Any, mailbox: Mailbox, opened: tuple[Ticket, str, OutgoingEmail]) -> Iterator[Row]:
    """One ticket with very many mails: the last hundred come in by themselves, then its page is asked for."""
    ticket, _theirs, ours = opened
    _fill(ticket, mailbox)
    begin = time.monotonic()
    address = reply_address.of(ours)
    receive(mailbox, *(mail(f"And one more {number}", sender=ours.to_email, to=address) for number in range(100)))
    seconds = (time.monotonic() - begin) / 100
    yield _at_most(f"a mail to a ticket of {VERY_MANY:,} mails", round(seconds, 3), 1, " s")
    agent = Agent.select().where(Agent.is_admin).first() or cast.make_agent("Root", None, is_admin=True)
    client, address = doors.signed_in(app, agent), f"/admin/tickets/{ticket.number}"
    client.get(address)
    begin = time.process_time()
    page = client.get(address).get_data(as_text=True)
    yield _at_most("its page (processor)", round(time.process_time() - begin, 3), 1, " s")
    yield "the newest mail on it", str("And one more 99" in page), "True", "And one more 99" in page


def _fill(ticket: Ticket, mailbox: Mailbox) -> None:
    now = clock.now()
    common = {"ticket": ticket.id, "kind": "customer", "customer": ticket.customer_id, "author_name": "Person"}
    for start in range(0, VERY_MANY - 100, 300):
        first = Message.select(Message.id).order_by(Message.id.desc()).limit(1).scalar() + 1
        texts = [f"<p>Mail {start + number}</p>" for number in range(300)]
        Message.insert_many([{**common, "body": text, "created_at": now} for text in texts]).execute()
        keys = range(first, first + 300)
        origin = {"sender": "a@x.example", "mailbox": ADDRESS}
        MailedMessage.insert_many([{"message": key, **origin} for key in keys]).execute()
        mails = [{"mailbox": mailbox.id, "sha256": f"{key:064}", "size": 1, "state": "message", "message": key,
                  "ticket": ticket.id, "received_at": now} for key in keys]  # fmt: skip
        IncomingMail.insert_many(mails).execute()


def throughput(mailbox: Mailbox, letters: list[bytes]) -> Iterator[Row]:
    """Take these mails and decide about them, as the minute does: by the clock, and by what two idle cores would do."""
    settings.save({"tickets_of_address_hourly": 100_000, "tickets_of_domain_hourly": 100_000})
    begin, before = time.monotonic(), os.times()
    for letter in letters:
        acceptance.accept(mailbox, letter)
    pipeline.decide_waiting(limit=10**9)
    seconds, after = time.monotonic() - begin, os.times()
    processor = sum(after[:4]) - sum(before[:4])
    yield "mails a second by the clock, taken and decided", f"{len(letters) / seconds:.1f}", "for the record", True
    rate = len(letters) / processor
    yield "mails a second of processor", f"{rate:.1f}", "at least 10", rate >= 10
