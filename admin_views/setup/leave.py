"""The screen of the leave of all agents."""

from __future__ import annotations

from typing import Any

from admin_views.base import DeskView
from admin_views.base.fields import DayField
from helpdesk import availability, i18n
from helpdesk.availability import saving
from helpdesk.i18n import _, lazy
from helpdesk.settings import lookups
from models import Leave


class LeaveView(DeskView):
    """Who is away, and who stands in for them."""

    verb = "administer"
    table, slug, title = Leave, "leave", lazy("Leave")
    lede = lazy(
        "While somebody is on leave, no ticket is handed to them in turn, and what customers answer in their tickets "
        "is mailed to their substitute, too. Everybody plans their own in their profile."
    )
    create_label = lazy("Add leave")
    empty_text = lazy("Nobody has planned any.")
    can_delete = True
    save_rule, delete_rule = staticmethod(availability.save_leave), staticmethod(availability.delete_leave)
    column_list = ("agent", "first_day", "substitute", "concerns")
    column_details_list = column_export_list = ()
    form_columns = ("agent", "first_day", "last_day", "substitute")
    repeated = ("agent", "substitute")
    form_overrides = {"first_day": DayField, "last_day": DayField}
    form_args = {"first_day": {"label": lazy("First day")}, "substitute": {"empty": lazy("Nobody")}}
    column_labels = {
        "agent": lazy("Agent"),
        "first_day": lazy("Days"),
        "last_day": lazy("Last day"),
        "substitute": lazy("Substitute"),
        "concerns": lazy("To look at"),
    }
    column_descriptions = {
        "last_day": lazy("This day is part of it. Days begin and end in the time zone of the agent."),
        "substitute": lazy("Is mailed what customers answer in their tickets, as far as they see these."),
    }
    column_sortable_list = ("first_day", "last_day")
    column_default_sort = ("last_day", True)
    column_formatters = {
        "agent": lambda _view, _context, row, _name: str(lookups.agent(row.agent_id)),
        "first_day": lambda _view, _context, row, _name: i18n.days_in_words(row.first_day, row.last_day),
        "substitute": lambda _view, _context, row, _name: str(lookups.agent(row.substitute_id) or _("Nobody")),
        "concerns": lambda _view, _context, row, _name: " ".join(saving.concerns(row)),
    }

    def named(self, row: Any) -> str:
        """Return how leave is called: whose, and when."""
        return f"{lookups.agent(row.agent_id)}, {i18n.days_in_words(row.first_day, row.last_day)}"
