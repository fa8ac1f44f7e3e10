"""Mentioning a colleague in an internal note: the agents offered, and their mark in the note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from helpdesk import access
from helpdesk.settings import lookups
from models import Agent, Ticket

#: Inside these a name is an example, or somebody else's.
_LITERAL = frozenset({"a", "blockquote", "code", "pre"})
_TAG = re.compile(r"(<[^>]*>)")
_SPACE = r"(?:\s|&nbsp;)+"


def mentionable_agents(ticket: Ticket, *, by: Agent) -> list[Agent]:
    """Return the active agents who see the ticket, except the author `by`, sorted by name."""
    return [agent for agent in lookups.agents() if agent.id != by.id and access.sees(agent, ticket)]


def mark(body: str, agents: Sequence[Agent]) -> tuple[str, list[Agent]]:
    """Return a note (clean HTML) with each ``@Name`` of these agents in bold, and the agents it mentions."""
    by_name: dict[str, list[Agent]] = {}
    for agent in agents:
        by_name.setdefault(_key(agent.name), []).append(agent)
    by_name.pop("", None)
    if "@" not in body or not by_name:
        return body, []
    named: dict[int, Agent] = {}

    def emphasise(match: re.Match[str]) -> str:
        named.update((agent.id, agent) for agent in by_name[keys[(match.lastindex or 0) - 1]])
        return f"<strong>{match[0]}</strong>"

    # The longest name first: “@Ana Lima” is not Ana. The group says which name matched: “@ınes” matches Ines, too.
    keys = sorted(by_name, key=len, reverse=True)
    names = "|".join(f"({_spellings(key, by_name[key])})" for key in keys)
    pattern = re.compile(rf"(?<![\w@.])@(?:{names})(?!\w)", re.IGNORECASE)
    parts, depth = _TAG.split(body), 0
    for place, part in enumerate(parts):
        if part.startswith("<") and place % 2:
            depth += _step(part)
        elif not depth:
            parts[place] = pattern.sub(emphasise, part)
    return "".join(parts), list(named.values())


def _step(tag: str) -> int:
    name = tag.strip("</>").split()[0].lower() if tag.strip("</>") else ""
    return (-1 if tag.startswith("</") else 1) if name in _LITERAL else 0


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _spellings(key: str, agents: Sequence[Agent]) -> str:
    """Return a pattern of the name as written and as folded by `_key`: a pattern does not take “ß” for “ss”."""
    names = sorted({escape(name, quote=False) for name in (key, *(agent.name for agent in agents))})
    return "|".join(_SPACE.join(map(re.escape, name.split())) for name in names)
