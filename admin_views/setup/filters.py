"""The screens of filters and rules: their sentences in a list, and one editor that reads as one (A21, D4, D5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskView
from admin_views.base.ordering import Ordered
from admin_views.setup.filter_draft import BOXES, Draft, choices_of, draft_from, draft_of
from helpdesk import access, filters
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.settings import lookups
from models import ARRIVES, Filter

#: What an action may name, and how its control is called.
ARGUMENTS: dict[str, Any] = {
    "agent": lazy("Agent"),
    "team": lazy("Team"),
    "pool": lazy("Among whom"),
    "priority": lazy("Priority"),
    "status": lazy("Status"),
    "place": lazy("Service or department"),
    "canned": lazy("Canned response"),
    "text": lazy("Tag"),
    "hours": lazy("Hours"),
    "email": lazy("E-mail address"),
}
#: Among what the value of a condition may be chosen, and how the control is called.
VALUES: dict[str, Any] = {
    "status": lazy("Status"),
    "priority": lazy("Priority"),
    "assignee": lazy("Agent"),
    "assigned_team": lazy("Team"),
    "language": lazy("Language"),
}


class FiltersView(Ordered, DeskView):
    """What is done to new tickets at once (A21)."""

    table, slug, title = Filter, "filters", lazy("Filters")
    lede = lazy(
        "What is done to a new ticket at once. They run from top to bottom; later ones override earlier ones. Each "
        "acts on the tickets that its author may see."
    )
    create_label = lazy("Add a filter")
    saved_text: Any = lazy("The filter was saved.")
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

    #: How the rules of this screen begin.
    beginnings: ClassVar[tuple[str, ...]] = (ARRIVES,)

    def scoped(self, query: Any) -> Any:
        """Keep to the rules that begin as this screen says."""
        return query.where(Filter.beginning.in_(self.beginnings))

    def complete(self, rows: list[Any]) -> None:
        """Write each filter as a sentence, and flag those that name something gone, or whose author is."""
        filters.with_parts(rows)
        broken = filters.broken(rows)
        for row in rows:
            row.sentence, row.is_broken = filters.sentence(row), row.id in broken
            row.rests, row.owner = filters.rests(row), lookups.agent(row.author_id) or "—"
            conflict = filters.conflict_of(row) if row.enabled else None
            if conflict is not None:
                also = _("Further down, “%(name)s” changes this too: %(element)s.", **vars(conflict))
                row.sentence = f"{row.sentence} {also}"

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

    def new_draft(self) -> Draft:
        """Return what the editor begins with."""
        return Draft()

    def own_draft(self, draft: Draft) -> Draft:
        """Return what a form holds, as this screen's rules begin."""
        return replace(draft, trigger=None)

    def editor(self, rule: Filter | None) -> Any:
        """Show the editor, do what its buttons ask, store the filter."""
        if request.method == "GET":
            return self.page(rule, self.new_draft() if rule is None else draft_of(rule))
        draft = self.own_draft(draft_from(request.form))
        if "do" in request.form:
            draft.do(request.form["do"])
            return self.page(rule, draft)
        if "test" in request.form:
            return self.test(rule, draft)
        problems = filters.problems(draft.values(), actor=self.agent)
        if not problems:
            filters.save_filter(rule, draft.values(), actor=self.agent)
            flash(str(self.saved_text), "success")
            return redirect(self.way_back())
        return self.page(rule, draft, problems)

    def test(self, rule: Filter | None, draft: Draft) -> Any:
        """Show which of the newest tickets would match what the form holds."""
        problems = filters.problems_of_trial(draft.values())
        return self.page(rule, draft, problems, None if problems else self.turns(draft))

    def turns(self, draft: Draft) -> Any:
        """Return the tickets that what the form holds would have acted on, and who would get them in turn."""
        return filters.with_turns(self.trial(draft), draft.actions)

    def trial(self, draft: Draft) -> Any:
        """Return the tickets that what the form holds would have acted on."""
        conditions = filters.conditions_from(draft.conditions)
        return filters.try_out(conditions, draft.mode, actor=self.agent)

    def page(self, rule: Filter | None, draft: Draft, problems: Any = None, matches: Any = None) -> str:
        """Render the editor."""
        gone = {number for number, row in enumerate(draft.actions) if not problems and is_gone(row)}
        return self.render(
            "admin/filter_edit.html", rule=rule, draft=draft, problems=problems or {}, matches=matches, gone=gone,
            elements=filters.FIELDS, operators=filters.OPERATORS, tried=filters.TRIED,
            actions=choices_of(self.beginnings[-1]), boxes=BOXES, units=filters.UNITS,
            triggers=filters.TRIGGERS, clocks=filters.CLOCKS,
            frequencies=filters.FREQUENCY_LABELS, is_rule=ARRIVES not in self.beginnings,
            arguments=self.offered(ARGUMENTS), values=self.offered(VALUES),
            is_limited=not access.sees_all(self.agent), return_url=self.way_back(),
        )  # fmt: skip

    def offered(self, kinds: dict[str, Any]) -> dict[str, tuple[Any, list[tuple[str, str]]]]:
        """Return among what each kind of value is chosen, with the name of its control."""
        return {kind: (label, filters.choices(kind, actor=self.agent)) for kind, label in kinds.items()}


def is_gone(row: dict[str, str]) -> bool:
    """Whether an action names something that is not there any more."""
    try:
        filters.target(filters.ACTIONS[row["action"]].argument, row["argument"])
    except HelpdeskError:
        return bool(row["argument"])
    return False
