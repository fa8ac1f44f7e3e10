"""The screen of what one answers: canned responses."""

from __future__ import annotations

from typing import Any

from admin_views.base import DeskView
from admin_views.base.fields import RichLabelField
from admin_views.base.lists import ChoiceFilter
from admin_views.base.ordering import Ordered, by_service
from helpdesk import access
from helpdesk.errors import NotAllowed
from helpdesk.i18n import _, lazy
from helpdesk.settings import lookups, placeholders
from helpdesk.tickets import canned_responses
from models import CannedResponse
from web import sessions
from web.rendering import rich


class CannedResponsesView(Ordered, DeskView):
    """Stored replies: read by every agent, changed by their author, a manager, an administrator (RULES 27)."""

    verb = "desk"
    table, slug, title = CannedResponse, "canned-responses", lazy("Canned responses")
    lede = lazy("Replies written beforehand, offered in the tickets of their service.")
    create_label = lazy("Add a canned response")
    can_delete = True
    save_rule = staticmethod(canned_responses.save_canned_response)
    delete_rule = staticmethod(canned_responses.delete_canned_response)
    can_view_details = True
    column_list = ("name", "service", "author")
    column_details_list = ("service", "body", "author")
    column_export_list = ()
    form_columns, repeated = ("service", "name", "body"), ("service",)
    create_template = edit_template = "admin/rich_form.html"
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
    }
    column_descriptions = {
        "service": lazy("Offered in the tickets of this service."),
        "name": lazy("What the team chooses it by. Example: Refund on its way."),
        "body": lazy(
            "What the customer reads, in the language of the ticket; a variable is filled in from the ticket. Where a "
            "language is missing, another one is inserted, and marked."
        ),
    }
    column_searchable_list = ("name",)
    column_sortable_list = ("name",)
    column_filters = (
        ChoiceFilter(CannedResponse.service, lazy("Service"), lambda: [(row.id, row) for row in lookups.services()]),
    )
    column_default_sort = [("position", False), ("name", False)]
    column_formatters = {
        "service": lambda _view, _context, row, _name: lookups.service(row.service_id) or _("General"),
        "author": lambda _view, _context, row, _name: lookups.agent(row.author_id) or "",
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
        return self.may_edit(None)

    @property
    def can_create(self) -> bool:
        """Only managers and those who configure write one here; others save one from a reply."""
        agent = sessions.current_agent()
        return agent is not None and (lookups.is_manager(agent.id) or access.can(agent, "configure"))

    @staticmethod
    def variables() -> list[tuple[str, Any]]:
        """Return what a response may hold, and what it stands for."""
        return [(name, placeholders.PLACEHOLDERS[name]) for name in placeholders.allowed("")]

    def save(self, row: Any, values: dict[str, Any]) -> Any:
        """Store the response; a new one is its author's."""
        return canned_responses.save_canned_response(row if row.id else None, values, actor=self.agent)

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
        form.service.choices = [
            (key, label)
            for key, label in form.service.choices
            if key in ("", now) or canned_responses.reads_service(self.agent, key)
        ]
        return form
