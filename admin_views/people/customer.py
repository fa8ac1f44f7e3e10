"""The page of a customer: names, addresses, tickets, orders, and the doors to all that may be done to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.helpers import get_redirect_target
from werkzeug.wrappers import Response
from wtforms import BooleanField, EmailField, RadioField
from wtforms.validators import InputRequired

from admin_views.base import DeskPage, posted
from admin_views.base.forms import DeskForm, show
from admin_views.setup_menu import setup_menu
from admin_views.tickets.sidebar import LIST, desk_menu
from helpdesk import access, orders, settings
from helpdesk.erasing import requests
from helpdesk.errors import HelpdeskError, InvalidInput, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.joining import duplicates, parting
from helpdesk.notifications import withholding
from helpdesk.people import addresses, customer_record, customers, former_customers
from helpdesk.privacy import person_archive, person_exports, personal_data
from helpdesk.privacy.personal_data import PersonalData
from helpdesk.settings import lookups
from helpdesk.setup import erasure_second
from helpdesk.tickets import customer_tickets
from models import Agent, Customer, CustomerAddress, PersonExport
from web import downloads

#: Tickets on the page of a customer; a link searches for all.
SHOWN = 10


class NewAddressForm(DeskForm):
    """One more address of a customer."""

    email = EmailField(
        lazy("One more address"),
        validators=[InputRequired(lazy("Write an e-mail address."))],
        description=lazy("Whoever proves it reads all tickets of this customer."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    invited = BooleanField(
        lazy("Mail a link that proves it"),
        description=lazy("It works for half an hour; its page then offers another. When off, nothing is mailed."),
    )


class SuccessorForm(DeskForm):
    """Which address gets the tickets of one that is removed."""

    successor = RadioField(
        lazy("Which address gets them?"), choices=[], validate_choice=False,
        description=lazy("Whoever has proven it reads them, and gets their e-mails."),
    )  # fmt: skip


class CustomerPage(DeskPage):
    """One customer."""

    slug, path = "customer", "customers"
    title = lazy("Customers")
    verb = "desk"

    def render(self, template: str, **kwargs: Any) -> str:
        """Render with the menu of set-up where the reader came from there, else with that of the tickets."""
        of_set_up = self.may("configure") and not request.args.get("ticket")
        menu = setup_menu(self.agent) if of_set_up else desk_menu(self.agent, {})
        return super().render(template, sidebar=menu, **kwargs)

    @expose("/<int:key>")
    def customer_view(self, key: int) -> ResponseReturnValue:
        """Show the customer; the page of one who became part of another leads there."""
        try:
            customer = customers.find_customer(key, self.agent)
        except NotFound:
            remaining = former_customers.successor(key)
            if remaining is None or not customers.meets(self.agent, remaining.id):
                raise
            flash(_("This customer is part of “%(name)s” now.", name=remaining.display_name), "info")
            return redirect(self.address_of(remaining))
        return self.show(customer)

    def show(self, customer: Customer, form: NewAddressForm | None = None, code: int = 200) -> tuple[str, int]:
        """Render the page; `form` is what comes back of an address that was refused."""
        rows, is_whole = addresses.of_customer(customer), customers.has_whole_sight(customer, self.agent)
        tickets = customer_tickets.of_customer(customer, self.agent)
        name = customer.full_name or (rows[0].email if rows else "")
        search: dict[str, Any] = {"view": "search", "scope": "author", "q": name}
        form = form or NewAddressForm()
        # Of an erased person nothing is left that could be changed, written to or looked up.
        is_present = customer.erased_at is None
        is_whole = is_whole and is_present
        data = personal_data.of_customer(customer, rows) if self.may("administer") and is_present else None
        if settings.mail_server() is None:
            del form["invited"]
        page = self.render(
            "admin/people/customer.html", customer=customer, name=name, addresses=rows, form=form,
            opened_with=addresses.tickets_opened_with(rows) if is_whole else {}, is_whole=is_whole,
            tickets=tickets[:SHOWN], all_tickets=url_for(LIST, **search) if len(tickets) > SHOWN else "",
            counts=customer_record.ticket_counts(customer, self.agent), orders=orders.orders_of(customer),
            status=lookups.status, may_manage=self.may("configure") and is_present,
            may_block=self.may("spam") and is_present,
            takes_no_mail=withholding.is_undeliverable, mails=settings.mail_server() is not None,
            data=data, export=self.export_of(customer, data),
            erasing=requests.pending(customer) if data is not None and data.erasures else None,
            most=customers.MAX_ADDRESSES, return_url=self.way_back(), own=self.address_of(customer),
            origin=self.origin(), organisation=lookups.organisation(customer.organisation_id),
            has_organisations=bool(lookups.organisations()),
            **self.of_merging(customer, data, is_whole=is_whole),
        )  # fmt: skip
        return page, code

    def other_administrators(self) -> list[Agent]:
        """Return who may confirm an erasure that the reader wants."""
        return erasure_second.others(self.agent)

    def of_merging(self, customer: Customer, data: PersonalData | None, *, is_whole: bool) -> dict[str, Any]:
        """Return who became part of a customer (former id, name, until when it can be undone), and who may be them.

        `data` says whether there is anybody, where it was counted.
        """
        shown: dict[str, Any] = {"merged": (), "alike": ()}
        if not (is_whole and self.may("configure")):
            return shown
        if data is None or data.merges:
            last = timedelta(days=parting.DAYS)
            rows = parting.of_customer(customer)
            shown["merged"] = [(row.former_id, parting.name_of(row), row.merged_at + last) for row in rows]
        if data is None or data.duplicates:
            shown["alike"] = duplicates.of_customer(customer, actor=self.agent)
        return shown

    def way_back(self) -> str:
        """Return the ticket or the list one came from."""
        number = request.args.get("ticket", "")
        if number:
            try:
                return url_for("desk_ticket.ticket_view", number=access.find_ticket(self.agent, number).number)
            except HelpdeskError:
                return url_for(LIST)
        return get_redirect_target() or url_for("desk_customers.index_view" if self.may("configure") else LIST)

    @staticmethod
    def origin() -> dict[str, Any]:
        """Return where one came from, of which the addresses of this page go on saying it."""
        return {name: request.args[name] for name in ("ticket", "url") if request.args.get(name)}

    def address_of(self, customer: Customer) -> str:
        """Return the address of the page of a customer, for where one came from."""
        return url_for("desk_customer.customer_view", key=customer.id, **self.origin())

    # --- Addresses ---

    @expose("/<int:key>/addresses", methods=["POST"])
    def add_view(self, key: int) -> ResponseReturnValue:
        """Add an address; mail a link to it where that is ticked."""
        customer, form = customers.find_customer(key, self.agent), NewAddressForm(posted())
        access.require(self.agent, "configure")
        if not form.validate():
            return self.show(customer, form, 422)
        try:
            address = addresses.add(customer, form.email.data or "", actor=self.agent)
        except HelpdeskError as error:
            show(error, form)
            return self.show(customer, form, 422)
        flash(_("%(email)s was added.", email=address.email), "success")
        if form.invited.data:
            self.mail_link(address)
        return redirect(self.address_of(customer))

    def mail_link(self, address: CustomerAddress) -> None:
        """Mail a link to an address, and say so or why not."""
        try:
            addresses.mail_link(address, actor=self.agent)
        except HelpdeskError as error:
            flash(str(error), "error")
        else:
            flash(_("A link is on its way to %(email)s.", email=address.email), "success")

    def find(self, key: int, address_id: int) -> tuple[Customer, CustomerAddress]:
        """Return a customer and an address of theirs. Raises NotFound."""
        customer = customers.find_customer(key, self.agent)
        address = addresses.find(address_id, self.agent)
        if address.customer_id != customer.id:
            raise NotFound(lazy("There is no such address."))
        return customer, address

    @expose("/<int:key>/addresses/<int:address_id>/link", methods=["POST"])
    def link_view(self, key: int, address_id: int) -> ResponseReturnValue:
        """Mail a link that proves an address."""
        customer, address = self.find(key, address_id)
        self.mail_link(address)
        return redirect(self.address_of(customer))

    @expose("/<int:key>/addresses/<int:address_id>/main", methods=["POST"])
    def main_view(self, key: int, address_id: int) -> ResponseReturnValue:
        """Make an address the main one."""
        customer, address = self.find(key, address_id)
        addresses.make_primary(address, actor=self.agent)
        flash(_("%(email)s is the main address now.", email=address.email), "success")
        return redirect(self.address_of(customer))

    @expose("/<int:key>/addresses/<int:address_id>/remove", methods=["GET", "POST"])
    def remove_view(self, key: int, address_id: int) -> ResponseReturnValue:
        """Ask which address gets the tickets of one, then remove it."""
        customer, address = self.find(key, address_id)
        access.require(self.agent, "configure")
        customers.require_whole_sight(customer, self.agent)
        others = [row for row in addresses.of_customer(customer) if row.id != address.id]
        count = addresses.tickets_opened_with([address]).get(address.id, 0)
        form = SuccessorForm(posted())
        form.successor.choices = [(str(row.id), self.label_of(row)) for row in others]
        if request.method == "POST":
            try:
                chosen = next((row for row in others if str(row.id) == form.successor.data), None)
                addresses.remove(address, successor=chosen, actor=self.agent)
            except NotFound:
                raise
            except HelpdeskError as error:
                show(error, form)
            else:
                flash(_("%(email)s was removed.", email=address.email), "success")
                return redirect(self.address_of(customer))
        page = self.render(
            "admin/people/address_remove.html", customer=customer, address=address, others=others, count=count,
            form=form, return_url=self.address_of(customer),
            correct_url=url_for("desk_addresses.address_view", key=address.id),
        )  # fmt: skip
        return page, 422 if form.errors else 200

    @staticmethod
    def label_of(address: CustomerAddress) -> str:
        """Return an address, and whether it is proven."""
        if address.is_proven:
            return str(address.email)
        return _("%(email)s (not proven yet: nobody reads them there until it is)", email=address.email)

    # --- What is kept of them ---

    def export_of(self, customer: Customer, data: PersonalData | None) -> PersonExport | None:
        """Return the file with all of it that waits, or can be fetched."""
        return person_exports.of(customer, actor=self.agent) if data is not None and data.exports else None

    @expose("/<int:key>/export")
    def export_view(self, key: int) -> ResponseReturnValue:
        """Send everything of a customer as one file; a large one is written first, in the background."""
        customer = customers.find_customer(key, self.agent)
        if person_exports.is_large(person_archive.extent_of(customer, actor=self.agent)):
            person_exports.ask(customer, actor=self.agent)
            flash(_("The file is being written. You get an e-mail once it is ready; it is then here."), "success")
            return redirect(self.address_of(customer))
        parts = person_archive.export(customer, actor=self.agent)
        return downloads.send_archive(parts, person_archive.file_name())

    @expose("/<int:key>/export/file")
    def export_file_view(self, key: int) -> ResponseReturnValue:
        """Send the file that was written in the background."""
        customer = customers.find_customer(key, self.agent)
        path = person_exports.find(customer, actor=self.agent)
        return downloads.send_written(path, person_archive.file_name())

    # --- Blocking ---

    @expose("/<int:key>/block", methods=["POST"])
    def block_view(self, key: int) -> Response:
        """Block a customer, or lift it."""
        customer = customers.find_customer(key, self.agent)
        blocked = request.form.get("act") == "block"
        name = customer.display_name
        message = _("“%(name)s” is blocked.", name=name) if blocked else _("“%(name)s” is unblocked.", name=name)
        try:
            customers.block(customer, blocked, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
        else:
            flash(message, "success")
        return redirect(self.address_of(customer))
