"""The register of erasures: who wanted it, when, of which kind, what it came to; never whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, url_for
from flask_admin import expose
from markupsafe import Markup
from werkzeug.wrappers import Response

from admin_views.base import DeskView
from helpdesk.erased_marks import of_person
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.setup import erasure_second
from models import Customer, Erasure

KINDS = {
    "anonymise": lazy("Anonymised"),
    "anonymise-blanked": lazy("Anonymised, replies and notes blanked"),
    "delete": lazy("Deleted"),
}
STATES = {
    "waiting": lazy("Waiting"), "working": lazy("Is being carried out"), "done": lazy("Erased"),
    "cancelled": lazy("Cancelled"),
}  # fmt: skip
UNCONFIRMED = lazy("Waits for a second administrator")
COUNTS = {
    "tickets": lazy("Tickets"), "messages": lazy("Messages"), "replies": lazy("Replies and notes"),
    "files": lazy("Files"), "mails": lazy("E-mails"), "received": lazy("Received e-mails"), "orders": lazy("Orders"),
}  # fmt: skip


def waits(row: Erasure) -> bool:
    """Whether it waits for a second administrator."""
    return bool(row.state == "waiting" and row.is_unconfirmed)


def person(_view: Any, _context: Any, row: Erasure, _name: str) -> Any:
    """Name whom it is about: with a link while they are not erased yet, by their number afterwards."""
    if row.state == "cancelled":
        return "—"
    if row.state == "done" or row.customer_id is None:
        return of_person(row.id)
    place = url_for("desk_customer.customer_view", key=row.customer_id)
    return Markup('<a href="{}">{}</a>').format(place, row.shown)


def counts(_view: Any, _context: Any, row: Erasure, _name: str) -> str:
    """Write what went, in numbers."""
    parts = [_("%(what)s: %(count)s", what=COUNTS[key], count=row.counts[key]) for key in COUNTS if row.counts.get(key)]
    return " · ".join(parts) or "—"


IN_WORDS: dict[str, Any] = {
    "kind": lambda _view, _context, row, _name: KINDS[row.way],
    "state": lambda _view, _context, row, _name: UNCONFIRMED if waits(row) else STATES[row.state],
    "by": lambda _view, _context, row, _name: row.actor_name if not row.by_customer else _("The customer"),
    "rows": counts,
}


class ErasuresView(DeskView):
    """Persons who are to be erased, or were."""

    table, slug, title = Erasure, "erasures", lazy("Erasures")
    verb = "administer"
    lede = lazy("Whom administrators, or they themselves, had erased: who wanted it and when, never what was there.")
    empty_title = lazy("Nobody was erased")
    empty_text = lazy("A customer’s page has “Erase this person”.")
    list_template = "admin/people/erasures.html"
    can_create = can_edit = False
    can_export = True
    column_list = ("id", "person", "kind", "state", "requested_at", "by", "due_at", "confirmed_by", "ended_at", "rows")
    column_details_list = ()
    column_export_list = (
        "id", "kind", "state", "requested_at", "by", "due_at", "begun_at", "ended_at",
        "confirmed_by", "confirmed_at", "cancelled_by", "rows",
    )  # fmt: skip
    form_columns = ()
    column_labels = {
        "id": lazy("Number"),
        "person": lazy("Person"),
        "kind": lazy("Kind"),
        "state": lazy("State"),
        "requested_at": lazy("Wanted"),
        "by": lazy("By"),
        "due_at": lazy("Due"),
        "begun_at": lazy("Begun"),
        "ended_at": lazy("Erased"),
        "confirmed_by": lazy("Confirmed by"),
        "confirmed_at": lazy("Confirmed on"),
        "cancelled_by": lazy("Cancelled by"),
        "rows": lazy("What went"),
    }
    column_sortable_list = ("requested_at",)
    column_default_sort = ("requested_at", True)
    column_formatters = {**IN_WORDS, "person": person}
    column_formatters_export = IN_WORDS

    def scoped(self, query: Any) -> Any:
        """What a customer has not confirmed is nobody's business."""
        return query.where(Erasure.state != "unconfirmed")

    def complete(self, rows: list[Any]) -> None:
        """Name those who wait."""
        ids = {row.customer_id for row in rows if row.customer_id is not None}
        names = {row.id: row.full_name for row in Customer.select().where(Customer.id.in_(ids))} if ids else {}
        for row in rows:
            row.shown = names.get(row.customer_id) or f"#{row.customer_id}"

    def second_ends(self) -> dict[str, Any] | None:
        """Return who wants one administrator to be enough, None while nobody does."""
        return erasure_second.waiting()

    def confirms_end(self) -> bool:
        """Whether it is the reader who may let that be."""
        return erasure_second.waits_for(self.agent)

    @expose("/second/confirm", methods=("POST",))
    def confirm_view(self) -> Response:
        """Let one administrator be enough, as another one wants."""
        return self.answered(erasure_second.confirm, _("One administrator is enough to erase a customer from now on."))

    @expose("/second/keep", methods=("POST",))
    def keep_view(self) -> Response:
        """Let a second administrator go on being needed."""
        return self.answered(erasure_second.keep, _("A second administrator goes on confirming each erasure."))

    def answered(self, rule: Callable[..., None], text: str) -> Response:
        """Do it, say so or why not, and go back to the list."""
        try:
            rule(actor=self.agent)
        except HelpdeskError as error:
            flash(str(error), "error")
        else:
            flash(text, "success")
        return redirect(self.get_url(".index_view"))
