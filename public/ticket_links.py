"""The private link of a ticket: reading it uses nothing up, a button proves the address."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk import access, automatic_closing
from helpdesk.access import TicketGuest
from helpdesk.errors import HelpdeskError, InvalidInput, NotFound, TooMany
from helpdesk.i18n import _
from helpdesk.links import LinkExpired
from helpdesk.visitors import customer_sign_in
from models import AccessLink, Customer, Ticket
from public import current
from public.forms import LinkForm
from public.routes import blueprint
from web import sessions
from web.errors import again


@blueprint.get("/t/<token>")
def ticket_link(token: str) -> str | tuple[str, int]:
    """Show a button: programs that open every link of a mail press none."""
    try:
        link = customer_sign_in.find_ticket_link(token)
    except (LinkExpired, NotFound) as error:
        return lost(error)
    return render_template(
        "public/ticket_link.html",
        ticket=link.ticket,
        token=token,
        in_copy=link.address.customer_id != link.ticket.customer_id,
        closes_at=announced_closing(link.ticket, _guest_of(link)),
    )


@blueprint.post("/t/<token>")
def open_ticket_link(token: str) -> Response | tuple[str, int]:
    """Open that ticket in this browser; its customer may say by the same button that it is not resolved."""
    try:
        link = customer_sign_in.find_ticket_link(token)
        address = customer_sign_in.use_ticket_link(link)
    except (LinkExpired, NotFound) as error:
        return lost(error)
    current.remember(link.ticket, address, link=link, is_proven=True)
    if "not_resolved" in request.form:
        tell_not_resolved(link.ticket, _guest_of(link))
    return redirect(url_for("public.ticket", number=link.ticket.number), 303)


def _guest_of(link: AccessLink) -> TicketGuest:
    return TicketGuest(link.address.customer, link.ticket_id, link.address)


def announced_closing(ticket: Ticket, who: Customer | TicketGuest) -> datetime | None:
    """Return when a ticket is closed by itself, where its customer was told so; None for somebody in copy."""
    if access.is_in_copy(who, ticket) or not automatic_closing.is_announced(ticket):
        return None
    closes: datetime | None = ticket.closes_at
    return closes


def tell_not_resolved(ticket: Ticket, who: Customer | TicketGuest) -> None:
    """Put a ticket back to the team and say so; one that was closed meanwhile says what to do."""
    try:
        automatic_closing.not_resolved(ticket, actor=who)
    except InvalidInput as error:
        flash(str(error), "error")
    else:
        flash(_("The team knows that it is not resolved: the ticket stays open. Add what is missing."), "success")


@blueprint.route("/links/new", methods=["GET", "POST"])
def new_link() -> Response | str | tuple[str, int, dict[str, str]]:
    """Mail a link to the customer's tickets: the same words whether the address is known or not."""
    form = LinkForm()
    refused: Exception | None = None
    if request.method != "POST":
        return render_template("public/link_lost.html", form=form, reason=None)
    try:
        if form.validate():
            customer_sign_in.ask_link(form.email.data, visitor=sessions.visitor())
            flash(_("If we know this address, a link is on its way to it."), "success")
            return redirect(url_for("public.sign_in"), 303)
    except (InvalidInput, TooMany) as error:
        refused = error
        form.refuse(error)
    return again(render_template("public/link_lost.html", form=form, reason=None), refused)


def lost(error: HelpdeskError) -> tuple[str, int]:
    """Explain a link that opens nothing (any more) and offer a new one."""
    code = 410 if isinstance(error, LinkExpired) else 404
    return render_template("public/link_lost.html", form=LinkForm(formdata=None), reason=str(error)), code
