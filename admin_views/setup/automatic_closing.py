"""The screen of automatic closing: when tickets that wait for their customer are closed, by place."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup

from admin_views.base import DeskView
from admin_views.base.fields import RowsSelect
from database import database
from helpdesk import journal
from helpdesk.automatic_closing import places, preview
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.opening_hours import calendars
from helpdesk.settings import lookups
from models import AutomaticClosing


def in_days(_view: Any, _context: Any, row: Any, name: str) -> str:
    """Write a number of days; those on which it is open, where there are opening hours."""
    days = getattr(row, name)
    if calendars.find_calendar(row.service_id) is not None:
        return ngettext("%(num)d open day", "%(num)d open days", days)
    return ngettext("%(num)d day", "%(num)d days", days)


def statuses_of(_view: Any, _context: Any, row: Any, _name: str) -> str:
    """Name the statuses that count for a row."""
    counting = places.counting(row)
    return ", ".join(str(status) for status in counting) or _("none any more: choose again")


def older_text(row: AutomaticClosing, count: int) -> str:
    """Say of how many tickets a row that is on leaves alone, or would have closed by yesterday; empty for none."""
    if not count:
        return ""
    if count >= preview.MOST and row.enabled:
        return _("%(num)d or more tickets are left alone, as they were due before this was switched on.", num=count)
    if count >= preview.MOST:
        return _("%(num)d or more tickets would have been closed by yesterday.", num=count)
    if row.enabled:
        return ngettext(
            "%(num)d ticket is left alone, as it was due before this was switched on.",
            "%(num)d tickets are left alone, as they were due before this was switched on.",
            count,
        )
    return ngettext(
        "%(num)d ticket would have been closed by yesterday.",
        "%(num)d tickets would have been closed by yesterday.",
        count,
    )


class AutomaticClosingView(DeskView):
    """After how many days without a message tickets are closed by themselves."""

    table, slug, title = AutomaticClosing, "automatic-closing", lazy("Automatic closing")
    lede = lazy(
        "Tickets that wait for their customer are closed after some days without a message, and announced to the "
        "customer by e-mail before. The row of the narrowest place holds, also when it is off. Days count from the "
        "last message of either side; where there are opening hours, only the days on which it is open count."
    )
    create_label = lazy("Add a place")
    empty_text = lazy("Without any row that is on, no ticket is closed by itself.")
    can_delete = True
    save_rule, delete_rule = staticmethod(places.save), staticmethod(places.delete)
    column_list = ("place", "after_days", "warning_days", "statuses", "enabled", "older")
    column_details_list = column_export_list = ()
    form_columns = ("service", "department", "after_days", "warning_days", "statuses", "enabled")
    form_extra_fields = {
        "statuses": RowsSelect(
            lazy("Statuses"),
            rows=places.offered,
            default=lambda: [row.id for row in places.offered()],
            description=lazy("A ticket in one of these is closed by itself. They are the pending ones."),
        )
    }
    form_args = {"service": {"empty": lazy("All services")}, "department": {"empty": lazy("All departments")}}
    column_labels = {
        "place": lazy("Tickets"),
        "service": lazy("Service"),
        "department": lazy("Department"),
        "after_days": lazy("Days until it is closed"),
        "warning_days": lazy("Days of announcement"),
        "statuses": lazy("Statuses"),
        "enabled": lazy("Switched on"),
        "older": lazy("Due before"),
    }
    column_descriptions = {
        "after_days": lazy("Without a message of either side, from 2 to 365. Example: 14."),
        "warning_days": lazy(
            "So many days before, the customer gets the e-mail “Closing soon”, with a button that keeps the ticket "
            "open; 30 at most. Example: 3."
        ),
        "enabled": lazy(
            "What was due before you switch it on stays as it is until you include it. Off: nothing is closed there, "
            "also where a wider place has a row that is on."
        ),
    }
    column_formatters = {
        "place": lambda _view, _context, row, _name: str(row),
        "after_days": in_days,
        "warning_days": in_days,
        "statuses": statuses_of,
        "older": lambda view, _context, row, _name: view.older_link(row),
    }
    form_sections = (
        (lazy("Tickets"), ["service", "department", "statuses"]),
        (lazy("Days"), ["after_days", "warning_days"]),
        (lazy("Use"), ["enabled"]),
    )

    def complete(self, rows: list[Any]) -> None:
        """Hand each row its place, and the tickets that were due before: of all rows at once."""
        older = preview.older(rows)
        for row in rows:
            row.service, row.department = lookups.service(row.service_id), lookups.department(row.department_id)
            row.older = len(older[row.id])

    def form_data(self, row: Any) -> dict[str, Any]:
        """Tick the statuses chosen before."""
        return {"statuses": sorted(places.ticked(row))}

    def older_link(self, row: Any) -> str:
        """Return what is said of tickets that were due before, as a link to them."""
        text = older_text(row, row.older)
        return Markup('<a href="{}">{}</a>').format(self.get_url(".older_view", id=row.id), text) if text else ""

    @expose("/older/", methods=("GET", "POST"))
    def older_view(self) -> ResponseReturnValue:
        """List the tickets that were due before a row is switched on; include them once it is."""
        row = self.get_one(request.values.get("id"))
        back = self.get_url(".index_view")
        if request.method == "POST":
            with database.atomic():
                before = journal.snapshot(row)
                places.include_older(row, actor=self.agent)
                journal.saved(row, before, actor=self.agent)
            flash(_("They are announced to their customers first, and closed some days later."), "success")
            return redirect(back)
        self.complete([row])
        ids = preview.older([row])[row.id]
        return self.render(
            "admin/automatic_closing_older.html",
            row=row,
            place=str(row),
            text=older_text(row, len(ids)),
            tickets=preview.named(ids, actor=self.agent),
            count=len(ids),
            is_cut=len(ids) >= preview.MOST,
            return_url=back,
        )
