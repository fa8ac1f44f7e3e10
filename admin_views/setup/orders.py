"""The screen of orders, as the shops told them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from admin_views.base import DeskView
from admin_views.base.importing import Imports
from helpdesk import orders
from helpdesk.i18n import _, lazy
from helpdesk.imports import formats
from helpdesk.orders import money, order_input
from models import Customer, Order


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
    can_export = True
    column_list = ("number", "shop", "placed_at", "customer", "email", "status", "total")
    column_details_list = ()
    #: As an import reads them.
    column_export_list = ("shop", "number", "email", "placed_at", "total", "currency", "status", "url", "lines")
    form_columns = ()
    column_labels = {
        "number": lazy("Number"),
        "shop": lazy("Shop"),
        "placed_at": lazy("Date"),
        "customer": lazy("Customer"),
        "email": lazy("E-mail address"),
        "status": lazy("Status"),
        "total": lazy("Total"),
        "currency": lazy("Currency"),
        "url": lazy("Address in the shop"),
        "lines": lazy("Articles"),
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

    column_formatters_export = {
        "number": lambda _view, _context, row, _name: row.number,
        "placed_at": lambda _view, _context, row, _name: order_input.to_text(row.placed_at),
        "total": lambda _view, _context, row, _name: money.for_spreadsheets(row.total, row.currency),
        "lines": lambda _view, _context, row, _name: formats.articles_cell(row.articles, row.currency),
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

    def prefetch(self, rows: Sequence[Any], columns: Iterable[tuple[str, Any]], formatters: Mapping[str, Any]) -> None:
        """Read the articles of the orders that are exported."""
        super().prefetch(rows, columns, formatters)
        if any(name == "lines" for name, _title in columns):
            lines = orders.lines_of([row.id for row in rows])
            for row in rows:
                row.articles = lines[row.id]
