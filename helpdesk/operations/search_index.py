"""The search indexes brought up to the present folding, some thousand rows a minute, the newest first."""

from __future__ import annotations

from typing import Any

from peewee import JOIN, fn

from database import Stamp, database
from helpdesk import customer_search, folding, search
from helpdesk.files import attachments
from helpdesk.lib import richtext
from helpdesk.settings import run_state
from models import Customer, CustomerAddress, Message, Tag, Ticket

KEY = "search_index"
#: Counted up with each change of what `helpdesk/search.py` or `helpdesk/folding.py` make of a text.
VERSION = 3
AT_ONCE, TIMES = 500, 10


def renew() -> None:
    """Index the next messages and customers anew, unless all are as the present program indexes them."""
    state = run_state.read(KEY) or {}
    if state.get("version") != VERSION:
        _fold_tags()
        state = {"version": VERSION}
    for name, (table, index_below) in _WALKS.items():
        below = state.get(name)
        if below is None:
            below = (table.select(fn.MAX(table.id)).scalar() or 0) + 1
        for _time in range(TIMES):
            if below == 0:
                break
            with database.atomic():
                below = state[name] = index_below(below)
                run_state.write(KEY, state)


def _index_below(below: int) -> int:
    """Index the newest messages with smaller ids anew; return the least of them, 0 when none is left."""
    query = Message.select(Message, Ticket, Customer, CustomerAddress).join(Ticket).join(Customer).switch(Ticket)
    query = query.join(CustomerAddress, JOIN.LEFT_OUTER).where(Message.id < below, Message.deleted_at.is_null())
    rows = list(query.order_by(Message.id.desc()).limit(AT_ONCE))
    files = attachments.of_messages(rows)
    for message in rows:
        ticket = message.ticket
        author = f"{ticket.customer.full_name} {ticket.address.email if ticket.address_id else ''}"
        names = [file.name for file in files.get(message.id, ())]
        search.index_again(message.id, ticket, author, "\n".join([richtext.to_text(message.body), *names]))
    return rows[-1].id if len(rows) == AT_ONCE else 0


def _index_customers_below(below: int) -> int:
    """Index the newest customers with smaller ids anew; return the least of them, 0 when none is left."""
    query = Customer.select(Customer.id).where(Customer.id < below).order_by(Customer.id.desc()).limit(AT_ONCE)
    ids = [key for (key,) in query.tuples()]
    customer_search.index_customers(ids)
    return ids[-1] if len(ids) == AT_ONCE else 0


#: What is indexed anew, by the name of its mark: the table, and what indexes its next rows.
_WALKS: dict[str, Any] = {"below": (Message, _index_below), "customers with keys": (Customer, _index_customers_below)}


def _fold_tags() -> None:
    """Give the tags their present keys; of two that have become one, the second stays as it is."""
    taken = {row.key for row in Tag.select()}
    for row in Tag.select():
        key = folding.fold(row.name)[: Tag.key.max_length]
        if key != row.key and key not in taken:
            taken.add(key)
            Tag.update(key=key).where(Tag.id == row.id).execute()
            Stamp.bump()
