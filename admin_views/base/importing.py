"""Importing a list from CSV: the file, what it would do, the confirmation. Three pages for every kind of list."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.wrappers import Response

from helpdesk import imports
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.imports import Kind
from models import Agent


class Imports:
    """The pages of one kind of list, for the screen that shows its rows."""

    kind: ClassVar[Kind]
    agent: Agent
    get_url: Any
    render: Any

    list_template = "admin/list_import.html"

    @expose("/import/", methods=("GET", "POST"))
    def import_view(self) -> ResponseReturnValue:
        """Ask for a file; show what it would do, and keep it until that is confirmed."""
        if request.method != "POST":
            return self._ask()
        try:
            data = self._sent()
            plan = imports.parse(self.kind, data)
            key = imports.keep(self.kind, data, actor=self.agent)
        except InvalidInput as error:
            return self._ask(str(error)), 422
        return self.render(
            "admin/import_preview.html",
            kind=self.kind,
            plan=plan,
            key=key,
            counts=self.kind.store(plan.rows, write=False),
            rows=[self.kind.cells(row) for row in plan.rows[: imports.PREVIEW]],
            bad=plan.bad[: imports.MAX_BAD],
            action=self.get_url(".import_confirm_view"),
            return_url=self.get_url(".import_view"),
        )

    @expose("/import/confirm", methods=("POST",))
    def import_confirm_view(self) -> Response:
        """Store the good rows of the file that was shown."""
        try:
            stored, bad = imports.run(self.kind, request.form.get("key", ""), actor=self.agent)
        except NotFound as error:
            flash(str(error), "error")
            return redirect(self.get_url(".import_view"))
        text = _(
            "Imported: %(made)s, %(changed)s, %(same)s, %(bad)s.",
            made=ngettext("%(num)d new", "%(num)d new", stored.made),
            changed=ngettext("%(num)d changed", "%(num)d changed", stored.changed),
            same=ngettext("%(num)d as it was", "%(num)d as they were", stored.same),
            bad=ngettext("%(num)d line left out", "%(num)d lines left out", bad),
        )
        flash(text, "success")
        return redirect(self.get_url(".index_view"))

    def _ask(self, problem: str = "") -> Any:
        return self.render("admin/import.html", kind=self.kind, problem=problem, return_url=self.get_url(".index_view"))

    @staticmethod
    def _sent() -> bytes:
        file = request.files.get("file")
        if file is None or not file.filename:
            raise InvalidInput(lazy("Choose a file."), field="file")
        with file.stream as stream:
            # One byte too many tells that there are more.
            return stream.read(imports.MAX_BYTES + 1)
