"""What becomes of a mail: the first line that fits decides. Nothing is read or written here.

*Why?*, dry runs and tests go through the same lines as the mail that came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from helpdesk.incoming import automatic
from helpdesk.incoming.evidence import Evidence
from helpdesk.incoming.reading import Content
from helpdesk.incoming.threading import AGENT, CODE, COPY, NUMBER, OURS, OWNER, THEIRS


@dataclass(frozen=True)
class Test:
    """One line that was looked at: what it seeks (a key of ``texts.TESTS``), whether it fits, what was seen."""

    name: str
    fits: bool
    seen: str = ""


@dataclass(frozen=True)
class Decision:
    """What becomes of a mail and why: `reason` is a key of ``texts.REASONS``, `data` what its sentence needs."""

    state: str
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    tests: tuple[Test, ...] = ()


Outcome = tuple[str, str, dict[str, Any]]
#: (what it seeks, what becomes of a mail it fits, what was seen)
Line = tuple[str, Outcome | None, str]


def decide(content: Content, evidence: Evidence) -> Decision:
    """Return what becomes of a mail, with every line that was looked at."""
    tests: list[Test] = []
    for seeks in LINES:
        for name, outcome, seen in seeks(content, evidence):
            tests.append(Test(name, outcome is not None, seen[:200]))
            if outcome is not None:
                state, reason, data = outcome
                return Decision(state, reason, data, tuple(tests))
    trace = evidence.trace
    related = {} if trace is None else {"related": trace.ticket.id, "number": trace.ticket.number}
    return Decision("new", "related" if related else "new", related, tuple(tests))


def is_accepted(evidence: Evidence) -> bool:
    """Whether somebody said that this sender's mail is always taken."""
    return evidence.rule is not None and evidence.rule.does == "accept"


def _duplicate(content: Content, evidence: Evidence) -> Iterator[Line]:
    known = evidence.duplicate
    yield "duplicate", None if known is None else ("ignored", "duplicate", {"mail": known}), content.mail_id


def _ours(content: Content, evidence: Evidence) -> Iterator[Line]:
    probe = evidence.probe
    yield "probe", None if probe is None else ("ignored", "probe", {"mailbox": probe}), content.author.email
    yield "ours", ("ignored", "ours", {}) if evidence.is_ours else None, content.mail_id


def _rule(_content: Content, evidence: Evidence) -> Iterator[Line]:
    does = evidence.rule.does if evidence.rule is not None else ""
    pattern = evidence.rule.pattern if evidence.rule is not None else evidence.author
    outcome = {
        "ignore": ("ignored", "rule", {"pattern": pattern}),
        "hold": ("held", "rule-hold", {"pattern": pattern}),
    }.get(does)
    yield "rule", outcome, pattern


def _own(content: Content, evidence: Evidence) -> Iterator[Line]:
    own = evidence.own_address
    yield "own-address", ("held", "own-address", {"email": own}) if own else None, own or content.author.email


def _sender(content: Content, evidence: Evidence) -> Iterator[Line]:
    named = ", ".join(person.email or person.name for person in content.authors)
    yield "no-sender", None if evidence.author else ("held", "no-sender", {}), named


def _automatic_of_ticket(_content: Content, evidence: Evidence) -> Iterator[Line]:
    trace = evidence.trace
    hit = trace is not None and trace.kind != NUMBER and bool(evidence.automatic)
    number = trace.ticket.number if trace is not None else ""
    yield "automatic", ("automatic", "automatic", {"number": number}) if hit else None, evidence.automatic


def _ticket(_content: Content, evidence: Evidence) -> Iterator[Line]:
    """What leads to a ticket, and what its author may do there; what leads nowhere says so, too."""
    trace = evidence.trace
    for kind in (CODE, OURS, THEIRS, NUMBER):
        here = trace is not None and trace.kind == kind
        yield f"trace-{kind}", _outcome_of(evidence) if here else None, trace.seen if here and trace is not None else ""


def _outcome_of(evidence: Evidence) -> Outcome | None:
    trace = evidence.trace
    if trace is None or evidence.closed_too_long:
        return None
    data = {"number": trace.ticket.number, "email": evidence.author}
    strong = trace.kind in {CODE, OURS}
    if evidence.role == AGENT:
        # From a colleague, and who proves that? The team reads it, nobody else.
        return ("note", "agent", data) if strong else None
    if evidence.role in {OWNER, COPY}:
        return "message", evidence.role, data
    named = trace.kind == THEIRS and evidence.author.casefold() in trace.named
    return ("message", "stranger", data) if strong or named else None


def _automatic_answer(content: Content, evidence: Evidence) -> Iterator[Line]:
    answers = evidence.automatic and automatic.is_answer(content)
    hit: Outcome | None = ("held", "automatic-answer", {}) if answers and not is_accepted(evidence) else None
    yield "automatic-answer", hit, evidence.automatic


def _many(_content: Content, evidence: Evidence) -> Iterator[Line]:
    hit = ("held", "many", {"sender": evidence.many}) if evidence.many and not is_accepted(evidence) else None
    yield "many", hit, evidence.many


def _colleague(_content: Content, evidence: Evidence) -> Iterator[Line]:
    agent = evidence.agent
    hit = ("held", "colleague", {"name": agent.name}) if agent is not None and not is_accepted(evidence) else None
    yield "colleague", hit, evidence.author


def _list(content: Content, evidence: Evidence) -> Iterator[Line]:
    name = content.header("list-id")
    wanted = evidence.hold_lists and automatic.is_list(content) and not is_accepted(evidence)
    yield "list", ("held", "list", {"list": name[:100]}) if wanted else None, name


def _folder_and_spam(_content: Content, evidence: Evidence) -> Iterator[Line]:
    folder = evidence.held_folder if not is_accepted(evidence) else ""
    yield "held-folder", ("held", "held-folder", {"folder": folder}) if folder else None, evidence.held_folder
    spam = evidence.spam if not is_accepted(evidence) else ""
    # Without a place even spam cannot be a ticket.
    hit: Outcome | None = ("new", "spam", {"sign": spam}) if spam and evidence.place_is_open else None
    yield "spam", hit, evidence.spam


def _place(_content: Content, evidence: Evidence) -> Iterator[Line]:
    yield "place", None if evidence.place_is_open else ("held", "no-place", {}), ""


#: In this order; a later version of a line stands where its place in the order is.
LINES: tuple[Callable[[Content, Evidence], Iterator[Line]], ...] = (
    _duplicate,
    _ours,
    _rule,
    _own,
    _sender,
    _automatic_of_ticket,
    _automatic_answer,
    _ticket,
    _many,
    _colleague,
    _list,
    _folder_and_spam,
    _place,
)
