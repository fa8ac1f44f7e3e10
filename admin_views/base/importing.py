"""Importing a list: the file or the pasted lines, what they would do, the confirmation. The same for every kind."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.wrappers import Response

from helpdesk import imports
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.imports import Kind, Plan, confirmation
from helpdesk.orders import Stored
from models import Agent


class Imports:
    """The pages of one kind of list, for the screen that shows its rows."""

    kind: ClassVar[Kind]
    agent: Agent
    get_url: Any
    render: Any

    list_template = "admin/list_import.html"
    import_label: Any = lazy("Import from CSV")
    #: The page that asks for the list.
    import_template = "admin/import.html"

    def import_kind(self) -> Kind:
        """Return what is imported here."""
        return self.kind

    def import_choices(self) -> dict[str, Any]:
        """Return what was chosen beside the list, as fields that go along to the confirmation."""
        return {}

    def import_notes(self, _plan: Plan) -> list[str]:
        """Say in the preview what else comes of it."""
        return []

    def import_button(self, count: int) -> str:
        """Say what the button of the preview does."""
        return ngettext("Import %(num)s row", "Import %(num)s rows", count)

    def imported_url(self) -> str:
        """Return the page that follows."""
        return str(self.get_url(".index_view"))

    def imported_text(self, stored: Stored, bad: int) -> str:
        """Say what was stored."""
        return _(
            "Imported: %(made)s, %(changed)s, %(same)s, %(bad)s.",
            made=ngettext("%(num)d new", "%(num)d new", stored.made),
            changed=ngettext("%(num)d changed", "%(num)d changed", stored.changed),
            same=ngettext("%(num)d as it was", "%(num)d as they were", stored.same),
            bad=ngettext("%(num)d line left out", "%(num)d lines left out", bad + stored.left_out),
        )

    @expose("/import/", methods=("GET", "POST"))
    def import_view(self) -> ResponseReturnValue:
        """Ask for a list; show what it would do, and keep it until that is confirmed."""
        kind = self.import_kind()
        if request.method != "POST" or "change" in request.form:
            return self._ask(kind)
        try:
            data, text = self._sent(kind)
            plan = imports.parse(kind, data)
            key = confirmation.keep(kind, data, actor=self.agent)
        except InvalidInput as error:
            return self._ask(kind, str(error)), 422
        return self.render(
            "admin/import_preview.html",
            kind=kind,
            plan=plan,
            key=key,
            counts=kind.store(plan.rows, self.agent, False),
            rows=[kind.cells(row) for row in plan.rows[: kind.shown]],
            bad=plan.bad[: imports.MAX_BAD],
            notes=self.import_notes(plan),
            choices=self.import_choices(),
            text=text,
            action=self.get_url(".import_confirm_view"),
            return_url=self.get_url(".import_view", **self.import_choices()),
        )

    @expose("/import/confirm", methods=("POST",))
    def import_confirm_view(self) -> ResponseReturnValue:
        """Store the good rows of the list that was shown."""
        kind, key = self.import_kind(), request.form.get("key", "")
        try:
            stored, bad = confirmation.run(kind, key, actor=self.agent)
        except (NotFound, InvalidInput) as error:
            if request.form.get("text"):
                return self._ask(kind, str(error)), 422
            flash(str(error), "error")
            return redirect(self.get_url(".import_view", **self.import_choices()))
        flash(self.imported_text(stored, bad), "success")
        if kind.take_back is not None and stored.new:
            flash(self.get_url(".import_undo_view", key=key, **self.import_choices()), "undo")
        return redirect(self.imported_url())

    @expose("/import/undo", methods=("POST",))
    def import_undo_view(self) -> Response:
        """Take back what was new in an import."""
        try:
            count, left = confirmation.undo(self.import_kind(), request.args.get("key", ""), actor=self.agent)
        except NotFound as error:
            flash(str(error), "error")
        else:
            flash(ngettext("%(num)d row was removed again.", "%(num)d rows were removed again.", count), "success")
            if left:
                flash(ngettext("%(num)d is in use and stays.", "%(num)d are in use and stay.", left), "info")
        return redirect(self.get_url(".index_view"))

    def _ask(self, kind: Kind, problem: str = "") -> Any:
        return self.render(
            self.import_template, kind=kind, problem=problem, text=request.form.get("text", ""),
            return_url=self.get_url(".index_view"),
        )  # fmt: skip

    @staticmethod
    def _sent(kind: Kind) -> tuple[bytes, str]:
        """Return the list, and the lines when they were pasted."""
        file = request.files.get("file")
        text = request.form.get("text", "") if kind.pasted else ""
        if file is None or not file.filename:
            if text.strip():
                return text.encode(), text
            message = lazy("Paste the lines, or choose a file.") if kind.pasted else lazy("Choose a file.")
            raise InvalidInput(message, field="file")
        with file.stream as stream:
            # One byte too many tells that there are more.
            return stream.read(imports.MAX_BYTES + 1), ""
