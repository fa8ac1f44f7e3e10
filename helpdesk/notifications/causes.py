"""Why mails are owed, and to whom: an event of a ticket, or an occasion that no ticket's history has a line for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from helpdesk.access import SYSTEM, Actor
from helpdesk.events import EventKind
from models import Agent, CustomerAddress, Message, TicketEvent


class Occasion(StrEnum):
    """What owes a mail and is no event of a ticket. Those of accounts are called as their mails are."""

    UNCONFIRMED = "unconfirmed"
    COPY_RELEASED = "copy-released"
    PROVEN = "proven"
    SEVERAL_ASSIGNED = "several-assigned"
    SIGN_IN = "sign-in"
    INVITATION = "invitation"
    RESET = "reset"
    LINK_MADE = "link-made"
    TWO_FACTOR_RESET = "two-factor-reset"
    NEW_BROWSER = "new-browser"
    PASSKEY_ADDED = "passkey-added"
    NOT_SENT = "not-sent"
    NEW_CUSTOMER = "new-customer"
    CLOSING_SOON = "closing-soon"
    DUE_SOON = "due-soon"
    OVERDUE = "overdue"
    SEVERAL_DUE_SOON = "several-due-soon"
    SEVERAL_OVERDUE = "several-overdue"
    DUE_LIST = "due-list"
    ERASE = "erase"
    ERASURE_PLANNED = "erasure-planned"
    ERASURE_WANTED = "erasure-wanted"
    ERASURE_CANCELLED = "erasure-cancelled"
    ERASURE_TO_CONFIRM = "erasure-to-confirm"
    ERASURE_SECOND = "erasure-second"
    RETENTION_ANNOUNCED = "retention-announced"
    RETENTION_CANCELLED = "retention-cancelled"
    REPLY_REDIRECTED = "reply-redirected"
    REMINDER = "reminder"
    RULES_AT_REST = "rules-at-rest"
    RULE_TARGET_GONE = "rule-target-gone"
    REPLY_CORRECTED = "reply-corrected"
    SUPPRESSED = "suppressed"
    EXPORT_READY = "export-ready"


#: Occasions that owe one mail, called as they are, to those whom the cause names.
NAMED_ALIKE = (
    *(Occasion.ERASE, Occasion.ERASURE_PLANNED, Occasion.ERASURE_WANTED, Occasion.ERASURE_CANCELLED),
    *(Occasion.ERASURE_TO_CONFIRM, Occasion.ERASURE_SECOND, Occasion.SUPPRESSED, Occasion.PASSKEY_ADDED),
    Occasion.EXPORT_READY,
    *(Occasion.RETENTION_ANNOUNCED, Occasion.RETENTION_CANCELLED),
)


@dataclass(frozen=True)
class Recipient:
    """One address, in its holder's language. A team's address has neither `agent` nor `address`."""

    email: str
    locale: str
    agent: Agent | None = None
    address: CustomerAddress | None = None


@dataclass(frozen=True)
class Cause:
    """What mails are owed for. `people` are whom it concerns, where no ticket says so; `data` is the event's."""

    kind: EventKind | Occasion
    actor: Actor = SYSTEM
    ticket: Any = None
    people: tuple[Recipient, ...] = ()
    tickets: tuple[Any, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    #: The customer who acted, by id, if it was one.
    customer_id: int | None = None
    #: The message that caused it, where it is at hand.
    about: Message | None = None

    @cached_property
    def message(self) -> Message | None:
        """The message that caused it; the first one of a ticket that is new to its reader."""
        if self.about is not None:
            return self.about
        message_id = self.data.get("message") or self.data.get("note")
        if message_id is not None:
            return Message.get_or_none(Message.id == message_id)
        if self.kind in {EventKind.OPENED, Occasion.COPY_RELEASED, Occasion.PROVEN, Occasion.NEW_CUSTOMER}:
            return Message.select().where(Message.ticket == self.ticket.id).order_by(Message.id).first()
        return None


def cause_of(event: TicketEvent, actor: Actor) -> Cause:
    """Return an event of a ticket as the cause of mails."""
    return Cause(
        EventKind(event.kind),
        actor,
        event.ticket,
        data=event.data,
        customer_id=event.customer_id,
        about=getattr(event, "about", None),
    )
