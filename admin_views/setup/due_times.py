"""The screen of due times: until when a reply and the end are owed, by place and priority."""

from __future__ import annotations

from typing import Any

from admin_views.base import DeskView
from admin_views.base.fields import LengthField
from admin_views.base.ordering import Ordered
from helpdesk.due_times import rules
from helpdesk.i18n import lazy
from helpdesk.lib import lengths
from helpdesk.settings import lookups
from models import DueTime


def written(_view: Any, _context: Any, row: Any, name: str) -> str:
    """Write the length of a target; nothing where there is none."""
    minutes = getattr(row, name)
    return lengths.write(minutes) if minutes is not None else "—"


class DueTimesView(Ordered, DeskView):
    """How long a reply and the end may take."""

    table, slug, title = DueTime, "due-times", lazy("Due times")
    lede = lazy(
        "How long a customer waits at most, in opening hours. The first row that fits a ticket’s place and priority "
        "holds for it. Open tickets follow a change within a minute or two."
    )
    create_label = lazy("Add a due time")
    empty_text = lazy("Without any, no ticket is ever overdue.")
    can_delete = True
    save_rule, delete_rule = staticmethod(rules.save), staticmethod(rules.delete)
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

    def complete(self, rows: list[Any]) -> None:
        """Hand each row what its name holds."""
        for row in rows:
            row.service, row.priority = lookups.service(row.service_id), lookups.priority(row.priority_id)
            row.department = lookups.department(row.department_id)

    def named(self, row: Any) -> str:
        """Return how a rule is called: by the tickets it is for."""
        return rules.name_of(row)
