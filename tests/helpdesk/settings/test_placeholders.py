"""The eight variables of e-mail texts."""

from __future__ import annotations

import pytest

from helpdesk.settings import placeholders
from helpdesk.settings.placeholders import fill

VALUES = {
    "customer_firstname": "Élodie",
    "customer_lastname": "O’Neil <b>",
    "customer_email": "e@customer.example",
    "customer_account_link": "https://desk.example/tickets?a=1&b=2",
    "ticket_id": "1",
    "prefixed_id": "100001",
    "ticket_object": "It {{message}} & breaks",
    "message": "one\ntwo",
}


@pytest.mark.parametrize("name", placeholders.PLACEHOLDERS)
def test_each_of_the_eight_variables_is_replaced(name):
    assert fill(f"<{{{{{name}}}}}>", VALUES, html=False) == f"<{VALUES[name]}>"


def test_values_are_escaped_in_html():
    assert fill("{{customer_lastname}}: {{message}}", VALUES, html=True) == "O’Neil &lt;b&gt;: one<br>two"


def test_the_account_link_is_a_link_in_html():
    address = "https://desk.example/tickets?a=1&amp;b=2"
    assert fill("{{customer_account_link}}", VALUES, html=True) == f'<a href="{address}">{address}</a>'


def test_a_value_that_looks_like_a_variable_stays_as_it_was_typed():
    assert fill("{{ticket_object}}", VALUES, html=False) == "It {{message}} & breaks"


@pytest.mark.parametrize("text", ["{{config}}", "{{7*7}}", "{% if x %}", "${x}", "{{ message.upper }}", "{message}"])
def test_anything_else_stays_literal(text):
    assert fill(text, VALUES, html=False) == text


def test_blanks_inside_the_braces_are_allowed():
    assert fill("{{ prefixed_id }}", VALUES, html=False) == "100001"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Dear {{customer_firstname}},", "Dear,"),
        ("Bonjour {{customer_firstname}},", "Bonjour,"),
        ("Bonjour&nbsp;{{customer_firstname}} {{customer_lastname}} !", "Bonjour !"),
        ("Hello {{customer_firstname}} and welcome", "Hello and welcome"),
        ("<p>{{customer_firstname}}</p>", "<p></p>"),
    ],
)
def test_an_empty_name_leaves_clean_text(text, clean):
    assert fill(text, {"customer_firstname": "", "customer_lastname": ""}, html=True) == clean


def test_a_subject_stays_on_one_line():
    values = {"ticket_object": "Hi\r\nBcc: all@x.example\x85\u2028!"}
    assert fill("Re: {{ticket_object}}", values, html=False, one_line=True) == "Re: Hi Bcc: all@x.example !"


def test_a_long_subject_is_cut():
    subject = fill("{{ticket_object}}", {"ticket_object": "é" * 400}, html=False, one_line=True)
    assert len(subject) == 255
    assert subject.endswith("…")


def test_the_account_link_is_refused_outside_the_notification():
    text = "{{customer_firstname}} {{customer_account_link}} {{ nonsense }}"
    assert placeholders.unknown(text, "notification") == ["nonsense"]
    assert placeholders.unknown(text, "confirmation") == ["customer_account_link", "nonsense"]
    assert placeholders.unknown(text, "team_message") == ["customer_account_link", "nonsense"]
