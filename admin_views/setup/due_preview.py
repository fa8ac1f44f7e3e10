"""Screens that move due times say first how many open tickets move, and how many become overdue."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskView, form_lists
from helpdesk.due_times.preview import Preview
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _


class MovesDueTimes(DeskView):
    """A screen of rows on which due times rest: adding, changing and deleting one asks first where tickets move."""

    #: ``rule(row, values)``: sets what a form says in a row, without storing it.
    fill_rule: ClassVar[Any]

    def preview_of(self, _row: Any, *, is_deleted: bool = False) -> Preview:
        """Return what it would do to open tickets if this row were stored as it is now, or deleted."""
        return Preview()

    def side_effects(self, row: Any, values: dict[str, Any]) -> list[str]:
        """Say what storing these values does to open tickets; what the rule refuses is answered by the form."""
        changed = self.table(**row.__data__)
        try:
            self.fill_rule(changed, values)
        except HelpdeskError:
            return []
        return self.preview_of(changed).sentences()

    def consequences(self, row: Any) -> list[str]:
        """Say what deleting the row does to open tickets, too."""
        return [*super().consequences(row), *self.preview_of(row, is_deleted=True).sentences()]

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Add a row; ask first where open tickets move."""
        if request.method == "POST" and "confirmed" not in request.form:
            form = self.create_form()
            side_effects = self.side_effects(self.table(), self.values(form)) if form.validate() else []
            if side_effects:
                return self.confirm(_("Save this?"), side_effects, _("Save"), (), **form_lists())
        return super().create_view()
