"""The application itself, which works out the address of a page once: a page of the desk asks for dozens of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask, has_request_context, request
from werkzeug.routing import Rule

#: Addresses cached in the process, of some 200 bytes each; those of single tickets come and go.
CACHED = 2_000
#: Characters of a text in one that is cached, as many as a search has: strangers choose where signing in leads back to.
LONGEST = 200


class LateRule(Rule):
    """A rule for addresses, of which the desk has 470; Werkzeug compiles two functions for each while they are made."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now = super()._compile_builder
        place = "_build_unknown" if append_unknown else "_build"

        def build(rule: LateRule, /, **values: Any) -> tuple[str, str]:
            builder = compile_now(append_unknown).__get__(rule, None)
            setattr(rule, place, builder)
            written: tuple[str, str] = builder(**values)
            return written

        return build


class Site(Flask):
    """Flask, with addresses that are worked out once."""

    url_rule_class = LateRule

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._cached_address = lru_cache(maxsize=CACHED)(self._address)

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """Return the address of a page, as Flask does.

        Nothing but what the key holds decides over a path: endpoints are named in full, and no page has defaults.
        """
        is_path = endpoint[:1] != "." and has_request_context()
        # `flask.url_for` names every argument it has, most of them None, which says nothing.
        values = {name: value for name, value in values.items() if value is not None}
        if is_path and all(_is_short(value) and name not in OTHERS for name, value in values.items()):
            return self._cached_address(request.script_root, endpoint, tuple(values.items()))
        return super().url_for(endpoint, **values)

    def _address(self, _root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
        return super().url_for(endpoint, **dict(values))


#: What asks for more than a path.
OTHERS = frozenset({"_method", "_scheme", "_external"})


def _is_short(value: Any) -> bool:
    # 1 and True are one key, and two addresses.
    return type(value) is int or (type(value) is str and len(value) <= LONGEST)
