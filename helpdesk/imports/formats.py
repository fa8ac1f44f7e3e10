"""The formats of imports: the columns of each kind, their headers, and how the cells of orders are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helpdesk import orders
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.imports import DELIMITERS, Column, Kind, agent_rows, customer_rows
from helpdesk.imports.customer_rows import NewMember
from helpdesk.orders import money, order_input
from helpdesk.orders.order_input import NewOrder
from helpdesk.settings import lookups
from models import OrderLine

#: The quantity of an article, before its name: ``2 x Brake pads = 12.50``.
COUNT = re.compile(r"(\d{1,7})\s*[x×*]\s+(?=\S)")


def read_order(cells: Mapping[str, str]) -> NewOrder:
    """Return the order in a row. Raises InvalidInput at the column that is wrong."""
    values: dict[str, Any] = dict(cells)
    code = money.currency(cells.get("currency", ""))
    values["total"] = money.decimal_text(cells.get("total", ""), code, "total")
    values["lines"] = _articles(cells["lines"], code) if cells.get("lines") else None
    return order_input.read(values)


def _articles(cell: str, code: str) -> list[dict[str, Any]]:
    articles = []
    for text in filter(None, map(str.strip, cell.split("|"))):
        article, _equals, price = (part.strip() for part in text.rpartition("="))
        if not article or not price:
            raise InvalidInput(lazy("Write articles as: 2 x Brake pads = 12.50 | 1 x Bell = 8.00"), field="lines")
        match = COUNT.match(article)
        count, name = (int(match[1]), article[match.end() :]) if match else (1, article)
        articles.append({"name": name, "quantity": count, "price": money.decimal_text(price, code, "lines")})
    return articles


def articles_cell(lines: Iterable[OrderLine], code: str) -> str:
    """Return the lines of an order as the column of articles holds them; ``|`` in a name would end it there."""
    texts = (
        f"{line.quantity} x {line.name.replace('|', '¦')} = {money.for_spreadsheets(line.price, code)}"
        for line in lines
    )
    return " | ".join(texts)


def _order_cells(order: NewOrder) -> Sequence[str]:
    total = money.format_amount(order.total, order.currency)
    count = str(len(order.lines)) if order.lines is not None else ""
    when = order_input.day_or_time(order.placed_at)
    return order.shop, order.number, order.email, when, total, order.currency, order.status, order.url, count


def _member_cells(member: NewMember) -> Sequence[str]:
    organisation = lookups.organisation(member.organisation_id)
    return member.email, member.last_name, member.first_name, str(organisation or "")


EMAIL = Column(
    "email",
    lazy("E-mail address"),
    ("email", "mail", "email address", "customer email", "adresse email", "adresse mail", "courriel"),
    needed=True,
)

ORDERS = Kind(
    "orders",
    lazy("Orders"),
    lazy("Import orders"),
    (
        Column("shop", lazy("Shop"), ("shop", "store", "boutique", "magasin"), needed=True),
        Column(
            "number",
            lazy("Number"),
            (
                *("number", "no", "order", "order number", "order no", "order id"),
                *("numéro", "n°", "commande", "numéro de commande", "numéro commande", "n° de commande"),
            ),
            needed=True,
        ),
        EMAIL,
        Column("date", lazy("Date"), ("date", "order date", "placed at", "date de commande"), needed=True),
        Column("total", lazy("Total"), ("total", "amount", "order total", "montant", "total TTC"), needed=True),
        Column("currency", lazy("Currency"), ("currency", "devise", "monnaie"), needed=True),
        Column("status", lazy("Status"), ("status", "state", "statut", "état")),
        Column(
            "url",
            lazy("Address in the shop"),
            ("url", "link", "address in the shop", "lien", "adresse web", "adresse dans la boutique"),
        ),
        Column("lines", lazy("Articles"), ("lines", "items", "articles", "lignes", "produits")),
    ),
    read_order,
    lambda rows, _actor, write: orders.store(rows, write=write),
    _order_cells,
)

MEMBERS = Kind(
    "members",
    lazy("Customers"),
    lazy("Import customers"),
    (
        EMAIL,
        Column("last_name", lazy("Last name"), ("last name", "surname", "family name", "nom", "nom de famille")),
        Column("first_name", lazy("First name"), ("first name", "given name", "prénom")),
        Column(
            "organisation",
            lazy("Organisation"),
            ("organisation", "organization", "company", "société", "entreprise", "association"),
        ),
    ),
    customer_rows.read,
    lambda rows, actor, write: customer_rows.store(rows, write=write, actor=actor),
    _member_cells,
)

AGENTS = Kind(
    "agents",
    lazy("Users"),
    lazy("Invite from a list"),
    (
        EMAIL,
        Column("name", lazy("Name"), ("name", "full name", "nom", "nom complet", "nom et prénom"), needed=True),
        Column("role", lazy("Role"), ("role", "rôle", "profil"), needed=True),
        Column(
            "places",
            lazy("Service and department"),
            (
                *("places", "place", "covers", "service", "services", "service and department", "service/department"),
                *("périmètre", "service et département", "service/département"),
            ),
        ),
        Column("teams", lazy("Teams"), ("team", "teams", "équipe", "équipes")),
        Column(
            "notify",
            lazy("Notify by e-mail"),
            ("notify", "notify by e-mail", "notification", "notifier", "notification par e-mail"),
        ),
    ),
    agent_rows.read,
    agent_rows.store,
    agent_rows.cells,
    verb="administer",
    max_rows=agent_rows.MAX_ROWS,
    shown=agent_rows.MAX_ROWS,
    pasted=DELIMITERS,
    take_back=agent_rows.take_back,
)
