"""The saved lists of an agent, and those that others share."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.model.template import EndpointLinkRowAction
from peewee import ModelSelect

from admin_views.base import DeskView
from admin_views.base.ordering import Ordered
from admin_views.tickets.bulk_form import back, list_criteria
from admin_views.tickets.sidebar import LIST, desk_menu
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lists import display, saved_views
from helpdesk.settings import lookups
from models import COMFORTABLE, SavedView


class SavedViewsView(Ordered, DeskView):
    """Lists of tickets kept under a name: one's own in the order of the menu, then those that others share."""

    verb = "desk"
    table, slug, title = SavedView, "views", lazy("Saved lists")
    lede = lazy(
        "A saved list stands in the menu. Narrow or search a list of tickets, then “Save this list”. A shared one "
        "shows every agent what that agent may see."
    )
    empty_text = lazy("You keep no list.")
    can_create = False
    can_delete = can_view_details = True
    save_rule, delete_rule = staticmethod(saved_views.change), staticmethod(saved_views.delete)
    column_list = ("name", "owner", "shared")
    column_details_list = column_export_list = ()
    form_columns = ("name", "shared")
    column_labels = {"name": lazy("Name of the list"), "owner": lazy("Owner"), "shared": lazy("Shared")}
    column_descriptions = {"shared": lazy("When on, every agent has it in the menu.")}
    column_formatters = {"owner": lambda _view, _context, row, _name: lookups.agent(row.owner_id)}
    column_extra_row_actions = [EndpointLinkRowAction("", "desk_views.details_view", title=lazy("See the tickets"))]

    def scoped(self, query: ModelSelect) -> ModelSelect:
        """Show one's own lists, and those that others share."""
        return query.where((SavedView.owner == self.agent.id) | SavedView.shared)

    def ordered(self, query: ModelSelect, _column: object, _descending: object) -> ModelSelect:
        """Put one's own lists first, in the order of the menu."""
        return query.order_by(SavedView.owner != self.agent.id, SavedView.position, SavedView.id)

    def get_one(self, id: Any) -> SavedView:  # noqa: A002 — Flask-Admin's name for it
        """Return a list that this agent may change. Raises NotFound."""
        row: SavedView = super().get_one(id)
        saved_views.require_change(row, actor=self.agent)
        return row

    def may_edit(self, row: SavedView) -> bool:
        """Whether this agent may rename, share or delete the list."""
        return saved_views.may_change(row, self.agent)

    def may_move(self, row: SavedView | None = None) -> bool:
        """Whether the agent has an order to make, and this list is part of it."""
        own = [view.id for view in lookups.saved_views() if view.owner_id == self.agent.id]
        return len(own) > 1 and (row is None or row.id in own)

    def consequences(self, _row: SavedView) -> list[str]:
        """Say that no ticket goes with it."""
        return [_("Its tickets stay.")]

    def render(self, template: str, **kwargs: Any) -> str:
        """Render with the desk's menu."""
        return super().render(template, sidebar=desk_menu(self.agent, {}), **kwargs)

    @expose("/details/")
    def details_view(self) -> ResponseReturnValue:
        """Lead to the tickets of a list."""
        row = super().get_one(request.args.get("id"))
        return redirect(url_for(LIST, **saved_views.criteria_of(row)))

    @expose("/save", methods=["POST"])
    def save_view(self) -> ResponseReturnValue:
        """Keep the list the form comes from."""
        try:
            view = saved_views.save(request.form.get("name", ""), list_criteria(), actor=self.agent)
            flash(_("The list “%(name)s” is saved.", name=view.name), "success")
        except InvalidInput as error:
            flash(str(error), "error")
        return redirect(back())

    @expose("/display", methods=["POST"])
    def display_view(self) -> ResponseReturnValue:
        """Keep how one's lists look: their rows and columns."""
        form = request.form
        try:
            if "reset" in form:
                display.choose(COMFORTABLE, (), actor=self.agent)
            else:
                display.choose(form.get("rows", ""), form.getlist("columns"), actor=self.agent)
            flash(_("Your lists look like this from now on."), "success")
        except InvalidInput as error:
            flash(str(error), "error")
        return redirect(back())
