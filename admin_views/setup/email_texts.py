"""What the e-mails say (B8 to B11): their texts, a preview on a real ticket, a test, the way back."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, current_app, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from admin_views.base import DeskPage, posted
from admin_views.base.fields import LabelFormField, LabelLength, LabelRequired, LabelWidget
from admin_views.base.forms import DeskForm, show
from helpdesk import i18n
from helpdesk.errors import HelpdeskError, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.notifications import email_texts, rendering
from helpdesk.outbox import previews
from helpdesk.settings import email_kinds, placeholders
from helpdesk.settings.email_kind import Kind
from models import OutgoingEmail

#: Of a preview: a page of its own that runs nothing, loads nothing and leads nowhere, inside our pages only.
PREVIEW_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


class TextForm(DeskForm):
    """What one kind of e-mail says."""

    enabled = BooleanField(lazy("Enabled"), render_kw={"role": "switch"})
    sender_email = StringField(
        lazy("Sender’s e-mail"), [Length(max=254)], description=lazy("Empty: the default e-mail of Configuration.")
    )
    sender_name = LabelFormField(lazy("Sender’s name"), [LabelRequired(), LabelLength()])
    subject = LabelFormField(
        lazy("Subject"), [LabelRequired(), LabelLength(200)], render_kw={"data-takes-variables": True}
    )
    body = LabelFormField(
        lazy("Text"), [LabelRequired(), LabelLength(20_000)], widget=LabelWidget(rows=10),
        render_kw={"data-editor": True, "data-takes-variables": True},
        description=lazy("The link to the ticket stands below the text by itself."),
    )  # fmt: skip


class EmailsPage(DeskPage):
    """The texts of the e-mails."""

    slug, title = "emails", lazy("E-mails")

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """List the kinds of e-mail."""
        rows = [
            (kind, email_texts.form_values(kind), email_texts.is_changed(kind))
            for kind in email_kinds.KINDS.values()
            if email_texts.may_edit(kind, self.agent)
        ]
        groups = [(label, [row for row in rows if row[0].group == key]) for key, label in email_kinds.GROUPS.items()]
        return self.render("admin/emails.html", groups=[group for group in groups if group[1]])

    def kind(self, key: str) -> Kind:
        """Return a kind of e-mail that the agent may change, or answer 403."""
        kind = email_texts.kind_of(key)
        return kind if email_texts.may_edit(kind, self.agent) else abort(403)

    @expose("/<key>", methods=("GET", "POST"))
    def edit_view(self, key: str) -> ResponseReturnValue:
        """Change what a kind of e-mail says."""
        kind = self.kind(key)
        form = self.form(kind)
        if request.method == "POST" and self.is_clean(kind, form):
            try:
                email_texts.save_text(kind, form.data, actor=self.agent)
            except HelpdeskError as error:
                show(error, form)
            else:
                flash(_("The text was saved."), "success")
                return redirect(self.get_url(".index_view"))
        return self.page(kind, form)

    def form(self, kind: Kind) -> Any:
        """Return the form of a kind of e-mail: what was typed, else what it says now."""
        form = TextForm(posted(), **email_texts.form_values(kind))
        if not kind.can_be_off:
            del form.enabled
        if not email_texts.may_choose_sender(self.agent):
            del form.sender_email
        return form

    @staticmethod
    def is_clean(kind: Kind, form: Any) -> bool:
        """Check everything at once; what is wrong stands at its field."""
        valid = bool(form.validate())
        for name, text in email_texts.problems(kind, form.data).items():
            if not form[name].errors:
                form[name].errors = [text]
            valid = False
        return valid

    def page(self, kind: Kind, form: Any) -> str:
        """Render the editor of a kind of e-mail."""
        newest = previews.newest_ticket(self.agent)
        return self.render(
            "admin/email_text.html", form=form, kind=kind, changed=email_texts.is_changed(kind),
            names=[(name, placeholders.PLACEHOLDERS[name]) for name in placeholders.allowed(kind.key)],
            number=request.form.get("preview_ticket", newest.number if newest else ""), locale=preview_language(),
        )  # fmt: skip

    @expose("/<key>/preview", methods=("GET", "POST"))
    def preview_view(self, key: str) -> Response:
        """Show the e-mail as it would go out, with what the form holds."""
        kind = self.kind(key)
        form = self.form(kind)
        problems = list(email_texts.problems(kind, form.data).values())
        try:
            email = self.preview_email(kind, form)
        except NotFound as error:
            problems.append(str(error))
            email = self.preview_email(kind, form, newest=True)
        page = rendering.preview(email, current_app.jinja_env, problems)
        return Response(page, headers={"Content-Security-Policy": PREVIEW_POLICY})

    def preview_email(self, kind: Kind, form: Any, *, newest: bool = False) -> OutgoingEmail:
        """Return the e-mail the form describes, about the ticket it names. Raises NotFound."""
        number = "" if newest else request.form.get("preview_ticket", "")
        ticket = previews.chosen_ticket(number, self.agent)
        return previews.preview_email(kind, form.data, preview_language(), ticket, actor=self.agent)

    @expose("/<key>/test", methods=("POST",))
    def test_view(self, key: str) -> ResponseReturnValue:
        """Mail what the form holds to whoever asks; the form stays as it is."""
        kind = self.kind(key)
        form = self.form(kind)
        if self.is_clean(kind, form):
            try:
                flash(previews.send_test(self.preview_email(kind, form), actor=self.agent), "success")
            except HelpdeskError as error:
                flash(str(error), "error")
        return self.page(kind, form)

    @expose("/<key>/restore", methods=("POST",))
    def restore_view(self, key: str) -> ResponseReturnValue:
        """Ask, then go back to the shipped text."""
        kind = self.kind(key)
        back = self.get_url(".edit_view", key=key)
        if "confirmed" not in request.form:
            question = _("Forget your text and go back to the original?")
            return self.render(
                "admin/model/confirm.html", title=question, consequences=[str(kind.label)],
                button=_("Restore the original"), action=request.path, hidden={"confirmed": "1"}, return_url=back,
            )  # fmt: skip
        email_texts.restore_original(kind, actor=self.agent)
        flash(_("The original text is back."), "success")
        return redirect(back)


def preview_language() -> str:
    """Return the language of the preview: the one chosen there, else the reader's."""
    chosen = request.form.get("preview_language", "")
    return chosen if chosen in i18n.LANGUAGES else i18n.language()
