"""Merging two customers who are one person, and undoing it: pages that say what follows, in numbers, and ask."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.helpers import get_redirect_target
from wtforms import BooleanField, RadioField

from admin_views.base import DeskPage, posted
from admin_views.base.forms import DeskForm, show
from helpdesk import access
from helpdesk.errors import HelpdeskError, InvalidInput, NotFound
from helpdesk.i18n import _, language_name, lazy
from helpdesk.joining import duplicates, histories, merging, parting, preview
from helpdesk.joining.merging import Choices
from helpdesk.joining.preview import Preview, Side
from helpdesk.lib import inputs
from helpdesk.people import customers
from models import Customer

SOURCE, TARGET = "source", "target"


class ChoicesForm(DeskForm):
    """What the customer who remains is called, and how they are written to."""

    names = RadioField(lazy("Name"), choices=[], default=TARGET, validate_choice=False)
    locale = RadioField(lazy("Language"), choices=[], default=TARGET, validate_choice=False)
    primary = RadioField(
        lazy("Main address"), choices=[], validate_choice=False,
        description=lazy("New tickets of the account are opened with it once it is proven."),
    )  # fmt: skip
    seen = BooleanField(
        lazy("I have checked that the addresses are of one person"),
        description=lazy("Somebody else may have typed an address that nobody has proven."),
    )


class CustomerMergingPage(DeskPage):
    """Two customers become one."""

    slug, path = "customer-merging", "customers"
    title = lazy("Customers")
    verb = "configure"

    @staticmethod
    def page_of(customer: Customer) -> str:
        """Return the address of the page of a customer."""
        return url_for("desk_customer.customer_view", key=customer.id)

    @expose("/<int:key>/merge")
    def choose_view(self, key: int) -> ResponseReturnValue:
        """Look for the other one."""
        customer = customers.find_customer(key, self.agent)
        customers.require_whole_sight(customer, self.agent)
        text = request.args.get("q", "").strip()[:200]
        offered = preview.found_by(text, customer, actor=self.agent) if text else []
        return self.render(
            "admin/people/merge_choose.html", customer=customer, offered=offered, text=text,
            most=preview.OFFERED, return_url=self.page_of(customer),
        )  # fmt: skip

    @expose("/<int:key>/merge/<int:twin>", methods=["GET", "POST"])
    def merge_view(self, key: int, twin: int) -> ResponseReturnValue:
        """Say what follows, and ask; then make the other one part of this customer."""
        target = customers.find_customer(key, self.agent)
        source = customers.find_customer(twin, self.agent)
        try:
            seen = preview.preview(source, target, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
            return redirect(self.page_of(target))
        form = self.form_of(seen)
        if request.method == "POST":
            try:
                merging.merge(source, target, self.choices_of(form), actor=self.agent)
            except NotFound:
                raise
            except HelpdeskError as error:
                show(error, form)
            else:
                flash(_("The two are one customer now. It can be undone here for 30 days."), "success")
                return redirect(self.page_of(target))
        labels = histories.labels_of([source, target])
        alike = source.display_name == target.display_name
        names = [labels[row.id] if alike else row.display_name for row in (source, target)]
        page = self.render(
            "admin/people/merge_ask.html", source=source, target=target, names=names, preview=seen, form=form,
            return_url=self.page_of(target), swapped=url_for(".merge_view", key=source.id, twin=target.id),
        )  # fmt: skip
        return page, 422 if form.errors or form.form_errors else 200

    def form_of(self, seen: Preview) -> ChoicesForm:
        """Return the form with what there is to choose; without what is the same on both sides."""
        form = ChoicesForm(posted())
        sides = ((TARGET, seen.target), (SOURCE, seen.source))
        form.names.choices = [(whose, side.customer.full_name) for whose, side in sides if side.customer.full_name]
        form.locale.choices = [
            (whose, language_name(side.customer.locale)) for whose, side in sides if side.customer.locale
        ]
        form.primary.choices = [(str(row.id), row.email) for _whose, side in sides for row in side.addresses]
        if request.method == "GET":
            form.primary.data = self.first_of(seen.target)
        for name in ("names", "locale"):
            if len({label for _value, label in form[name].choices}) < len(sides):
                del form[name]
        if not seen.unproven:
            del form["seen"]
        return form

    @staticmethod
    def first_of(side: Side) -> str:
        """Return the main address of a side, as a form holds it."""
        return str(side.addresses[0].id) if side.addresses else ""

    @staticmethod
    def choices_of(form: ChoicesForm) -> Choices:
        """Return what was chosen; the addresses that were warned of are those the page has listed."""
        primary = inputs.row_key(form.primary.data or "")
        listed = frozenset(key for key in map(inputs.row_key, request.form.getlist("listed")) if key is not None)
        is_checked = "seen" not in form or form.seen.data
        return Choices(
            names=form.names.data or TARGET if "names" in form else TARGET,
            locale=form.locale.data or TARGET if "locale" in form else TARGET,
            primary=primary,
            seen=listed if is_checked else frozenset(),
        )

    @expose("/<int:key>/merged/<int:former>", methods=["GET", "POST"])
    def undo_view(self, key: int, former: int) -> ResponseReturnValue:
        """Say what goes back and what stays, then make the two customers two again."""
        customer = customers.find_customer(key, self.agent)
        access.require(self.agent, "configure")
        if not inputs.fits(former):
            raise NotFound(parting.GONE)
        merge = parting.find(former, customer)
        try:
            if request.method == "POST":
                made = parting.undo_merge(former, customer, actor=self.agent)
                flash(_("They are two customers again."), "success")
                return redirect(self.page_of(made))
            seen = parting.preview(merge, customer, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
            return redirect(self.page_of(customer))
        return self.render(
            "admin/people/merge_undo.html", customer=customer, preview=seen, return_url=self.page_of(customer)
        )


class DuplicatesPage(DeskPage):
    """Customers who may be one person."""

    slug, path = "customer-duplicates", "customers/duplicates"
    title = lazy("Possible duplicates")
    verb = "configure"

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """List the newest pairs that nobody has decided about."""
        rows = duplicates.listed(actor=self.agent)
        names = histories.labels_of([person for row in rows for person in (row.first, row.second)])
        return self.render(
            "admin/people/duplicates.html", rows=rows, labels=names, most=duplicates.LISTED,
            return_url=url_for("desk_customers.index_view"),
        )  # fmt: skip

    @expose("/<int:key>", methods=["POST"])
    def apart_view(self, key: int) -> ResponseReturnValue:
        """Remember that a pair is two people."""
        row = duplicates.keep_apart(key, actor=self.agent)
        flash(_("It is remembered that these are two people."), "success")
        back = get_redirect_target() or self.get_url(".index_view")
        return redirect(back if "/customers/" in back else url_for("desk_customer.customer_view", key=row.first_id))
