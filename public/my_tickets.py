"""My tickets and one thread: reading, answering, closing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from flask import flash, redirect, render_template, request, url_for
from peewee import ModelSelect, fn
from werkzeug.wrappers import Response

from helpdesk import access, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput, NotFound, TooMany
from helpdesk.files import attachments
from helpdesk.i18n import _, lazy
from helpdesk.people import customers
from helpdesk.reports import satisfaction
from helpdesk.settings import lookups
from helpdesk.tickets import cc, of_organisation, thread
from models import Customer, Message, Status, Ticket
from public import current, rate_limits, ticket_links
from public.forms import AnswerForm
from public.routes import blueprint
from web.errors import again
from web.kept_input import read_form

PER_PAGE = 25
ANSWERS_PER_NETWORK = 120
RATINGS_PER_NETWORK = 60
HOUR = 3600

Person = Customer | TicketGuest
Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]
View = Callable[[Person, Ticket], Answer]


@dataclass(frozen=True)
class Line:
    """A ticket of the list, its status, who spoke last, and as which customer it is read."""

    ticket: Ticket
    status: Status | None
    last: Message | None
    me: int


@blueprint.get("/tickets", endpoint="tickets")
def list_tickets() -> Response | str:
    """List the customer's tickets, or those this browser keeps: open or closed, the latest activity first."""
    customer = current.signed_in()
    closed = request.args.get("show") == "closed"
    if customer is None:
        return _list_opened(closed=closed)
    colleagues, is_theirs = access.colleagues_tickets(customer), request.args.get("of") == "organisation"
    if is_theirs and colleagues is None:
        return redirect(url_for("public.tickets"))
    tickets = access.with_author(colleagues) if is_theirs else access.own_tickets(customer)
    rows = _page_of(tickets, customer, closed=closed, before=request.args.get("before", ""))
    return render_template(
        "public/tickets.html",
        lines=_lines([(row, customer.id) for row in rows[:PER_PAGE]]),
        closed=closed,
        is_guest=False,
        is_first="before" not in request.args,
        next_before=rows[PER_PAGE - 1].number if len(rows) > PER_PAGE else None,
        organisation=lookups.organisation(customer.organisation_id) if colleagues is not None else None,
        of="organisation" if is_theirs else None,
    )


def _list_opened(*, closed: bool) -> Response | str:
    """List what this browser opened or was led to by a link; with none of it, ask to sign in."""
    opened = current.guest_tickets()
    if not opened:
        return redirect(url_for("public.sign_in", next=request.full_path.rstrip("?")))
    shown = [(row, guest.customer.id) for guest, row in opened if row.is_open != closed]
    shown.sort(key=lambda pair: (pair[0].last_activity, pair[0].id), reverse=True)
    lines = _lines(shown)
    return render_template(
        "public/tickets.html", lines=lines, closed=closed, is_guest=True, is_first=True, next_before=None
    )


def _page_of(tickets: ModelSelect, customer: Customer, *, closed: bool, before: str) -> list[Ticket]:
    query = tickets.where(Ticket.is_open != closed)
    if before:
        last = current.followed(customer, before)
        query = query.where(
            (Ticket.last_activity < last.last_activity)
            | ((Ticket.last_activity == last.last_activity) & (Ticket.id < last.id))
        )
    return list(query.order_by(Ticket.last_activity.desc(), Ticket.id.desc()).limit(PER_PAGE + 1))


def _lines(read: list[tuple[Ticket, int]]) -> list[Line]:
    """Make the lines of these tickets, each with the id of the customer who reads it."""
    rows = [row for row, _me in read]
    newest = (
        Message.select(fn.MAX(Message.id))
        .where(Message.ticket.in_([row.id for row in rows]), access.shown_to_customers())
        .group_by(Message.ticket)
    )
    messages = Message.select().where(Message.id.in_(newest)) if rows else ()
    last = {message.ticket_id: message for message in messages}
    return [Line(row, lookups.status(row.status_id), last.get(row.id), me) for row, me in read]


def on_ticket(*, follow: bool = False) -> Callable[[View], Callable[[str], Answer]]:
    """Let a view take who asks and the ticket in place of the number of its address.

    A ticket of others and none at all get the same answer. The number of a merged ticket leads to the one it is part
    of now; with `follow` the view takes that one at once.
    """

    def guard(view: View) -> Callable[[str], Answer]:
        @wraps(view)
        def guarded(number: str) -> Answer:
            try:
                who, row = current.find(number)
            except NotFound:
                return _not_here()
            return view(who, row) if follow or row.number == number else _led_on(row, number)

        return guarded

    return guard


@blueprint.get("/tickets/<number>")
@on_ticket()
def ticket(who: Person, row: Ticket) -> Response | str | tuple[str, int]:
    """Show the thread of a ticket to its customer or to its guest."""
    return _thread(who, row, AnswerForm(_owner(who, row)))


@blueprint.post("/tickets/<number>")
@on_ticket(follow=True)
def answer(who: Person, row: Ticket) -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Add the customer's message to the thread; writing to a closed ticket reopens it."""
    form = AnswerForm(_owner(who, row))
    refused: Exception | None = None
    if "remove_file" in request.form:
        return _thread(who, row, form), 200
    try:
        if form.validate():
            rate_limits.count("answer", limit=ANSWERS_PER_NETWORK, seconds=HOUR)
            rate_limits.count_copies(form.new_cc)
            files = form.form_files.to_send
            tickets.receive_message(
                row, form.message.data, actor=who, form_key=form.key, copies=form.new_cc, files=files
            )
            flash(_("Your message has been sent."), "success")
            return redirect(url_for("public.ticket", number=row.number), 303)
    except (InvalidInput, TooMany) as error:
        refused = error
        form.refuse(error)
        form.begin_anew()
    return again(_thread(who, row, form), refused)


@blueprint.post("/tickets/<number>/close")
@on_ticket()
def close(who: Person, row: Ticket) -> Response | tuple[str, int]:
    """Close the ticket from the customer's side."""
    tickets.close(row, actor=who)
    flash(_("The ticket has been closed."), "success")
    return redirect(url_for("public.ticket", number=row.number), 303)


@blueprint.post("/tickets/<number>/private")
@on_ticket()
def keep_private(who: Person, row: Ticket) -> Response | tuple[str, int]:
    """Keep a ticket from colleagues, or let them read it again."""
    is_private = request.form.get("act") == "keep"
    of_organisation.set_private(row, is_private, actor=who)
    text = _("Your colleagues cannot read this ticket.") if is_private else _("Your colleagues can read this ticket.")
    flash(text, "success")
    return redirect(url_for("public.ticket", number=row.number), 303)


@blueprint.post("/tickets/<number>/not-resolved")
@on_ticket()
def not_resolved(who: Person, row: Ticket) -> Response | tuple[str, int]:
    """Put a ticket back to the team that would have been closed by itself."""
    ticket_links.tell_not_resolved(row, who)
    return redirect(url_for("public.ticket", number=row.number), 303)


@blueprint.post("/tickets/<number>/rating")
@on_ticket()
def rate(who: Person, row: Ticket) -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Keep whether the customer is satisfied with a closed ticket."""
    access.require(who, "rate", row)
    try:
        rate_limits.count("rating", limit=RATINGS_PER_NETWORK, seconds=HOUR)
        satisfaction.rate(row, request.form.get("score", ""), actor=who, comment=request.form.get("comment", ""))
    except (InvalidInput, TooMany) as error:
        return again(_thread(who, row, AnswerForm(_owner(who, row)), refused=str(error)), error)
    flash(_("Thank you for your answer."), "success")
    return redirect(url_for("public.ticket", number=row.number), 303)


@blueprint.post("/tickets/<number>/copies/drop")
@on_ticket()
def drop_cc(who: Person, row: Ticket) -> Response | tuple[str, int]:
    """Take somebody out of copy."""
    address = customers.lookup(request.form.get("email", ""))
    if address is None:
        raise NotFound(lazy("This address is not in copy."))
    cc.remove_cc(row, address, actor=who)
    flash(_("%(email)s is not in copy any more.", email=address.email), "success")
    return redirect(url_for("public.ticket", number=row.number), 303)


def _led_on(row: Ticket, number: str) -> Response:
    """Lead to the ticket that the one with this number was merged into."""
    flash(_("Ticket %(former)s is part of this one now.", former=number), "info")
    return redirect(url_for("public.ticket", number=row.number), 303)


def _owner(who: Person, row: Ticket) -> Person | None:
    """Return who puts others in copy: the customer of the ticket, not somebody in copy of it."""
    return None if access.is_in_copy(who, row) else who


def _thread(who: Person, row: Ticket, form: AnswerForm, *, refused: str = "") -> str:
    text = request.args.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
    messages, earlier = thread.public_messages(row, before=before)
    return render_template(
        "public/ticket.html",
        ticket=row,
        status=lookups.status(row.status_id),
        service=lookups.service(row.service_id),
        department=lookups.department(row.department_id),
        messages=messages,
        files=attachments.of_messages(messages),
        earlier=earlier,
        is_latest=before is None,
        form=form,
        is_guest=isinstance(who, TicketGuest),
        in_copy=access.is_in_copy(who, row),
        closes_at=ticket_links.announced_closing(row, who),
        leave_token=cc.leave_token(row, who),
        copied=cc.in_copy(row),
        **_colleagues(who, row),
        rating=_rating(who, row, refused),
        me=who.customer.id if isinstance(who, TicketGuest) else who.id,
        known_as=who.address.email if isinstance(who, TicketGuest) and not who.is_proven else "",
    )


def _colleagues(who: Person, row: Ticket) -> dict[str, object]:
    """Return whether the reader is a colleague of who opened the ticket, and whether it can be kept from colleagues."""
    person = who.customer if isinstance(who, TicketGuest) else who
    is_colleague = person.id != row.customer_id and person.organisation_id == row.organisation_id
    return {
        "colleague_at": (is_colleague and lookups.organisation(row.organisation_id)) or None,
        "may_keep": isinstance(who, Customer)
        and who.id == row.customer_id
        and of_organisation.may_be_read(who, row.organisation_id),
    }


def _rating(who: Person, row: Ticket, refused: str) -> dict[str, str] | None:
    """Return what the question about satisfaction shows; None where it is not asked."""
    if not refused and not satisfaction.is_asked(row, who):
        return None
    rating = satisfaction.own_rating(row)
    comment = request.form.get("comment", rating.comment if rating is not None else "")
    return {"score": rating.score if rating is not None else "", "comment": comment, "refused": refused}


def _not_here() -> tuple[str, int]:
    """Say the same for a ticket of others and for none at all."""
    return render_template(
        "public/not_here.html", is_signed_in=current.signed_in() is not None, sent_form=read_form()
    ), 404
