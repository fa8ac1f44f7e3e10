"""The list of addresses that are no longer kept: it shows when and by whom, never which."""

from __future__ import annotations

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import EmailField
from wtforms.validators import DataRequired

from admin_views.base import DeskView, posted
from admin_views.base.forms import DeskForm, show
from helpdesk.erasing import suppression_list
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from models import SuppressedAddress


class AddressForm(DeskForm):
    """An address that may be on the list."""

    email = EmailField(
        lazy("E-mail address"),
        [DataRequired(lazy("Write an e-mail address."))],
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": 254, "class": "half"},
    )


class SuppressedAddressesView(DeskView):
    """Addresses of which nothing is kept any more."""

    table, slug, title = SuppressedAddress, "suppressed-addresses", lazy("Addresses no longer kept")
    verb = "administer"
    lede = lazy(
        "What comes from these addresses is answered by a text, and nothing of it is stored. Nobody can read them: the "
        "desk keeps a hash of each, by which it recognises them."
    )
    create_label = lazy("Add an address")
    empty_title = lazy("Every address is kept")
    empty_text = lazy("An address comes here when its holder is erased and that is ticked, or when you add it.")
    can_edit, can_delete = False, True
    list_template = "admin/suppressed_addresses.html"
    save_rule, delete_rule = staticmethod(suppression_list.add), staticmethod(suppression_list.remove)
    column_list = ("id", "suppressed_at", "by", "by_erasure")
    column_details_list = column_export_list = ()
    form_columns = ("email",)
    form_extra_fields = {
        "email": EmailField(
            lazy("E-mail address"),
            [DataRequired(lazy("Write an e-mail address."))],
            description=lazy(
                "It is turned into a hash and cannot be read here afterwards. What waits to be checked from it goes."
            ),
        )
    }
    column_labels = {
        "id": lazy("Number"),
        "suppressed_at": lazy("Since"),
        "by": lazy("By"),
        "by_erasure": lazy("How"),
    }
    column_sortable_list = ("suppressed_at",)
    column_default_sort = ("id", True)
    column_formatters = {
        "by": lambda _view, _context, row, _name: row.actor_name or _("The customer"),
        "by_erasure": lambda _view, _context, row, _name: _("With an erasure") if row.by_erasure else _("By hand"),
    }

    def named(self, row: Any) -> str:
        """Return how an address is called that nobody can read."""
        return _("Address no. %(number)s", number=row.id)

    def consequences(self, _row: Any) -> list[str]:
        """Say what taking an address off the list changes."""
        return [_("What comes from it is stored again, as from anybody new. What was not stored does not come back.")]

    @expose("/try", methods=("GET", "POST"))
    def try_view(self) -> ResponseReturnValue:
        """Say whether a typed address is on the list, and offer to take it off, or to add it."""
        form, row, is_answered = AddressForm(posted()), None, False
        if request.method == "POST" and form.validate():
            try:
                row = suppression_list.find(form.email.data, actor=self.agent)
                is_answered = True
            except HelpdeskError as error:
                show(error, form)
        page = self.render(
            "admin/suppressed_address.html", form=form, row=row, is_answered=is_answered,
            return_url=self.get_url(".index_view"),
        )  # fmt: skip
        return page, 422 if form.errors else 200
