"""The saved lists of an agent, and those that others share."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_views.base import DeskPage
from admin_views.tickets.bulk import back, list_criteria
from admin_views.tickets.sidebar import desk_menu
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lists import saved_views
from helpdesk.settings import lookups
from models import Agent, SavedView

#: Buttons of a row.
ACTS: dict[str, Callable[[SavedView, Agent], None]] = {
    "rename": lambda view, agent: saved_views.rename(view, request.form.get("name", ""), actor=agent),
    "share": lambda view, agent: saved_views.share(view, True, actor=agent),
    "unshare": lambda view, agent: saved_views.share(view, False, actor=agent),
    "delete": lambda view, agent: saved_views.delete(view, actor=agent),
    "up": lambda view, agent: saved_views.move(view, -1, actor=agent),
    "down": lambda view, agent: saved_views.move(view, 1, actor=agent),
}


class SavedViewsPage(DeskPage):
    """Lists of tickets kept under a name."""

    slug = "views"
    title = lazy("Saved lists")
    verb = "desk"

    @expose("/")
    def index_view(self) -> str:
        """Show what the agent keeps, and what others share."""
        rows = saved_views.offered(self.agent)
        return str(
            self.render(
                "admin/saved_views.html",
                side=desk_menu(self.agent, {}),
                title=_("Saved lists"),
                own=[row for row in rows if row.owner_id == self.agent.id],
                shared=[row for row in rows if row.owner_id != self.agent.id],
                arguments_of=saved_views.criteria_of,
                may_change=lambda row: saved_views.may_change(row, self.agent),
                catalogue=lookups,
            )
        )

    @expose("/save", methods=["POST"])
    def save_view(self) -> Response:
        """Keep the list the form comes from."""
        try:
            view = saved_views.save(request.form.get("name", ""), list_criteria(), actor=self.agent)
            flash(_("The list “%(name)s” is saved.", name=view.name), "success")
        except InvalidInput as error:
            flash(str(error), "error")
        return redirect(back())

    @expose("/<int:view_id>/<act>", methods=["POST"])
    def act_view(self, view_id: int, act: str) -> Response:
        """Rename, share, move or delete one."""
        if act not in ACTS:
            abort(404)
        view = saved_views.find(view_id, actor=self.agent)
        try:
            ACTS[act](view, self.agent)
            if act == "delete":
                flash(_("“%(name)s” was deleted.", name=view.name), "success")
        except InvalidInput as error:
            flash(str(error), "error")
        return redirect(url_for("desk_views.index_view"))
