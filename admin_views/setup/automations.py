"""The screen of rules when something happens or time has passed: the list and the editor of filters (D4, D5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from admin_views.setup.filter_draft import BLANK, Draft
from admin_views.setup.filters import FiltersView
from helpdesk import filters
from helpdesk.i18n import lazy
from helpdesk.rules import forecast
from models import HAPPENS, PASSED, Filter


class AutomationsView(FiltersView):
    """What is done by itself to tickets there are: when something happens to them, or when time has passed."""

    slug, title = "automations", lazy("Automations")
    lede = lazy(
        "What is done by itself when something happens to a ticket, or when time has passed. Of one kind, they run "
        "from top to bottom. Each acts on the tickets that its author may see, and never on what a rule did."
    )
    create_label = lazy("Add a rule")
    saved_text = lazy("The rule was saved.")
    beginnings = (HAPPENS, PASSED)

    def ordered(self, query: Any, column: Any, descending: Any) -> Any:
        """Keep the rules of one kind together, in the order in which they run."""
        if column is None:
            return query.order_by(Filter.beginning, Filter.position, Filter.id)
        return super().ordered(query, column, descending)

    def new_draft(self) -> Draft:
        """Begin without a condition: what happens may be all."""
        return Draft(conditions=[], actions=[{**BLANK["actions"], "action": "remind", "kind": ""}], trigger="replied")

    def own_draft(self, draft: Draft) -> Draft:
        """Return what a form holds; one that does not say what happens is refused."""
        return replace(draft, trigger=draft.trigger or "")

    def trial(self, draft: Draft) -> Any:
        """Return the tickets that what the form holds would have acted on; of passed time, these seven days."""
        conditions = filters.conditions_from(draft.conditions)
        if draft.beginning == PASSED:
            return forecast.try_out(draft.trigger or "", int(draft.hours), conditions, draft.mode, actor=self.agent)
        return filters.try_out(filters.as_it_stands(conditions), draft.mode, actor=self.agent, bare=not conditions)
