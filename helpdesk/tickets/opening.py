"""Opening a ticket: `open_ticket` is the only way to make one."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass

from peewee import IntegrityError, ModelSelect, ModelUpdate

from helpdesk import clock, erased_marks, search
from helpdesk.access import Actor
from helpdesk.errors import FormSent, InvalidInput
from helpdesk.events import EventKind, record, transaction
from helpdesk.files.attachments import attach
from helpdesk.files.file_store import StoredFile
from helpdesk.i18n import lazy
from helpdesk.lib import control_characters, inputs, richtext
from helpdesk.lib.statements import Prepared, Slot, insert
from helpdesk.locking import mark_locked
from helpdesk.orders.order_input import MAX_NUMBER
from helpdesk.people import customers, deliverability
from helpdesk.settings import lookups, ticket_numbers
from helpdesk.tickets import excerpt, of_organisation
from helpdesk.tickets.cc import write_cc
from helpdesk.tickets.derived_columns import priority_columns, status_columns
from models import (
    CUSTOMER_MESSAGE,
    Attachment,
    Customer,
    CustomerAddress,
    Department,
    IncomingMail,
    Message,
    Service,
    Ticket,
    TicketEvent,
)

MAX_SUBJECT = 200
MAX_BODY = 100_000
#: Characters of a text as HTML, as the editor sends it.
MAX_HTML = 4 * MAX_BODY
FORM_SENT = lazy("This form has sent another text already. Send yours once more.")


@dataclass(frozen=True)
class NewTicket:
    """The values of a ticket's form: their types are checked, the rules are not. `body` is plain text.

    `email` may stay empty for a signed-in customer. `form_key` makes sending the same form twice harmless.
    """

    email: str
    subject: str
    body: str
    service_id: int
    department_id: int | None = None
    first_name: str = ""
    last_name: str = ""
    locale: str = "en"
    form_key: str | None = None
    copies: tuple[str, ...] = ()
    files: tuple[StoredFile, ...] = ()
    #: The order it is about, as the customer typed its number.
    order_number: str = ""
    #: How the customer reached the agent who opens it for them (a key of ``event_texts.OPENED_FOR``); empty otherwise.
    source: str = ""
    #: Taken for spam before anybody has read it: nobody is told, and its author is not blocked.
    is_spam: bool = False
    #: Whether its author keeps it from colleagues of the same organisation.
    is_private: bool = False
    #: The mail it came in: filters look at it.
    mail: IncomingMail | None = None

    @property
    def digest(self) -> str:
        """What tells the text of this form from another one sent under the same key; its files count apart."""
        place = [self.service_id, self.department_id]
        written = [
            self.form_key,
            *place,
            (self.email or "").strip().lower(),
            self.subject,
            self.body,
            self.order_number,
        ]
        written += [self.first_name, self.last_name, *sorted(email.lower() for email in self.copies)]
        return hashlib.sha256(json.dumps(written).encode()).hexdigest()[:32]


def open_ticket(new: NewTicket, *, actor: Actor | None) -> Ticket:
    """Open a ticket as a customer, as a visitor (`actor` None), or as an agent on a customer's behalf.

    Sending the same form again returns the ticket it made first. Raises InvalidInput naming the field that is wrong,
    or FormSent when the form has made a ticket of another text.
    """
    subject, body = clean_subject(new.subject), _text(new.body, "body", MAX_BODY)
    service, department = place(new.service_id, new.department_id)
    try:
        with transaction():
            address = _author(new, actor)
            defaults = of_organisation.defaults(address.customer)
            ticket = store_row(new, subject, service, department, address, **defaults)
            if new.mail is not None:
                new.mail.ticket = ticket
                new.mail.save()
            message = write_first_message(ticket, address, body)
            attach(message, new.files, actor=actor)
            write_cc(ticket, new.copies, actor=actor or address.customer, unsure=actor is None)
            # A visitor acts as the customer of the address they gave: history and mails name that customer.
            caller = {"source": new.source, "customer": address.customer.display_name} if new.source else {}
            caller |= {"form": new.digest} if new.form_key else {}
            of_organisation.put_colleagues_in_copy(ticket)
            record(ticket, EventKind.OPENED, actor=actor or address.customer, about=message, **caller)
    except IntegrityError:
        # The same form was sent before, or twice at once: it has made its ticket.
        ticket_of_form = find_made(new)
        if ticket_of_form is None:
            raise
        return ticket_of_form
    return ticket


def place(service_id: int, department_id: int | None) -> tuple[Service, Department | None]:
    """Return the service and its department. Raises InvalidInput when they do not fit (RULES 1)."""
    service, department = lookups.service(service_id), lookups.department(department_id)
    if service is None:
        raise InvalidInput(lazy("Choose a service."), field="service")
    if department is None and lookups.departments(service.id):
        raise InvalidInput(lazy("Choose a department."), field="department")
    if department is not None and department.service_id != service.id:
        raise InvalidInput(lazy("This department belongs to another service."), field="department")
    return service, department


def clean_subject(value: str) -> str:
    """Return a subject on one line. Raises InvalidInput at ``subject`` for an empty or too long one."""
    return _text(value, "subject", MAX_SUBJECT)


def _text(value: str, field: str, limit: int) -> str:
    text = control_characters.one_line(value) if field == "subject" else inputs.lines(value)
    text = erased_marks.disarmed(text)
    if not text:
        raise InvalidInput(lazy("This field is required."), field=field)
    if len(text) > limit:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=limit), field=field)
    return text


def find_made(new: NewTicket) -> Ticket | None:
    """Return the ticket that the same form has made before, or None.

    Raises FormSent where it made one of another text: what was typed since must not get lost.
    """
    ticket: Ticket | None = _with_form_key.first(key=new.form_key) if new.form_key else None
    if ticket is None:
        return None
    opened = TicketEvent.select(TicketEvent.data).where(
        TicketEvent.ticket == ticket.id, TicketEvent.kind == EventKind.OPENED.value
    )
    # A form sent before there were digests is taken for the same; after a merge there are several.
    digests = {event.data["form"] for event in opened.limit(100) if "form" in event.data} or {new.digest}
    kept = Attachment.select(Attachment.name, Attachment.sha256).join(Message).where(Message.ticket == ticket.id)
    require_same(new, digests, set(kept.tuples()) if new.files else set())
    return ticket


def require_same(new: NewTicket, digests: set[str], files: set[tuple[str, str]]) -> None:
    """Raise FormSent unless a form says what was stored of it: one of these digests, no other files than these."""
    if new.digest not in digests or {(file.name, file.sha256) for file in new.files} - files:
        raise FormSent(FORM_SENT)


@Prepared
def _with_form_key() -> ModelSelect:
    return Ticket.select().where(Ticket.form_key == Slot("key"))


def _author(new: NewTicket, actor: Actor | None) -> CustomerAddress:
    if isinstance(actor, Customer):
        address = actor.writing_address
        if address.is_proven:
            # A visitor may have typed any address; who is signed in reads theirs.
            deliverability.note_reader(address)
        return address
    return customers.find_or_make(new.email, first_name=new.first_name, last_name=new.last_name, locale=new.locale)


def store_row(
    new: NewTicket,
    subject: str,
    service: Service,
    department: Department | None,
    address: CustomerAddress,
    **columns: object,
) -> Ticket:
    """Store the row of a new ticket with these further columns and its number, and lock it."""
    now = clock.now()
    organisation = lookups.organisation(address.customer.organisation_id)
    is_blocked = organisation is not None and organisation.blocked_at is not None
    ticket = Ticket(
        # The number holds the id, which the row must have first.
        number=f"~{secrets.token_hex(12)}",
        subject=subject,
        customer=address.customer,
        address=address,
        service=service,
        department=department,
        locale=new.locale,
        is_spam=new.is_spam or is_blocked or address.customer.blocked_at is not None,
        last_activity=now,
        created_at=now,
        form_key=new.form_key,
        order_number=inputs.one_line(new.order_number, MAX_NUMBER),
        excerpt=excerpt.first_words(erased_marks.disarmed(inputs.lines(new.body))),
        **status_columns(lookups.default_status()) | {"awaits_reply": True, "waiting_since": now},
        organisation_id=address.customer.organisation_id,
        is_private=new.is_private,
        **priority_columns(lookups.default_priority()) | columns,
    )
    insert(ticket)
    ticket.number = ticket_numbers.number_of(ticket.id)
    _give_number.run(ticket=ticket.id, number=ticket.number)
    mark_locked(ticket)
    return ticket


@Prepared
def _give_number() -> ModelUpdate:
    return Ticket.update(number=Slot("number")).where(Ticket.id == Slot("ticket"))


def first_message(ticket: Ticket) -> Message:
    """Return the message a ticket was opened with."""
    message: Message = Message.select().where(Message.ticket == ticket.id).order_by(Message.id).get()
    return message


def write_first_message(ticket: Ticket, address: CustomerAddress, body: str) -> Message:
    """Store the author's message (plain text) and add it to the search index."""
    message = Message(
        ticket=ticket,
        kind=CUSTOMER_MESSAGE,
        customer=address.customer,
        author_name=address.customer.full_name or address.email,
        body=richtext.from_text(body),
        created_at=clock.now(),
    )
    insert(message)
    search.index(message, ticket, address.customer, address.email, body)
    return message
