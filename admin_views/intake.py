"""Screens of what happens to a new ticket and what one answers: filters and canned responses."""

from __future__ import annotations

from typing import Any

from flask_admin.model.form import InlineFormAdmin
from wtforms import HiddenField, RadioField, SelectField, StringField

import sessions
from admin_views.base import DeskView
from admin_views.fields import DeskForm, RichField
from admin_views.lists import ChoiceFilter
from admin_views.organisation import POSITION_HELP
from helpdesk import access, canned_responses, catalogue, filters, placeholders
from helpdesk.i18n import _, lazy
from models import CannedResponse, Filter, FilterAction, FilterCondition

#: Actions whose argument is chosen from rows; the others take a text, or nothing.
CHOSEN = ("agent", "team", "priority", "status", "place", "canned")
KINDS = {
    "agent": lazy("Agents"),
    "team": lazy("Teams"),
    "priority": lazy("Priorities"),
    "status": lazy("Statuses"),
    "place": lazy("Places"),
    "canned": lazy("Canned responses"),
}


MODES = {"all": lazy("All of the conditions"), "any": lazy("Any of the conditions")}


class ConditionForm(DeskForm):
    """An element of the ticket, a comparison, a value."""

    id = HiddenField()
    field = SelectField(lazy("If"), choices=lambda: [("", "—"), *filters.FIELDS.items()])
    operator = SelectField(
        lazy("Comparison"), choices=lambda: [(key, row.label) for key, row in filters.OPERATORS.items()]
    )
    value = StringField(
        lazy("Value"), render_kw={"maxlength": 500}, description=lazy("Capitals and accents make no difference.")
    )


class ActionForm(DeskForm):
    """What is done, and to whom or what: chosen from a list, or typed."""

    id = HiddenField()
    action = SelectField(
        lazy("Then"), choices=lambda: [("", "—"), *((key, row.label) for key, row in filters.ACTIONS.items())]
    )
    target = SelectField(
        lazy("To"), choices=lambda: targets(), description=lazy("What the action needs, if it needs something.")
    )
    argument = StringField(lazy("Tag"), render_kw={"maxlength": 200}, description=lazy("Only for “add the tag”."))

    def __init__(self, formdata: Any = None, obj: Any = None, prefix: str = "", **kwargs: Any) -> None:
        if isinstance(obj, FilterAction):
            kwargs["target"] = target_of(obj)
        super().__init__(formdata, obj, prefix, **kwargs)


def targets() -> dict[str, list[tuple[str, str]]]:
    """Return everything an action may name, grouped: ``agent:3``, ``place:1/2``."""
    groups = {
        str(KINDS[kind]): [(f"{kind}:{value}", label) for value, label in filters.choices(kind)] for kind in CHOSEN
    }
    return {"—": [("", _("Nothing"))], **{label: rows for label, rows in groups.items() if rows}}


def target_of(row: FilterAction) -> str:
    """Return the option that stands for the stored argument of an action."""
    kind = filters.ACTIONS[row.action].argument if row.action in filters.ACTIONS else ""
    return f"{kind}:{row.argument}" if kind in CHOSEN else ""


def argument_of(row: dict[str, Any]) -> str:
    """Return the argument to store: of the chosen target when it is of the kind that the action takes."""
    kind = filters.ACTIONS[row["action"]].argument
    chosen, _colon, value = row["target"].partition(":")
    if kind in CHOSEN:
        return value if chosen == kind else ""
    return str(row["argument"] or "")


class InlineCondition(InlineFormAdmin):
    """Conditions under their filter."""

    form_label, key = lazy("Condition"), "field"

    def get_form(self) -> Any:
        """Return the form of one condition."""
        return ConditionForm


class InlineAction(InlineFormAdmin):
    """Actions under their filter."""

    form_label, key = lazy("Action"), "action"

    def get_form(self) -> Any:
        """Return the form of one action."""
        return ActionForm


class FiltersView(DeskView):
    """What is done to new tickets at once (A21)."""

    table, slug, title = Filter, "filters", lazy("Filters")
    lede = lazy("What is done to a new ticket at once. They run by position; later ones override earlier ones.")
    create_label = lazy("Add a filter")
    can_delete = True
    broad_form = True
    column_list = ("name", "enabled", "position", "hits", "last_hit_at")
    column_details_list = column_export_list = ()
    form_columns = ("name", "enabled", "mode", "position")
    inline_models = (InlineCondition(FilterCondition), InlineAction(FilterAction))
    form_overrides = {"mode": RadioField}
    form_args = {"mode": {"choices": lambda: list(MODES.items())}}
    column_labels = {
        "name": lazy("Name"),
        "enabled": lazy("Enabled"),
        "mode": lazy("What must hold"),
        "position": lazy("Position"),
        "hits": lazy("Tickets"),
        "last_hit_at": lazy("Last used"),
    }
    column_descriptions = {
        "name": lazy("Shown in the history of the tickets it touched. Example: Certificates."),
        "mode": lazy("When the filter acts."),
        "position": POSITION_HELP,
    }
    column_searchable_list = ("name",)
    column_sortable_list = ("name", "enabled", "position", "hits", "last_hit_at")
    column_default_sort = "position"
    column_numbers = ("position", "hits")

    def save(self, row: Any, values: dict[str, Any]) -> Any:
        """Store the filter, its conditions and actions."""
        actions = [{**action, "argument": argument_of(action)} for action in values["actions"]]
        return filters.save_filter(row, {**values, "actions": actions}, actor=self.agent)

    def consequences(self, _row: Any) -> list[str]:
        """Say what deleting a filter does not do."""
        return [_("Tickets it has touched stay as they are.")]


class CannedResponsesView(DeskView):
    """Stored replies: read by every agent, changed by their author, a manager, an administrator (RULES 27)."""

    verb = "desk"
    table, slug, title = CannedResponse, "canned-responses", lazy("Canned responses")
    lede = lazy("Replies written beforehand, offered in the tickets of their service.")
    create_label = lazy("Add a canned response")
    can_delete = True
    save_rule = staticmethod(canned_responses.save_canned_response)
    column_list = ("name", "service", "author", "position")
    column_details_list = column_export_list = ()
    form_columns = ("service", "name", "body", "position")
    create_template = edit_template = "admin/rich_form.html"
    form_overrides = {"body": RichField}
    form_args = {"service": {"empty": lazy("General: every service")}}
    column_labels = {
        "service": lazy("Service"),
        "name": lazy("Name"),
        "body": lazy("Message"),
        "author": lazy("Author"),
        "position": lazy("Position"),
    }
    column_descriptions = {
        "service": lazy("Offered in the tickets of this service."),
        "name": lazy("What the team chooses it by. Example: Refund on its way."),
        "body": lazy("Variables: %(names)s.", names=", ".join(f"{{{{{name}}}}}" for name in placeholders.allowed(""))),
        "position": POSITION_HELP,
    }
    column_searchable_list = ("name",)
    column_sortable_list = ("name", "position")
    column_filters = (
        ChoiceFilter(CannedResponse.service, lazy("Service"), lambda: [(row.id, row) for row in catalogue.services()]),
    )
    column_default_sort = [("position", False), ("name", False)]
    column_numbers = ("position",)
    column_formatters = {
        "service": lambda _view, _context, row, _name: catalogue.service(row.service_id) or _("General"),
        "author": lambda _view, _context, row, _name: catalogue.agent(row.author_id) or "",
    }

    @property
    def can_create(self) -> bool:
        """Only managers and those who configure write one here; others save one from a reply."""
        agent = sessions.current_agent()
        return agent is not None and (catalogue.is_manager(agent.id) or access.can(agent, "configure"))

    def save(self, row: Any, values: dict[str, Any]) -> Any:
        """Store the response; a new one is its author's."""
        return canned_responses.save_canned_response(row if row.id else None, values, actor=self.agent)

    def remove(self, row: Any) -> None:
        """Delete the response. Raises NotAllowed."""
        canned_responses.require_edit(row, self.agent)
        row.delete_instance()

    def edit_form(self, obj: Any = None) -> Any:
        """Refuse the form to whoever may not change this one."""
        canned_responses.require_edit(obj, self.agent)
        return super().edit_form(obj)
