"""Screens of what a ticket can be: statuses, priorities, tags."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from peewee import fn
from wtforms import RadioField
from wtfpeewee.orm import ValueRequired

from admin_views.base import DeskView, fields
from admin_views.base.ordering import Ordered
from helpdesk.i18n import _, lazy
from helpdesk.setup import workflow
from models import CLOSED, OPEN, PENDING, Priority, Status, Tag, TicketTag

CATEGORIES = {OPEN: lazy("Open"), PENDING: lazy("Pending"), CLOSED: lazy("Closed")}
CATEGORY_HELP = {
    OPEN: lazy("The team is expected to act."),
    PENDING: lazy("Among the open tickets, but nobody is expected."),
    CLOSED: lazy("Not among the open tickets. A message of the customer reopens it."),
}
LABELS = {
    "identifier": lazy("Identifier"),
    "label": lazy("Label"),
    "text_color": lazy("Text colour"),
    "background_color": lazy("Background colour"),
    "category": lazy("Category"),
    "weight": lazy("Weight"),
    "enabled": lazy("Enabled"),
}
HELP = {
    "identifier": lazy("The lasting name, for filters and exports; it stays when the label changes. Example: on hold."),
    "label": lazy("What the team and the customers read, in their language."),
    "text_color": fields.COLOUR_HELP,
    "background_color": fields.COLOUR_HELP,
    "category": lazy("How the desk treats the tickets that have it."),
    "weight": lazy("The heaviest stands first in the lists. Example: 100."),
    "enabled": lazy("Offered in the list of tickets and in the ticket."),
}
COLOURS = {"text_color": fields.ColourField, "background_color": fields.ColourField}


def categories() -> list[Any]:
    """Return the categories as a form offers them: each with what it means."""
    return [(key, text, {"data-help": CATEGORY_HELP[key]}) for key, text in CATEGORIES.items()]


def badge(mark: str) -> Any:
    """Return a formatter that shows the label in its owner's colours (RULES 33)."""

    shape = "label" if mark == "status" else "prio"

    def label(_view: Any, _context: Any, row: Any, _name: str) -> Markup:
        return Markup('<span class="{} {}-{}"><span>{}</span></span>').format(shape, mark, row.id, str(row.label))

    return label


def suggestions(view: Any, row: Any) -> list[tuple[str, str]]:
    """Lead to the setting that has chosen a status or priority, or to its form and its tickets."""
    chosen_by = workflow.settings_using(row)
    if chosen_by:
        return [(_("Open Configuration"), f"{view.get_url('desk_configuration.index_view')}#{chosen_by[0]}")]
    kind = "status" if isinstance(row, Status) else "priority"
    tickets = view.get_url("desk_tickets.index_view", view="all", **{kind: row.id})
    return [(_("Disable it"), f"{view.get_url('.edit_view', id=row.id)}#enabled"), (_("See the tickets"), tickets)]


def without_identifier(form: Any) -> Any:
    """Return the form of a new row, which need not name its identifier: that is made from the label."""
    field = form.identifier
    field.validators = [check for check in field.validators if not isinstance(check, ValueRequired)]
    field.flags.required = False
    field.description = _(
        "Empty: made from the label. It is for filters and exports, and stays when the label changes."
    )
    return form


class StatusesView(Ordered, DeskView):
    """The steps in the life of a ticket."""

    table, slug, title = Status, "statuses", lazy("Statuses")
    lede = lazy("The step a ticket is at. The category tells the desk how to treat it; label and colours are yours.")
    create_label = lazy("Create a status")
    can_delete = True
    save_rule, delete_rule = staticmethod(workflow.save_status), staticmethod(workflow.delete_status)
    keep_rule = staticmethod(workflow.refuse_in_use)
    column_list = ("label", "identifier", "category", "enabled")
    column_details_list = column_export_list = ()
    form_columns = ("identifier", "label", "text_color", "background_color", "category", "enabled")
    repeated = ("category",)
    column_labels, column_descriptions = LABELS, HELP
    form_overrides = {**COLOURS, "category": RadioField}
    form_args = {"category": {"choices": categories}}
    column_searchable_list = ("label", "identifier")
    column_sortable_list = ("label", "identifier", "category", "enabled")
    column_choices = {"category": list(CATEGORIES.items())}
    column_default_sort = "position"
    column_formatters = {"label": badge("status")}
    form_sections = (
        (lazy("Name"), ["label", "identifier"]),
        (lazy("Colours"), ["background_color", "text_color"]),
        (lazy("Category"), ["category"]),
        (lazy("Use"), ["enabled"]),
    )

    def create_form(self, obj: Any = None) -> Any:
        """Ask for no identifier."""
        return without_identifier(super().create_form(obj))

    def suggestions(self, row: Any) -> list[tuple[str, str]]:
        """Lead to what has chosen it, or to its form and its tickets."""
        return suggestions(self, row)


class PrioritiesView(DeskView):
    """How urgent tickets are."""

    table, slug, title = Priority, "priorities", lazy("Priorities")
    lede = lazy("How much a ticket weighs: the heaviest stands first in the lists.")
    create_label = lazy("Create a priority")
    can_delete = True
    save_rule, delete_rule = staticmethod(workflow.save_priority), staticmethod(workflow.delete_priority)
    keep_rule = staticmethod(workflow.refuse_in_use)
    column_list = ("label", "identifier", "weight", "enabled")
    column_details_list = column_export_list = ()
    form_columns = ("identifier", "label", "text_color", "background_color", "weight", "enabled")
    column_labels, column_descriptions = LABELS, HELP
    form_overrides = COLOURS
    column_searchable_list = ("label", "identifier")
    column_sortable_list = ("label", "identifier", "weight", "enabled")
    column_default_sort = ("weight", True)
    column_formatters = {"label": badge("priority")}
    column_numbers = ("weight",)
    form_sections = (
        (lazy("Name"), ["label", "identifier"]),
        (lazy("Colours"), ["background_color", "text_color"]),
        (lazy("Use"), ["weight", "enabled"]),
    )

    def create_form(self, obj: Any = None) -> Any:
        """Ask for no identifier."""
        return without_identifier(super().create_form(obj))

    def suggestions(self, row: Any) -> list[tuple[str, str]]:
        """Lead to what has chosen it, or to its form and its tickets."""
        return suggestions(self, row)


class TagsView(DeskView):
    """Words put on tickets."""

    table, slug, title = Tag, "tags", lazy("Tags")
    lede = lazy("Words put on tickets. Capitals and accents make no difference: Stage and stâge are one tag.")
    create_label = lazy("Create a tag")
    can_delete = True
    save_rule, delete_rule = staticmethod(workflow.save_tag), staticmethod(workflow.delete_tag)
    column_list = ("name", "tickets")
    column_details_list = column_export_list = ()
    form_columns = ("name", "label", "keeps")
    column_labels = {
        "name": lazy("Name"),
        "label": lazy("In each language"),
        "keeps": lazy("Keeps its tickets"),
        "tickets": lazy("Tickets"),
    }
    column_descriptions = {
        "name": lazy("Up to 40 characters, without a comma. Example: invoice."),
        "label": lazy(
            "Where its name is not the same in both. Each reads it in their language, and either name finds it."
        ),
        "keeps": lazy(
            "Nobody is erased who has a ticket with this tag: for a lawsuit, or what the law makes you keep."
        ),
    }
    column_searchable_list = ("name", "label")
    column_sortable_list = ("name",)
    column_default_sort = "name"
    column_numbers = ("tickets",)
    column_formatters = {
        "name": lambda _view, _context, row, _name: str(row),
        "tickets": lambda _view, _context, row, _name: row.count,
    }

    def complete(self, rows: list[Any]) -> None:
        """Count the tickets of each tag."""
        query = TicketTag.select(TicketTag.tag, fn.COUNT(TicketTag.id)).where(TicketTag.tag.in_(rows))
        counts = dict(query.group_by(TicketTag.tag).tuples()) if rows else {}
        for row in rows:
            row.count = counts.get(row.id, 0)

    def consequences(self, row: Any) -> list[str]:
        """Say that tickets lose it."""
        return [_("It is taken off the tickets that wear it.")] if row.ticket_tags.exists() else []
