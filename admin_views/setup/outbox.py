"""The outbox: e-mails owed and sent."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskView
from admin_views.base.lists import ChoiceFilter
from helpdesk import outbox
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lib import richtext
from helpdesk.notifications import withholding
from helpdesk.notifications.headers import BadMail
from helpdesk.outbox import outbox_health, retries, sent_mail_retention
from helpdesk.settings import mail_failures
from models import EMAIL_STATES, OutgoingEmail

STATES = {
    "pending": lazy("Waiting"),
    "sending": lazy("Being sent"),
    "sent": lazy("Sent"),
    "failed": lazy("Failed"),
    "cancelled": lazy("Cancelled"),
}

#: Characters of a subject in the list.
LONGEST_SHOWN = 80


def shortened(text: str) -> str:
    """Return what a row of the list shows of a long subject."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN].rstrip()}…"


class OutboxView(DeskView):
    """E-mails owed and sent."""

    table, slug, title = OutgoingEmail, "outbox", lazy("Outbox")
    lede = lazy(
        "Every e-mail the desk owes, and what it has sent in the last %(days)s days. What failed can be tried again.",
        days=sent_mail_retention.DAYS_KEPT,
    )
    empty_text = lazy("The first e-mails will stand here.")
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
    column_formatters = {
        "subject": lambda _view, _context, row, _name: shortened(row.subject),
        "last_error": lambda _view, _context, row, _name: str(mail_failures.read(row.last_error) or ""),
        "state": lambda _view, _context, row, _name: _("Came back") if row.bounced_at else STATES[row.state],
    }
    list_template = "admin/outbox.html"

    def scoped(self, query: Any) -> Any:
        """Mails quote tickets: whoever does not see a ticket does not read its mails."""
        return sent_mail_retention.readable_by(self.agent, query)

    def render(self, template: str, **values: Any) -> str:
        """Render a page of the outbox: each says what is wrong with the mail server, and how many mails failed."""
        failed = outbox_health.given_up_for(self.agent)
        return str(super().render(template, fault=outbox_health.fault(), failed=failed, **values))

    @expose("/details/")
    def details_view(self) -> ResponseReturnValue:
        """Show a mail as it goes out, its private link hidden; of one that cannot be written, its text."""
        email = self.get_one(request.args.get("id"))
        try:
            mail = outbox.render(email)
        except BadMail:
            headers, text = [], richtext.to_text(email.body)
        else:
            body = mail.get_body(preferencelist=("plain",))
            headers, text = list(mail.items()), body.get_content() if body is not None else ""
        is_left = email.state in {"pending", "failed", "cancelled"} or email.bounced_at is not None
        return self.render(
            "admin/outbox_details.html", title=email.subject, email=email, headers=headers, text=text,
            state=STATES[email.state], failure=mail_failures.read(email.last_error),
            unsent=withholding.reason(email),
            can_retry=is_left and retries.may_go(email),
            return_url=self.way_back(),
        )  # fmt: skip

    @expose("/retry/", methods=("POST",))
    def retry_view(self) -> ResponseReturnValue:
        """Send a mail anew."""
        email = self.get_one(request.form.get("id"))
        try:
            retries.retry(email, actor=self.agent)
        except InvalidInput as error:
            flash(str(error), "error")
        else:
            flash(_("The mail is being sent again."), "success")
        return redirect(self.get_url(".details_view", id=email.id))

    @expose("/retry-all/", methods=("POST",))
    def retry_all_view(self) -> ResponseReturnValue:
        """Send all mails anew that failed."""
        count = retries.retry_failed(actor=self.agent)
        text = ngettext("%(num)s mail is being sent again.", "%(num)s mails are being sent again.", count)
        flash(text, "success")
        return redirect(self.get_url(".index_view"))

    @expose("/leave-all/", methods=("POST",))
    def leave_all_view(self) -> ResponseReturnValue:
        """Leave all mails that failed unsent, once asked."""
        count = outbox_health.given_up_for(self.agent)
        if "confirmed" not in request.form and count:
            text = ngettext(
                "%(num)s mail will not be sent. It stays in the outbox as cancelled.",
                "%(num)s mails will not be sent. They stay in the outbox as cancelled.",
                count,
            )
            return self.render(
                "admin/model/confirm.html", title=_("Leave the failed mails?"), button=_("Leave them"),
                consequences=[text], action=request.path, hidden={"confirmed": "1"},
                return_url=self.get_url(".index_view"),
            )  # fmt: skip
        count = retries.leave_failed(actor=self.agent)
        flash(ngettext("%(num)s mail was left unsent.", "%(num)s mails were left unsent.", count), "success")
        return redirect(self.get_url(".index_view"))
