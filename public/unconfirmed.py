"""For who cannot read the security code: the ticket waits until its author confirms it by a mailed link."""

from __future__ import annotations

from flask import redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from helpdesk import settings
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.links import LinkExpired
from helpdesk.visitors import unconfirmed
from models import Ticket, UnconfirmedRequest
from public import current, rate_limits, units
from public.forms import PlaceForm, TicketForm
from public.rate_limits import HOUR, TICKETS_PER_NETWORK
from public.routes import blueprint
from public.ticket_links import lost


def is_offered(form: TicketForm) -> bool:
    """Whether this form may be sent without its code: a mail must be able to go out."""
    return bool(form.asks_code) and settings.mail_server() is not None


def is_asked(form: TicketForm) -> bool:
    """Whether the visitor cannot read the code."""
    return "unread" in request.form and is_offered(form)


def keep(form: TicketForm) -> Response | None:
    """Keep the request until its author confirms it, or leave in the form why not. Raises TooMany."""
    if not form.validate():
        return None
    rate_limits.count("ticket", limit=TICKETS_PER_NETWORK, seconds=HOUR)
    new = form.new_ticket()
    rate_limits.count_copies(new.copies)
    try:
        unconfirmed.store(new)
    except InvalidInput as error:
        form.refuse(error)
        return None
    session["held"] = True
    return redirect(url_for("public.waiting"), 303)


@blueprint.get("/tickets/waiting")
def waiting() -> Response | str:
    """Say that the message waits for the link that was mailed."""
    if not session.get("held"):
        return redirect(url_for("public.home"))
    return render_template("public/waiting.html")


@blueprint.get("/confirm/<token>")
def confirm(token: str) -> Response | str | tuple[str, int]:
    """Show a button: programs that open every link of a mail press none."""
    try:
        unconfirmed.find(token)
    except (LinkExpired, NotFound) as error:
        return _own(token) or lost(error)
    return render_template("public/confirm.html", token=token, problem="")


@blueprint.post("/confirm/<token>")
def send_confirmed(token: str) -> Response | tuple[str, int]:
    """Open the ticket that was asked for, and keep it open in this browser. Raises TooMany."""
    form = PlaceForm(units.offered())
    unit = form.chosen
    try:
        row = unconfirmed.find(token)
        # Whom a week of requests names is mailed now.
        rate_limits.count_copies(unconfirmed.new_ticket_of(row).copies)
        place = (unit.service.id, unit.department.id if unit.department is not None else None) if unit else None
        ticket = unconfirmed.send(row, place)
    except (LinkExpired, NotFound) as error:
        return _own(token) or lost(error)
    except InvalidInput as error:
        return _not_as_it_is(row, token, form, error), 422
    if ticket.address_id is not None:
        current.remember(ticket, ticket.address, is_proven=True)
    session.pop("held", None)
    session["sent"] = ticket.number
    return redirect(url_for("public.sent"), 303)


def _not_as_it_is(row: UnconfirmedRequest, token: str, form: PlaceForm, error: InvalidInput) -> str:
    """Give back what was typed; with the services there are, when its own is not there any more."""
    groups = units.by_service(form.units) if error.field in {"service", "department"} else []
    page = {"token": token, "form": form, "groups": groups, "asked": unconfirmed.new_ticket_of(row)}
    return render_template("public/confirm.html", problem=str(error), **page)


def _own(token: str) -> Response | None:
    """Lead to the ticket the link has opened in this browser: a second click asks for nothing else."""
    ticket = unconfirmed.ticket_of(token)
    if ticket is None or not _may_read(ticket):
        return None
    return redirect(url_for("public.ticket", number=ticket.number), 303)


def _may_read(ticket: Ticket) -> bool:
    try:
        current.find(ticket.number)
    except NotFound:
        return False
    return True
