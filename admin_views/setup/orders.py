"""Orders as the shops told them, and the keys of the shops."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.model.template import EndpointLinkRowAction
from markupsafe import Markup

from admin_views.base import DeskView
from admin_views.base.fields import show
from admin_views.base.importing import Imports
from helpdesk import access, orders
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.imports import formats
from helpdesk.orders import money, order_input
from helpdesk.people import api_keys
from helpdesk.settings import lookups
from models import ApiKey, Customer, Order
from web import sessions


def number(_view: Any, _context: Any, row: Order, _name: str) -> Any:
    """Write the number, a link where the shop gave its address."""
    if not row.url:
        return row.number
    link = Markup('<a href="{}" rel="noopener noreferrer" target="_blank" class="row-link">{}</a>')
    return link.format(row.url, row.number)


class OrdersView(Imports, DeskView):
    """What customers have ordered: read here, written by imports and shops."""

    table, slug, title = Order, "orders", lazy("Orders")
    kind = formats.ORDERS
    lede = lazy("What shops have told. An order joins its customer by the e-mail address, as soon as that is known.")
    empty_title = lazy("No order yet")
    empty_text = lazy("Import a list, or make an API key and let your shop push its orders.")
    can_create = can_edit = False
    column_list = ("number", "shop", "placed_at", "customer", "email", "status", "total")
    column_details_list = column_export_list = ()
    form_columns = ()
    column_labels = {
        "number": lazy("Number"),
        "shop": lazy("Shop"),
        "placed_at": lazy("Date"),
        "customer": lazy("Customer"),
        "email": lazy("E-mail address"),
        "status": lazy("Status"),
        "total": lazy("Total"),
    }
    column_searchable_list = ("number", "shop", "email")
    column_sortable_list = ("placed_at",)
    column_default_sort = ("placed_at", True)
    column_numbers = ("total",)
    column_formatters = {
        "number": number,
        "customer": lambda _view, _context, row, _name: row.owner,
        "placed_at": lambda _view, _context, row, _name: order_input.day_or_time(row.placed_at),
        "total": lambda _view, _context, row, _name: money.format_amount(row.total, row.currency),
    }

    def scoped(self, _query: Any) -> Any:
        """Whoever does not see every ticket sees the orders of the customers of theirs (RULES 4)."""
        return orders.visible_orders(self.agent)

    def complete(self, rows: list[Any]) -> None:
        """Name the customers of these orders."""
        ids = {row.customer_id for row in rows if row.customer_id is not None}
        names = {row.id: row.full_name for row in Customer.select().where(Customer.id.in_(ids))} if ids else {}
        for row in rows:
            row.owner = names.get(row.customer_id) or ("—" if row.customer_id else _("not known yet"))


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
