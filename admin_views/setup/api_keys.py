"""The screen of API keys."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.model.template import EndpointLinkRowAction

from admin_views.base import DeskView
from admin_views.base.forms import show
from helpdesk import access
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.people import api_keys
from helpdesk.settings import lookups
from models import ApiKey
from web import sessions


class ApiKeysView(DeskView):
    """What lets shops push orders."""

    table, slug, title = ApiKey, "api-keys", lazy("API keys")
    lede = lazy("A key lets another program, such as your shop, push orders into this desk. Each is shown once.")
    create_label = lazy("Make a key")
    can_edit = False
    column_list = ("name", "shop", "prefix", "created_by", "created_at", "last_used_at", "revoked_at")
    column_details_list = column_export_list = ()
    form_columns = ("name", "shop")
    column_labels = {
        "name": lazy("Name"),
        "shop": lazy("Shop"),
        "prefix": lazy("Begins with"),
        "created_by": lazy("Made by"),
        "created_at": lazy("Made"),
        "last_used_at": lazy("Last used"),
        "revoked_at": lazy("Revoked"),
    }
    column_descriptions = {
        "name": lazy("Which program uses it. Example: Web shop."),
        "shop": lazy(
            "As the program calls it in the address of orders: the key opens those of this shop only. Empty: of every "
            "shop."
        ),
    }
    column_default_sort = ("id", True)
    column_formatters = {
        "shop": lambda _view, _context, row, _name: row.shop or _("Every shop"),
        "prefix": lambda _view, _context, row, _name: f"{row.prefix}…",
        "created_by": lambda _view, _context, row, _name: row.maker,
    }
    column_extra_row_actions = [EndpointLinkRowAction("", "desk_api_keys.revoke_view", title=lazy("Revoke"))]

    @property
    def can_create(self) -> bool:
        """A key reads the orders of every customer: whoever sees them all makes one."""
        agent = sessions.current_agent()
        return agent is not None and access.sees_all(agent)

    def is_action_available(self, _action: Any, row: Any) -> bool:
        """A key is revoked once."""
        return row.revoked_at is None

    def complete(self, rows: list[Any]) -> None:
        """Name who made these keys."""
        for row in rows:
            row.maker = lookups.agent(row.created_by_id) or "—"

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Make a key and show it, this once."""
        if not self.can_create:
            abort(403)
        form = self.create_form()
        if request.method == "POST" and form.validate():
            try:
                key, secret = api_keys.make(form.name.data, form.shop.data, actor=self.agent)
            except HelpdeskError as error:
                show(error, form)
            else:
                return self.render("admin/api_key.html", key=key, secret=secret, return_url=self.get_url(".index_view"))
        return self.render("admin/form_page.html", form=form, title=_("Make a key"), return_url=self.way_back())

    @expose("/revoke/", methods=("GET", "POST"))
    def revoke_view(self) -> ResponseReturnValue:
        """Ask, then make a key worthless."""
        key = self.get_one(request.values.get("id"))
        if request.method != "POST" or "confirmed" not in request.form:
            question = _("Revoke the key “%(name)s”?", name=key.name)
            return self.confirm(
                question, [_("The program that uses it can push no more orders.")], _("Revoke"), id=key.id
            )
        api_keys.revoke(key, actor=self.agent)
        flash(_("The key “%(name)s” was revoked.", name=key.name), "success")
        return redirect(self.get_url(".index_view"))
