"""How a row of a generated screen is deleted: what cannot be says why at once, the rest is asked first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from peewee import IntegrityError

from admin_views.base import references
from database import database
from helpdesk import journal
from helpdesk.errors import HelpdeskError, StillInUse
from helpdesk.i18n import _


class Deletes:
    """The deleting side of `DeskView`; the stock one deletes what relies on the row too."""

    #: ``rule(row, *, actor)``: a screen that deletes names it.
    delete_rule: ClassVar[Callable[..., Any] | None] = None
    #: ``rule(row)``: raises StillInUse when the row must stay.
    keep_rule: ClassVar[Callable[..., Any]] = staticmethod(references.refuse_used)

    can_delete = False

    def consequences(self, row: Any) -> list[str]:
        """Say what goes with the row when it is deleted."""
        return references.goes_too(row)

    def suggestions(self, row: Any) -> list[tuple[str, str]]:
        """Return where what keeps a row can be changed: (label, address) of links."""
        return []

    @expose("/delete/", methods=("POST",))
    def delete_view(self: Any) -> ResponseReturnValue:
        """Ask, then delete one row; one that must stay says why instead."""
        if not self.can_delete:
            abort(404)
        row = self.get_one(request.form.get("id"))
        name = self.named(row)
        try:
            self.keep_rule(row)
        except StillInUse as error:
            return self.refuse(row, str(error))
        if "confirmed" not in request.form:
            consequences = self.consequences(row) or [_("It is gone for good; nothing relies on it.")]
            question, ways = _("Delete “%(name)s”?", name=name), self.alternatives(row)
            return self.confirm(question, consequences, _("Delete"), ways, id=row.id)
        if self.delete_model(row):
            flash(_("“%(name)s” was deleted.", name=name), "success")
        return redirect(self.way_back())

    def refuse(self: Any, row: Any, reason: str) -> Any:
        """Say why a row must stay, and lead to where that can be changed."""
        title = _("“%(name)s” cannot be deleted", name=self.named(row))
        return self.render(
            "admin/model/in_use.html",
            title=title,
            reason=reason,
            ways=self.suggestions(row),
            return_url=self.way_back(),
        )

    def delete_model(self: Any, model: Any) -> bool:
        """Delete one row through the rule; on a refusal say why and return False."""
        try:
            with database.atomic():
                name = str(model)
                self.remove(model)
                if journal.is_set_up(model):
                    journal.deleted(model, name, actor=self.agent)
        except HelpdeskError as error:
            flash(str(error), "error")
            return False
        except IntegrityError:
            flash(_("“%(name)s” is still in use.", name=self.named(model)), "error")
            return False
        return True

    def remove(self: Any, row: Any) -> None:
        """Delete the row by its rule. Raises NotAllowed or StillInUse."""
        if self.delete_rule is None:
            abort(404)
        self.delete_rule(row, actor=self.agent)
