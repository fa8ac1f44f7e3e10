"""Form fields of the generated screens: native controls, which the strict policy allows and which need no script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_admin.contrib.peewee.form import CustomModelConverter
from markupsafe import Markup
from peewee import BooleanField, Field
from wtforms import fields, validators
from wtforms.utils import unset_value
from wtforms.widgets import TextInput
from wtfpeewee.orm import ValueRequired

from database import Label, LabelField
from helpdesk import settings
from helpdesk.i18n import LANGUAGES, _, language_name, lazy
from helpdesk.lib import colors


def in_desk_order() -> list[str]:
    """Return the codes of the languages, the desk's own first: it is the one to write."""
    return sorted(LANGUAGES, key=lambda code: code != settings.get("language"))


class LabelWidget:
    """One input per language, each led by its code; with `rows`, text areas instead."""

    #: Several controls under one name: the form draws a legend, not a label.
    group = True

    def __init__(self, rows: int = 0) -> None:
        self.rows = rows

    def __call__(self, field: fields.Field, **kwargs: Any) -> Markup:
        inputs = Markup("").join(self._input(field, code, kwargs) for code in in_desk_order())
        return inputs if self.rows else Markup('<div class="pair">{}</div>').format(inputs)

    def _input(self, field: fields.Field, code: str, kwargs: dict[str, Any]) -> Markup:
        name, text = f"{field.name}-{code}", (field.data or {}).get(code, "")
        label = _("%(field)s, in %(language)s", field=field.label.text, language=language_name(code))
        attributes = {**kwargs, "id": f"{field.id}-{code}", "name": name, "lang": code, "aria-label": label}
        if self.rows:
            control = Markup("<textarea {}>\n{}</textarea>").format(_attributes(attributes | {"rows": self.rows}), text)
        else:
            control = Markup("<input {}>").format(_attributes(attributes | {"value": text}))
        area = " affix-area" if self.rows else ""
        return Markup('<div class="affix{}"><span class="lang" aria-hidden="true">{}</span>{}</div>').format(
            area, code.upper(), control
        )


def _attributes(values: dict[str, Any]) -> Markup:
    written = {name.rstrip("_"): value for name, value in values.items() if value not in (None, False)}
    return Markup(" ").join(Markup('{}="{}"').format(name, value) for name, value in written.items())


class LabelFormField(fields.Field):
    """A `Label`: the text of each language in one field, posted as ``<name>-en``, ``<name>-fr``."""

    widget = LabelWidget()

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Take what was posted, else what is stored, else the default."""
        self.process_errors: list[str] = []
        if data is unset_value:
            data = self.default() if callable(self.default) else self.default
        self.object_data = data
        self.data = Label(data or {})
        names = {code: f"{self.name}-{code}" for code in LANGUAGES}
        if formdata is not None and any(name in formdata for name in names.values()):
            texts = {code: str(formdata.get(name, "")).strip() for code, name in names.items()}
            self.data = Label({code: text for code, text in texts.items() if text})
            self.raw_data = list(texts.values())

    def focus_id(self) -> str:
        """Return the id of the first control, where a link of the error summary leads."""
        return f"{self.id}-{in_desk_order()[0]}"


class LabelRequired:
    """At least one language has a text."""

    field_flags = {"required": True}

    def __call__(self, form: Any, field: fields.Field) -> None:
        """Refuse an empty label."""
        if not any((field.data or {}).values()):
            raise validators.StopValidation(_("Write it in at least one language."))


class ColourWidget(TextInput):
    """A text input for the colour, and the browser's picker kept in step by ``static/js/colour.js``."""

    def __call__(self, field: fields.Field, **kwargs: Any) -> Markup:
        kwargs |= {"data-colour": True, "autocomplete": "off", "spellcheck": "false"}
        picker = _("Pick: %(field)s", field=field.label.text)
        return Markup(
            '<div class="colour"><input class="swatch" type="color" value="{}" aria-label="{}" hidden>{}</div>'
        ).format(_hex(field.data), picker, super().__call__(field, **kwargs))


def _hex(text: Any) -> str:
    try:
        return colors.to_hex(colors.parse(str(text or "")))
    except ValueError:
        return "#000000"


class ColourField(fields.StringField):
    """A colour as CSS writes it: ``#007afc`` or a name such as ``white``."""

    widget = ColourWidget()

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not a colour."""
        try:
            colors.parse(self.data or "")
        except ValueError as error:
            raise validators.StopValidation(_("Write a colour such as #007afc, or a name such as white.")) from error


class NativeConverter(CustomModelConverter):
    """Turns columns into native fields: one input per language, switches."""

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

    def label(self, _model: Any, field: Field, **kwargs: Any) -> tuple[str, Any]:
        """Make the field of a `Label` column."""
        required = any(isinstance(check, ValueRequired) for check in kwargs.pop("validators"))
        kwargs.pop("filters", None)
        return field.name, LabelFormField(validators=[LabelRequired()] if required else [], **kwargs)

    def switch(self, _model: Any, field: Field, **kwargs: Any) -> tuple[str, Any]:
        """Make a switch of a yes-or-no column."""
        kwargs.pop("validators", None)
        kwargs["render_kw"] = {"role": "switch", **kwargs.get("render_kw", {})}
        return field.name, fields.BooleanField(**kwargs)


#: Help under a colour field.
COLOUR_HELP = lazy("Example: #007afc, or a name such as white.")
