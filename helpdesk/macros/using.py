"""Using a macro: what it would do said first, then done with the rights of who uses it; what was left out is said."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from database import database
from helpdesk import access, tickets
from helpdesk.errors import HelpdeskError, InvalidInput, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.lib import inputs
from helpdesk.locking import act as acting
from helpdesk.macros import writing
from helpdesk.macros.act import Act, TargetGone
from helpdesk.macros.acts import KINDS, Assign, SetStatus
from helpdesk.notifications import outbox_rows
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses, outdated_reply, undo_send
from helpdesk.tickets.outdated_reply import Seen
from models import PENDING, Agent, CannedResponse, Message, Status, Ticket, TicketTag

#: Raises InvalidInput where a ticket that is about to be assigned was assigned meanwhile.
Guard = Callable[[Ticket, Any], None]


@dataclass(frozen=True)
class Effect:
    """What one act does to a ticket: in words, why it does not (empty: it does), and whether it is so already."""

    words: str
    problem: str = ""
    is_so: bool = False


def key_of(response: CannedResponse) -> str:
    """Return what a form holds of a macro: its id, and a mark that changes with its acts."""
    acts = ",".join(f"{row.act}={row.argument}" for row in writing.acts_of(response))
    return f"{response.id}-{zlib.crc32(acts.encode()):x}"


def is_macro(response: CannedResponse) -> bool:
    """Whether a response does something beside its text."""
    return bool(writing.acts_of(response))


def offered_to(agent: Agent) -> list[CannedResponse]:
    """Return the macros that are for this agent in the services they cover."""
    return [row for row in canned_responses.offered_to(agent) if is_macro(row)]


def find(key: str, offered: Sequence[CannedResponse]) -> CannedResponse | None:
    """Return the macro that a form names by its key, among those offered; None where it names none.

    Raises NotFound for one that is gone or not offered any more.
    """
    if not key:
        return None
    row_id = inputs.row_key(key.partition("-")[0])
    row = next((row for row in offered if row.id == row_id and is_macro(row)), None)
    if row is None:
        raise NotFound(lazy("There is no such canned response."))
    return row


def find_unchanged(key: str, offered: Sequence[CannedResponse]) -> CannedResponse | None:
    """Return the macro whose effects a form has shown. Raises InvalidInput when it does something else by now."""
    try:
        row = find(key, offered)
    except NotFound as error:
        raise InvalidInput(lazy("The canned response whose acts were to be done is gone: nothing was done.")) from error
    if row is not None and key_of(row) != key:
        raise InvalidInput(lazy("What “%(name)s” does has just been changed: look at it once more.", name=str(row)))
    return row


def _acts(response: CannedResponse, actor: Agent) -> tuple[list[Act], list[Effect]]:
    """Return the acts of a response, and what is left out because what it names is gone."""
    acts, gone = [], []
    for row in writing.acts_of(response):
        kind = KINDS[row.act]
        try:
            acts.append(kind.read(row.argument, actor))
        except TargetGone as error:
            gone.append(Effect(str(kind.name), str(error)))
    return acts, gone


def preview(response: CannedResponse, ticket: Ticket, *, actor: Agent) -> list[Effect]:
    """Return what the acts of a response would do to a ticket now."""
    acts, gone = _acts(response, actor)
    tags = _tags_of([ticket.id]).get(ticket.id, set()) if acts else set()
    return [Effect(act.words, act.refusal(ticket), act.is_so(ticket, tags)) for act in acts] + gone


def sentence(response: CannedResponse, *, actor: Agent) -> str:
    """Return what the acts of a response do, in words; empty for one that only has a text."""
    acts, gone = _acts(response, actor)
    left_out = [_("%(act)s: %(problem)s", act=effect.words, problem=effect.problem) for effect in gone]
    return " ".join([act.summary for act in acts] + left_out)


@dataclass(frozen=True)
class Tally:
    """What one act does to many tickets: how many it changes, how many are so already, how many it is refused for."""

    words: str
    changed: int
    unchanged: int
    refused: dict[str, int]


def tally(response: CannedResponse, ids: Sequence[int], *, actor: Agent) -> list[Tally]:
    """Return what the acts of a response would do to these tickets now, act by act."""
    acts, gone = _acts(response, actor)
    rows, tags = list(Ticket.select().where(Ticket.id.in_(list(ids)))), _tags_of(ids)
    tallies = []
    for act in acts:
        changed, unchanged, refused = 0, 0, dict[str, int]()
        for ticket in rows:
            is_so = act.is_so(ticket, tags.get(ticket.id, set()))
            problem = _elsewhere(response, ticket) or ("" if is_so else act.refusal(ticket))
            if problem:
                refused[problem] = refused.get(problem, 0) + 1
            elif is_so:
                unchanged += 1
            else:
                changed += 1
        tallies.append(Tally(act.words, changed, unchanged, refused))
    return tallies + [Tally(effect.words, 0, 0, {effect.problem: len(rows)}) for effect in gone]


def _elsewhere(response: CannedResponse, ticket: Ticket) -> str:
    """Return why a response is not for a ticket of another service; empty when it is."""
    return "" if response.service_id in {None, ticket.service_id} else _("It is of another service.")


def _tags_of(ids: Sequence[int]) -> dict[int, set[int]]:
    tags: dict[int, set[int]] = {}
    rows = TicketTag.select(TicketTag.ticket_id, TicketTag.tag_id).where(TicketTag.ticket.in_(list(ids)))
    for ticket, tag in rows.tuples():
        tags.setdefault(ticket, set()).add(tag)
    return tags


def apply(response: CannedResponse, ticket: Ticket, *, actor: Agent, guard: Guard | None = None) -> list[Effect]:
    """Do the acts of a response to a ticket; return those that were left out, each with its reason.

    `guard` is asked before the ticket is assigned. One act that is refused keeps no other from being done. Raises
    InvalidInput for a ticket of another service.
    """
    with acting(ticket, "read", actor=actor):
        if problem := _elsewhere(response, ticket):
            raise InvalidInput(problem)
        acts, left_out = _acts(response, actor)
        acts, refused = _guarded(acts, ticket, guard)
        return _run(acts, ticket) + refused + left_out


def _guarded(acts: list[Act], ticket: Ticket, guard: Guard | None) -> tuple[list[Act], list[Effect]]:
    """Return the acts without the assignment that the guard refuses, and that one as left out."""
    for act in acts:
        if guard is not None and isinstance(act, Assign):
            try:
                guard(ticket, act.to)
            except InvalidInput as error:
                return [one for one in acts if one is not act], [Effect(act.words, str(error))]
    return acts, []


def _run(acts: Iterable[Act], ticket: Ticket) -> list[Effect]:
    left_out = []
    for act in acts:
        problem = act.refusal(ticket)
        if not problem:
            try:
                with database.atomic():
                    act.run(ticket)
            except HelpdeskError as error:
                problem = str(error)
        if problem:
            left_out.append(Effect(act.words, problem))
    return left_out


def reply(
    ticket: Ticket,
    body: str,
    *,
    macro: CannedResponse | None,
    actor: Agent,
    close: bool = False,
    waits_as: Status | None = None,
    used: Sequence[int] = (),
    guard: Guard | None = None,
    **more: Any,
) -> tuple[Message, list[Effect]]:
    """Send a reply and do the acts of a macro, all or nothing; return it, and what was left out and why.

    Who chose another status by the way of sending (`close`, `waits_as`) has it instead of the macro's. `used` are the
    responses (ids) to count as used. `more` is what `tickets.reply` takes. Withdrawing the reply undoes all of it.
    """
    with acting(ticket, "reply", actor=actor):
        acts, left_out = _acts(macro, actor) if macro is not None else ([], [])
        status = next((act for act in acts if isinstance(act, SetStatus)), None)
        by_hand = close
        if status is not None and close and status.ends:
            acts.remove(status)
        elif status is not None and (close or waits_as is not None):
            acts.remove(status)
            left_out.append(Effect(status.words, _("You chose another status when you sent it.")))
        elif status is not None and not status.refusal(ticket):
            # With the reply: one change of status, not two (RULES 12).
            close = status.status.id == lookups.closed_status().id
            waits_as = status.status if status.status.category == PENDING else None
            if close or waits_as is not None:
                acts.remove(status)
        # Before the reply takes the ticket.
        acts, refused = _guarded(acts, ticket, guard)
        remembers = macro is not None or bool(used)
        tags = sorted(_tags_of([ticket.id]).get(ticket.id, set())) if remembers else []
        message = tickets.reply(ticket, body, actor=actor, close=close, waits_as=waits_as, **more)
        with outbox_rows.noted() as mails:
            left_out = _run(acts, ticket) + refused + left_out
        if remembers:
            key = macro.id if macro is not None else None
            memo = {"macro": key, "used": count(used), "tags": tags, "mails": mails, "close": by_hand}
            undo_send.remember_acts(message, ticket, memo)
    return message, left_out


def reply_or_act(macro: CannedResponse, ticket: Ticket, *, actor: Agent, seen: int) -> list[Effect]:
    """Send the text of a macro to a ticket's customer and do its acts, or these alone where it has none.

    `seen` is the newest message of the desk when this was decided. Returns what was left out; raises InvalidInput for a
    ticket of another service, one in which somebody has written since, and where nobody is mailed.
    """
    if problem := _elsewhere(macro, ticket):
        raise InvalidInput(problem)
    if not macro.body:
        return apply(macro, ticket, actor=actor)
    # These mails belong to replies: undoing the act on many tickets takes them back with those, or not at all.
    with outbox_rows.noted(), acting(ticket, "reply", actor=actor):
        if outdated_reply.arrived_since(ticket, Seen(seen)):
            raise InvalidInput(lazy("Somebody has written meanwhile. Read it first."))
        body = canned_responses.filled(macro, ticket)
        _message, left_out = reply(ticket, body, macro=macro, used=[macro.id], actor=actor)
    return left_out


def readers(macro: CannedResponse, ids: Sequence[int], *, actor: Agent) -> int:
    """Return how many customers the text of a macro is sent to in these tickets."""
    rows = Ticket.select().where(Ticket.id.in_(list(ids)), ~Ticket.is_spam, ~Ticket.in_bin) if macro.body else ()
    return len({row.customer_id for row in rows if not _elsewhere(macro, row) and access.can(actor, "reply", row)})


def newest_message() -> int:
    """Return the id of the newest message of the desk; 0 without any."""
    return Message.select(fn.MAX(Message.id)).scalar() or 0


def count(ids: Iterable[int], *, times: int = 1) -> list[int]:
    """Count that the responses with these ids were used; return the ids."""
    keys = sorted(set(ids))
    for key in keys:
        CannedResponse.update(uses=CannedResponse.uses + times).where(CannedResponse.id == key).execute()
    return keys
