"""The filters of the list of received e-mails: each has an index."""

from __future__ import annotations

from typing import Any

from flask_admin.contrib.peewee.filters import FilterEqual
from peewee import SQL

from admin_views.base.lists import ChoiceFilter
from helpdesk import i18n
from helpdesk.i18n import _, lazy
from helpdesk.incoming import mail_recipients, outcome_texts
from helpdesk.settings import lookups
from models import LARGE_MAIL, MAIL_STATES, IncomingMail

#: Sizes from which on mails are sought; the smallest is that of the index.
SIZES = tuple(megabytes * LARGE_MAIL for megabytes in (1, 5, 10, 25))


class RecipientFilter(FilterEqual):
    """The mails that were written to an address."""

    def apply(self, query: Any, value: str) -> Any:
        """Keep to the mails that name it, or were delivered to it; to none where it is no address."""
        return query.where(mail_recipients.written_to(value))


class AutomaticFilter(ChoiceFilter):
    """The mails that a program wrote, or a person."""

    def apply(self, query: Any, value: str) -> Any:
        """Keep to one kind; the condition is that of the index."""
        return query.where(SQL("automatic") if value == "1" else SQL("NOT automatic"))


class SizeFilter(ChoiceFilter):
    """The mails of a size and more."""

    def apply(self, query: Any, value: str) -> Any:
        """Keep to large ones; the first condition is that of the index."""
        return query.where(SQL(f"size >= {LARGE_MAIL}"), IncomingMail.size >= int(value))


FILTERS = (
    ChoiceFilter(
        IncomingMail.state, lazy("Outcome"), lambda: [(key, outcome_texts.STATES[key]) for key in MAIL_STATES]
    ),
    ChoiceFilter(IncomingMail.mailbox, lazy("Mailbox"), lambda: [(row.id, row) for row in lookups.mailboxes()]),
    RecipientFilter(IncomingMail.id, lazy("Recipient (the whole address)")),
    AutomaticFilter(IncomingMail.automatic, lazy("Written by"), lambda: (("1", _("A program")), ("0", _("A person")))),
    SizeFilter(
        IncomingMail.size,
        lazy("Size"),
        lambda: [(size, _("%(size)s and more", size=i18n.size(size))) for size in SIZES],
    ),
)
