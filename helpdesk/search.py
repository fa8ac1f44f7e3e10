"""The full-text indexes: a row per message and a row per customer, written in the act's transaction, read newest first.

SQLite keeps each in an FTS5 table, PostgreSQL in a table with a generated ``tsvector`` and a GIN index. The text is
folded here (without case and accents), so that one code path finds the same on both. Tags are few: theirs is none.
"""

from __future__ import annotations

import functools
import json
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from peewee import CTE, SQL, Node, NodeList, Select, Table, Value, fn

from database import database, is_sqlite
from helpdesk.folding import fold
from helpdesk.lib.cache import CachedValue
from helpdesk.settings import lookups
from models import Customer, CustomerAddress, Message, Ticket, TicketCc, TicketTag

#: Tickets whose messages are renamed by one statement.
AT_ONCE = 200

message_search = Table("message_search", ("rowid", "subject", "author", "body"))
customer_search = Table("customer_search", ("rowid", "body"))

#: Words of one search.
MAX_WORDS = 12
#: Letters from which a word is met by its beginning: one letter begins too many words of a desk.
SHORTEST_BEGINNING = 2
#: Last digits of a number by which its ticket is met.
SHORTEST = 3
#: The newest matches looked at (reference: ranking all matches of a common word costs a second at a million tickets,
#: the newest 2,000 cost a millisecond), and how many when a reader asks to look further.
NEWEST = 2_000
REACHES = (NEWEST, 20_000, 200_000)
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


def forget(message_id: int) -> None:
    """Remove one message from the index."""
    message_search.delete().where(message_search.rowid == message_id).execute(database)


#: Where a search may look (RULES 29).
SCOPES = ("everywhere", "subject", "content", "author")
_COLUMNS = {"subject": "subject", "content": "body", "author": "author"}
#: How PostgreSQL marks the words of a column in its one index.
_WEIGHTS = {"subject": "A", "author": "B", "body": "C"}


_tag_names = CachedValue(lambda: {row.id: f" {plain(row.all_names)} " for row in lookups.tags()})

#: Makes the slot of a name (`helpdesk.lib.statements.Slot`).
Slots = Callable[[str], Node]


class _Words(NamedTuple):
    """Words that stand together in one place, the last one as a beginning where it `is_open`."""

    terms: Sequence[str]
    is_open: bool
    name: str
    #: Makes the slot of this name where a statement is written for any words (`Form`).
    slot: Slots | None = None

    def matches(self, table: str, column: str | None = None) -> Node:
        """Return the condition that a row of an index holds them."""
        name = self.place(column)
        if is_sqlite():
            value = self.slot(name) if self.slot else Value(self.condition(column), converter=False)
            return NodeList((SQL(f"{table} MATCH"), value))
        text = self.slot(name) if self.slot else SQL(self.condition(column))
        return NodeList((SQL("tsv @@ to_tsquery('simple', '"), text, SQL("')")), glue="")

    def place(self, column: str | None) -> str:
        """Return the name of the slot of their condition."""
        return f"{column or 'words'}_{self.name}"

    def condition(self, column: str | None) -> str:
        """Return what an index is asked."""
        is_beginning = self.is_open and (len(self.terms[-1]) >= SHORTEST_BEGINNING or is_unspaced(self.terms[-1]))
        if is_sqlite():
            text = " ".join(f'"{indexed(word)}"' for word in self.terms) + ("*" if is_beginning else "")
            return f"{column} : ({text})" if column else text
        weight = _WEIGHTS[column] if column else ""
        marks = [f":{weight}" if weight else ""] * len(self.terms)
        if is_beginning:
            marks[-1] = f":*{weight}"
        phrases = (
            " <-> ".join(f"{part}{mark}" for part in indexed(word).split())
            for word, mark in zip(self.terms, marks, strict=True)
        )
        # Words are letters and digits; nothing else gets into the text of a statement.
        return " & ".join(phrases).replace("'", "''")

    def newest(self, table: Any, reach: int, column: str | None = None) -> CTE:
        """Return the newest rows of an index that hold them."""
        name = table.__name__
        query = table.select(table.rowid).where(self.matches(name, column)).order_by(table.rowid.desc()).limit(reach)
        # MATERIALIZED keeps PostgreSQL from walking the primary key for a rare word (reference: 27 ms against 0.2 ms).
        return query.cte(f"{name}_{self.name}", columns=("rowid",), materialized=None if is_sqlite() else True)

    def tag_ids(self) -> list[int]:
        """Return the tags whose names hold them: read as a search is, so that each is met by its own name."""
        *whole, last = (f" {indexed(word)} " for word in self.terms)
        needed = [*whole, last.rstrip() if self.is_open else last]
        return [key for key, name in _tag_names().items() if all(part in name for part in needed)]

    def tagged(self, reach: int) -> CTE:
        """Return the tickets that last got a tag whose name holds them."""
        ids: Any = self.tag_ids()
        if self.slot is not None:
            before, after = ("(SELECT value FROM json_each(", "))") if is_sqlite() else ("(", ")")
            ids = NodeList((SQL(before), self.slot(f"tags_{self.name}"), SQL(after)), glue="")
        query = TicketTag.select(TicketTag.ticket_id).where(TicketTag.tag.in_(ids))
        return query.order_by(TicketTag.id.desc()).limit(reach).cte(f"tagged_{self.name}", columns=("ticket_id",))


class Form(NamedTuple):
    """What the statement of a search depends on: how many words, not which, so that it holds nothing of who searched.

    Each run sets the words in: as parameters on SQLite, into the text on PostgreSQL, which for a parameter would make
    one plan for rare and common words alike.
    """

    length: int
    scope: str
    reach: int


def form_of(text: str, scope: str, reach: int) -> tuple[Form, dict[str, Any]] | None:
    """Return the form of a search and the values of its slots; None when the text holds no word."""
    if not (terms := words(text)):
        return None
    values: dict[str, Any] = {}
    for group in _groups(terms, scope):
        values |= {group.place(column): group.condition(column) for column in (None, _COLUMNS.get(scope))}
        ids = group.tag_ids()
        values[f"tags_{group.name}"] = json.dumps(ids) if is_sqlite() else ", ".join(map(str, ids)) or "NULL"
    return Form(len(terms), scope, reach), values


def parts_of(form: Form, slot: Slots) -> tuple[list[CTE], list[CTE]]:
    """Return the parts of a search with slots for its words, the last being what is met, and those to be counted."""
    return _parts(_groups([""] * form.length, form.scope, slot), form.scope, form.reach)


def _groups(terms: Sequence[str], scope: str, slot: Slots | None = None) -> list[_Words]:
    """Return the words that must be met: each in some place of a ticket, or all of them in one."""
    together = [_Words(terms, True, "all", slot)] if terms else []
    if len(terms) < 2 or scope in {"subject", "author"}:  # What a ticket has once holds all of its words.
        return together
    return [_Words([word], place == len(terms) - 1, str(place), slot) for place, word in enumerate(terms)] + together


def _lists(group: _Words, scope: str, reach: int) -> list[CTE]:
    """Return the newest messages with these words; where people are meant, the customers and what is theirs.

    Each refers to those before it, and is limited: a customer may have more tickets than anybody reads.
    """
    lists = [group.newest(message_search, reach, _COLUMNS.get(scope))]
    if scope not in {"everywhere", "author"}:
        return lists
    people = group.newest(customer_search, reach)
    theirs = Select([people], [people.c.rowid])
    opened = Ticket.select(Ticket.id).where(Ticket.customer.in_(theirs)).order_by(Ticket.id.desc()).limit(reach)
    lists += [people, opened.cte(f"opened_{group.name}", columns=("ticket_id",))]
    if scope == "everywhere":
        own = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer.in_(theirs))
        copied = TicketCc.select(TicketCc.ticket_id).where(TicketCc.address.in_(own)).order_by(TicketCc.id.desc())
        lists += [copied.limit(reach).cte(f"copied_{group.name}", columns=("ticket_id",)), group.tagged(reach)]
    return lists


def _met(group: _Words, messages: CTE, people: Sequence[CTE]) -> CTE:
    """Return the tickets of what is looked at for these words."""
    arms = [Message.select(Message.ticket_id).join(messages, on=(Message.id == messages.c.rowid))]
    arms += [Select([one], [one.c.ticket_id]) for one in people[1:]]
    return functools.reduce(operator.or_, arms).cte(f"met_{group.name}", columns=("ticket_id",))


def ticket_ids(text: str, scope: str = "everywhere", reach: int = NEWEST) -> Select | None:
    """Return a query of the ids of tickets that hold all words of `text`, the last one as a beginning; None for none.

    `scope` is one of `SCOPES`, `reach` how many of the newest matches of each word are looked at.
    """
    groups = _groups(words(text), scope)
    if not groups:
        return None
    parts, _counted = _parts(groups, scope, reach)
    return Select([parts[-1]], [parts[-1].c.ticket_id]).with_cte(*parts).bind(database)


def customer_ids(text: str, reach: int) -> list[int]:
    """Return the newest customers whose names or addresses hold all words of `text`, the last one as a beginning."""
    if not (terms := words(text)):
        return []
    newest = _Words(terms, True, "all").newest(customer_search, reach)
    return [key for (key,) in Select([newest], [newest.c.rowid]).with_cte(newest).bind(database).tuples()]


def _parts(groups: list[_Words], scope: str, reach: int) -> tuple[list[CTE], list[CTE]]:
    parts: list[CTE] = []
    counted: list[CTE] = []
    met: list[Select] = []
    for group in groups:
        lists = _lists(group, scope, reach)
        tickets = _met(group, lists[0], lists[1:])
        counted += lists
        parts += [*lists, tickets]
        met.append(Select([tickets], [tickets.c.ticket_id]))
    *single, together = met
    query = functools.reduce(operator.and_, single) | together if single else together
    return [*parts, query.cte("met", columns=("ticket_id",))], counted


def count_of(one: CTE) -> Select:
    """Return the query of how many matches of one kind are looked at."""
    return Select([one], [fn.COUNT(SQL("*"))])
