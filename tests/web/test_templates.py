"""Templates are compiled for each language, and say the same as if Jinja had compiled them."""

from __future__ import annotations

from typing import Any

import pytest
from flask.templating import Environment
from jinja2 import DictLoader, TemplateSyntaxError, UndefinedError, pass_context

from helpdesk import i18n

PAGES = {
    "text.html": "{{ _('Nobody') }}|{{ 'x' if no else _('Nobody') }}|{{ [_('Nobody')]|join }}",
    "quoted.html": "{{ _('<b>') }}{{ icon('lock') }}{{ [icon('lock')]|join }}",
    "shadowed.html": "{% for icon in marks %}{{ icon('lock') }}{% endfor %}{% set _ = marks[0] %}{{ _('Nobody') }}",
    "parameter.html": "{% macro m(icon, _) %}{{ icon('lock') }}{{ _('a') }}{% endmacro %}{{ m(marks[0], marks[0]) }}",
    "named.html": "{{ attributes(class='a', id='<') }}{{ attributes(*[], **{'id': 1}) }}{{ attributes(id=2) }}",
    "without else.html": "<b{{ ' class=x' if no }}{{ '<' if marks }}{{ (1 if no) is defined }}>{{ 1 if no else 2 }}",
    "context.html": "{% for it in [1] %}{{ here('it') }}{% endfor %}{{ here('no') }}",
    "pieces.html": "{% set icon = icon %}"
    "{% macro bold(text, much=1) %}<b>{{ text * much }}</b>{{ caller() if caller }}{% endmacro %}",
    "imports.html": "{% import 'pieces.html' as ui %}"
    "{% for it in '<>' %}{{ ui.bold(it, much=2) }}{% endfor %}{{ ui.icon('x') }}",
    "called.html": "{% import 'pieces.html' as ui %}{% call ui.bold('&') %}{{ _('Nobody') }}{% endcall %}",
    "plain.txt": "{{ _('Nobody') }} {{ '<' }} {{ attributes(id='<') }}",
}


def attributes(**named: Any) -> str:
    return "".join(f"{key}={value}" for key, value in named.items())


@pass_context
def here(context: Any, name: str) -> str:
    return f"{name}={context.get(name)}"


def environments(app: Any) -> list[Any]:
    """Return the program's environment over these pages, and Jinja's own with the same names."""
    ours = app.jinja_env.overlay(loader=DictLoader(PAGES))
    plain = Environment(app, loader=DictLoader(PAGES), autoescape=app.select_jinja_autoescape)
    plain.globals.update(app.jinja_env.globals)
    for environment in (ours, plain):
        environment.globals = {**environment.globals, "attributes": attributes, "here": here}
    return [ours, plain]


@pytest.mark.parametrize("name", [name for name in PAGES if name != "pieces.html"])
@pytest.mark.parametrize("code", ["en", "fr"])
def test_a_template_says_what_jinja_makes_of_it(app: Any, name: str, code: str):
    ours, plain = environments(app)
    with app.test_request_context("/"), i18n.in_language(code):
        values = {"no": False, "marks": [lambda text: f"<{text}>"]}
        assert ours.get_template(name).render(values) == plain.get_template(name).render(values)


def test_a_template_is_compiled_for_each_language(app: Any):
    ours, _plain = environments(app)
    shown = []
    with app.test_request_context("/"):
        for code in ("en", "fr", "en"):
            with i18n.in_language(code):
                shown.append(ours.get_template("text.html").render())
    assert shown == ["Nobody|Nobody|Nobody", "Personne|Personne|Personne", "Nobody|Nobody|Nobody"]


def test_what_is_wrong_in_a_template_is_still_found(app: Any):
    ours, _plain = environments(app)
    with app.test_request_context("/"):
        with pytest.raises(UndefinedError):
            ours.from_string("{{ nothing('x') }}").render()
        with pytest.raises(TemplateSyntaxError):
            ours.from_string("{{ _('x' }}")
        with pytest.raises(FileNotFoundError):
            ours.from_string("{{ static_url('no-such-file.css') }}").render()


def test_where_no_request_asks_a_template_is_for_every_language(app: Any):
    ours, _plain = environments(app)
    with app.app_context():
        assert app.jinja_env.get_template("email/layout.html") is not None
        template = ours.get_template("text.html")
        for code, text in (("fr", "Personne"), ("en", "Nobody")):
            with i18n.in_language(code):
                assert template.render() == "|".join([text] * 3)
