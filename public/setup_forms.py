"""The forms of the set-up wizard, one per step."""

from __future__ import annotations

from wtforms import EmailField, PasswordField, SelectField, StringField, TextAreaField, URLField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from helpdesk import settings
from helpdesk.i18n import CHOICES, lazy
from helpdesk.lib import zones
from helpdesk.settings import lookups
from models import Mailbox
from public.forms import TOO_LONG, DeskForm, no_address


class AccountForm(DeskForm):
    """The first administrator."""

    name = StringField(
        lazy("Your name"),
        [DataRequired(lazy("Write your name.")), Length(max=120, message=TOO_LONG)],
        description=lazy("Customers see it on your replies."),
    )
    email = EmailField(
        lazy("E-mail address"),
        [DataRequired(lazy("Write your e-mail address.")), no_address],
        description=lazy("You sign in with it, and new tickets are announced there."),
    )
    password = PasswordField(
        lazy("Password"),
        [InputRequired(lazy("Choose a password."))],
        description=lazy("At least 8 characters; 15 or more are better."),
    )


class OrganisationForm(DeskForm):
    """Name, language, place."""

    desk_name = StringField(
        lazy("Name of your organisation"),
        [DataRequired(lazy("Write the name of your organisation.")), Length(max=120, message=TOO_LONG)],
        description=lazy("Shown on every page and mail."),
    )
    language = SelectField(
        lazy("Language"),
        choices=[SelectChoice(code, name) for code, name in CHOICES],
        description=lazy("Used when the reader’s own language is not known."),
    )
    site_url = URLField(
        lazy("Public address"),
        description=lazy("Links in mails start with it. Example: https://help.example.org."),
    )
    timezone = SelectField(lazy("Time zone"), description=lazy("Times are written in this zone."))

    def __init__(self) -> None:
        super().__init__()
        self.timezone.choices = [SelectChoice(name, place, optgroup=region) for name, place, region in zones.choices()]


class ServiceForm(DeskForm):
    """The first service and its departments."""

    name = StringField(
        lazy("Service"),
        [DataRequired(lazy("Give the service a name.")), Length(max=120, message=TOO_LONG)],
        description=lazy("What people write to: General, Orders, Workshops…"),
    )
    departments = TextAreaField(
        lazy("Departments"),
        [Length(max=6000, message=TOO_LONG)],
        description=lazy("One per line. Without any, the service takes tickets itself."),
    )


class MailForm(DeskForm):
    """Where mail is handed over."""

    default_sender = EmailField(
        lazy("Default e-mail"),
        [DataRequired(lazy("Write the address your mails leave from.")), no_address],
        description=lazy("Mails leave from this address. Example: support@example.org."),
    )
    mail_host = StringField(
        lazy("Server"),
        [DataRequired(lazy("Write the name of your mail server.")), Length(max=250, message=TOO_LONG)],
        description=lazy("Example: smtp.example.org."),
    )
    mail_port = StringField(lazy("Port"), description=lazy("Usually 587, or 465 with TLS from the start."))
    mail_tls = SelectField(
        lazy("Encryption"),
        choices=[SelectChoice(*choice) for choice in settings.DECLARED["mail_tls"].choices],
        description=lazy("Certificates are always checked."),
    )
    mail_username = StringField(lazy("User name"), description=lazy("Empty: no authentication."))
    mail_password = PasswordField(lazy("Password"), description=lazy("Stored encrypted, never shown again."))


class MailboxForm(DeskForm):
    """Where mail comes in."""

    address = EmailField(
        lazy("Address"),
        [DataRequired(lazy("Write the address your customers write to.")), no_address],
        description=lazy("Where customers write to. Example: support@example.org."),
    )
    host = StringField(
        lazy("Server"),
        [DataRequired(lazy("Write the name of your mail server.")), Length(max=250, message=TOO_LONG)],
        description=lazy("Example: imap.example.org."),
    )
    username = StringField(lazy("User name"), description=lazy("Empty: the address itself."))
    password = PasswordField(lazy("Password"), description=lazy("Stored encrypted, never shown again."))
    place = SelectField(lazy("Its tickets go to"))

    def __init__(self) -> None:
        super().__init__()
        self.place.choices = []
        for service in lookups.services():
            rows = lookups.departments(service.id)
            self.place.choices += [
                SelectChoice(f"{service.id}-{row.id}", f"{service.name}, {row.name}") for row in rows
            ]
            if not rows:
                self.place.choices.append(SelectChoice(f"{service.id}-", str(service)))

    @staticmethod
    def key_of(mailbox: Mailbox) -> str:
        """Return the choice that stands for the place of a mailbox."""
        return f"{mailbox.service_id}-{mailbox.department_id or ''}"

    def chosen_place(self) -> tuple[str, str]:
        """Return the ids of the service and department that are chosen; an empty text for no department."""
        service, _dash, department = str(self.place.data or "").partition("-")
        return service, department
