"""Opening a ticket: the form, its security code, and the page that says it was sent."""

from __future__ import annotations

from flask import Response, jsonify, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as Answer

from helpdesk import settings, tickets
from helpdesk.errors import FormSent, InvalidInput, NotFound, TooMany
from helpdesk.i18n import lazy
from helpdesk.lib import throttle
from helpdesk.people import customers
from helpdesk.visitors import captcha, confirmations
from helpdesk.visitors.captcha import CodeResult
from models import Ticket
from public import current, form_page, rate_limits, unconfirmed, units
from public.forms import TicketForm
from public.rate_limits import HOUR, TICKETS_PER_NETWORK
from public.routes import blueprint

TICKETS_PER_CUSTOMER = 100
WRONG_CODES_PER_NETWORK = 40
#: How often the form may ask in an hour whether an address is known.
LOOKUPS_PER_NETWORK, LOOKUPS_OF_DESK = 60, 600


@blueprint.get("/")
def home() -> Answer | tuple[str, int]:
    """The door of the desk is its form."""
    return new_ticket()


@blueprint.route("/tickets/new", methods=["GET", "POST"])
def new_ticket() -> Answer | tuple[str, int]:
    """Show the form, or open a ticket with it."""
    offered = units.offered()
    if not settings.get("desk_enabled") or not offered:
        return _closed(bool(offered))
    if request.method != "POST":
        return form_page.blank(offered, current.signed_in()), 200
    form = TicketForm(offered, current.signed_in())
    if "again" in request.form or "remove_file" in request.form:
        return form_page.written(form), 422 if form.form_files.errors else 200
    try:
        if unconfirmed.is_asked(form):
            return unconfirmed.keep(form) or (form_page.written(form), 422)
        ticket = _made_before(form) or _send(form)
    except (FormSent, TooMany) as error:
        form.refuse(error)
        return form_page.written(form), 422 if isinstance(error, FormSent) else 429
    return _sent(ticket, form) if ticket is not None else (form_page.written(form), 422)


def _made_before(form: TicketForm) -> Ticket | None:
    """Return the ticket that this form has made. Raises FormSent when it was one of another text."""
    return tickets.find_made(form.new_ticket()) if form.key is not None and form.chosen is not None else None


def _send(form: TicketForm) -> Ticket | None:
    """Open the ticket, or leave in the form why not. Raises TooMany."""
    complete = form.validate()
    if not _passes_code(form, complete=complete) or not complete:
        return None
    if form.customer is not None:
        throttle.hit(f"tickets of {form.customer.id}", limit=TICKETS_PER_CUSTOMER, seconds=HOUR)
    new = form.new_ticket()
    rate_limits.count_copies(new.copies)
    try:
        return tickets.open_ticket(new, actor=form.customer)
    except FormSent:
        raise
    except InvalidInput as error:
        form.refuse(error)
        return None


def _passes_code(form: TicketForm, *, complete: bool) -> bool:
    """Check the code; use it up only when nothing else stands in the way."""
    if not form.asks_code or form.key is None:
        return form.key is not None
    token, letters = form.code_token.data or "", form.code.data or ""
    if complete:
        spent = captcha.use_up(token, letters, form.key)
        right = spent in (CodeResult.RIGHT, CodeResult.REPEATED)
        if spent is CodeResult.RIGHT:
            _count_ticket(form, token)
    else:
        right = captcha.check(token, letters, form.key)
    if right is not True:
        _refuse_code(form, letters)
    return right


def _refuse_code(form: TicketForm, letters: str) -> None:
    if not letters:
        form.refuse(InvalidInput(lazy("Copy the letters of the picture."), field="code"))
        return
    form.refuse(InvalidInput(lazy("This code does not match the picture. Here is a new one."), field="code"))
    rate_limits.count("wrong code", limit=WRONG_CODES_PER_NETWORK, seconds=HOUR)


def _count_ticket(form: TicketForm, token: str) -> None:
    """Count one ticket of this network: by its used code, so that a double click counts once."""
    try:
        rate_limits.count("ticket", limit=TICKETS_PER_NETWORK, seconds=HOUR)
    except TooMany:
        captcha.forget(token)
        form.renew()
        raise


def _closed(has_units: bool) -> tuple[str, int]:
    """Say kindly that no ticket can be opened now."""
    return render_template("public/closed.html", has_units=has_units), 200 if settings.get("desk_enabled") else 503


def _sent(ticket: Ticket, form: TicketForm) -> Answer:
    session["sent"] = ticket.number
    if form.customer is None and settings.mail_server() is None and ticket.address_id is not None:
        # No mail will bring the link: the browser that wrote keeps its ticket (RULES 22).
        current.remember(ticket, ticket.address, is_proven=False)
    return redirect(url_for("public.sent"), 303)


@blueprint.get("/tickets/sent")
def sent() -> Answer | str:
    """Say that the message was sent, its number and what happens next."""
    ticket = Ticket.get_or_none(Ticket.number == session.get("sent", ""))
    if ticket is None:
        return redirect(url_for("public.home"))
    try:
        current.find(ticket.number)
        opens = True
    except NotFound:
        opens = False
    return render_template(
        "public/sent.html",
        ticket=ticket,
        opens=opens,
        mails=settings.mail_server() is not None,
        confirmation=confirmations.confirmation_of(ticket),
        who=current.signed_in(),
    )


@blueprint.post("/tickets/known", endpoint="known")
def ask_for_name() -> Response:
    """Answer whether the form must ask for a name; after too many questions the answer is always yes."""
    if settings.get("always_ask_name"):
        return jsonify(ask_name=True)
    try:
        rate_limits.count("known", limit=LOOKUPS_PER_NETWORK, seconds=HOUR)
    except TooMany:
        return jsonify(ask_name=True)
    if throttle.count("known of the desk", seconds=HOUR) > LOOKUPS_OF_DESK:
        return jsonify(ask_name=True)
    return jsonify(ask_name=not customers.is_known(request.form.get("email", "")[:300]))
