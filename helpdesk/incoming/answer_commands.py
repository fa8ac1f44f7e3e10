"""What an agent asks for in the first lines of an answer by e-mail: ``#note``, ``#close`` and so on, or in French."""

from __future__ import annotations

import re
import unicodedata
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

#: “# note” and “*#note*” are one as well: what was meant for the team must not reach the customer. “#1” is none.
_COMMAND = re.compile(r"(?:[^\w#]|_)*#[\W_]*([^\W\d_]\w*)(.*)")
#: A word with the mark of a command, anywhere but in an address.
_MARKED = re.compile(r"(?<![\w/=&?.-])#[\W_]{0,10}([^\W\d_]+)")
#: Letters without a width that are no control characters: fillers and the choice between two pictures.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0") | {
    *map(chr, range(0xFE00, 0xFE10))
}
#: Lines of an answer in which no command may stand that was not carried out, wherever in the line.
LOOKED_AT = 5
#: What stands around a command.
_AROUND = " \t:*_~`"


@dataclass(frozen=True)
class Answer:
    """An answer taken apart: what it asks for, to whom it hands the ticket, and what is to be written."""

    acts: frozenset[str]
    text: str
    #: Whom `TRANSFER` names, as it stands there.
    to: str = ""
    #: A word that is no command.
    unknown: str = ""
    #: A command that stands where none is taken.
    misplaced: str = ""


def read(text: str) -> Answer:
    """Return what an answer asks for: the commands are its first lines, the text is what follows them."""
    lines, rest = text.split("\n"), ""
    acts: set[str] = set()
    to = ""
    for place, line in enumerate(lines):
        plain = _plain(line)
        command = _COMMAND.fullmatch(plain)
        if command is None and plain:
            rest = "\n".join(lines[place:]).strip()
            break
        if command is None:
            continue
        act = WORDS.get(folding.fold(command[1].rstrip("_")))
        if act is None:
            return Answer(frozenset(acts), text, unknown=command[1])
        acts.add(act)
        more = command[2].lstrip(_AROUND)
        if act == TRANSFER:
            to = more.rstrip(_AROUND)
        elif re.search(r"\w", more):
            rest = "\n".join([more, *lines[place + 1 :]]).strip()
            break
    return Answer(frozenset(acts), rest, to, misplaced=_misplaced(rest))


def _plain(line: str) -> str:
    """Return a line without the letters that nobody sees, its blanks and number signs as a keyboard writes them."""
    seen = (letter for letter in line if letter not in _UNSEEN and unicodedata.category(letter) != "Cf")
    return "".join(" " if letter.isspace() else "#" if letter in "＃﹟" else letter for letter in seen).strip()


def _misplaced(text: str) -> str:
    """Return a command that stands in the first lines, or begins a later one, and was not carried out."""
    lines = [plain for line in text.splitlines() if (plain := _plain(line))]
    words = [word for line in lines[:LOOKED_AT] for word in _MARKED.findall(line)]
    words += [command[1].rstrip("_") for line in lines if (command := _COMMAND.match(line)) is not None]
    return next((word for word in words if folding.fold(word) in WORDS), "")


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
