"""Senders: what is done with the mail of an address or a domain."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField

from admin_views.base import DeskView
from admin_views.base.lists import ChoiceFilter
from helpdesk.i18n import lazy
from helpdesk.incoming import sender_rules
from models import SenderRule


class SendersView(DeskView):
    """What is done with the mail of a sender."""

    table, slug, title = SenderRule, "senders", lazy("Senders")
    lede = lazy("What is done with the e-mails of an address or a domain, whatever they say.")
    create_label = lazy("Add a sender")
    empty_text = lazy("Without a rule, each e-mail is decided by what it is.")
    can_delete = True
    save_rule, delete_rule = staticmethod(sender_rules.save), staticmethod(sender_rules.delete)
    column_list = ("pattern", "does", "note", "hits", "last_hit_at")
    column_details_list = column_export_list = ()
    form_columns, repeated = ("pattern", "does", "note"), ("does",)
    form_overrides = {"does": SelectField}
    form_args = {"does": {"choices": lambda: list(sender_rules.DOES.items())}}
    column_labels = {
        "pattern": lazy("Sender"),
        "does": lazy("What is done"),
        "note": lazy("Note"),
        "hits": lazy("E-mails"),
        "last_hit_at": lazy("Last one"),
    }
    column_descriptions = {
        "pattern": lazy("An address, or a domain such as example.org; .example.org takes those below it, too."),
        "does": lazy("“Do nothing” keeps the e-mail for some days, and opens no ticket."),
        "note": lazy("Why, for your colleagues."),
    }
    column_choices = {"does": list(sender_rules.DOES.items())}
    column_searchable_list = ("pattern", "note")
    column_sortable_list = ("pattern", "hits", "last_hit_at")
    column_filters = (ChoiceFilter(SenderRule.does, lazy("What is done"), lambda: list(sender_rules.DOES.items())),)
    column_default_sort = "pattern"
    column_numbers = ("hits",)

    def named(self, row: Any) -> str:
        """Return how a rule is called: by its sender."""
        return str(row.pattern)
