"""Screens of mail: what the e-mails say, and the outbox."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from admin_views.base import DeskPage, DeskView, posted
from admin_views.fields import DeskForm, LabelLength, show
from admin_views.lists import ChoiceFilter
from admin_views.widgets import LabelFormField, LabelRequired, LabelWidget
from helpdesk import access, email_defaults, email_texts, outbox, placeholders, settings
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from models import EMAIL_STATES, OutgoingEmail, Ticket

STATES = {
    "pending": lazy("Waiting"),
    "sending": lazy("Being sent"),
    "sent": lazy("Sent"),
    "failed": lazy("Failed"),
    "cancelled": lazy("Cancelled"),
}


class TextForm(DeskForm):
    """What one kind of e-mail says."""

    enabled = BooleanField(lazy("Enabled"), render_kw={"role": "switch"})
    sender_email = StringField(
        lazy("Sender’s e-mail"), [Length(max=254)], description=lazy("Empty: the default e-mail of Configuration.")
    )
    sender_name = LabelFormField(lazy("Sender’s name"), [LabelRequired(), LabelLength()])
    subject = LabelFormField(lazy("Subject"), [LabelRequired(), LabelLength(200)])
    body = LabelFormField(
        lazy("Text"), [LabelRequired(), LabelLength(20_000)], widget=LabelWidget(rows=10),
        render_kw={"data-editor": True},
        description=lazy("The link to the ticket stands below the text by itself."),
    )  # fmt: skip


class EmailsPage(DeskPage):
    """The texts of the e-mails (B8 to B11)."""

    slug, title = "emails", lazy("E-mails")

    @expose("/")
    def index_view(self) -> Any:
        """List the kinds of e-mail."""
        rows = [(kind, email_texts.shown(kind), email_texts.is_changed(kind)) for kind in email_defaults.KINDS.values()]
        groups = [(label, [row for row in rows if row[0].group == key]) for key, label in email_defaults.GROUPS.items()]
        return self.render("admin/emails.html", groups=groups)

    @expose("/<key>", methods=("GET", "POST"))
    def edit_view(self, key: str) -> Any:
        """Change what a kind of e-mail says."""
        kind = email_texts.kind_of(key)
        form = TextForm(posted(), **email_texts.shown(kind))
        if not kind.can_be_off:
            del form.enabled
        if request.method == "POST" and form.validate():
            try:
                email_texts.save_text(kind, form.data, actor=self.agent)
            except HelpdeskError as error:
                show(error, form)
            else:
                flash(_("The text was saved."), "success")
                return redirect(self.get_url(".index_view"))
        names = [(name, placeholders.PLACEHOLDERS[name]) for name in placeholders.allowed(key)]
        changed = email_texts.is_changed(kind)
        return self.render("admin/email_text.html", form=form, kind=kind, names=names, changed=changed)

    @expose("/<key>/restore", methods=("POST",))
    def restore_view(self, key: str) -> Any:
        """Go back to the shipped text."""
        email_texts.restore_original(email_texts.kind_of(key), actor=self.agent)
        flash(_("The original text is back."), "success")
        return redirect(self.get_url(".edit_view", key=key))

    @expose("/<key>/test", methods=("POST",))
    def test_view(self, key: str) -> Any:
        """Mail the stored text to whoever asks."""
        email = email_texts.send_example(email_texts.kind_of(key), actor=self.agent)
        waits = settings.mail_server() is None
        text = _("It waits in the outbox: there is no mail server yet.") if waits else _("It is on its way to you.")
        flash(text, "success")
        return redirect(
            self.get_url("desk_outbox.details_view", id=email.id) if waits else self.get_url(".edit_view", key=key)
        )


class OutboxView(DeskView):
    """E-mails owed and sent."""

    table, slug, title = OutgoingEmail, "outbox", lazy("Outbox")
    lede = lazy("Every e-mail the desk owes or has sent. What failed can be tried again.")
    can_create = can_edit = False
    can_view_details = True
    details_template = "admin/outbox_details.html"
    column_list = ("subject", "to_email", "state", "attempts", "last_error", "created_at")
    column_details_list = column_export_list = ()
    form_columns = ()
    column_labels = {
        "subject": lazy("Subject"),
        "to_email": lazy("To"),
        "state": lazy("State"),
        "attempts": lazy("Tries"),
        "last_error": lazy("What went wrong"),
        "created_at": lazy("Written"),
    }
    column_choices = {"state": list(STATES.items())}
    column_searchable_list = ("to_email", "subject")
    column_filters = (
        ChoiceFilter(OutgoingEmail.state, lazy("State"), lambda: [(key, STATES[key]) for key in EMAIL_STATES]),
    )
    column_default_sort = ("id", True)
    column_numbers = ("attempts",)

    def scoped(self, query: Any) -> Any:
        """Mails quote tickets: whoever does not see a ticket does not read its mails."""
        if access.sees_all(self.agent):
            return query
        seen = access.visible_tickets(self.agent).select(Ticket.id)
        return query.where(OutgoingEmail.ticket.is_null() | OutgoingEmail.ticket.in_(seen))

    @expose("/details/")
    def details_view(self) -> Any:
        """Show a mail as it goes out, its private link hidden."""
        email = self.get_one(request.args.get("id"))
        mail = outbox.render(email)
        body = mail.get_body(preferencelist=("plain",))
        return self.render(
            "admin/outbox_details.html", title=email.subject, email=email, headers=list(mail.items()),
            text=body.get_content() if body is not None else "", state=STATES[email.state],
            can_retry=email.state in {"pending", "failed", "cancelled"}, return_url=self.way_back(),
        )  # fmt: skip

    @expose("/retry/", methods=("POST",))
    def retry_view(self) -> Any:
        """Send a mail anew."""
        email = self.get_one(request.form.get("id"))
        outbox.retry(email, actor=self.agent)
        flash(_("The mail is being sent again."), "success")
        return redirect(self.get_url(".details_view", id=email.id))
