"""An agent opens a ticket for somebody who phoned, came in, or wrote to them."""

from __future__ import annotations

import secrets
from dataclasses import replace

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_wtf import FlaskForm
from wtforms import EmailField, FileField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from admin_views.base.forms import show
from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.files import form_files
from admin_views.tickets.sidebar import LIST
from helpdesk import settings, tickets
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lib import inputs
from helpdesk.settings import lookups
from helpdesk.tickets import NewTicket
from helpdesk.tickets.opening import MAX_BODY, MAX_SUBJECT
from models import Agent

TOO_LONG = lazy("Use at most %(max)d characters.")
SOURCES = [
    SelectChoice("phone", lazy("Phone")),
    SelectChoice("visit", lazy("In person")),
    SelectChoice("email", lazy("E-mail")),
]
#: Fields of a rule that have another name on the page.
FIELD_OF = {"service": "place", "department": "place", "body": "message"}


class OnBehalfForm(FlaskForm):
    """What an agent writes down for somebody else."""

    source = RadioField(lazy("How it came"), choices=SOURCES, default="phone")
    email = EmailField(
        lazy("Customer’s e-mail address"),
        [DataRequired(lazy("Write the customer’s e-mail address."))],
        description=lazy("Somebody new needs a name below; a name that is stored already is not changed."),
    )
    last_name = StringField(lazy("Last name"), [Length(max=80, message=TOO_LONG)])
    first_name = StringField(lazy("First name"), [Length(max=80, message=TOO_LONG)])
    place = SelectField(
        lazy("Service and department"), [DataRequired(lazy("Choose a service."))], validate_choice=False
    )
    subject = StringField(
        lazy("Subject"), [DataRequired(lazy("Write a subject.")), Length(max=MAX_SUBJECT, message=TOO_LONG)]
    )
    message = TextAreaField(
        lazy("Message"),
        [DataRequired(lazy("Write what the customer asks.")), Length(max=MAX_BODY, message=TOO_LONG)],
        description=lazy("The customer reads it in the ticket as their own message."),
    )
    files = FileField(lazy("Files"))
    form_key = HiddenField()


class NewTicketPage(TicketDeskPage):
    """The page that opens a ticket."""

    slug = "new-ticket"

    @expose("/new", methods=["GET", "POST"])
    def new_view(self) -> ResponseReturnValue:
        """Open a ticket for somebody who is not at the form."""
        form = OnBehalfForm()
        form.place.choices = offered(places(self.agent))
        form.form_key.data = form.form_key.data or secrets.token_urlsafe(16)
        files = form_files(self.agent)
        if form.is_submitted():
            files.take()
            form.files.errors = form.files.process_errors = list(files.errors)
        removing = "remove_file" in request.form
        if not removing and form.validate_on_submit():
            try:
                ticket = tickets.open_for_caller(
                    replace(new_ticket(form), files=tuple(files.to_send)), actor=self.agent
                )
            except InvalidInput as error:
                # Nothing of this form was stored: what comes back is another one.
                form.form_key.data = secrets.token_urlsafe(16)
                error.field = FIELD_OF.get(error.field or "", error.field)
                show(error, form)
            else:
                name = str(ticket.customer)
                flash(_("Ticket %(number)s is open for %(name)s.", number=ticket.number, name=name), "success")
                if ticket.is_spam:
                    flash(_("Its author is blocked: the ticket is under Spam, and nobody is mailed."), "warning")
                return redirect(url_for("desk_ticket.ticket_view", number=ticket.number))
        page = self.render("admin/ticket_new.html", form=form, form_files=files, return_url=url_for(LIST))
        return page, 422 if form.is_submitted() and not removing else 200


def places(agent: Agent) -> list[SelectChoice]:
    """Return the departments, and the services without any, within the agent's sight."""
    choices = []
    for service, row in lookups.places():
        if tickets.may_open_in(agent, service.id, row.id if row else None):
            name, group = (str(row.name), str(service)) if row else (str(service), None)
            choices.append(SelectChoice(f"{service.id}/{row.id if row else ''}", name, optgroup=group))
    return choices


def offered(choices: list[SelectChoice]) -> list[SelectChoice]:
    """Put nothing first, so that no place is taken by oversight; the only place needs no choosing."""
    return choices if len(choices) == 1 else [SelectChoice("", _("Choose…")), *choices]


def new_ticket(form: OnBehalfForm) -> NewTicket:
    """Return the ticket that the form describes."""
    service, _slash, department = (form.place.data or "").partition("/")
    return NewTicket(
        email=form.email.data,
        subject=form.subject.data,
        body=form.message.data,
        service_id=inputs.row_key(service) or 0,
        department_id=inputs.row_key(department),
        first_name=form.first_name.data or "",
        last_name=form.last_name.data or "",
        locale=settings.get("language"),
        form_key=f"desk-{form.form_key.data}".replace("\0", "")[:64],
        source=form.source.data or "",
    )
