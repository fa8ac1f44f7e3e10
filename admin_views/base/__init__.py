"""The base of every screen of the desk: `DeskView` for generated screens, `DeskPage` for all other pages.
It may import `web` and the rules of `helpdesk`; every other room of `admin_views` stands on it.
No screen lives here. Each override of `DeskView` stands for a trap of the stock view; its tests name them all
(tests/admin_views/base/test_desk_view.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from flask import Response, abort, flash, g, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose
from flask_admin.contrib.peewee import ModelView
from flask_admin.helpers import get_redirect_target
from peewee import IntegrityError, ModelSelect, chunked

from admin_views.base import exports
from admin_views.base.adding import Adds, leave_out_last, shown_again
from admin_views.base.deleting import Deletes
from admin_views.base.forms import DeskConverter, DeskForm, DeskInlineConverter, InlineRows, in_order, show
from admin_views.base.guard import Guarded
from admin_views.base.lists import Lists
from database import Base, Label, database
from helpdesk import i18n, journal
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from helpdesk.lib import inputs
from web.security import is_sound

#: How values are written in lists and details: the stock ones draw icons we do not have, and labels as JSON.
FORMATTERS: dict[type, Callable[..., Any]] = {
    type(None): lambda _view, _value, _name: "",
    bool: lambda _view, value, _name: _("Yes") if value else _("No"),
    Label: lambda _view, value, _name: str(value),
    datetime: lambda _view, value, _name: i18n.when(value),
}
#: Rows that an export reads at a time.
BATCH = 500
EXPLICIT = ("column_list", "form_columns", "column_details_list", "column_export_list")


class DeskPage(Guarded, BaseView):
    """A page of the desk that is not generated from a table."""

    slug: ClassVar[str]
    #: The address below ``/admin/``, where it is not the slug: several pages may share one.
    path: ClassVar[str] = ""
    title: Any = ""

    def __init__(self) -> None:
        # Flask-Admin wants a page to begin at "/", also where another page of the same path does.
        self._default_view: str = self._default_view or self._urls[0][1]
        super().__init__(name=self.title, endpoint=endpoint_of(self.slug), url=self.path or self.slug)


def endpoint_of(slug: str) -> str:
    """Return the blueprint name of a page: prefixed, so that it clashes with no other part of the application."""
    return f"desk_{slug.replace('-', '_')}"


class DeskView(Guarded, Adds, Deletes, Lists, ModelView):
    """A screen of lists and forms over one table, whose rules are named by `save_rule` and `delete_rule`."""

    table: ClassVar[type[Base]]
    slug: ClassVar[str]
    title: Any = ""
    lede: Any = ""
    create_label: Any = lazy("Add")

    #: ``rule(row, values, *, actor) -> row``: what a screen of forms stores, it stores by this.
    save_rule: ClassVar[Callable[..., Any] | None] = None
    column_sortable_list: Any = ()
    column_labels: Any = {}
    column_descriptions: Any = {}
    column_type_formatters = column_type_formatters_detail = column_type_formatters_export = FORMATTERS
    form_args: Any = {}
    action_disallowed_list = ("delete",)
    form_base_class = DeskForm
    model_form_converter = DeskConverter
    inline_model_form_converter = DeskInlineConverter

    # An override without `expose` takes the route away: nothing is edited in a list, small lists are native selects.
    ajax_update = None
    ajax_lookup = None

    def __init__(self) -> None:
        missing = [name for name in EXPLICIT if getattr(self, name) is None]
        if missing:
            raise TypeError(f"{type(self).__name__} must name its {', '.join(missing)}")
        self.form_args = {name: self._arguments(name) for name in self.form_columns}
        super().__init__(self.table, self.title, endpoint=endpoint_of(self.slug), url=self.slug)

    def _arguments(self, name: str) -> dict[str, Any]:
        texts = {"label": self.column_labels.get(name), "description": self.column_descriptions.get(name, "")}
        return {**texts, **self.form_args.get(name, {})}

    # --- Columns: what is not named is not shown, also where Flask-Admin takes an empty list for "all" ---

    def get_details_columns(self) -> Any:
        """Return the columns of the details page: those named."""
        return self.get_column_names(self.column_details_list, ())

    def get_export_columns(self) -> Any:
        """Return the columns of the export: those named."""
        return self.get_column_names(self.column_export_list, ())

    def scaffold_form(self) -> Any:
        """Build the form of the columns named; of none, when there are none."""
        return super().scaffold_form() if self.form_columns else self.form_base_class

    # --- Rows: every path goes through `scoped` ---

    def scoped(self, query: ModelSelect) -> ModelSelect:
        """Narrow a query to the rows this agent may see; every path to a row passes here."""
        return query

    def get_query(self) -> ModelSelect:
        """Return the rows of the screen."""
        return self.scoped(self.table.select())

    def get_one(self, id: Any) -> Any:  # noqa: A002 — Flask-Admin's name for it
        """Return the row with this id, or answer 404: also for a row of others, and for junk."""
        key = as_key(id)
        row = self.scoped(self.table.select()).where(self.table.id == key).first() if key is not None else None
        return row or abort(404)

    def row_address(self, row: Any, back: str) -> str:
        """Return where a row of the list leads: to its form, or its details where one may not change it."""
        edits = self.can_edit and self.may_edit(row)
        return str(self.get_url(".edit_view" if edits else ".details_view", id=self.get_pk_value(row), url=back))

    def may_edit(self, _row: Any) -> bool:
        """Whether the agent may change this row."""
        return True

    # --- Writes: one transaction, through the rule ---

    def values(self, form: Any) -> dict[str, Any]:
        """Return what the form holds, cleaned; inline rows as a list of dictionaries."""
        return {field.short_name: field.rows() if isinstance(field, InlineRows) else field.data for field in form}

    def form_data(self, _row: Any) -> dict[str, Any]:
        """Return what a form shows beyond the columns of the row."""
        return {}

    def edit_form(self, obj: Any = None) -> Any:
        """Return the form of a row."""
        return in_order(self._edit_form_class(posted(), obj=obj, **self.form_data(obj)), self.form_columns)

    def create_form(self, obj: Any = None) -> Any:
        """Return the form of a new row."""
        return self.begin_next(in_order(self._create_form_class(posted(), obj=obj), self.form_columns))

    def create_model(self, form: Any) -> Any:
        """Store a new row through the rule; on a refusal return False, the message standing at its field."""
        stored = self._store(form, self.table())
        if stored:
            g.added_row = stored
        return stored

    def update_model(self, form: Any, model: Any) -> bool:
        """Store a row through the rule; on a refusal return False, the message standing at its field."""
        return self._store(form, model) is not False

    def _store(self, form: Any, row: Any) -> Any:
        try:
            with database.atomic():
                before = journal.snapshot(row)
                stored = self.save(row, self.values(form)) or row
                if journal.is_set_up(stored):
                    journal.saved(stored, before, actor=self.agent)
                return stored
        except HelpdeskError as error:
            show(error, form)
        except IntegrityError:
            form.form_errors.append(_("This is used already, or something it relies on has just gone."))
        return False

    def save(self, row: Any, values: dict[str, Any]) -> Any:
        """Store these values of the row and return it."""
        return self.save_rule(row, values, actor=self.agent) if self.save_rule is not None else abort(404)

    def side_effects(self, _row: Any, _values: dict[str, Any]) -> list[str]:
        """Say what storing these values takes away; where there is something to say, the screen asks first."""
        return []

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """Change one row; ask first when that takes something away."""
        if request.method == "POST" and "confirmed" not in request.form:
            row = self.get_one(request.args.get("id"))
            form = self.edit_form(obj=row)
            values = self.values(form) if form.validate() else None
            side_effects = self.side_effects(row, values) if values is not None else []
            if side_effects:
                question, ways = (
                    _("Save the changes to “%(name)s”?", name=self.named(row)),
                    self.alternatives(row, values),
                )
                return self.confirm(question, side_effects, _("Save"), ways, **form_lists())
        return shown_again(super().edit_view())

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:
        """Go back where the reader came from, naming what was saved where Flask-Admin speaks of a record."""
        leave_out_last()
        saved = self.added_text(model) if is_created else _("“%(name)s” was saved.", name=self.named(model))
        flash(saved, "success")
        return str(super().get_save_return_url(model, is_created))

    # --- Questions, and the way back ---

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        # Flask-Admin leads back to any path of ours, also to one that no header can carry.
        return super()._handle_view(name, **kwargs) if is_sound(request.values.get("url", "")) else abort(400)

    def way_back(self) -> str:
        """Return where the reader came from, as far as that is a page of ours, else the list."""
        return get_redirect_target() or self.get_url(".index_view")

    def alternatives(self, _row: Any, _values: dict[str, Any] | None = None) -> list[tuple[str, str]]:
        """Return what one may do instead of deleting a row, or of saving `values`: (label, address) of links."""
        return []

    def confirm(
        self, question: str, consequences: list[str], button: str, ways: Sequence[tuple[str, str]] = (), **hidden: Any
    ) -> str:
        """Ask on a page of its own, which needs no script: the same address is then posted with ``confirmed``.

        `ways` are what one may do instead: (label, address) of links.
        """
        back = self.way_back()
        return self.render(
            "admin/model/confirm.html", title=question, consequences=consequences, button=button, ways=ways,
            action=request.full_path, hidden={**hidden, "url": back, "confirmed": "1"}, return_url=back,
        )  # fmt: skip

    # --- Exports ---

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Response:
        """Send the rows of the list as CSV, row by row."""
        if not self.can_export or export_type != "csv":
            abort(404)
        args = self._get_list_extra_args()
        column = self._get_column_by_idx(args.sort)
        query = self.ordered(self.narrowed(args.search, args.filters), column and column[0], args.sort_desc)
        journal.record(journal.Act.EXPORTED, actor=self.agent, subject=self.title)
        return exports.csv_response(self._lines(query), self.slug)

    def columns_of_export(self) -> list[tuple[str, Any]]:
        """Return the names and titles of the columns that this file has."""
        return list(self._export_columns)

    def _lines(self, query: ModelSelect) -> Iterator[list[Any]]:
        columns = self.columns_of_export()
        yield [title for _name, title in columns]
        for batch in chunked(query.iterator(), BATCH):
            rows = list(batch)
            self.prefetch(rows, columns, self.column_formatters_export)
            self.complete(rows)
            for row in rows:
                yield [self.get_export_value(row, name) for name, _title in columns]


def posted() -> Any:
    """Return the form that was sent, if one was."""
    return request.form if request.method == "POST" else None


def form_lists() -> dict[str, list[str]]:
    """Return what was sent, to be sent again; the token is the page's own."""
    return {name: values for name, values in request.form.lists() if name != "csrf_token"}


def as_key(value: Any) -> int | None:
    """Return the id that a request names, or None for what can be no id on either engine."""
    if isinstance(value, str):
        return inputs.row_key(value)
    return value if isinstance(value, int) and inputs.fits(value) else None
