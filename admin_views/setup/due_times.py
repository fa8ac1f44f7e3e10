"""The screen of due times: until when a reply and the end are owed, by place and priority."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base.fields import LengthField
from admin_views.base.ordering import Ordered
from admin_views.setup.due_preview import MovesDueTimes
from helpdesk import clock, i18n
from helpdesk.due_times import keeping, preview, rules, trial
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lib import lengths, moments, zones
from helpdesk.opening_hours import words
from helpdesk.settings import lookups
from models import Department, DueTime, Service, Ticket


def written(_view: Any, _context: Any, row: Any, name: str) -> str:
    """Write the length of a target; nothing where there is none."""
    minutes = getattr(row, name)
    return lengths.write(minutes) if minutes is not None else "—"


#: Spans of open time that are named one by one.
MOST_SPANS = 10


def place_key(service: Service, department: Department | None) -> str:
    """Return a place as a form says it."""
    return f"{service.id}/{department.id if department is not None else ''}"


def place_name(service: Service, department: Department | None) -> str:
    """Return how a place is called."""
    return f"{service}, {department.name}" if department is not None else str(service)


def told_of(found: trial.Trial) -> dict[str, Any]:
    """Return a trial in words: what is due when, and which hours count until the first of it."""
    zone = found.calendar.zone.key

    def at(moment: datetime, pattern: str = "EEEE d MMMM y HH:mm") -> str:
        return i18n.when(moment, pattern, timezone=zone)

    spans = [
        _("%(start)s to %(end)s (%(length)s)", start=at(opens), end=at(closes), length=_length(closes - opens))
        for opens, closes in found.spans[:MOST_SPANS]
    ]
    return {
        "arrival": at(found.arrival),
        # A reply to a later message is no due time of the ticket that arrives.
        "due": next((at(row.due) for row in found.targets if row.due and row.name != "next_reply"), ""),
        "targets": [
            (rules.TARGETS[row.name], at(row.due) if row.due is not None else _("never"), lengths.write(row.minutes))
            for row in sorted(found.targets, key=lambda row: list(rules.TARGETS).index(row.name))
        ],
        "spans": spans,
        "more": len(found.spans) - len(spans),
        "rule": rules.name_of(found.rule) if found.rule is not None else "",
        "hours": words.week(found.calendar),
        "zone": zones.place(zone),
    }


def _length(time: timedelta) -> str:
    return lengths.write(round(time / timedelta(minutes=1)))


class DueTimesView(Ordered, MovesDueTimes):
    """How long a reply and the end may take."""

    table, slug, title = DueTime, "due-times", lazy("Due times")
    lede = lazy(
        "How long a customer waits at most, in opening hours. The first row that fits a ticket’s place and priority "
        "holds for it. Open tickets follow a change within a minute or two."
    )
    create_label = lazy("Add a due time")
    empty_text = lazy("Without any, no ticket is ever overdue.")
    can_delete = True
    list_template = "admin/due_times.html"
    save_rule, delete_rule = staticmethod(rules.save), staticmethod(rules.delete)
    fill_rule = staticmethod(rules.fill)
    column_list = ("place", *rules.TARGETS)
    column_details_list = column_export_list = ()
    form_columns = ("service", "department", "priority", *rules.TARGETS)
    form_overrides = dict.fromkeys(rules.TARGETS, LengthField)
    form_args = {
        "service": {"empty": lazy("All services")},
        "department": {"empty": lazy("All departments")},
        "priority": {"empty": lazy("All priorities")},
    }
    column_labels = {
        "place": lazy("Tickets"),
        "service": lazy("Service"),
        "department": lazy("Department"),
        "priority": lazy("Priority"),
        **rules.TARGETS,
    }
    column_descriptions = {
        "first_reply": lazy("From the arrival to the first reply of a person. Example: 4 h."),
        "next_reply": lazy("From the oldest message nobody has answered. Example: 8 h."),
        "resolution": lazy("From the arrival until it is closed, without the time it is pending. Example: 40 h."),
    }
    column_default_sort = "position"
    column_formatters = {
        "place": lambda _view, _context, row, _name: rules.name_of(row),
        **dict.fromkeys(rules.TARGETS, written),
    }
    form_sections = (
        (lazy("Tickets"), ["service", "department", "priority"]),
        (lazy("At most"), list(rules.TARGETS)),
    )

    def preview_of(self, row: Any, *, is_deleted: bool = False) -> preview.Preview:
        """Return what the rules would do to open tickets with this one, or without it."""
        change = preview.without_row if is_deleted else preview.with_row
        return preview.of(due_times=change(rules.rules(), row))

    @expose("/test/")
    def test_view(self) -> ResponseReturnValue:
        """Say when a ticket would be due that arrives at a moment, by which rule and which hours."""
        places, priorities = lookups.places(enabled_only=True), lookups.priorities(enabled_only=True)
        default = lookups.default_priority().id
        place, priority = request.args.get("place", ""), request.args.get("priority", str(default))
        day, time = request.args.get("day", "").strip(), request.args.get("time", "").strip()
        chosen = next((row for row in places if place_key(*row) == place), places[0] if places else None)
        weight = next((row for row in priorities if str(row.id) == priority), None) or lookups.default_priority()
        found, problem = None, None
        if chosen is not None:
            zone = keeping.calendar_of(Ticket(service=chosen[0])).zone
            try:
                if day or time:
                    found = trial.of(*chosen, weight, moments.of_fields(day, time, zone))
            except InvalidInput as error:
                problem = error
            today = clock.now().replace(tzinfo=UTC).astimezone(zone)
            if not day and not time:
                day, time = f"{today:%Y-%m-%d}", f"{today:%H:%M}"
        page = self.render(
            "admin/due_time_test.html",
            places=[(place_key(*row), place_name(*row)) for row in places],
            place=place_key(*chosen) if chosen is not None else "",
            place_name=place_name(*chosen) if chosen is not None else "",
            priorities=priorities,
            priority=weight,
            day=day,
            time=time,
            found=found,
            told=told_of(found) if found is not None else {},
            problem=problem,
            return_url=self.get_url(".index_view"),
        )
        return (page, 422) if problem is not None else page

    def complete(self, rows: list[Any]) -> None:
        """Hand each row what its name holds."""
        for row in rows:
            row.service, row.priority = lookups.service(row.service_id), lookups.priority(row.priority_id)
            row.department = lookups.department(row.department_id)

    def named(self, row: Any) -> str:
        """Return how a rule is called: by the tickets it is for."""
        return rules.name_of(row)
