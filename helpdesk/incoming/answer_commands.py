"""What an agent asks for in the first lines of an answer by e-mail: ``#note``, ``#close`` and so on, or in French."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk import folding
from helpdesk.people import assignees
from helpdesk.settings import lookups
from models import Agent, Team

NOTE, CLOSE, PENDING, TAKE, TRANSFER = "note", "close", "pending", "take", "transfer"
#: The words that are understood, folded.
WORDS = {
    "note": NOTE,
    **dict.fromkeys(("close", "fermer"), CLOSE),
    **dict.fromkeys(("pending", "attente"), PENDING),
    **dict.fromkeys(("take", "moi"), TAKE),
    **dict.fromkeys(("transfer", "transferer"), TRANSFER),
}
#: Lines that are looked at.
MOST = 5

#: “# note” is one as well: what was meant for the team must not reach the customer. “#1” is none.
_COMMAND = re.compile(r"#[ \t]*([^\W\d_]+)(?!\w)[ \t\u00a0:]*(.*)")


@dataclass(frozen=True)
class Answer:
    """An answer taken apart: what it asks for, to whom it hands the ticket, and what is to be written."""

    acts: frozenset[str]
    text: str
    #: Whom `TRANSFER` names, as it stands there.
    to: str = ""
    #: A word that is no command.
    unknown: str = ""


def read(text: str) -> Answer:
    """Return what an answer asks for: the commands are its first lines, the text is what follows them."""
    lines = text.strip().split("\n")
    acts: set[str] = set()
    to, first = "", ""
    while lines and len(acts) < MOST and (command := _COMMAND.fullmatch(lines[0].strip())) is not None:
        act = WORDS.get(folding.fold(command[1]))
        if act is None:
            return Answer(frozenset(acts), text, unknown=command[1])
        acts.add(act)
        lines.pop(0)
        if act == TRANSFER:
            to = command[2].strip()
        elif command[2]:
            first = command[2]
            break
        while lines and not lines[0].strip():
            lines.pop(0)
    return Answer(frozenset(acts), "\n".join([first, *lines] if first else lines).strip(), to)


def find_assignee(name: str) -> Agent | Team | None:
    """Return the one agent in support or enabled team of this name, or whose name has these words; None if in doubt."""
    wanted = folding.fold(name).split()
    people = [agent for agent in lookups.agents(active_only=True) if assignees.in_support(agent)]
    targets: list[tuple[list[str], Agent | Team]] = [
        (folding.fold(str(row)).split(), row) for row in (*people, *lookups.teams(enabled_only=True))
    ]
    exact = [row for words, row in targets if words == wanted]
    partial = [row for words, row in targets if wanted and set(wanted) <= set(words)]
    matches = exact or partial
    return matches[0] if len(matches) == 1 else None
