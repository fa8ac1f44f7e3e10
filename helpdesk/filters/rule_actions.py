"""What rules may do to a ticket beyond what filters do to a new one: each action calls the rule that people use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from helpdesk import clock, events, notifications, snooze, tickets
from helpdesk.access import SYSTEM
from helpdesk.errors import InvalidInput
from helpdesk.filters.actions import action
from helpdesk.i18n import lazy
from helpdesk.notifications import Cause, Occasion, recipients
from helpdesk.tickets import canned_responses, cc
from models import HAPPENS, PASSED, Ticket

RULES = (HAPPENS, PASSED)


@action("close", label=lazy("close the ticket"), changes="status", beginnings=RULES)
def _close(ticket: Ticket, _argument: Any) -> None:
    tickets.close(ticket, actor=SYSTEM)


@action("close_with", label=lazy("close with the reply"), argument="canned", changes="status", beginnings=RULES)
def _close_with(ticket: Ticket, canned: Any) -> None:
    if ticket.is_closed:
        raise InvalidInput(lazy("The ticket is closed already."))
    tickets.reply(ticket, canned_responses.filled(canned, ticket), actor=SYSTEM, close=True)


@action("snooze", label=lazy("snooze for"), argument="hours", changes="sleep", beginnings=RULES)
def _snooze(ticket: Ticket, hours: Any) -> None:
    snooze.snooze(ticket, clock.now() + timedelta(hours=int(hours)), actor=SYSTEM)


@action("untag", label=lazy("remove the tag"), argument="text", changes="tag", beginnings=RULES)
def _untag(ticket: Ticket, name: Any) -> None:
    tickets.untag(ticket, name, actor=SYSTEM)


@action("copy", label=lazy("put in copy"), argument="email", beginnings=RULES)
def _copy(ticket: Ticket, email: Any) -> None:
    if email.casefold() in cc.left(ticket):
        raise InvalidInput(lazy("%(email)s wants to be in copy no more.", email=email))
    cc.add_cc(ticket, [email], actor=SYSTEM)


@action("remind", label=lazy("remind the assignee"), beginnings=RULES)
def _remind(ticket: Ticket, _argument: Any) -> None:
    people = recipients.assignee(ticket)
    if not people:
        raise InvalidInput(lazy("Nobody has the ticket."))
    _tell(ticket, people)


@action("remind_manager", label=lazy("remind the manager"), beginnings=RULES)
def _remind_manager(ticket: Ticket, _argument: Any) -> None:
    people = recipients.managers(ticket)
    if not people:
        raise InvalidInput(lazy("No team that has the ticket has a manager."))
    _tell(ticket, people)


def _tell(ticket: Ticket, people: list[notifications.Recipient]) -> None:
    data = {"rule": events.rule_name()}
    notifications.owe(Cause(Occasion.REMINDER, ticket=ticket, people=tuple(people), data=data))
