"""The tickets of a list as CSV: those the list shows, the columns one chose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from flask import Response, request
from flask_admin import expose
from peewee import JOIN, chunked

from admin_views.base import exports
from admin_views.tickets.base import TicketDeskPage
from helpdesk import i18n, journal
from helpdesk.i18n import Count, lazy
from helpdesk.lists import criteria
from helpdesk.settings import lookups
from models import Customer, CustomerAddress, Ticket, TicketTag

#: Tickets of one file; more are narrowed by the filters of the list.
MOST = 10_000
BATCH = 500


def _when(moment: datetime | None) -> str:
    return i18n.when(moment, "yyyy-MM-dd HH:mm") if moment is not None else ""


def _name(row: Any) -> str:
    return str(row) if row is not None else ""


#: A column: its name in the address, its label, and its cell for a ticket with its tags.
COLUMNS: dict[str, tuple[Any, Callable[[Ticket, Sequence[str]], str]]] = {
    "number": (lazy("Number"), lambda row, _tags: row.number),
    "subject": (lazy("Subject"), lambda row, _tags: row.subject),
    "customer": (lazy("Customer"), lambda row, _tags: row.customer.full_name),
    "email": (lazy("E-mail address"), lambda row, _tags: row.address.email if row.address_id else ""),
    "organisation": (lazy("Organisation"), lambda row, _tags: _name(lookups.organisation(row.organisation_id))),
    "service": (lazy("Service"), lambda row, _tags: _name(lookups.service(row.service_id))),
    "department": (lazy("Department"), lambda row, _tags: _name(lookups.department(row.department_id))),
    "status": (lazy("Status"), lambda row, _tags: _name(lookups.status(row.status_id))),
    "priority": (lazy("Priority"), lambda row, _tags: _name(lookups.priority(row.priority_id))),
    "assignee": (
        lazy("Assigned to"),
        lambda row, _tags: _name(lookups.agent(row.assignee_id) or lookups.team(row.team_id)),
    ),
    "tags": (lazy("Tags"), lambda _row, tags: ", ".join(tags)),
    "order": (lazy("Order number"), lambda row, _tags: row.order_number),
    "opened": (lazy("Opened"), lambda row, _tags: _when(row.created_at)),
    "due": (lazy("Due time"), lambda row, _tags: _when(row.due_at if row.is_due else None)),
    "activity": (lazy("Last activity"), lambda row, _tags: _when(row.last_activity)),
}


class ListExportPage(TicketDeskPage):
    """The export of a list."""

    slug = "list-export"

    @expose("/export")
    def index_view(self) -> str:
        """Let one choose the columns."""
        columns = [(name, label) for name, (label, _cell) in COLUMNS.items()]
        return self.render("admin/ticket_export.html", columns=columns, context=self.context, most=Count(MOST))

    @expose("/export.csv")
    def export_view(self) -> Response:
        """Send the tickets of the list, in its order; this too is noted in the journal."""
        chosen = [name for name in COLUMNS if name in request.args.getlist("column")] or list(COLUMNS)
        tickets = criteria.listing_of(self.agent, self.context.criteria)
        query = tickets.query(Ticket.id).order_by(*tickets.order.terms()).limit(MOST)
        ids = [key for (key,) in query.tuples()]
        journal.record(journal.Act.EXPORTED, actor=self.agent, subject=self.title)
        return exports.csv_response(csv_lines(ids, chosen), "tickets")


def csv_lines(ids: Sequence[int], chosen: Sequence[str]) -> Iterator[list[Any]]:
    """Give the labels of the chosen columns, then the cells of each ticket."""
    yield [str(COLUMNS[name][0]) for name in chosen]
    names = {row.id: str(row) for row in lookups.tags()}
    for some in chunked(ids, BATCH):
        keys, tags = list(some), dict[int, list[str]]()
        worn = TicketTag.select(TicketTag.ticket, TicketTag.tag).where(TicketTag.ticket.in_(keys))
        for ticket_id, name in sorted((ticket, names[tag]) for ticket, tag in worn.tuples() if tag in names):
            tags.setdefault(ticket_id, []).append(name)
        query = Ticket.select(Ticket, Customer, CustomerAddress).join(Customer).switch(Ticket)
        query = query.join(CustomerAddress, JOIN.LEFT_OUTER, on=(Ticket.address == CustomerAddress.id))
        rows = {row.id: row for row in query.where(Ticket.id.in_(keys))}
        for row in (rows[key] for key in keys if key in rows):
            yield [COLUMNS[name][1](row, tags.get(row.id, ())) for name in chosen]
