"""A filter tried on the newest tickets: which would match, and by what words. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from peewee import fn

from helpdesk import access, folding, i18n, round_robin
from helpdesk.access import Actor
from helpdesk.filters.actions import IN_TURN, TargetGone, pool
from helpdesk.filters.conditions import FIELDS, OPERATORS, Condition, fits
from helpdesk.filters.ticket_fields import FIRST, LATER, TicketFields, opening_mails, tags_of
from helpdesk.i18n import _
from models import NOTE, Agent, Attachment, Message, Ticket

#: Tickets that a filter is tried on.
TRIED = 200
#: Letters shown on each side of the words that matched.
AROUND = 40


@dataclass(frozen=True)
class Excerpt:
    """Where a condition found its words: `label` names the element, `hit` is what to mark."""

    label: Any
    before: str
    hit: str
    after: str


@dataclass(frozen=True)
class Match:
    """A ticket the filter would have acted on, and why."""

    ticket: Ticket
    author: str
    excerpts: list[Excerpt]
    #: When a rule of passed time would have acted.
    at: datetime | None = None
    #: To whom the ticket would go where it is handed out in turn, with what was looked at.
    turn: str = ""


def try_out(conditions: Sequence[Condition], mode: str, *, actor: Actor, bare: bool = False) -> list[Match]:
    """Return which of the newest tickets the actor sees would match, newest first; all if `bare`. Raises NotAllowed."""
    access.require(actor, "configure")
    query = access.with_author(access.visible_tickets(actor))
    tickets = list(query.order_by(Ticket.id.desc()).limit(TRIED))
    return [match_of(facts, conditions) for facts in facts_of(tickets) if bare or fits(conditions, mode, facts)]


def with_turns(matches: Sequence[Match], actions: Sequence[Mapping[str, str]]) -> list[Match]:
    """Return these tickets, each with who would get it in turn today, the oldest first; as they are without that."""
    arguments = [str(row.get("argument")) for row in actions if row.get("action") == IN_TURN]
    if not arguments:
        return list(matches)
    try:
        team = pool(arguments[-1])
    except TargetGone:
        return list(matches)
    choices = round_robin.choices([match.ticket for match in reversed(matches)], team)
    return [replace(match, turn=_turn(*choices[match.ticket.id])) for match in matches]


def _turn(agent: Agent | None, seen: round_robin.Seen) -> str:
    words = round_robin.in_words(seen.data())
    if agent is None:
        return _("It would go to nobody. %(seen)s", seen=words)
    return _("It would go to %(name)s. %(seen)s", name=agent.name, seen=words)


def as_it_stands(conditions: Sequence[Condition]) -> list[Condition]:
    """Return conditions as they can be tried on tickets nothing happens to: what was before is not looked at."""
    now = [replace(row, operator="is_one") if row.operator == "became" else row for row in conditions]
    return [row for row in now if row.operator != "was"]


def match_of(facts: TicketFields, conditions: Sequence[Condition], at: datetime | None = None) -> Match:
    """Return a ticket that matches, with the words by which it does."""
    author = facts.ticket.customer.full_name or facts.email[0]
    return Match(facts.ticket, author, _excerpts(conditions, facts), at)


def facts_of(tickets: list[Ticket]) -> list[TicketFields]:
    """Return what these tickets say of each element, read together."""
    firsts = Message.select(fn.MIN(Message.id)).where(Message.ticket.in_(tickets)).group_by(Message.ticket)
    bodies = dict(Message.select(Message.ticket, Message.body).where(Message.id.in_(firsts)).tuples())
    files: dict[int, list[tuple[str, int]]] = {}
    rows = Attachment.select(Message.ticket, Attachment.name, Attachment.size)
    for ticket_id, name, size in rows.join(Message).where(Attachment.message.in_(firsts)).tuples():
        files.setdefault(ticket_id, []).append((name, size))
    ids = [ticket.id for ticket in tickets]
    mails, tags = opening_mails(ids), tags_of(ids)
    counted = Message.select(Message.ticket, fn.COUNT(Message.id)).where(Message.ticket.in_(ids), Message.kind != NOTE)
    counts = dict(counted.group_by(Message.ticket).tuples())
    owners = [ticket.customer_id for ticket in tickets]
    earliest = Ticket.select(fn.MIN(Ticket.id)).where(Ticket.customer.in_(owners)).group_by(Ticket.customer)
    firsts_of_all = {key for (key,) in earliest.tuples()}
    return [
        TicketFields(
            ticket,
            bodies.get(ticket.id, ""),
            files.get(ticket.id, []),
            mails.get(ticket.id, []),
            tag=tags.get(ticket.id, []),
            messages=[str(counts.get(ticket.id, 0))],
            first=[FIRST if ticket.id in firsts_of_all else LATER],
        )
        for ticket in tickets
    ]


def _excerpts(conditions: Sequence[Condition], facts: TicketFields) -> list[Excerpt]:
    excerpts: list[Excerpt | None] = []
    for condition in conditions:
        if condition.is_known and not OPERATORS[condition.operator].denies and condition.holds(facts):
            excerpts.extend(_excerpt(condition, text) for text in getattr(facts, condition.field))
    return [excerpt for excerpt in excerpts if excerpt is not None]


def _excerpt(condition: Condition, text: str) -> Excerpt | None:
    label = FIELDS[condition.field].label
    if condition.kind in {"choice", "age", "count", "hours", "first"}:
        # The condition itself is the whole of it.
        return None
    if condition.kind == "size":
        return Excerpt(label, "", i18n.size(int(text)), "")
    if condition.kind == "origin":
        return Excerpt(label, "", str(OPERATORS[condition.operator].label), "")
    value = folding.fold(condition.value.strip())
    if not OPERATORS[condition.operator].holds([folding.fold(text)], value):
        return None
    needle = folding.fold(text).strip() if condition.operator == "one_of" else value
    span = _span(text, needle, last=condition.operator == "ends_with")
    if span is None:
        return None
    start, end = span
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    cut = "…" if start > AROUND else ""
    more = "…" if end + AROUND < len(text) else ""
    return Excerpt(label, cut + before, text[start:end], after + more)


def _span(text: str, folded: str, *, last: bool) -> tuple[int, int] | None:
    """Return where a folded text stands in a text as it was written."""
    letters = folding.letters(text)
    whole, origins = "".join(letter for letter, _place in letters), [place for _letter, place in letters]
    at = whole.rfind(folded) if last else whole.find(folded)
    return None if at < 0 or not folded else (origins[at], origins[at + len(folded) - 1] + 1)
