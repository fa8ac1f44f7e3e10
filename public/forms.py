"""The forms of visitors and customers: they check shapes and keep what was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, FileField, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from helpdesk import i18n
from helpdesk.access import TicketGuest
from helpdesk.errors import FormSent, HelpdeskError, InvalidInput
from helpdesk.files import attachments
from helpdesk.i18n import lazy
from helpdesk.orders.order_input import MAX_NUMBER
from helpdesk.people import customers
from helpdesk.suppression import AddressSuppressed
from helpdesk.tickets import NewTicket, cc, of_organisation
from helpdesk.tickets.opening import MAX_BODY, MAX_SUBJECT
from helpdesk.visitors import captcha
from models import Customer
from public import files, form_keys
from public.units import Unit, label_of
from web.uploads import BlankFiles, FormFiles

#: Seconds below which nobody fills the form by hand.
QUICKEST = 3

#: Fields of a rule that have another name on the page.
FIELD_OF = {"service": "unit", "department": "unit", "body": "message"}

TOO_LONG = lazy("Use at most %(max)d characters.")
CC_LABEL = lazy("Copy somebody in (Cc)")
CC_HELP = lazy("E-mail addresses with commas between them. These people read the ticket and can answer in it.")


class DeskForm(FlaskForm):
    """A form that shows what a rule refused."""

    def refuse(self, error: HelpdeskError) -> None:
        """Put the message of a rule at its field, or above the form."""
        name = FIELD_OF.get(error.field or "", error.field or "")
        if name in self._fields and not isinstance(self._fields[name], HiddenField):
            self._fields[name].errors = [*self._fields[name].errors, error.message]
        else:
            self.form_errors.append(error.message)


class FilesForm(DeskForm):
    """A form that takes files along: they are kept while something else stands in its way."""

    files = FileField(lazy("Files"))

    def __init__(self, form_files: FormFiles | None = None) -> None:
        super().__init__()
        self.form_files = form_files or files.form_files()
        if self.is_submitted():
            self.form_files.take()
            self.files.errors = self.files.process_errors = list(self.form_files.errors)


def no_address(_form: FlaskForm, field: Field) -> None:
    """Refuse what is no e-mail address."""
    try:
        customers.normalise(field.data or "")
    except InvalidInput as error:
        raise ValidationError(error.message) from error


def refuse_cc(field: Field, own: set[str]) -> None:
    """Refuse an address that cannot be in copy, and more than there may be."""
    try:
        cc.check(cc.split(field.data or ""), own=own)
    except InvalidInput as error:
        raise ValidationError(error.message) from error


@dataclass(frozen=True)
class Shape:
    """Which fields the form has: it looks alike for all whom it asks the same (RULES 23)."""

    asks_address: bool
    asks_code: bool
    can_be_private: bool
    takes_files: bool


def shape_for(customer: Customer | None) -> Shape:
    """Return the fields for this customer; for a visitor without one."""
    return Shape(
        asks_address=customer is None,
        asks_code=customer is None and captcha.is_on(),
        can_be_private=customer is not None and of_organisation.may_be_read(customer, customer.organisation_id),
        takes_files=attachments.may_attach(customer),
    )


class TicketForm(FilesForm):
    """The one form: a signed-in customer leaves out the address, the names and the code (RULES 23)."""

    email = EmailField(
        lazy("E-mail address"),
        [DataRequired(lazy("Write your e-mail address.")), no_address],
        description=lazy("We send the answer and the link of your ticket there."),
    )
    last_name = StringField(lazy("Last name"), [Length(max=80, message=TOO_LONG)])
    first_name = StringField(lazy("First name"), [Length(max=80, message=TOO_LONG)])
    unit = StringField(lazy("Service"))
    subject = StringField(
        lazy("Subject"),
        [DataRequired(lazy("Write a subject.")), Length(max=MAX_SUBJECT, message=TOO_LONG)],
    )
    message = TextAreaField(
        lazy("Message"),
        [DataRequired(lazy("Write your message.")), Length(max=MAX_BODY, message=TOO_LONG)],
    )
    copies = StringField(CC_LABEL, description=CC_HELP)
    order_number = StringField(
        lazy("Order number"),
        [Length(max=MAX_NUMBER, message=TOO_LONG)],
        description=lazy("If you write about an order: its number, as the shop gave it to you."),
    )
    code = StringField(
        lazy("Security code"),
        description=lazy("Copy the five letters. Capitals or not, it does not matter."),
    )
    is_private = BooleanField(lazy("Keep it from my colleagues"))
    # Without a label the library looks for the translation of one, in a file read for each form.
    code_token = HiddenField("")
    form_key = HiddenField("")
    #: The service that a link asks for, when it leaves the department open.
    service: int | None = None
    #: Nobody sees it: only robots fill it in.
    website = StringField(lazy("Leave this field empty"))

    def __init__(self, units: list[Unit], customer: Customer | None, blank: Shape | None = None) -> None:
        """Make the form of this customer; `blank`: one to look at that nobody sends, of this shape."""
        super().__init__(BlankFiles(is_open=blank.takes_files) if blank is not None else None)
        self.units = units
        self.customer = customer
        self.shape = shape = blank or shape_for(customer)
        self.asks_code = shape.asks_code
        self.key, self.age = form_keys.read(self.form_key.data)
        if self.key is None and blank is None:
            self.form_key.data = form_keys.new()
        if not shape.asks_address:
            for name in ("email", "last_name", "first_name", "website"):
                del self[name]
        if not shape.can_be_private:
            del self.is_private
        if not shape.asks_code:
            del self.code, self.code_token
        self.unit.label.text = label_of(units)
        if len(units) == 1 and self.unit.data in {None, "", units[0].key}:
            del self.unit

    @property
    def chosen(self) -> Unit | None:
        """The department (or service) the ticket goes to: the only one, unless another one was asked for."""
        if self.unit is None:
            return self.units[0]
        return next((unit for unit in self.units if unit.key == self.unit.data), None)

    def validate_unit(self, _field: Field) -> None:
        """Offer again what may be chosen: the list may have changed since the form was opened."""
        if self.chosen is None:
            raise ValidationError(lazy("Choose the service or department you write to."))

    def validate_copies(self, field: Field) -> None:
        """Name the address that cannot be in copy, before the security code is used up."""
        typed = (self.email.data or "").strip().lower() if self.customer is None else ""
        refuse_cc(field, {typed} if self.customer is None else cc.own_addresses(self.customer))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields, then what robots get wrong."""
        passed = super().validate(extra_validators)
        if self.key is None:
            self.form_errors.append(lazy("This form was open for a long time. Please send it again."))
        elif passed and self.customer is None and captcha.is_on() and (self.age < QUICKEST or self.website.data):
            self.website.data = ""
            self.form_errors.append(lazy("Please read your message once more, then send it again."))
        return passed and not self.form_errors

    def renew(self) -> None:
        """Give the form a new key: the old one may not be used any more."""
        self.form_key.data = form_keys.new()
        self.key, self.age = form_keys.read(self.form_key.data)

    def refuse(self, error: HelpdeskError) -> None:
        """Show what a rule refused; a form that has sent another text comes back as one of its own."""
        if isinstance(error, FormSent):
            self.renew()
        if isinstance(error, AddressSuppressed) and error.field == "email":
            # Their names and content would be kept for an hour.
            self.form_files.forget()
        super().refuse(error)

    def new_ticket(self) -> NewTicket:
        """Return what was asked, shapes checked."""
        unit = self.chosen
        if unit is None:
            raise InvalidInput(lazy("Choose the service or department you write to."), field="unit")
        visitor = self.customer is None
        return NewTicket(
            email=self.email.data if visitor else "",
            first_name=self.first_name.data or "" if visitor else "",
            last_name=self.last_name.data or "" if visitor else "",
            subject=self.subject.data,
            body=self.message.data,
            service_id=unit.service.id,
            department_id=unit.department.id if unit.department is not None else None,
            locale=i18n.language(),
            form_key=self.key,
            copies=tuple(cc.split(self.copies.data or "")),
            files=tuple(self.form_files.to_send),
            order_number=self.order_number.data or "",
            is_private=self.is_private is not None and self.is_private.data,
        )


class PlaceForm(DeskForm):
    """Where a message goes whose service or department is not there any more."""

    unit = StringField(lazy("Service"))
    service: int | None = None

    def __init__(self, units: list[Unit]) -> None:
        super().__init__()
        self.units = units

    @property
    def chosen(self) -> Unit | None:
        """The unit that was chosen among those offered."""
        return next((unit for unit in self.units if unit.key == self.unit.data), None)


class AnswerForm(FilesForm):
    """What a customer adds to a ticket. Who is in copy of it (`owner` None) puts nobody else in copy."""

    form_key = HiddenField("")

    message = TextAreaField(
        lazy("Your message"),
        [DataRequired(lazy("Write your message.")), Length(max=MAX_BODY, message=TOO_LONG)],
    )

    copies = StringField(CC_LABEL, description=CC_HELP)

    def __init__(self, owner: Customer | TicketGuest | None) -> None:
        super().__init__()
        self.owner = owner
        self.key, _age = form_keys.read(self.form_key.data)
        if self.key is None:
            self.form_key.data = form_keys.new()
        if owner is None:
            del self.copies

    def begin_anew(self) -> None:
        """Let the form that is shown again be another one: nothing of this one was stored."""
        self.form_key.data = form_keys.new()

    def validate_copies(self, field: Field) -> None:
        """Name the address that cannot be in copy."""
        refuse_cc(field, cc.addresses_known_to(self.owner) if self.owner is not None else set())

    @property
    def new_cc(self) -> list[str]:
        """The addresses to put in copy."""
        return cc.split(self.copies.data or "") if self.owner is not None else []


class SignInForm(DeskForm):
    """An address with its password, or alone to receive a link."""

    email = EmailField(lazy("E-mail address"), [DataRequired(lazy("Write your e-mail address.")), no_address])
    password = PasswordField(lazy("Password"))


class LinkForm(DeskForm):
    """Where a new link goes."""

    email = EmailField(lazy("E-mail address"), [DataRequired(lazy("Write your e-mail address.")), no_address])


class PasswordForm(DeskForm):
    """A customer's own password."""

    current = PasswordField(lazy("Current password"))
    password = PasswordField(
        lazy("New password"),
        [InputRequired(lazy("Choose a password."))],
        description=lazy("At least 8 characters; 15 or more are better."),
    )
