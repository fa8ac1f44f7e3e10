"""The texts of the demo, written out: each thread in several wordings, made once and used by many tickets."""

from __future__ import annotations

from functools import cache
from random import Random
from types import ModuleType
from typing import NamedTuple

from database import Label
from helpdesk import search
from helpdesk.examples.demo import english, french, world
from helpdesk.examples.demo.thread import Thread
from helpdesk.examples.demo.ticket_rows import Text
from helpdesk.lib import richtext
from helpdesk.tickets import excerpt

#: Wordings of a thread: greeting, product, order number and amount differ.
WORDINGS = 16
BOOKS: dict[str, ModuleType] = {"en": english, "fr": french}


class Wording(NamedTuple):
    """A thread with the texts filled in for one customer and one agent."""

    place: str
    subject: str
    texts: tuple[Text, ...]
    tags: tuple[str, ...]


class Book(NamedTuple):
    """All texts of one language."""

    threads: tuple[Wording, ...]
    follow_ups: tuple[tuple[Text, Text], ...]
    thanks: tuple[Text, ...]
    notes: tuple[Text, ...]
    spam: tuple[tuple[str, Text], ...]


def book(locale: str, rng: Random) -> Book:
    """Return the texts of a language, filled in."""
    source = BOOKS[locale]
    threads = tuple(_wording(thread, source, locale, rng) for thread in source.THREADS for _copy in range(WORDINGS))
    return Book(
        threads,
        tuple((customer_text(text), agent_text(answer)) for text, answer in source.FOLLOW_UPS),
        tuple(customer_text(text) for text in source.THANKS),
        tuple(agent_text(text) for text in source.NOTES),
        tuple((subject, customer_text(text)) for subject, text in source.SPAM),
    )


@cache
def customer_text(text: str) -> Text:
    """Return the plain text of a customer's message in its stored form."""
    return Text(richtext.from_text(text), search.plain(text), excerpt.first_words(text))


@cache
def canned() -> list[tuple[str | None, Label, Label]]:
    """Return the canned responses, each in both languages: service, name, HTML. The world has English, then French."""
    pairs = zip(world.CANNED[::2], world.CANNED[1::2], strict=True)
    return [
        (service, Label(en=en, fr=fr), Label(en=agent_text(en_text).html, fr=agent_text(fr_text).html))
        for (service, en, en_text), (_service, fr, fr_text) in pairs
    ]


def agent_text(text: str) -> Text:
    """Return the plain text of an agent's message in its stored form."""
    html = richtext.clean(richtext.from_text(text))
    plain = richtext.to_text(html)
    return Text(html, search.plain(plain), excerpt.first_words(plain))


def _wording(thread: Thread, source: ModuleType, locale: str, rng: Random) -> Wording:
    amount = rng.randrange(900, 90_000)
    facts = {
        "order": f"V{rng.randrange(10_000, 99_999)}",
        "product": rng.choice(world.PRODUCTS[locale]),
        "amount": f"{amount // 100},{amount % 100:02d} €" if locale == "fr" else f"€{amount / 100:.2f}",
    }
    texts = tuple(text.format(**facts) for text in thread.texts)
    return Wording(
        thread.place,
        thread.subject.format(**facts),
        tuple(_framed(text, source, rng, by_agent=step % 2 == 1) for step, text in enumerate(texts)),
        thread.tags,
    )


def _framed(text: str, source: ModuleType, rng: Random, *, by_agent: bool) -> Text:
    if by_agent:
        return agent_text(f"{source.ANSWER_GREETING}\n\n{text}\n\n{source.ANSWER_CLOSING}")
    return customer_text(f"{rng.choice(source.GREETINGS)}\n\n{text}\n\n{rng.choice(source.CLOSINGS)}")
