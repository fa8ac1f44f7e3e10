"""Erasing a customer: what would go, the word that must be typed, the way back until then."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from admin_views.base import DeskPage, posted
from admin_views.base.forms import DeskForm, show
from helpdesk import clock, settings
from helpdesk.erasing import preview, requests
from helpdesk.errors import HelpdeskError, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.operations import nightly_backup
from helpdesk.people import addresses, customers
from helpdesk.privacy import personal_data
from helpdesk.setup import erasure_second
from models import ANONYMISE, DELETE, Agent, Customer, Erasure


class ErasingForm(DeskForm):
    """What becomes of the tickets of a person, and the word."""

    kind = RadioField(
        lazy("What becomes of the tickets?"),
        choices=[
            SelectChoice(ANONYMISE, lazy("Anonymise: they stay for the figures")),
            SelectChoice(DELETE, lazy("Delete the tickets, with what the team wrote in them")),
        ],
        default=ANONYMISE,
        validate_choice=False,
        description=lazy(
            "Anonymised, they are closed and those of an “erased customer”: what the person wrote, their files and "
            "their name are gone. Deleted, what others wrote in them goes, too."
        ),
    )
    blanks_replies = BooleanField(
        lazy("Blank what the team wrote in them, too"),
        description=lazy("Replies and internal notes, with their files."),
    )
    suppresses = BooleanField(
        lazy("Keep nothing that they write later"),
        description=lazy(
            "Their addresses go on the list of those no longer kept: a text answers what comes from them, and nothing "
            "is stored. Without it, who writes again is a new person."
        ),
    )
    word = StringField(
        lazy("To go on, type ERASE"), render_kw={"autocomplete": "off", "spellcheck": "false", "class": "half"}
    )


class ErasingPage(DeskPage):
    """The page that erases a customer."""

    slug, path = "customer-erasing", "customers"
    title = lazy("Customers")
    verb = "administer"

    @expose("/<int:key>/erase", methods=["GET", "POST"])
    def erase_view(self, key: int) -> ResponseReturnValue:
        """Show what would go, and ask."""
        customer = customers.find_customer(key, self.agent)
        form = ErasingForm(posted())
        if request.method == "POST":
            try:
                row = requests.request(
                    customer, kind=form.kind.data or "", word=form.word.data or "", actor=self.agent,
                    blanks_replies=form.blanks_replies.data, suppresses=form.suppresses.data,
                )  # fmt: skip
            except HelpdeskError as error:
                show(error, form)
            else:
                flash(self.announced(row), "success")
                return redirect(self.page_of(customer))
        return self.ask(customer, form)

    @staticmethod
    def announced(row: Erasure) -> str:
        """Return what is said once it is asked for."""
        if row.needs_second:
            return _("Another administrator is asked by e-mail to confirm it. Until then nobody is erased.")
        if row.due_at == row.requested_at:
            return _("This person is erased within a minute.")
        return _("This person will be erased. Until then you can cancel it here.")

    def ask(self, customer: Customer, form: ErasingForm) -> tuple[str, int]:
        """Render the question."""
        rows = addresses.of_customer(customer)
        nights = nightly_backup.made_since(customer.created_at.date())
        page = self.render(
            "admin/people/erase.html", customer=customer, form=form, preview=preview.preview(customer),
            data=personal_data.of_customer(customer, rows), pending=requests.pending(customer), nights=nights,
            until=self.kept_until(nights), days=settings.get("erasure_days"),
            others=self.others(), return_url=self.page_of(customer),
        )  # fmt: skip
        return page, 422 if form.errors else 200

    def others(self) -> list[Agent] | None:
        """Return who may confirm what this administrator wants, None where nobody needs to."""
        return erasure_second.others(self.agent) if settings.get(erasure_second.KEY) else None

    @staticmethod
    def kept_until(nights: list[date]) -> datetime | None:
        """Return the day on which the last nightly backup with the person is deleted; None where none has them."""
        if not nights and not settings.get("backup_nightly"):
            return None
        waits = int(settings.get("erasure_days")) + int(settings.get("backup_kept"))
        return clock.now() + timedelta(days=waits)

    @staticmethod
    def page_of(customer: Customer) -> str:
        """Return the address of the page of a customer."""
        return url_for("desk_customer.customer_view", key=customer.id)

    @expose("/<int:key>/erase/confirm", methods=["POST"])
    def confirm_view(self, key: int) -> Response:
        """Confirm what another administrator, or the customer, wants."""
        customer = customers.find_customer(key, self.agent)
        try:
            requests.confirm(customer, actor=self.agent)
        except HelpdeskError as error:
            flash(str(error), "error")
        else:
            flash(_("The erasure is confirmed."), "success")
        return redirect(self.page_of(customer))

    @expose("/<int:key>/erase/cancel", methods=["POST"])
    def cancel_view(self, key: int) -> Response:
        """Let the person stay."""
        customer = customers.find_customer(key, self.agent)
        try:
            requests.cancel(customer, actor=self.agent)
        except NotFound as error:
            flash(str(error), "error")
        else:
            flash(_("The erasure is cancelled: this person stays."), "success")
        return redirect(self.page_of(customer))
