"""What goes next by the periods of retention, one by one, and the register of what went."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from peewee import ModelSelect
from werkzeug.wrappers import Response

from admin_views.base import DeskView, as_key
from helpdesk import clock, i18n
from helpdesk.errors import NotFound
from helpdesk.i18n import _, lazy
from helpdesk.retention import batches, periods, wording
from helpdesk.retention.periods import ANONYMISE, CUSTOMERS, DELETE, FILES, SPAM
from models import Customer, RetentionBatch, RetentionItem, Ticket


class ShowsBatches(DeskView):
    """A screen with the batches that are announced or at work above its list."""

    def pending(self) -> list[RetentionBatch]:
        """Return these batches, the first due first."""
        return list(batches.pending())

    def headline(self, batch: RetentionBatch) -> str:
        """Return what a batch does, and on which day."""
        zone = ZoneInfo(i18n.zone(self.agent.timezone))
        return f"{wording.headline(batch.planned, clock.day_of(batch.due_at, zone))}."

    def sentences(self, batch: RetentionBatch) -> list[str]:
        """Return what a batch does, kind by kind."""
        return wording.sentences(batch.planned)


ACTS = {
    DELETE: lazy("Delete the ticket"), ANONYMISE: lazy("Anonymise the ticket"), FILES: lazy("Delete its files"),
    SPAM: lazy("Delete the spam"), CUSTOMERS: lazy("Erase the customer"),
}  # fmt: skip


class RetentionItemsView(ShowsBatches):
    """What was announced and has not gone yet, one by one."""

    table, slug, title = RetentionItem, "retention-items", lazy("What goes next")
    verb = "administer"
    lede = lazy(
        "What was announced, the oldest first. A tag that keeps its tickets leaves a ticket out; whatever is not due "
        "any more on the day stays, too."
    )
    list_template = "admin/retention_items.html"
    can_create = can_edit = False
    can_export = True
    empty_title = lazy("Nothing goes")
    empty_text = lazy("What is due is announced here and by e-mail, seven days before.")
    column_list = column_export_list = ("target", "subject", "customer", "act", "since", "due_at")
    column_details_list = ()
    form_columns = ()
    column_labels = {
        "target": lazy("Ticket or customer"),
        "subject": lazy("Subject"),
        "customer": lazy("Customer"),
        "act": lazy("What is done"),
        "since": lazy("Since"),
        "due_at": lazy("Goes on"),
    }
    column_default_sort = "since"
    column_formatters = {
        "target": lambda _view, _context, row, _name: Markup('<a href="{}">{}</a>').format(row.place, row.shown)
        if row.place else row.shown,
        "subject": lambda _view, _context, row, _name: row.about,
        "customer": lambda _view, _context, row, _name: row.whose,
        "act": lambda _view, _context, row, _name: ACTS[row.act],
        "due_at": lambda _view, _context, row, _name: i18n.when(row.day, "d MMMM y"),
    }  # fmt: skip
    column_formatters_export = {
        **column_formatters,
        "target": lambda _view, _context, row, _name: row.shown,
    }

    def scoped(self, query: ModelSelect) -> ModelSelect:
        """Leave out what only says since when nothing was heard of a customer."""
        return super().scoped(query).where(RetentionItem.act.in_(periods.ACTS))

    def complete(self, rows: list[Any]) -> None:
        """Name what each row is about, and when it goes."""
        ids = {row.target for row in rows if row.act != CUSTOMERS}
        query = Ticket.select(Ticket.id, Ticket.number, Ticket.subject, Ticket.customer).where(Ticket.id.in_(ids))
        tickets = {ticket.id: ticket for ticket in query} if ids else {}
        people = {row.target for row in rows if row.act == CUSTOMERS} | {one.customer_id for one in tickets.values()}
        names = {one.id: one.full_name for one in Customer.select().where(Customer.id.in_(people))} if people else {}
        due = {row.id: row.due_at for row in batches.pending()}
        for row in rows:
            row.day = due.get(row.batch_id, row.since)
            row.shown, row.place, row.about, row.whose = f"#{row.target}", "", "", ""
            ticket = tickets.get(row.target)
            if row.act == CUSTOMERS and row.target in names:
                row.shown = names[row.target] or f"#{row.target}"
                row.place = url_for("desk_customer.customer_view", key=row.target)
            elif row.act != CUSTOMERS and ticket is not None:
                row.shown, row.about, row.whose = ticket.number, ticket.subject, names.get(ticket.customer_id, "")
                row.place = url_for("desk_ticket.ticket_view", number=ticket.number)

    @expose("/cancel", methods=("POST",))
    def cancel_view(self) -> Response:
        """Let a batch stay."""
        try:
            batches.cancel(as_key(request.form.get("batch")) or 0, actor=self.agent)
        except NotFound as error:
            flash(str(error), "error")
        else:
            flash(_("The batch is cancelled: everything in it stays. The next one is announced in a week at the "
                    "earliest."), "success")  # fmt: skip
        return redirect(self.get_url(".index_view"))


STATES = {
    "announced": lazy("Announced"), "working": lazy("Is being carried out"), "done": lazy("Carried out"),
    "cancelled": lazy("Cancelled"),
}  # fmt: skip


def counts(_view: Any, _context: Any, row: RetentionBatch, name: str) -> str:
    """Write what was planned, or what went, kind by kind."""
    numbers = getattr(row, name)
    parts = [_("%(what)s: %(count)s", what=ACTS[act], count=numbers[act]) for act in periods.ACTS if numbers.get(act)]
    return " · ".join(parts) or "—"


class RetentionBatchesView(DeskView):
    """The register: what was announced when, and what went; never what it was."""

    table, slug, title = RetentionBatch, "retention-batches", lazy("What went")
    verb = "administer"
    lede = lazy("What was announced, and what went: when and how much, never what was there.")
    can_create = can_edit = False
    can_export = True
    empty_title = lazy("Nothing went yet")
    empty_text = lazy("Batches are listed here once they are announced.")
    column_list = ("id", "state", "announced_at", "due_at", "ended_at", "planned", "done")
    column_details_list = ()
    column_export_list = (*column_list, "cancelled_by")
    form_columns = ()
    column_labels = {
        "id": lazy("Number"),
        "state": lazy("State"),
        "announced_at": lazy("Announced"),
        "due_at": lazy("Due"),
        "ended_at": lazy("Ended"),
        "planned": lazy("Announced so many"),
        "done": lazy("Went"),
        "cancelled_by": lazy("Cancelled by"),
    }
    column_sortable_list = ("announced_at",)
    column_default_sort = ("announced_at", True)
    column_formatters = column_formatters_export = {
        "state": lambda _view, _context, row, _name: STATES[row.state],
        **dict.fromkeys(("planned", "done"), counts),
    }
