"""The search index brought up to the present folding, some thousand messages a minute, the newest first."""

from __future__ import annotations

from peewee import JOIN, fn

from database import Stamp, database
from helpdesk import folding, search
from helpdesk.files import attachments
from helpdesk.lib import richtext
from helpdesk.settings import run_state
from models import Customer, CustomerAddress, Message, Tag, Ticket

KEY = "search_index"
#: Counted up with each change of what `helpdesk/search.py` or `helpdesk/folding.py` make of a text.
VERSION = 3
AT_ONCE, TIMES = 500, 10


def renew() -> None:
    """Index the next messages anew, unless all of them are as the present program indexes them."""
    state = run_state.read(KEY) or {}
    below = state.get("below") if state.get("version") == VERSION else None
    if below == 0:
        return
    if below is None:
        _fold_tags()
        below = (Message.select(fn.MAX(Message.id)).scalar() or 0) + 1
    for _time in range(TIMES):
        with database.atomic():
            below = _index_below(below)
            run_state.write(KEY, {"version": VERSION, "below": below})
        if below == 0:
            break


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


def _fold_tags() -> None:
    """Give the tags their present keys; of two that have become one, the second stays as it is."""
    taken = {row.key for row in Tag.select()}
    for row in Tag.select():
        key = folding.fold(row.name)[: Tag.key.max_length]
        if key != row.key and key not in taken:
            taken.add(key)
            Tag.update(key=key).where(Tag.id == row.id).execute()
            Stamp.bump()
