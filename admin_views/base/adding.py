"""Adding rows of a generated screen, one after the other: *Save and add another* keeps what the next one repeats."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import flash, g, get_flashed_messages, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.helpers import get_redirect_target

from helpdesk.i18n import _
from web.security import keep_for_back

#: The button of Flask-Admin for it, and the field of the address which says that a row came before.
BUTTON, AFTER = "_add_another", "another"


class Adds:
    """The page that adds a row."""

    #: Whether the page offers to add another one after it.
    adds_another: ClassVar[bool] = True
    #: Fields of which the next row begins with what the one before it had.
    repeated: ClassVar[tuple[str, ...]] = ()
    form_columns: Any
    form_sections: Any = None
    get_url: Any
    named: Any

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Add a row; then show the list, or the form again for another one."""
        answer = shown_again(super().create_view())  # type: ignore[misc]
        if BUTTON not in request.form or "added_row" not in g:
            return answer
        leave_out_last()
        flash(self.another_text(g.added_row), "success")
        again = {name: request.form.get(name, "") for name in self.repeated}
        return redirect(self.get_url(".create_view", url=get_redirect_target(), **{AFTER: 1}, **again))

    def added_text(self, row: Any) -> str:
        """Say that a row was added."""
        return _("“%(name)s” was added.", name=self.named(row))

    def another_text(self, row: Any) -> str:
        """Say above the form of the next row that this one was added."""
        return self.added_text(row)

    def begin_next(self, form: Any) -> Any:
        """Let the form of the next row begin with what repeats, and the cursor stand in the first other field."""
        if request.method != "GET" or AFTER not in request.args:
            return form
        for name in self.repeated:
            if name in form and name in request.args:
                form[name].process(request.args, form[name].data)
        last = [name for _title, names in self.form_sections or () for name in names]
        names = [name for name in self.form_columns if name not in last] + last
        first = next((name for name in names if name in form and name not in self.repeated), None)
        if first is not None:
            form[first].render_kw = {**(form[first].render_kw or {}), "autofocus": "autofocus"}
        return form


def shown_again(page: ResponseReturnValue) -> ResponseReturnValue:
    """Let *Back* lead to a form that was refused."""
    return keep_for_back(make_response(page)) if request.method == "POST" and isinstance(page, str) else page


def leave_out_last() -> None:
    """Take the newest message back, which Flask-Admin has left: it speaks of a record."""
    earlier: list[Any] = list(get_flashed_messages(with_categories=True))[:-1]
    for category, text in earlier:
        flash(text, category)
