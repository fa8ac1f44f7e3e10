"""The organisation of a customer: which, what they read there, and whether they get copies."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import BooleanField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from admin_views.base import DeskPage, posted
from admin_views.base.forms import DeskForm, show
from helpdesk import access
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.organisations import membership, place, responsible
from helpdesk.organisations.place import BY_DOMAIN, BY_NAME, NONE, Place
from helpdesk.people import customers
from helpdesk.settings import lookups
from models import PROPOSED, RESPONSIBLE, Customer, Ticket

#: Names that the field offers.
OFFERED = 200


class PlaceForm(DeskForm):
    """Where a customer belongs."""

    how = RadioField(
        lazy("Organisation"),
        choices=[
            SelectChoice(BY_DOMAIN, lazy("As the domains of their addresses say")),
            SelectChoice(BY_NAME, lazy("This one:")),
            SelectChoice(NONE, lazy("None, whatever their addresses say")),
        ],
        validate_choice=False,
    )
    name = StringField(
        lazy("Name of the organisation"),
        render_kw={"list": "organisations", "autocomplete": "off", "spellcheck": "false", "maxlength": 120},
    )
    with_tickets = BooleanField(
        lazy("Their tickets so far become its, too"),
        description=lazy("When off, a ticket stays with the organisation they belonged to when they opened it."),
    )
    responsible = BooleanField(
        lazy("Responsible: reads all its tickets in the account"),
        description=lazy("Not what somebody keeps from colleagues, and no internal note."),
    )
    copies = BooleanField(
        lazy("Is put in copy of each new ticket of its people"),
        description=lazy("Three people at most; the form says so to who writes."),
    )


class CustomerOrganisationPage(DeskPage):
    """Where a customer belongs."""

    slug, path = "customer-organisation", "customers"
    title = lazy("Customers")
    verb = "configure"

    @expose("/<int:key>/organisation", methods=["GET", "POST"])
    def organisation_view(self, key: int) -> ResponseReturnValue:
        """Ask where a customer belongs, and store it."""
        customer = customers.find_customer(key, self.agent)
        access.require(self.agent, "configure")
        form = PlaceForm(posted(), data=_present(customer))
        if posted() is not None:
            try:
                place.save(customer, _place_of(form), actor=self.agent)
            except HelpdeskError as error:
                show(error, form)
            else:
                return self._stored(Customer.get_by_id(key))
        page = self.render(
            "admin/people/organisation.html", customer=customer, form=form, by_domain=membership.by_domain(customer),
            names=[row.name for row in lookups.organisations()[:OFFERED]], may_confirm=self.may("administer"),
            tickets=Ticket.select().where(Ticket.customer == customer.id).count(), return_url=_page_of(customer),
        )  # fmt: skip
        return page, 422 if form.errors or form.form_errors else 200

    def _stored(self, customer: Customer) -> ResponseReturnValue:
        name = customer.display_name
        organisation = lookups.organisation(customer.organisation_id)
        if customer.organisation_role == PROPOSED:
            flash(_("An administrator has to confirm that %(name)s reads all tickets.", name=name), "info")
        elif organisation is not None:
            flash(_("%(name)s belongs to %(organisation)s.", name=name, organisation=organisation.name), "success")
        else:
            flash(_("%(name)s belongs to no organisation.", name=name), "success")
        return redirect(_page_of(customer))

    @expose("/<int:key>/organisation/confirm", methods=["POST"])
    def confirm_view(self, key: int) -> ResponseReturnValue:
        """Let somebody who was proposed read all tickets of the organisation."""
        customer = customers.find_customer(key, self.agent)
        access.require(self.agent, "administer")
        try:
            responsible.confirm(customer, actor=self.agent)
        except HelpdeskError as error:
            flash(str(error), "error")
        else:
            flash(_("%(name)s reads all tickets of the organisation now.", name=customer.display_name), "success")
        return redirect(_page_of(customer))


def _present(customer: Customer) -> dict[str, Any]:
    organisation = lookups.organisation(customer.organisation_id)
    return {
        "how": place.how_of(customer),
        "name": organisation.name if organisation is not None and customer.organisation_by_hand else "",
        "responsible": customer.organisation_role in (PROPOSED, RESPONSIBLE),
        "copies": customer.organisation_copies,
    }


def _place_of(form: PlaceForm) -> Place:
    return Place(
        how=form.how.data or "",
        name=form.name.data or "",
        with_tickets=form.with_tickets.data,
        is_responsible=form.responsible.data,
        gets_copies=form.copies.data,
    )


def _page_of(customer: Customer) -> str:
    return url_for("desk_customer.customer_view", key=customer.id)
