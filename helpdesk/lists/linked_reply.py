"""One reply to all tickets that are linked to one: each its own, with its own names, its own mail, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from helpdesk import access
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.events import twice_at_most
from helpdesk.i18n import lazy
from helpdesk.lib import richtext
from helpdesk.lists.bulk import NOTHING_TICKED
from helpdesk.relations import blocking
from helpdesk.settings import placeholders
from helpdesk.tickets import canned_responses, drafts, messages, reach, reply, withdraw_reply
from models import Agent, Draft, Message, Status, Ticket

#: Tickets answered at once.
MOST = 200


@dataclass(frozen=True)
class Answer:
    """What a form sends: the text (HTML, with variables), which status the tickets get, and the key of the form."""

    body: str
    key: str
    close: bool = False
    waits_as: Status | None = None


@dataclass
class Outcome:
    """How many tickets were answered, or are to be, and for how many of the others why not."""

    done: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, why: object) -> None:
        """Count one more ticket that is not answered for this reason."""
        self.refused[str(why)] = self.refused.get(str(why), 0) + 1


def check(answer: Answer, tickets: Sequence[Ticket]) -> None:
    """Raise InvalidInput at ``body`` or ``tickets`` when there is nothing to send, or too much."""
    messages.require_text(answer.body, [])
    if names := placeholders.unknown(answer.body, ""):
        text = lazy("There is no variable %(name)s.", name="{{" + names[0] + "}}")
        raise InvalidInput(text, field="body")
    if not tickets:
        raise InvalidInput(NOTHING_TICKED, field="tickets")
    if len(tickets) > MOST:
        raise InvalidInput(lazy("At most %(limit)s tickets are answered at once.", limit=MOST), field="tickets")


def preview(answer: Answer, tickets: Sequence[Ticket], *, actor: Agent) -> Outcome:
    """Return what sending this would do now. Raises InvalidInput as `check` does."""
    check(answer, tickets)
    outcome = Outcome()
    blocked = blocking.blocked_among([ticket.id for ticket in tickets]) if answer.close else set()
    for ticket in tickets:
        try:
            access.require(actor, "reply", ticket)
            if answer.close or answer.waits_as is not None:
                access.require(actor, "close" if answer.close else "set_status", ticket)
            reach.require_mailed(ticket)
            if ticket.id in blocked:
                blocking.require_free(ticket, actor=actor)
        except HelpdeskError as error:
            outcome.refuse(error)
        else:
            outcome.done += 1
    return outcome


def filled(body: str, ticket: Ticket) -> str:
    """Return the text as this ticket gets it."""
    return placeholders.fill(richtext.clean(body), canned_responses.values_of(ticket), html=True)


def send(answer: Answer, tickets: Sequence[Ticket], *, actor: Agent) -> Outcome:
    """Answer each of these tickets; sending the same form again answers none twice. Raises InvalidInput."""
    check(answer, tickets)
    outcome = Outcome()
    for ticket in tickets:
        try:
            twice_at_most(partial(_send_one, answer, ticket, actor))
        except HelpdeskError as error:
            outcome.refuse(error)
        else:
            outcome.done += 1
    return outcome


def _send_one(answer: Answer, ticket: Ticket, actor: Agent) -> None:
    key = _key(answer.key, ticket)
    if not Message.select().where(Message.form_key == key).exists():
        text = filled(answer.body, ticket)
        reply(ticket, text, actor=actor, close=answer.close, waits_as=answer.waits_as, form_key=key)


def _key(key: str, ticket: Ticket) -> str:
    return f"{key[:40]}-{ticket.id}"


def withdraw(key: str, tickets: Sequence[Ticket], *, actor: Agent) -> Outcome:
    """Take back what the form of this key sent to these tickets; the text stays as a draft of one of them alone."""
    outcome = Outcome()
    sent = Message.select().where(Message.form_key.in_([_key(key, ticket) for ticket in tickets]))
    for message in sent.where(Message.agent == actor.id).order_by(Message.id):
        try:
            twice_at_most(partial(withdraw_reply, message, actor=actor))
        except HelpdeskError as error:
            outcome.refuse(error)
        else:
            if outcome.done:
                _forget_draft(message, actor)
            outcome.done += 1
    return outcome


def _forget_draft(message: Message, actor: Agent) -> None:
    draft: Draft | None = drafts.of(message.ticket, actor)
    if draft is not None and draft.body == message.body:
        drafts.discard(message.ticket, actor=actor)
