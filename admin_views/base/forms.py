"""How tables become forms: columns to native controls, inline rows, and where the refusal of a rule is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask_admin.contrib.peewee.form import CustomModelConverter, InlineModelConverter, InlineModelFormList
from flask_admin.form import BaseForm
from peewee import BooleanField, DateTimeField, Field, IntegerField, JSONField
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField as SwitchField
from wtforms import IntegerField as NumberField
from wtforms.utils import unset_value
from wtforms.validators import NumberRange
from wtfpeewee.orm import ValueRequired

from admin_views.base.fields import LabelFormField, LabelLength, LabelRequired, RowSelect, row_id
from database import LabelField
from helpdesk.i18n import lazy
from helpdesk.lib import control_characters
from helpdesk.opening_hours import calendars
from helpdesk.settings import lookups
from models import Agent, Department, OpeningHours, Priority, Role, Service, Team

#: Whole numbers a form takes; both engines store them.
LOWEST, HIGHEST = -1_000_000, 1_000_000

#: Rows that a foreign key may name.
SOURCES: dict[type, Callable[[], Iterable[Any]]] = {
    Agent: lambda: lookups.agents(active_only=False),
    Department: lookups.departments,
    OpeningHours: calendars.rows,
    Priority: lookups.priorities,
    Role: lookups.roles,
    Service: lookups.services,
    Team: lookups.teams,
}
#: The empty option of such a select: with its noun, whose gender other languages need.
NONE_OF: dict[type, Any] = {
    Agent: lazy("Nobody"),
    Department: lazy("No department"),
    Priority: lazy("No priority"),
    Role: lazy("No role"),
    Service: lazy("No service"),
    Team: lazy("No team"),
}


class DeskForm(BaseForm):
    """The base of every generated form; CSRF is the application's (`CSRFProtect`), never the form's."""

    def __init__(self, formdata: Any = None, obj: Any = None, prefix: str = "", **kwargs: Any) -> None:
        if formdata is not None and not prefix:
            formdata = _without_nul(formdata)
        super().__init__(formdata, obj, prefix, **kwargs)


def _without_nul(formdata: Any) -> MultiDict[str, str]:
    """PostgreSQL refuses a NUL in a text, SQLite cuts the text there."""
    return MultiDict((key, control_characters.removed(value)) for key, value in formdata.items(multi=True))


def in_order(form: Any, names: Iterable[str]) -> Any:
    """Put the fields of a form into the order of the screen; they come in the order of the table."""
    first = {name: form._fields[name] for name in names if name in form._fields}
    form._fields = {**first, **{name: field for name, field in form._fields.items() if name not in first}}
    return form


class DeskConverter(CustomModelConverter):
    """Model columns to native controls, with the limits both engines share."""

    def __init__(self, view: Any, additional: Any = None) -> None:
        super().__init__(view, additional)
        # Looked up in this order: a column that is two of these takes the first.
        special: dict[type[Field], Callable[..., Any]] = {
            LabelField: self.label,
            BooleanField: self.switch,
        }
        self.converters: dict[Any, Any] = special | {
            kind: how for kind, how in self.converters.items() if kind not in special
        }
        self.converters[IntegerField] = self.number
        self.converters[DateTimeField] = self.converters[JSONField] = self.refuse

    def label(self, _model: Any, field: Field, **kwargs: Any) -> tuple[str, Any]:
        """Make the field of a `Label` column, no longer than `MAX_LABEL`."""
        required = any(isinstance(check, ValueRequired) for check in kwargs.pop("validators"))
        kwargs.pop("filters", None)
        checks = [LabelRequired(), LabelLength()] if required else [LabelLength()]
        return field.name, LabelFormField(validators=checks, **kwargs)

    def switch(self, _model: Any, field: Field, **kwargs: Any) -> tuple[str, Any]:
        """Make a switch of a yes-or-no column."""
        kwargs.pop("validators", None)
        kwargs["render_kw"] = {"role": "switch", **kwargs.get("render_kw", {})}
        return field.name, SwitchField(**kwargs)

    def handle_foreign_key(self, _model: Any, field: Any, **kwargs: Any) -> tuple[str, Any]:
        """Offer the rows it may name in a native select."""
        for unwanted in ("filters", "validators"):
            kwargs.pop(unwanted, None)
        kwargs.setdefault("rows", SOURCES[field.rel_model])
        if field.null:
            kwargs.setdefault("empty", NONE_OF.get(field.rel_model, lazy("None")))
        return field.name, RowSelect(**kwargs)

    def number(self, _model: Any, field: Any, **kwargs: Any) -> tuple[str, Any]:
        """Take whole numbers that both engines can store."""
        message = lazy("Expected a whole number from %(low)d to %(high)d.", low=LOWEST, high=HIGHEST)
        kwargs["validators"] = [*kwargs["validators"], NumberRange(LOWEST, HIGHEST, message)]
        return field.name, NumberField(**kwargs)

    def refuse(self, model: Any, field: Any, **_kwargs: Any) -> tuple[str, Any]:
        """Raise TypeError: moments are the rules' to write, and nobody types JSON."""
        raise TypeError(f"{model.__name__}.{field.name} cannot be edited in a form")


class InlineRows(InlineModelFormList):
    """Rows edited under their parent, handed to its rule as a list; a blank row waits where there is no script."""

    @property
    def key(self) -> str:
        """The field that is empty in a row nobody filled in."""
        return str(self.inline_view.key)

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> Any:
        """Read the rows; offer one more when the form is shown for the first time."""
        result = super().process(formdata, data, extra_filters)
        if not formdata:
            self.append_entry()
        return result

    def is_blank(self, entry: Any) -> bool:
        """Whether this is the row that waits to be filled in."""
        return not entry.form.data[self.key] and not entry.form.errors

    def remaining(self) -> list[Any]:
        """Return the entries that are filled in and not ticked for removal."""
        return [entry for entry in self.entries if not self.should_delete(entry) and entry.form.data[self.key]]

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows that stay, each with the ``prefix`` of its fields' names."""
        return [
            {**entry.form.data, "id": row_id(entry.form.data["id"]), "prefix": entry.name} for entry in self.remaining()
        ]

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Check the rows that stay."""
        self.errors = [entry.errors for entry in self.remaining() if not entry.validate(form)]
        return not self.errors


class DeskInlineConverter(InlineModelConverter):
    """Inline models to `InlineRows`."""

    inline_field_list_type = InlineRows


def show(error: Any, form: Any) -> None:
    """Put the message of a refusal at the field it names, else above the form."""
    field = field_named(form, error.field) if error.field else None
    if field is None:
        form.form_errors.append(str(error))
    else:
        field.errors = [*field.errors, str(error)]


def field_named(form: Any, name: str) -> Any:
    """Return the field with this name, also of an inline row (``permissions-0-department``)."""
    for field in form:
        if name in {field.name, field.short_name}:
            return field
        for entry in getattr(field, "entries", ()):
            inner = field_named(entry.form, name) if name.startswith(f"{entry.name}-") else None
            if inner is not None:
                return inner
    return None
