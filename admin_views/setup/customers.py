"""The screen of customers: their list, and the form of names and language."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect
from flask_admin.actions import action
from peewee import fn
from werkzeug.wrappers import Response
from wtforms import BooleanField, EmailField, SelectField
from wtforms.validators import DataRequired

from admin_views.base import DeskView, as_key
from admin_views.base.fields import languages, optional
from admin_views.base.importing import Imports
from admin_views.base.lists import ChoiceFilter
from helpdesk import access, folding, settings
from helpdesk.i18n import _, language_name, lazy
from helpdesk.imports import formats
from helpdesk.people import addresses, customers
from helpdesk.settings import lookups
from models import Customer, CustomerAddress, Ticket

#: Organisations of a name whose people a search looks at.
MOST = 500
#: Organisations that the filter of the list offers.
OFFERED = 200


def emails_of(_view: Any, _context: Any, row: Any, _name: str) -> str:
    """Write the addresses of a customer; the proven ones are marked."""
    marked = (f"{email} ✓" if proven else email for email, proven in row.emails)
    return ", ".join(marked)


class OrganisationFilter(ChoiceFilter):
    """The customers of an organisation. The select offers some; links name the others."""

    def clean(self, value: str) -> str:
        """Return the id of an organisation, or raise ValueError."""
        if lookups.organisation(as_key(value)) is None:
            raise ValueError(value)
        return value


def organisations() -> list[tuple[int, str]]:
    """Return the organisations that the filter offers."""
    return [(row.id, row.name) for row in lookups.organisations()[:OFFERED]]


class CustomersView(Imports, DeskView):
    """Whoever has asked something. They come by themselves, with their first ticket, or are added."""

    table, slug, title = Customer, "customers", lazy("Customers")
    lede = lazy("Whoever has opened a ticket. ✓ marks an address whose holder has used a link mailed to it.")
    create_label = lazy("Add a customer")
    empty_text = lazy("Whoever opens a ticket will stand here.")
    kind = formats.MEMBERS
    save_rule = staticmethod(customers.save_customer)
    can_export = True
    create_template, list_template = "admin/customer_new.html", "admin/people/customers.html"
    delete_rule, can_delete = staticmethod(customers.delete_customer), True
    column_list = ("name", "addresses", "organisation", "locale", "blocked_at", "created_at")
    column_details_list = ()
    column_export_list = ("email", "last_name", "first_name", "organisation", "locale", "blocked_at", "created_at")
    form_columns, repeated = ("email", "first_name", "last_name", "locale", "invited"), ("locale",)
    form_sections = (
        (lazy("E-mail address"), ["email", "invited"]),
        (lazy("Names and language"), ["first_name", "last_name", "locale"]),
    )
    form_extra_fields = {
        "email": EmailField(
            lazy("E-mail address"),
            [DataRequired(lazy("Write the customer’s e-mail address."))],
            description=lazy("Their tickets are found by it. Example: name@example.org."),
        ),
        "invited": BooleanField(
            lazy("Mail them a link to their account"),
            description=lazy("It works for half an hour; its page then offers another. When off, nothing is mailed."),
        ),
    }
    form_overrides = {"locale": SelectField}
    form_args = {"locale": {"choices": languages, "coerce": optional}}
    column_labels = {
        "name": lazy("Name"),
        "first_name": lazy("First name"),
        "last_name": lazy("Last name"),
        "addresses": lazy("E-mail addresses"),
        "email": lazy("E-mail address"),
        "locale": lazy("Language"),
        "organisation": lazy("Organisation"),
        "blocked_at": lazy("Blocked"),
        "created_at": lazy("Since"),
    }
    column_descriptions = {
        "first_name": lazy("As it stands in e-mails."),
        "last_name": lazy("As it stands in e-mails."),
        "locale": lazy("The language of their pages and e-mails."),
    }
    column_searchable_list = ("first_name", "last_name")
    column_sortable_list = ("created_at",)
    column_default_sort = ("id", True)
    column_filters = (OrganisationFilter(Customer.organisation_id, lazy("Organisation"), organisations),)
    column_formatters = column_formatters_export = {
        "name": lambda _view, _context, row, _name: row.full_name or row.emails[0][0],
        "addresses": emails_of,
        "organisation": lambda _view, _context, row, _name: lookups.organisation(row.organisation_id) or "",
        "locale": lambda _view, _context, row, _name: language_name(row.locale) if row.locale else "",
        "blocked_at": lambda _view, _context, row, _name: _("Yes") if row.blocked_at else _("No"),
    }

    def scoped(self, query: Any) -> Any:
        """Whoever does not see every ticket sees the customers of theirs (RULES 4)."""
        if access.sees_all(self.agent):
            return query
        return query.where(Customer.id.in_(access.visible_tickets(self.agent).select(Ticket.customer)))

    def columns_of_export(self) -> list[tuple[str, Any]]:
        """Return the columns of the export, with one for each further address that somebody has.

        Names and first address are called as an import reads them.
        """
        number = fn.COUNT(CustomerAddress.id)
        counted = CustomerAddress.select(number).group_by(CustomerAddress.customer)
        most = counted.order_by(number.desc()).limit(1).scalar() or 1
        first, *others = super().columns_of_export()
        more = [(f"email {place}", _("E-mail address %(number)d", number=place)) for place in range(2, most + 1)]
        return [first, *others, *more]

    def get_export_value(self, model: Any, name: str) -> Any:
        """Return a cell of the export; of the addresses, the one of this column."""
        word, _blank, place = name.partition(" ")
        if word != "email":
            return super().get_export_value(model, name)
        number = int(place or 1) - 1
        return model.emails[number][0] if number < len(model.emails) else ""

    def complete(self, rows: list[Any]) -> None:
        """Read the addresses of these customers."""
        query = CustomerAddress.select().where(CustomerAddress.customer.in_(rows))
        emails: dict[int, list[tuple[str, bool]]] = {row.id: [] for row in rows}
        for address in query.order_by(CustomerAddress.is_primary.desc(), CustomerAddress.id) if rows else ():
            emails[address.customer_id].append((address.email, address.is_proven))
        for row in rows:
            row.emails = emails[row.id] or [("—", False)]

    def condition_of(self, word: str) -> Any:
        """Search the addresses too, and the names of organisations."""
        holds = folding.contains(CustomerAddress.email, word)
        by_address = CustomerAddress.select(CustomerAddress.customer).where(holds)
        keys = [row.id for row in lookups.organisations() if folding.fold(word) in row.key]
        return super().condition_of(word) | Customer.id.in_(by_address) | Customer.organisation_id.in_(keys[:MOST])

    def create_form(self, obj: Any = None) -> Any:
        """Offer to mail a link where a mail leaves the desk."""
        form = super().create_form(obj)
        if settings.mail_server() is None:
            del form["invited"]
        return form

    def edit_form(self, obj: Any = None) -> Any:
        """Leave the address out: it is corrected on a page of its own."""
        form = super().edit_form(obj)
        del form["email"], form["invited"]
        return form

    def render(self, template: str, **kwargs: Any) -> str:
        """Lead from an address that is refused to who has it."""
        if template == self.create_template and kwargs["form"].email.errors:
            kwargs["holder"] = self._holder(kwargs["form"].email.data or "")
        return super().render(template, **kwargs)

    def _holder(self, email: str) -> Customer | None:
        """Return the customer with this address, where the agent may see them."""
        address = customers.lookup(email)
        if address is None:
            return None
        row: Customer | None = self.scoped(Customer.select()).where(Customer.id == address.customer_id).first()
        return row

    @action("merge", lazy("Merge the two"))
    def action_merge(self, ids: list[str]) -> Response:
        """Lead to the page that asks before two ticked customers become one: the older of them remains."""
        keys = sorted({key for key in map(as_key, ids) if key is not None})
        if len(keys) != len(("the one", "the other")):
            flash(_("Tick two customers: those who are one person."), "error")
            return redirect(self.get_url(".index_view"))
        target, source = keys
        return redirect(self.get_url("desk_customer_merging.merge_view", key=target, twin=source))

    # --- The page of a customer is another one: `admin_views/people/customer.py` ---

    def row_address(self, row: Customer, back: str) -> str:
        """Lead from the list to the page of a customer."""
        return self.get_url("desk_customer.customer_view", key=row.id, url=back)

    def get_one(self, id: Any) -> Any:  # noqa: A002 — Flask-Admin's name for it
        """Return the customer with this id, or answer 404: also for one the agent does not meet, and for junk."""
        key = as_key(id)
        return customers.find_customer(key, self.agent) if key is not None else abort(404)

    def consequences(self, row: Customer) -> list[str]:
        """Say what goes with a customer."""
        return [
            _("The addresses go, too: %(emails)s.", emails=", ".join(one.email for one in addresses.of_customer(row))),
            _("They are signed out, and in copy of no ticket any more; their links open nothing."),
            _("Orders stay, without a customer."),
        ]

    def suggestions(self, row: Customer) -> list[tuple[str, str]]:
        """Lead back to the customer, whose tickets stand there."""
        return [(_("See the customer"), self.row_address(row, self.get_url(".index_view")))]
