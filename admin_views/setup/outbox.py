"""The outbox: e-mails owed and sent."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskView
from admin_views.base.lists import ChoiceFilter
from helpdesk import outbox
from helpdesk.i18n import _, lazy
from helpdesk.outbox import retries, sent_mail_retention
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
    column_formatters = {"subject": lambda _view, _context, row, _name: shortened(row.subject)}

    def scoped(self, query: Any) -> Any:
        """Mails quote tickets: whoever does not see a ticket does not read its mails."""
        return sent_mail_retention.readable_by(self.agent, query)

    @expose("/details/")
    def details_view(self) -> ResponseReturnValue:
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
    def retry_view(self) -> ResponseReturnValue:
        """Send a mail anew."""
        email = self.get_one(request.form.get("id"))
        retries.retry(email, actor=self.agent)
        flash(_("The mail is being sent again."), "success")
        return redirect(self.get_url(".details_view", id=email.id))
