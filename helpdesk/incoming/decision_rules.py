"""The ordered rules that decide what becomes of a mail: the first that fits. Nothing is read or written here.

*Why?*, dry runs and tests go through the same lines as the mail that came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from helpdesk.incoming import automatic_mail
from helpdesk.incoming.bounced_mail import BouncedMail
from helpdesk.incoming.delivery_report import DELAYED, DELIVERED
from helpdesk.incoming.mail_context import MailContext
from helpdesk.incoming.mail_threading import AGENT, CODE, COPY, NUMBER, OURS, OWNER, STRONG, THEIRS
from helpdesk.incoming.parsed_mail import ParsedMail


@dataclass(frozen=True)
class Test:
    """One line that was looked at: what it seeks (a key of ``outcome_texts.TESTS``), whether it fits, what was seen."""

    name: str
    fits: bool
    seen: str = ""


@dataclass(frozen=True)
class Decision:
    """What becomes of a mail and why: `reason` is a key of ``outcome_texts.REASONS``, `data` fills its sentence."""

    state: str
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    tests: tuple[Test, ...] = ()


Outcome = tuple[str, str, dict[str, Any]]
#: (what it seeks, what becomes of a mail it fits, what was seen)
Line = tuple[str, Outcome | None, str]


def decide(content: ParsedMail, context: MailContext) -> Decision:
    """Return what becomes of a mail, with every line that was looked at."""
    tests: list[Test] = []
    for seeks in LINES if context.sent is None else LINES_OF_SENT:
        for name, outcome, seen in seeks(content, context):
            tests.append(Test(name, outcome is not None, seen[:200]))
            if outcome is not None:
                state, reason, data = outcome
                return Decision(state, reason, data, tuple(tests))
    trace = context.trace
    related = {} if trace is None else {"related": trace.ticket.id, "number": trace.ticket.number}
    return Decision("new", "related" if related else "new", related, tuple(tests))


def is_accepted(context: MailContext) -> bool:
    """Whether somebody said that this sender's mail is always taken."""
    return context.rule is not None and context.rule.does == "accept"


def _suppressed(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    """Before anything else of it is looked at: nothing of the mail is kept, not even that it came before."""
    yield "suppressed", ("ignored", "suppressed", {}) if context.is_suppressed else None, ""


def _size(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    """Of a mail whose headers alone are here, only a person says what becomes: they look like a whole, empty one."""
    yield "too-large", ("held", "too-large", {}) if context.headers_only else None, ""


def _duplicate(content: ParsedMail, context: MailContext) -> Iterator[Line]:
    earlier = context.duplicate
    yield "duplicate", None if earlier is None else ("ignored", "duplicate", {"mail": earlier}), content.mail_id


def _ours(content: ParsedMail, context: MailContext) -> Iterator[Line]:
    probe = context.probe
    yield "probe", None if probe is None else ("ignored", "probe", {"mailbox": probe}), content.author.email
    yield "ours", ("ignored", "ours", {}) if context.is_ours else None, content.mail_id


def _report(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    """What a delivery report is about: never a ticket, and never answered."""
    bounced = context.bounced
    yield "report", None if bounced is None else _of_report(bounced), bounced.email if bounced is not None else ""


def _of_report(bounced: BouncedMail) -> Outcome:
    data = {"email": bounced.email, "code": bounced.code, "why": bounced.why}
    if bounced.kind == DELIVERED:
        return "ignored", "delivered", data
    if not bounced.is_ours:
        return ("ignored", "bounced-report", data) if bounced.is_nested else ("held", "bounce-unknown", data)
    if bounced.address is None or bounced.ticket is None:
        return "bounce", "bounced-team" if bounced.address is None else "bounced-account", data
    data["number"] = bounced.ticket.number
    return "bounce", "late" if bounced.kind == DELAYED else "bounced", data


def _rule(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    does = context.rule.does if context.rule is not None else ""
    pattern = context.rule.pattern if context.rule is not None else context.author
    outcome = {
        "ignore": ("ignored", "rule", {"pattern": pattern}),
        "hold": ("held", "rule-hold", {"pattern": pattern}),
    }.get(does)
    yield "rule", outcome, pattern


def _own(content: ParsedMail, context: MailContext) -> Iterator[Line]:
    own = context.own_address
    yield "own-address", ("held", "own-address", {"email": own}) if own else None, own or content.author.email


def _sender(content: ParsedMail, context: MailContext) -> Iterator[Line]:
    named = ", ".join(person.email or person.name for person in content.authors)
    yield "no-sender", None if context.author else ("held", "no-sender", {}), named


def _automatic_of_ticket(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    trace = context.trace
    hit = trace is not None and trace.kind != NUMBER and bool(context.automatic)
    number = trace.ticket.number if trace is not None else ""
    yield "automatic", ("automatic", "automatic", {"number": number}) if hit else None, context.automatic


def _agent_answer(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    """What stands against taking an agent’s mail for their answer: then the team reads it, and nobody else."""
    data = {"name": context.agent.name if context.agent is not None else ""}
    if context.trace is not None:
        data["number"] = context.trace.ticket.number
    for name, reason, seen in context.doubts:
        yield name, ("note", reason, data) if reason else None, seen


def _ticket(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    """What leads to a ticket, and what its author may do there; what leads nowhere says so, too."""
    trace = context.trace
    for kind in (CODE, OURS, THEIRS, NUMBER):
        here = trace is not None and trace.kind == kind
        yield f"trace-{kind}", _outcome_of(context) if here else None, trace.seen if here and trace is not None else ""


def _outcome_of(context: MailContext) -> Outcome | None:
    trace = context.trace
    if trace is None:
        return None
    data = {"number": trace.ticket.number, "email": context.author}
    strong = trace.kind in STRONG
    if context.role == AGENT:
        # Nothing stood against it: see `_agent_answer`.
        data["name"] = context.agent.name if context.agent is not None else ""
        return ("reply", "reply", data) if strong else None
    if context.closed_too_long:
        return None
    if context.role in {OWNER, COPY}:
        return "message", context.role, data
    named = trace.kind == THEIRS and context.author.casefold() in trace.named
    return ("message", "stranger", data) if strong or named else None


def _automatic_answer(content: ParsedMail, context: MailContext) -> Iterator[Line]:
    answers = context.automatic and automatic_mail.is_answer(content)
    hit: Outcome | None = ("held", "automatic-answer", {}) if answers and not is_accepted(context) else None
    yield "automatic-answer", hit, context.automatic


def _many(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    hit = ("held", "many", {"sender": context.many}) if context.many and not is_accepted(context) else None
    yield "many", hit, context.many


def _colleague(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    agent = context.agent
    hit = ("held", "colleague", {"name": agent.name}) if agent is not None and not is_accepted(context) else None
    yield "colleague", hit, context.author


def _list(content: ParsedMail, context: MailContext) -> Iterator[Line]:
    name = content.header("list-id")
    is_held = context.hold_lists and automatic_mail.is_list(content) and not is_accepted(context)
    yield "list", ("held", "list", {"list": name[:100]}) if is_held else None, name


def _folder_and_spam(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    folder = context.held_folder if not is_accepted(context) else ""
    yield "held-folder", ("held", "held-folder", {"folder": folder}) if folder else None, context.held_folder
    spam = context.spam if not is_accepted(context) else ""
    # Without a place even spam cannot be a ticket.
    hit: Outcome | None = ("new", "spam", {"sign": spam}) if spam and context.place_is_open else None
    yield "spam", hit, context.spam


def _place(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    yield "place", None if context.place_is_open else ("held", "no-place", {}), ""


#: In this order; a later version of a line stands where its place in the order is.
LINES: tuple[Callable[[ParsedMail, MailContext], Iterator[Line]], ...] = (
    _suppressed,
    _size,
    _duplicate,
    _ours,
    _report,
    _rule,
    _own,
    _sender,
    _automatic_of_ticket,
    _automatic_answer,
    _agent_answer,
    _ticket,
    _many,
    _colleague,
    _list,
    _folder_and_spam,
    _place,
)


# --- Sent with another program --------------------------------------------------------------------------------------


def _sent(content: ParsedMail, context: MailContext) -> Iterator[Line]:
    """What must hold for a mail in the folder of sent ones to be the team’s reply; whatever it is, nobody is mailed."""
    sent, trace = context.sent, context.trace
    if sent is None:
        return
    data = {"number": trace.ticket.number, "email": sent.left_out} if trace is not None else {}
    yield "sent-from", None if sent.is_from_us else ("ignored", "sent-from", {}), content.author.email
    yield "sent-program", ("ignored", "sent-program", {}) if context.automatic else None, context.automatic
    answers = trace is not None and trace.kind != NUMBER
    yield "sent-new", None if answers else ("ignored", "sent-new", {}), trace.seen if trace is not None else ""
    hidden = trace is not None and (trace.ticket.is_spam or trace.ticket.in_bin)
    yield "sent-hidden", ("ignored", "sent-hidden", data) if hidden else None, ""
    yield "sent-others", None if sent.to_customer else ("ignored", "sent-others", data), ", ".join(content.recipients)


def _sent_reply(_content: ParsedMail, context: MailContext) -> Iterator[Line]:
    sent, trace = context.sent, context.trace
    if sent is None or trace is None:
        return
    data = {"number": trace.ticket.number, "email": sent.left_out}
    yield "sent-copies", ("note", "sent-copies", data) if sent.left_out else None, sent.left_out
    yield "sent", ("reply", "sent", data), context.author


#: Of a mail in the folder of sent ones.
LINES_OF_SENT: tuple[Callable[[ParsedMail, MailContext], Iterator[Line]], ...] = (
    _ours,
    _sent,
    _size,
    _duplicate,
    _sent_reply,
)
