"""The screen of filters: their sentences in a list, and an editor that reads as one (A21)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskView
from admin_views.base.ordering import Ordered
from admin_views.setup.filter_draft import BOXES, CHOICES, Draft, draft_from, draft_of
from helpdesk import access, filters
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.settings import lookups
from models import Filter

#: What an action may name, and how its control is called.
ARGUMENTS = {
    "agent": lazy("Agent"),
    "team": lazy("Team"),
    "priority": lazy("Priority"),
    "status": lazy("Status"),
    "place": lazy("Service or department"),
    "canned": lazy("Canned response"),
    "text": lazy("Tag"),
}


class FiltersView(Ordered, DeskView):
    """What is done to new tickets at once (A21)."""

    table, slug, title = Filter, "filters", lazy("Filters")
    lede = lazy(
        "What is done to a new ticket at once. They run from top to bottom; later ones override earlier ones. Each "
        "acts on the tickets that its author may see."
    )
    create_label = lazy("Add a filter")
    can_delete = True
    delete_rule = staticmethod(filters.delete_filter)
    has_row_acts = True
    list_template = "admin/filter_list.html"
    column_list = ("name", "sentence", "owner", "hits", "last_hit_at")
    column_details_list = column_export_list = ()
    form_columns = ("name", "enabled")
    column_labels = {
        "name": lazy("Name"),
        "sentence": lazy("What it does"),
        "owner": lazy("Author"),
        "hits": lazy("Tickets"),
        "last_hit_at": lazy("Last used"),
    }
    column_searchable_list = ("name",)
    column_sortable_list = ("name", "hits", "last_hit_at")
    column_default_sort = "position"
    column_numbers = ("hits",)
    column_formatters = {
        "sentence": lambda _view, _context, row, _name: row.sentence,
        "owner": lambda _view, _context, row, _name: row.owner,
    }

    def complete(self, rows: list[Any]) -> None:
        """Write each filter as a sentence, and flag those that name something gone, or whose author is."""
        filters.with_parts(rows)
        broken = filters.broken(rows)
        for row in rows:
            row.sentence, row.is_broken = filters.sentence(row), row.id in broken
            row.rests, row.owner = filters.rests(row), lookups.agent(row.author_id) or "—"

    def consequences(self, _row: Any) -> list[str]:
        """Say what deleting a filter does not do."""
        return [_("Tickets it has touched stay as they are.")]

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Write a new filter."""
        return self.editor(None)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Change a filter."""
        return self.editor(self.get_one(request.args.get("id")))

    @expose("/switch/", methods=("POST",))
    def switch_view(self) -> ResponseReturnValue:
        """Let a filter run, or rest."""
        rule = self.get_one(request.form.get("id"))
        filters.switch(rule, not rule.enabled, actor=self.agent)
        message = _("“%(name)s” is on.", name=rule.name) if rule.enabled else _("“%(name)s” is off.", name=rule.name)
        flash(message, "success")
        return redirect(f"{self.way_back()}#switch-{rule.id}")

    def editor(self, rule: Filter | None) -> Any:
        """Show the editor, do what its buttons ask, store the filter."""
        if request.method == "GET":
            return self.page(rule, Draft() if rule is None else draft_of(rule))
        draft = draft_from(request.form)
        if "do" in request.form:
            draft.do(request.form["do"])
            return self.page(rule, draft)
        if "test" in request.form:
            return self.test(rule, draft)
        problems = filters.problems(draft.values(), actor=self.agent)
        if not problems:
            filters.save_filter(rule, draft.values(), actor=self.agent)
            flash(_("The filter was saved."), "success")
            return redirect(self.way_back())
        return self.page(rule, draft, problems)

    def test(self, rule: Filter | None, draft: Draft) -> Any:
        """Show which of the newest tickets would match what the form holds."""
        problems = {key: str(text) for key, text in filters.condition_problems(draft.conditions).items()}
        matches = None
        if not problems:
            conditions = filters.conditions_from(draft.conditions)
            matches = filters.try_out(conditions, draft.mode, actor=self.agent)
        return self.page(rule, draft, problems, matches)

    def page(self, rule: Filter | None, draft: Draft, problems: Any = None, matches: Any = None) -> str:
        """Render the editor."""
        gone = {number for number, row in enumerate(draft.actions) if not problems and is_gone(row)}
        return self.render(
            "admin/filter_edit.html", rule=rule, draft=draft, problems=problems or {}, matches=matches, gone=gone,
            elements=filters.FIELDS, operators=filters.OPERATORS, tried=filters.TRIED,
            actions=CHOICES, boxes=BOXES,
            arguments={kind: (label, filters.choices(kind, actor=self.agent)) for kind, label in ARGUMENTS.items()},
            is_limited=not access.sees_all(self.agent), return_url=self.way_back(),
        )  # fmt: skip


def is_gone(row: dict[str, str]) -> bool:
    """Whether an action names something that is not there any more."""
    try:
        filters.target(filters.ACTIONS[row["action"]].argument, row["argument"])
    except HelpdeskError:
        return bool(row["argument"])
    return False
