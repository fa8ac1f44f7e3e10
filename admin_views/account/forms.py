"""Forms of the account of an agent."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from admin_views.base.fields import DayField, languages, optional, own_timezones
from admin_views.base.forms import show
from helpdesk import access, settings
from helpdesk.due_times import rules
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import lazy
from helpdesk.lib import passwords
from helpdesk.people import assignees
from helpdesk.settings import lookups
from helpdesk.two_factor import second_factors
from models import BACK, NEXT, STAY, Agent
from web import passkey_site, sessions

NEEDED = lazy("This field is required.")
NEW_PASSWORD_HELP = lazy("At least 8 characters; 15 or more are better.")
#: A hash of a longer text would cost more than it protects.
LONGEST = 1_000


class AccountForm(FlaskForm):
    """A form whose refusals by a rule stand at their field."""

    def refuse(self, error: HelpdeskError) -> None:
        """Show what a rule said."""
        show(error, self)


def needed(longest: int = 254) -> list[Any]:
    """Return the checks of a field that must be filled in."""
    return [DataRequired(NEEDED), Length(max=longest)]


def new_password(label: Any) -> PasswordField:
    """Return the field of a password being chosen."""
    return PasswordField(
        label, needed(LONGEST), description=NEW_PASSWORD_HELP, render_kw={"autocomplete": "new-password"}
    )


class SignInForm(AccountForm):
    """E-mail and password."""

    email = EmailField(lazy("E-mail address"), needed(), render_kw={"autocomplete": "username"})
    password = PasswordField(lazy("Password"), needed(LONGEST), render_kw={"autocomplete": "current-password"})


def code_field(id_on_page: str = "code") -> StringField:
    """Return the field of a code of the telephone, or a recovery code."""
    attributes = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
    return StringField(lazy("Verification code"), needed(40), id=id_on_page, render_kw=attributes)


class CodeForm(AccountForm):
    """A code of the telephone, or a recovery code."""

    code = code_field()


class PasskeyForm(AccountForm):
    """How a passkey is called here, and what the browser has made."""

    name = StringField(
        lazy("Name"), needed(60), description=lazy("To tell it from your others. Example: Laptop, or Phone.")
    )
    passkey = HiddenField()


class ForgottenForm(AccountForm):
    """Where to mail the link."""

    email = EmailField(lazy("E-mail address"), needed(), render_kw={"autocomplete": "username"})


class ResetForm(AccountForm):
    """A new password."""

    password = new_password(lazy("New password"))


class InvitationForm(AccountForm):
    """Who was invited says how they are called and chooses a password."""

    name = StringField(
        lazy("Your name"), needed(120), description=lazy("Shown to the team, and to customers on your replies."),
        render_kw={"autocomplete": "name"},
    )  # fmt: skip
    password = new_password(lazy("Password"))


class ProfileForm(AccountForm):
    """Name, language and time zone."""

    name = StringField(lazy("Name"), needed(120), description=lazy("Shown to the team, and to customers on replies."))
    locale = SelectField(lazy("Language"), choices=languages, coerce=optional)
    timezone = SelectField(lazy("Time zone"), coerce=optional)
    shortcuts = BooleanField(
        lazy("Single-key shortcuts"),
        description=lazy("Press ? on a page of the desk to see them. Switch them off if they get in your way."),
    )

    answers_by_mail = BooleanField(
        lazy("Answer by e-mail"),
        description=lazy(
            "What you answer to a notification goes to the customer, with your signature. When off, it becomes an "
            "internal note."
        ),
    )
    mail_on_warning = BooleanField(
        lazy("E-mail before a ticket is overdue"),
        description=lazy("About tickets you have, and those nobody has where you are told of new ones."),
    )
    mail_on_overdue = BooleanField(lazy("E-mail when a ticket is overdue"))
    mail_on_due_list = BooleanField(
        lazy("Daily list of overdue tickets"),
        description=lazy("One e-mail a day at opening time, if anything is overdue."),
    )
    after_act = SelectField(
        lazy("After a ticket is sent, closed or transferred"),
        choices=[
            SelectChoice(STAY, lazy("Stay on the ticket")),
            SelectChoice(NEXT, lazy("Go to the next ticket of the list")),
            SelectChoice(BACK, lazy("Return to the list")),
        ],
        description=lazy("What is deleted or marked as spam leads to the next ticket, or else to the list."),
    )

    def __init__(self, *args: Any, obj: Agent, **values: Any) -> None:
        super().__init__(*args, obj=obj, **values)
        self.timezone.choices = own_timezones(obj.timezone)
        if not settings.get("agents_answer"):
            del self.answers_by_mail
        if not rules.exist():
            del self.mail_on_warning, self.mail_on_overdue, self.mail_on_due_list
        elif not access.sees_all(obj):
            del self.mail_on_due_list


class LeaveForm(AccountForm):
    """Days on which one is away, and who stands in."""

    first_day = DayField(lazy("First day"))
    last_day = DayField(lazy("Last day, included"))
    substitute = SelectField(
        lazy("Substitute"),
        coerce=optional,
        description=lazy("Is mailed what customers answer in your tickets, where they see these."),
    )

    def __init__(self, agent: Agent, **values: Any) -> None:
        super().__init__(**values)
        others = [row for row in lookups.agents() if row.id != agent.id and assignees.in_support(row)]
        self.substitute.choices = [("", lazy("Nobody")), *((str(row.id), row.name) for row in others)]


class CurrentForm(AccountForm):
    """The current password, which allows a change, and the code where the sign-in is some time ago.

    `has_passkey`: whether a passkey can be given in place of that code (`step_up.confirm`).
    """

    current = PasswordField(lazy("Current password"), needed(LONGEST), render_kw={"autocomplete": "current-password"})
    code = code_field("current-code")
    has_passkey = False

    def __init__(self, agent: Agent, **values: Any) -> None:
        super().__init__(**values)
        if agent.password_hash == passwords.NONE:
            # Who has none confirms at their provider, or by a passkey (`step_up`).
            del self.current
        if not sessions.asks_code(agent) or not ("current" in self or sessions.is_confirmed_by_provider()):
            del self.code
            return
        self.has_passkey = passkey_site.has_one(agent)
        if second_factors.of(agent) is None:
            self.code.label.text = lazy("Recovery code")

    @property
    def current_password(self) -> str:
        """The password, where there is one to give."""
        return self.current.data or "" if "current" in self else ""

    @property
    def given_code(self) -> str | None:
        """The code, where it was asked for."""
        return self.code.data if "code" in self else None


class PasswordForm(CurrentForm):
    """A new password, allowed by the current one."""

    password = new_password(lazy("New password"))
