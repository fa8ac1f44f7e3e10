"""Addresses are written as Werkzeug writes them."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.routing import Map, Rule

from web.addresses import LateRule

RULES = [
    ("/", {}, "home"),
    ("/tickets/<number>", {}, "ticket"),
    ("/files/<int:file_id>/<path:name>", {}, "file"),
    ("/page/", {"defaults": {"page": 1}}, "page"),
    ("/page/<int:page>", {}, "page"),
]


def adapter(rule: type[Rule]) -> Any:
    return Map([rule(text, endpoint=endpoint, **more) for text, more, endpoint in RULES]).bind("example.org", "/desk")


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("home", {}),
        ("home", {"q": "é &", "none": None}),
        ("ticket", {"number": "1000/ü"}),
        ("file", {"file_id": 7, "name": "a b/c?.txt", "inline": 1}),
        ("page", {"page": 1}),
        ("page", {"page": 2, "x": ["a", "b"]}),
    ],
)
def test_an_address_is_written_as_ever(endpoint: str, values: dict[str, Any]) -> None:
    ours, plain = adapter(LateRule), adapter(Rule)
    for append_unknown in (True, False, True):
        written = ours.build(endpoint, values, append_unknown=append_unknown)
        assert written == plain.build(endpoint, values, append_unknown=append_unknown)


def test_the_program_writes_its_addresses_so(app: Any) -> None:
    assert {type(rule) for rule in app.url_map.iter_rules()} == {LateRule}
