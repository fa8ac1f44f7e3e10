"""The screens of retention: how long each place keeps what, what goes next, and what went by that."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import form_lists
from admin_views.setup.retention_lists import ShowsBatches
from helpdesk import settings
from helpdesk.erasing.requests import WORDS
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.outbox import sent_mail_retention
from helpdesk.retention import batches, periods, preview, wording
from helpdesk.retention.due import Total
from helpdesk.retention.periods import ANONYMISE, CUSTOMERS, DELETE, FILES, SPAM
from helpdesk.settings import lookups
from helpdesk.tickets.spam_and_bin import BIN_DAYS
from models import RetentionRule

MONTHS = tuple(f"{act}_months" for act in (FILES, ANONYMISE, DELETE, SPAM, CUSTOMERS))
STAYS = lazy("In months; empty: they stay.")


def place_of(row: RetentionRule) -> str:
    """Return whose periods these are."""
    department, service = lookups.department(row.department_id), lookups.service(row.service_id)
    return str(department or service or _("The whole desk"))


def months(_view: Any, _context: Any, row: RetentionRule, name: str) -> str:
    """Write a period; what never goes says so, and what is not the row's says nothing."""
    number = getattr(row, name)
    if number is None and row.service_id is not None and name.removesuffix("_months") in periods.OF_DESK:
        return "—"
    return ngettext("%(num)s month", "%(num)s months", number) if number is not None else _("no limit")


def days(number: int) -> str:
    """Write a number of days."""
    return ngettext("%(num)s day", "%(num)s days", number)


class RetentionView(ShowsBatches):
    """How long things stay, in the whole desk and in services and departments of their own."""

    table, slug, title = RetentionRule, "retention", lazy("Retention")
    verb = "administer"
    lede = lazy(
        "How long what is closed is kept. Each week administrators are told by e-mail what is due; it goes seven days "
        "later, the oldest first, and can be cancelled until then."
    )
    create_label = lazy("Add periods")
    empty_title = lazy("Everything stays")
    empty_text = lazy("Add the whole desk, and services or departments that keep longer or shorter.")
    can_delete = True
    list_template = "admin/retention.html"
    save_rule, delete_rule = staticmethod(periods.save), staticmethod(periods.delete)
    column_list = ("place", *MONTHS)
    column_details_list = column_export_list = ()
    form_columns = (
        *("service", "department", "files_months", "anonymise_months", "blanks_replies", "delete_months"),
        *("spam_months", "customer_months"),
    )
    form_args = {
        "service": {"empty": lazy("The whole desk")},
        "department": {"empty": lazy("All departments")},
    }
    column_labels = {
        "place": lazy("Place"),
        "service": lazy("Service"),
        "department": lazy("Department"),
        "files_months": lazy("Files of closed tickets"),
        "anonymise_months": lazy("Closed tickets: anonymise"),
        "blanks_replies": lazy("Blank what the team wrote in them, too"),
        "delete_months": lazy("Closed tickets: delete"),
        "spam_months": lazy("Spam: delete"),
        "customer_months": lazy("Customers without tickets: erase"),
    }
    column_descriptions = {
        "service": lazy("A place with a row of its own keeps what that row says, and nothing of a wider one."),
        "files_months": STAYS,
        "anonymise_months": lazy(
            "In months since they were closed; empty: they stay. The customer, what they wrote, their files and their "
            "e-mails go; the ticket stays for the figures, and what people in copy wrote."
        ),
        "blanks_replies": lazy("Replies and internal notes, with their files: they often hold a name."),
        "delete_months": lazy(
            "In months since they were closed; empty: they stay. Deleted tickets are missing in the figures of months "
            "gone by, too."
        ),
        "spam_months": lazy("In months; empty: it stays. For the whole desk only."),
        "customer_months": lazy(
            "In months since anything was heard of them; empty: they stay. Whoever has no ticket any more. For the "
            "whole desk only."
        ),
    }
    column_default_sort = "service"
    column_formatters = {
        "place": lambda _view, _context, row, _name: place_of(row),
        **dict.fromkeys(MONTHS, months),
    }
    form_sections = (
        (lazy("Place"), ["service", "department"]),
        (lazy("Closed tickets"), ["files_months", "anonymise_months", "blanks_replies", "delete_months"]),
        (lazy("Whole desk"), ["spam_months", "customer_months"]),
    )

    def named(self, row: Any) -> str:
        """Return how a row is called: by its place."""
        return place_of(row)

    # --- What would be due is said first, and a word is typed ---

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Add a place; ask first where something would be due."""
        return self._question_about(RetentionRule()) or super().create_view()

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Change a place; ask first where more would be due than before."""
        row = self.get_one(request.args.get("id")) if request.method == "POST" else None
        return (self._question_about(row) if row is not None else None) or super().edit_view()

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> ResponseReturnValue:
        """Delete a row; ask first, and by a word where the periods of a wider place make more due."""
        row = self.get_one(request.form.get("id"))
        totals = preview.without_row(row)
        if not totals or self._is_confirmed():
            return super().delete_view()
        return self._question(row, totals, _("Delete “%(name)s”?", name=self.named(row)), _("Delete"))

    def _question_about(self, row: RetentionRule) -> ResponseReturnValue | None:
        """Return the question about what a form would make due; None where it need not be asked, or was answered."""
        if request.method != "POST" or self._is_confirmed():
            return None
        form = self.edit_form(obj=row) if row.id is not None else self.create_form()
        changed = RetentionRule(**row.__data__)
        try:
            if not form.validate():
                return None
            periods.fill(changed, self.values(form))
        except HelpdeskError:
            # The form says why.
            return None
        totals = preview.with_row(changed)
        name = self.named(changed)
        question = _("Save the changes to “%(name)s”?", name=name)
        if row.id is None:
            question = _("Save the periods of “%(name)s”?", name=name)
        return self._question(changed, totals, question, _("Save")) if totals else None

    @staticmethod
    def _is_confirmed() -> bool:
        return "confirmed" in request.form and request.form.get("word", "").strip().upper() in WORDS

    def _question(self, row: RetentionRule, totals: list[Total], question: str, button: str) -> ResponseReturnValue:
        back = self.way_back()
        hidden = {name: one for name, one in form_lists().items() if name not in ("word", "confirmed", "url")}
        is_wrong = "confirmed" in request.form
        page = self.render(
            "admin/retention_ask.html", title=question, button=button, action=request.full_path, return_url=back,
            hidden={**hidden, "url": back, "confirmed": "1"}, ways=(), is_wrong=is_wrong, consequences=[],
            lines=[(wording.sentence(one.act, one.number), one.oldest, self._list_of(row, one)) for one in totals],
            without=self._without(row, totals), announced_at=batches.next_announcement(),
        )  # fmt: skip
        return (page, 422) if is_wrong else page

    def _without(self, row: RetentionRule, totals: list[Total]) -> list[str]:
        """Return the periods of a row by which nothing more goes today."""
        due = {one.act for one in totals}
        acts = {f"{act}_months": act for act in (FILES, ANONYMISE, DELETE, SPAM, CUSTOMERS)}
        names = [name for name in MONTHS if getattr(row, name) is not None and acts[name] not in due]
        return [str(self.column_labels[name]) for name in names]

    @staticmethod
    def _list_of(row: RetentionRule, total: Total) -> str:
        """Return the address of a list of those that a number counts, as near as a list comes."""
        if total.act == CUSTOMERS:
            return url_for("desk_customers.index_view")
        if total.act == SPAM:
            return url_for("desk_tickets.index_view", view="spam")
        limit = periods.cutoff(periods.months_of(row, total.act) or 1)
        words: dict[str, Any] = {"view": "closed", "closed": f"1970-01-01--{limit:%Y-%m-%d}"}
        if row.service_id is not None:
            words["service"] = str(row.service_id)
        return url_for("desk_tickets.index_view", **words)

    # --- What else is forgotten by itself: each has its home elsewhere ---

    def elsewhere(self) -> list[tuple[str, str, str]]:
        """Return what else goes by its age: its name, after how long, and where that is set (empty: it is fixed)."""
        page = url_for("desk_configuration.index_view")
        undecided, other = (days(int(settings.get(key))) for key in ("held_mail_days", "mail_days"))
        kept = int(settings.get("backup_kept")) if settings.get("backup_nightly") else 0
        return [
            (_("Tickets in the bin"), days(BIN_DAYS), ""),
            (_("E-mails that were sent"), days(sent_mail_retention.DAYS_KEPT), ""),
            (_("Received e-mails of a ticket"), _("as long as their ticket"), ""),
            (_("Received e-mails to check"), undecided, f"{page}#held_mail_days"),
            (_("Other received e-mails"), other, f"{page}#mail_days"),
            (_("Journal, and the network addresses in it"), days(int(settings.get("journal_days"))),
             f"{page}#journal_days"),
            (_("Nightly backups"), days(kept) if kept else _("none are made"), f"{page}#backup_kept"),
        ]  # fmt: skip

    def keeping_tags(self) -> list[str]:
        """Return the tags that keep their tickets."""
        return [str(tag) for tag in lookups.tags() if tag.keeps]
