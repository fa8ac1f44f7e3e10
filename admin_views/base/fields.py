"""The fields and widgets of forms: native controls, which the strict policy allows and which need no script."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from markupsafe import Markup
from wtforms import DateField, Field, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.utils import unset_value
from wtforms.validators import StopValidation
from wtforms.widgets import TextArea, TextInput

from database import Label
from helpdesk import settings
from helpdesk.errors import InvalidInput
from helpdesk.i18n import CHOICES, LANGUAGES, _, language_name, lazy
from helpdesk.lib import colors, lengths, richtext, zones

MAX_LABEL = 120
#: Help under a colour field.
COLOUR_HELP = lazy("Example: #007afc, or a name such as white.")


def row_id(value: Any) -> int | None:
    """Return the id of a row, or of the option that names it; None for the empty option."""
    if value is None or value == "":
        return None
    return int(getattr(value, "id", value))


def optional(value: Any) -> Any:
    """Return the value of a select, None for its empty option."""
    return value or None


def mark_required(form: Any, names: Iterable[str]) -> Any:
    """Return the form with these fields marked as required: the rule refuses them empty, the table would take them."""
    for name in names:
        form[name].flags.required = True
    return form


def languages() -> list[tuple[str, Any]]:
    """Return the languages one may choose, the desk's own first."""
    return [("", _("The desk’s language")), *CHOICES]


def timezones(chosen: str | None = None) -> list[SelectChoice]:
    """Return the time zones one may choose, under their regions; the one chosen before is among them."""
    return [SelectChoice(name, place, optgroup=region) for name, place, region in zones.choices(chosen)]


def own_timezones(chosen: str | None = None) -> list[SelectChoice]:
    """Return the time zones one may choose, the desk's own first; the one chosen before is among them."""
    return [SelectChoice("", _("The desk’s time zone")), *timezones(chosen)]


class RowSelect(SelectField):
    """A native select over rows; its data is the id, or None."""

    def __init__(self, *args: Any, rows: Callable[[], Iterable[Any]], empty: Any = None, **kwargs: Any) -> None:
        def choices() -> list[tuple[Any, str]]:
            blank = [("", str(empty))] if empty is not None else []
            return blank + [(row.id, str(row)) for row in rows()]

        super().__init__(*args, choices=choices, coerce=row_id, **kwargs)


class RowsSelect(SelectMultipleField):
    """Boxes to tick over rows; its data is the list of ids."""

    def __init__(self, *args: Any, rows: Callable[[], Iterable[Any]], **kwargs: Any) -> None:
        super().__init__(*args, choices=lambda: [(row.id, str(row)) for row in rows()], coerce=row_id, **kwargs)


def in_desk_order() -> list[str]:
    """Return the codes of the languages, the desk's own first: it is the one to write."""
    return sorted(LANGUAGES, key=lambda code: code != settings.get("language"))


class LabelWidget:
    """One input per language, each led by its code; with `rows`, text areas instead."""

    #: Several controls under one name: the form draws a legend, not a label.
    group = True

    def __init__(self, rows: int = 0) -> None:
        self.rows = rows

    def __call__(self, field: Field, **kwargs: Any) -> Markup:
        inputs = Markup("").join(self._input(field, code, kwargs) for code in in_desk_order())
        return inputs if self.rows else Markup('<div class="pair">{}</div>').format(inputs)

    def _input(self, field: Field, code: str, kwargs: dict[str, Any]) -> Markup:
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


class LabelFormField(Field):
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


class RichLabelField(LabelFormField):
    """A `Label` of HTML: the editor once for each language."""

    widget = LabelWidget(rows=8)


class LabelRequired:
    """At least one language has a text."""

    field_flags = {"required": True}

    def __call__(self, form: Any, field: Field) -> None:
        """Refuse an empty label."""
        if not any((field.data or {}).values()):
            raise StopValidation(_("Write it in at least one language."))


class LabelLength:
    """No text of a label is longer than this, in any language."""

    def __init__(self, longest: int = MAX_LABEL) -> None:
        self.longest = longest

    def __call__(self, _form: Any, field: Any) -> None:
        """Refuse a text that is too long."""
        if any(len(text) > self.longest for text in (field.data or {}).values()):
            raise StopValidation(_("Use at most %(count)d characters.", count=self.longest))


class ColourWidget(TextInput):
    """A text input for the colour, and the browser's picker kept in step by ``static/js/colour.js``."""

    def __call__(self, field: Field, **kwargs: Any) -> Markup:
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


class ColourField(StringField):
    """A colour as CSS writes it: ``#007afc`` or a name such as ``white``."""

    widget = ColourWidget()

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not a colour."""
        try:
            colors.parse(self.data or "")
        except ValueError as error:
            raise StopValidation(_("Write a colour such as #007afc, or a name such as white.")) from error


class DayField(DateField):
    """A day, chosen in the browser's own control; what is no date stays as it was typed."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day; an empty field is none."""
        if not valuelist:
            return
        text, self.data = valuelist[0].strip(), None
        try:
            self.data = date.fromisoformat(text) if text else None
        except ValueError as error:
            raise ValueError(_("This is not a date. Example: %(day)s.", day="2026-12-31")) from error

    def pre_validate(self, form: Any) -> None:
        """Leave it at what is wrong: the field is not empty."""
        if self.process_errors:
            raise StopValidation()


class LengthField(StringField):
    """A length of time in minutes, written in hours and minutes."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return lengths.write(self.data) if self.data is not None else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the minutes; an empty field is none."""
        if not valuelist:
            return
        try:
            self.data = lengths.read(valuelist[0])
        except InvalidInput as error:
            self.data = None
            raise ValueError(str(error)) from error

    def pre_validate(self, form: Any) -> None:
        """Leave it at what is wrong."""
        if self.process_errors:
            raise StopValidation()


class RichText(TextArea):
    """A text area that ``static/js/editor.js`` turns into the editor with bold, lists and links."""

    def __call__(self, field: Any, **kwargs: Any) -> Any:
        return super().__call__(field, **{"data-editor": True, "rows": 8, **kwargs})


class RichField(TextAreaField):
    """HTML; what was typed without the editor and holds no tag is a plain text."""

    widget = RichText()
    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Make paragraphs of a plain text."""
        super().process_formdata(valuelist)
        if self.data and "<" not in self.data:
            self.data = richtext.from_text(self.data)
