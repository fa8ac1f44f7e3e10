"""The address of a customer: corrected where e-mails come back, or tried once more."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.wrappers import Response
from wtforms import EmailField
from wtforms.validators import InputRequired

from admin_views.base import DeskPage, posted
from admin_views.base.forms import DeskForm, show
from admin_views.tickets.sidebar import LIST, desk_menu
from helpdesk import access
from helpdesk.errors import HelpdeskError, NotFound
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.notifications import withholding
from helpdesk.people import addresses, customers, deliverability
from models import CustomerAddress, OutgoingEmail


class AddressForm(DeskForm):
    """Another address in the place of one."""

    email = EmailField(
        lazy("Right address"),
        validators=[InputRequired(lazy("This field is required."))],
        description=lazy("E-mails that came back in the last 30 days go out again to it."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class AddressesPage(DeskPage):
    """One address of a customer."""

    slug = "addresses"
    title = lazy("E-mail addresses")
    verb = "desk"

    @expose("/")
    def index_view(self) -> Response:
        """Show nothing of its own: addresses are reached from a ticket or a customer."""
        return redirect(url_for(LIST))

    @expose("/<int:key>", methods=["GET", "POST"])
    def address_view(self, key: int) -> ResponseReturnValue:
        """Ask for the right address, and put it in the place of this one."""
        address = addresses.find(key, self.agent)
        form = AddressForm(posted())
        if request.method == "POST" and form.validate():
            try:
                new, sent = addresses.correct(address, form.email.data or "", actor=self.agent)
            except NotFound:
                raise
            except HelpdeskError as error:
                show(error, form)
            else:
                flash(_("The address is %(email)s now.", email=new.email), "success")
                if sent:
                    text = ngettext("%(num)d e-mail goes out again.", "%(num)d e-mails go out again.", sent)
                    flash(text, "info")
                return redirect(self.way_on(new))
        return self.render(
            "admin/address.html", form=form, address=address, return_url=self.way_on(address),
            takes_none=withholding.is_undeliverable(address), bounced=last_bounced(address),
            sidebar=desk_menu(self.agent, {}),
        )  # fmt: skip

    @expose("/<int:key>/lift", methods=["POST"])
    def lift_view(self, key: int) -> ResponseReturnValue:
        """Let e-mails go to the address again."""
        address = addresses.find(key, self.agent)
        deliverability.lift(address, actor=self.agent)
        flash(_("E-mails go to %(email)s again.", email=address.email), "success")
        return redirect(self.way_on(address))

    def way_on(self, address: CustomerAddress) -> str:
        """Return the ticket one came from, else the customer, else the list."""
        number = request.args.get("ticket", "")
        try:
            return url_for("desk_ticket.ticket_view", number=access.find_ticket(self.agent, number).number)
        except HelpdeskError:
            if customers.meets(self.agent, address.customer_id):
                return url_for("desk_customer.customer_view", key=address.customer_id)
            return url_for(LIST)


def last_bounced(address: CustomerAddress) -> OutgoingEmail | None:
    """Return the last mail to an address that came back."""
    bounced = OutgoingEmail.select().where(OutgoingEmail.address == address.id, OutgoingEmail.bounced_at.is_null(False))
    row: OutgoingEmail | None = bounced.order_by(OutgoingEmail.id.desc()).first()
    return row
