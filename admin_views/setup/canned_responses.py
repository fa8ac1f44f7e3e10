"""The screen of what one answers: canned responses."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField, StringField

from admin_views.base import DeskView
from admin_views.base.fields import RichLabelField
from admin_views.base.lists import ChoiceFilter
from admin_views.base.ordering import Ordered, by_service
from helpdesk.errors import NotAllowed
from helpdesk.i18n import _, lazy
from helpdesk.macros import using, writing
from helpdesk.macros.acts import KINDS
from helpdesk.settings import lookups, placeholders
from helpdesk.tickets import canned_responses
from models import CannedResponse
from web.rendering import rich

#: The acts of which one is chosen from a list, with what leaves things as they are.
CHOSEN = {
    "status": lazy("As always after a reply"),
    "priority": lazy("As it is"),
    "assign": lazy("As it is"),
    "snooze": lazy("Not snoozed"),
}


def act_field(key: str, unchanged: Any, help_text: Any) -> SelectField:
    """Return the field of one act of a macro."""

    def choices() -> list[tuple[str, str]]:
        return [("", str(unchanged)), *writing.choices(key)]

    return SelectField(KINDS[key].name, choices=choices, default="", description=help_text)


class CannedResponsesView(Ordered, DeskView):
    """Stored replies, some with acts: read by whom they are for, changed by their author and managers (RULES 27)."""

    verb = "desk"
    table, slug, title = CannedResponse, "canned-responses", lazy("Canned responses")
    lede = lazy("Replies written beforehand, offered in the tickets of their service.")
    form_lede = lazy("One that also does something to the ticket is a macro: what it does is shown before it is done.")
    create_label = lazy("Add a canned response")
    can_delete = True
    save_rule = staticmethod(writing.save_macro)
    delete_rule = staticmethod(canned_responses.delete_canned_response)
    can_view_details = True
    has_row_acts = True
    list_template = "admin/canned_list.html"
    column_list = ("name", "service", "audience", "does", "uses", "author")
    column_details_list = ("service", "audience", "shortcut", "body", "does", "uses", "author")
    column_export_list = ()
    form_columns = ("service", "name", "body", "shortcut", "for_whom", *KINDS)
    repeated = ("service",)
    form_sections = (
        (lazy("Text"), ["service", "name", "body", "shortcut", "for_whom"]),
        (lazy("What it does to the ticket"), [*CHOSEN, *writing.SEVERAL]),
    )
    create_template = edit_template = "admin/rich_form.html"
    form_extra_fields = {
        "for_whom": SelectField(
            lazy("For whom"),
            default="",
            description=lazy("Who is offered it. Others see neither its name nor its text."),
        ),
        "status": act_field("status", CHOSEN["status"], lazy("Set in the same act as the reply.")),
        "priority": act_field("priority", CHOSEN["priority"], ""),
        "assign": act_field("assign", CHOSEN["assign"], ""),
        "tag": StringField(KINDS["tag"].name, description=lazy("Between commas. Example: refund, parcel.")),
        "untag": StringField(KINDS["untag"].name, description=lazy("Between commas. Example: urgent.")),
        "snooze": act_field(
            "snooze", CHOSEN["snooze"], lazy("Counted from when it is used, in the agent’s time zone.")
        ),
    }
    form_overrides = {"body": RichLabelField}
    form_args = {
        "service": {"empty": lazy("Every service")},
        "body": {"render_kw": {"data-editor": True, "data-takes-variables": True}},
    }
    column_labels = {
        "service": lazy("Service"),
        "name": lazy("Name"),
        "body": lazy("Message"),
        "author": lazy("Author"),
        "audience": lazy("For whom"),
        "shortcut": lazy("Shortcut"),
        "does": lazy("What it does to the ticket"),
        "uses": lazy("Used"),
    }
    column_descriptions = {
        "service": lazy("Offered in the tickets of this service."),
        "name": lazy("What the team chooses it by. Example: Refund on its way."),
        "body": lazy(
            "What the customer reads, in the language of the ticket; a variable is filled in from the ticket. Where a "
            "language is missing, another one is inserted, and marked. A macro needs no text."
        ),
        "shortcut": lazy("Typed after / in an empty reply, or in the list of canned responses. Example: refund."),
    }
    column_searchable_list = ("name", "shortcut")
    column_sortable_list = ("name", "uses")
    column_numbers = ("uses",)
    column_filters = (
        ChoiceFilter(CannedResponse.service, lazy("Service"), lambda: [(row.id, row) for row in lookups.services()]),
    )
    column_default_sort = [("position", False), ("name", False)]
    column_formatters = {
        "service": lambda _view, _context, row, _name: lookups.service(row.service_id) or _("General"),
        "author": lambda _view, _context, row, _name: lookups.agent(row.author_id) or "",
        "audience": lambda _view, _context, row, _name: canned_responses.audience_name(row),
        "does": lambda view, _context, row, _name: using.sentence(row, actor=view.agent),
    }
    column_formatters_detail = {**column_formatters, "body": lambda _view, _context, row, _name: rich(str(row.body))}

    def scoped(self, _query: Any) -> Any:
        """Show the general responses, those of the services one covers, and one's own."""
        return canned_responses.readable_by(self.agent)

    def ordered(self, query: Any, column: Any, descending: Any) -> Any:
        """Keep the responses of a service together, in the order in which they are offered."""
        return by_service(query, CannedResponse) if column is None else super().ordered(query, column, descending)

    def may_edit(self, row: Any) -> bool:
        """Whether who asks may change this response; the others read it."""
        try:
            canned_responses.require_edit(row, self.agent)
        except NotAllowed:
            return False
        return True

    def may_move(self, _row: Any = None) -> bool:
        """The order is everybody's: its author alone does not change it."""
        return canned_responses.manages(self.agent)

    def complete(self, rows: list[Any]) -> None:
        """Mark those that name something gone."""
        for row in rows:
            row.is_broken = writing.has_gone_targets(row)

    def form_data(self, row: Any) -> dict[str, Any]:
        """Show the acts, and whom the response is for."""
        return {**writing.form_values(row), "for_whom": canned_responses.audience_key(row)}

    @staticmethod
    def variables() -> list[tuple[str, Any]]:
        """Return what a response may hold, and what it stands for."""
        return [(name, placeholders.PLACEHOLDERS[name]) for name in placeholders.allowed("")]

    def save(self, row: Any, values: dict[str, Any]) -> Any:
        """Store the response; a new one is its author's."""
        return writing.save_macro(row if row.id else None, values, actor=self.agent)

    def edit_form(self, obj: Any = None) -> Any:
        """Refuse the form to whoever may not change this one."""
        canned_responses.require_edit(obj, self.agent)
        return self.narrow(super().edit_form(obj), obj)

    def create_form(self, obj: Any = None) -> Any:
        """Offer the services that who asks covers."""
        return self.narrow(super().create_form(obj), None)

    def narrow(self, form: Any, row: Any) -> Any:
        """Leave in a form the services that the agent covers, and the present one."""
        now = row.service_id if row is not None else None
        form.for_whom.choices = canned_responses.audiences(self.agent, row)
        for key, argument in writing.form_values(row).items() if row is not None else ():
            field = form[key]
            if key in CHOSEN and argument not in dict(field.choices):
                field.choices = [*field.choices, (argument, _("What it named is gone or disabled"))]
        form.service.choices = [
            (key, label)
            for key, label in form.service.choices
            if key in ("", now) or canned_responses.reads_service(self.agent, key)
        ]
        return form
