"""Screens of when the desk is open: the hours of the week, closed days, and public holidays to tick."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import SelectField

from admin_views.base import as_key, form_lists
from admin_views.base.fields import DayField, optional, own_timezones
from admin_views.setup.due_preview import MovesDueTimes
from helpdesk import i18n, settings
from helpdesk.due_times import preview
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lib import periods, zones
from helpdesk.opening_hours import calendars, public_holidays, regions, saving, words
from helpdesk.settings import lookups
from models import WEEKDAYS, ClosedDay, OpeningHours

HOURS_HELP = lazy(
    "Several intervals with commas between them; empty: closed. 22:00–6:00 goes on into the next day, 0:00–24:00 is "
    "the whole day. Example: 9:00–12:00, 14:00–18:00."
)


class OpeningHoursView(MovesDueTimes):
    """The hours of the week: of the desk, and of services that have their own."""

    table, slug, title = OpeningHours, "opening-hours", lazy("Opening hours")
    lede = lazy(
        "When the desk answers. The form, the page after sending and the confirmation tell visitors these hours and, "
        "while it is closed, when it opens next. A service may have its own."
    )
    create_label = lazy("Add opening hours")
    empty_text = lazy("Without any, the form shows the text of the configuration.")
    can_delete = True
    save_rule, delete_rule = staticmethod(saving.save_hours), staticmethod(saving.delete_hours)
    fill_rule = staticmethod(saving.fill_hours)
    column_list = ("service", "week", "timezone")
    column_details_list = column_export_list = ()
    form_columns = ("service", "timezone", *WEEKDAYS)
    form_overrides = {"timezone": SelectField}
    form_args = {
        "service": {"empty": lazy("The whole desk")},
        "timezone": {"choices": own_timezones, "coerce": optional},
    }
    column_labels = {
        "service": lazy("Service"),
        "week": lazy("Week"),
        "timezone": lazy("Time zone"),
        "monday": lazy("Monday"),
        "tuesday": lazy("Tuesday"),
        "wednesday": lazy("Wednesday"),
        "thursday": lazy("Thursday"),
        "friday": lazy("Friday"),
        "saturday": lazy("Saturday"),
        "sunday": lazy("Sunday"),
    }
    column_descriptions = {
        "service": lazy("A service without hours of its own has those of the whole desk."),
        "monday": HOURS_HELP,
    }
    column_formatters = {
        "service": lambda _view, _context, row, _name: service_of(row),
        "week": lambda _view, _context, row, _name: words.week(calendars.calendar_of(row)),
        "timezone": lambda _view, _context, row, _name: zones.place(i18n.zone(row.timezone)),
    }
    form_sections = (
        (lazy("Service and time zone"), ["service", "timezone"]),
        (lazy("Hours"), list(WEEKDAYS)),
    )

    def preview_of(self, row: Any, *, is_deleted: bool = False) -> preview.Preview:
        """Return what the hours would do to open tickets with this row, or without it and its closed days."""
        if not is_deleted:
            return preview.of(hours=preview.with_row(calendars.rows(), row))
        days = [day for day in calendars.days() if day.opening_hours_id != row.id]
        return preview.of(hours=preview.without_row(calendars.rows(), row), days=days)

    def named(self, row: Any) -> str:
        """Return how opening hours are called: by their service."""
        return service_of(row)


def service_of(row: OpeningHours) -> str:
    """Return whose hours these are."""
    return str(lookups.service(row.service_id) or _("The whole desk"))


class ClosedDaysView(MovesDueTimes):
    """The days on which the opening hours of the week do not hold."""

    table, slug, title = ClosedDay, "closed-days", lazy("Closed days")
    lede = lazy("Days on which the hours of the week do not hold: holidays, closures, half days.")
    create_label = lazy("Add a closed day")
    empty_text = lazy("Public holidays of your country can be ticked in a list.")
    can_delete = True
    list_template = "admin/closed_days.html"
    save_rule, delete_rule = staticmethod(saving.save_closed_day), staticmethod(saving.delete_closed_day)
    fill_rule = staticmethod(saving.fill_closed_day)
    column_list = ("name", "first_day", "open_at", "opening_hours")
    column_details_list = column_export_list = ()
    form_columns = ("name", "first_day", "last_day", "open_at", "opening_hours")
    repeated = ("opening_hours",)
    form_overrides = {"first_day": DayField, "last_day": DayField}
    form_args = {"first_day": {"label": lazy("First day")}, "opening_hours": {"empty": lazy("All opening hours")}}
    column_labels = {
        "name": lazy("Name"),
        "first_day": lazy("Days"),
        "last_day": lazy("Last day"),
        "open_at": lazy("Open all the same"),
        "opening_hours": lazy("Closes"),
    }
    column_descriptions = {
        "name": lazy("For your colleagues. Example: Summer break."),
        "last_day": lazy("Empty: a single day."),
        "open_at": lazy("The hours of a half day, such as 9:00–12:00. Empty: closed from midnight to midnight."),
        "opening_hours": lazy("The whole desk, or the hours of one service."),
    }
    column_searchable_list = ("name",)
    column_sortable_list = ("first_day",)
    column_default_sort = ("first_day", True)
    column_formatters = {
        "first_day": lambda _view, _context, row, _name: i18n.days_in_words(
            row.first_day, row.last_day or row.first_day
        ),
        "open_at": lambda _view, _context, row, _name: row.open_at or _("No"),
        "opening_hours": lambda _view, _context, row, _name: row.closes,
    }

    def preview_of(self, row: Any, *, is_deleted: bool = False) -> preview.Preview:
        """Return what the closed days would do to open tickets with this one, or without it."""
        change = preview.without_row if is_deleted else preview.with_row
        return preview.of(days=change(calendars.days(), row))

    def complete(self, rows: list[Any]) -> None:
        """Say which opening hours each of them closes."""
        by_id = {row.id: service_of(row) for row in calendars.rows()}
        for row in rows:
            row.closes = by_id.get(row.opening_hours_id) or _("All opening hours")

    @expose("/holidays/", methods=("GET", "POST"))
    def holidays_view(self) -> ResponseReturnValue:
        """Propose the public holidays of a country or region; make those that are ticked closed days."""
        region, hours = request.values.get("region", ""), self._chosen_hours()
        try:
            if request.method != "POST":
                return self._holidays(region, hours, public_holidays.proposal(region, hours) if region else [])
            days = {day for day in map(periods.day_of, request.form.getlist("day")) if day is not None}
            moves = preview.of(days=public_holidays.ticked(region, hours, days)).sentences()
            if moves and "confirmed" not in request.form:
                return self.confirm(_("Save these closed days?"), moves, _("Save"), (), **form_lists())
            self._tick(region, hours, days)
        except HelpdeskError as error:
            return self._holidays("", hours, [], str(error)), 422
        return redirect(self.get_url(".index_view"))

    def _chosen_hours(self) -> OpeningHours | None:
        text = request.values.get("hours", "")
        key = as_key(text)
        return next((row for row in calendars.rows() if row.id == key), None) or abort(404) if text else None

    def _tick(self, region: str, hours: OpeningHours | None, days: set[date]) -> None:
        added, removed = public_holidays.tick(region, hours, days, actor=self.agent)
        if added:
            flash(ngettext("%(num)d closed day was added.", "%(num)d closed days were added.", added), "success")
        if removed:
            flash(
                ngettext("%(num)d closed day was taken away.", "%(num)d closed days were taken away.", removed),
                "success",
            )
        if not added and not removed:
            flash(_("Nothing was changed."), "info")

    def _holidays(self, region: str, hours: OpeningHours | None, proposal: list[Any], problem: str = "") -> str:
        return self.render(
            "admin/public_holidays.html",
            regions=regions.choices(),
            region=region or regions.nearest(settings.get("timezone")),
            owners=[(row.id, service_of(row)) for row in calendars.rows()],
            hours=hours,
            proposal=[(row, i18n.long_day(row.day)) for row in proposal],
            is_proposed=bool(region),
            problem=problem,
            return_url=self.get_url(".index_view"),
        )
