"""The full-text index: one row per message, written in the message's transaction, read newest first.

SQLite keeps it in an FTS5 table, PostgreSQL in a table with a generated ``tsvector`` and a GIN index. The text is
folded here (without case and accents), so that one code path finds the same on both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from peewee import JOIN, SQL, Select, Table, chunked, fn

from database import database, is_sqlite
from helpdesk.folding import fold
from models import Customer, CustomerAddress, Message, Ticket

#: Tickets whose messages are renamed by one statement.
AT_ONCE = 200

message_search = Table("message_search", ("rowid", "subject", "author", "body"))

#: Words of one search, and the newest matches looked at: beyond, a longer query is asked for (reference: ranking all
#: matches of a common word costs a second at a million tickets, the newest 2,000 cost a millisecond).
MAX_WORDS = 12
#: Last digits of a number by which its ticket is met.
SHORTEST = 3
NEWEST = 2_000
#: Bytes of a message's folded text that are indexed: PostgreSQL refuses more than a mebibyte of different words, and
#: a letter may fold to several.
MOST_FOLDED = 400_000
#: Letters of scripts that put no blanks between words: each is indexed by itself, and a word of them is a phrase.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
UNSPACED += "\U00020000-\U0003ffff"
WORD = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")


def words(text: str) -> list[str]:
    """Return the words of a search text, folded, at most `MAX_WORDS`."""
    return WORD.findall(fold(text[:400]))[:MAX_WORDS]


def is_unspaced(word: str) -> bool:
    """Whether a word is of a script without blanks: it may stand anywhere in a text."""
    return _UNSPACED.match(word) is not None


def indexed(word: str) -> str:
    """Return a folded word as the index holds it."""
    return " ".join(word) if is_unspaced(word) else word


def plain(text: str) -> str:
    """Return the folded words of a text, separated by blanks: PostgreSQL would take a file name as one word."""
    return " ".join(indexed(word) for word in WORD.findall(fold(text)))


def subject_text(number: str, subject: str, order_number: str = "") -> str:
    """Return what is indexed as the subject of a ticket: also its order, and how its number ends.

    People name a ticket by its last digits; a word is only met from its beginning.
    """
    endings = " ".join(number[place:] for place in range(1, len(number) - SHORTEST + 1))
    return plain(f"{number} {endings} {subject} {order_number}")


def add_files(message_id: int, names: Iterable[str]) -> None:
    """Index the names of a message's files with its text. In the caller's transaction."""
    text = message_search.body.concat(" " + plain(" ".join(names)))
    message_search.update({message_search.body: text}).where(message_search.rowid == message_id).execute(database)


def row_of(message_id: int, ticket: Ticket, author: str, text: str) -> dict[str, Any]:
    """Return the index row of a message."""
    folded = plain(text)
    return {
        "rowid": message_id,
        "subject": subject_text(ticket.number, ticket.subject, ticket.order_number),
        "author": plain(author),
        "body": folded.encode()[:MOST_FOLDED].decode(errors="ignore"),
    }


def index(message: Message, ticket: Ticket, customer: Customer, addresses: str, text: str) -> None:
    """Put a message into the index, under its ticket's subject and author. In the caller's transaction."""
    author = f"{customer.full_name} {addresses}"
    row = row_of(message.id, ticket, author, text)
    places = ", ".join([database.param] * len(row))
    database.execute_sql(f"INSERT INTO message_search ({', '.join(row)}) VALUES ({places})", list(row.values()))


def index_again(message_id: int, ticket: Ticket, author: str, text: str) -> None:
    """Write the row of a message anew, as it is folded now."""
    row = row_of(message_id, ticket, author, text)
    message_search.update({getattr(message_search, name): text for name, text in row.items() if name != "rowid"}).where(
        message_search.rowid == message_id
    ).execute(database)


def rename(ticket: Ticket, old: str) -> None:
    """Replace the `old` subject in the index by the ticket's present one. In the caller's transaction."""
    before, now = (subject_text(ticket.number, text, ticket.order_number) for text in (old, ticket.subject))
    own = Message.select(Message.id).where(Message.ticket == ticket.id)
    query = message_search.update({message_search.subject: now})
    query.where(message_search.rowid.in_(own), message_search.subject == before).execute(database)


def rename_author(customer: Customer) -> None:
    """Index the messages of a customer's tickets under the customer's present name. In the caller's transaction."""
    theirs = Ticket.select(Ticket.id, CustomerAddress.email).join(CustomerAddress, JOIN.LEFT_OUTER)
    by_email: dict[str, list[int]] = {}
    for ticket_id, email in theirs.where(Ticket.customer == customer.id).tuples():
        by_email.setdefault(email or "", []).append(ticket_id)
    for email, ticket_ids in by_email.items():
        now = plain(f"{customer.full_name} {email}")
        for some in chunked(ticket_ids, AT_ONCE):
            own = Message.select(Message.id).where(Message.ticket.in_(some))
            query = message_search.update({message_search.author: now})
            query.where(message_search.rowid.in_(own), message_search.author != now).execute(database)


def forget(message_id: int) -> None:
    """Remove one message from the index."""
    message_search.delete().where(message_search.rowid == message_id).execute(database)


#: Where a search may look (RULES 29).
SCOPES = ("everywhere", "subject", "content", "author")
_COLUMNS = {"subject": "subject", "content": "body", "author": "author"}


def newest_matches(text: str, scope: str = "everywhere") -> Select | None:
    """Return a query of the ids of the newest messages that contain all words of `text`, the last one as a prefix.

    `scope` is one of `SCOPES`. None when the text contains no word.
    """
    terms = words(text)
    if not terms:
        return None
    query = message_search.select(message_search.rowid)
    return query.where(_matches(terms, scope)).order_by(message_search.rowid.desc()).limit(NEWEST)


def _matches(terms: list[str], scope: str) -> SQL:
    column = _COLUMNS.get(scope)
    if is_sqlite():
        phrases = [f'"{indexed(word)}"' for word in terms]
        condition = f"{' '.join(phrases)}*"
        return SQL("message_search MATCH ?", (f"{column} : ({condition})" if column else condition,))
    phrases = [" <-> ".join(indexed(word).split()) for word in terms]
    condition = f"{' & '.join(phrases)}:*"
    if column:
        return SQL(f"to_tsvector('simple', {column}) @@ to_tsquery('simple', %s)", (condition,))
    return SQL("tsv @@ to_tsquery('simple', %s)", (condition,))


def ticket_ids(text: str, scope: str = "everywhere") -> Select | None:
    """Return a query of the ids of tickets with a matching message, newest matches first; None for no words."""
    matches = newest_matches(text, scope)
    if matches is None:
        return None
    # MATERIALIZED keeps PostgreSQL from walking the primary key for a rare word (reference: 27 ms against 0.2 ms).
    newest = matches.cte("newest", columns=("rowid",), materialized=None if is_sqlite() else True)
    return (
        Message.select(fn.DISTINCT(Message.ticket_id)).join(newest, on=(Message.id == newest.c.rowid)).with_cte(newest)
    )
