"""What every part of a ticket's page leans on: the ticket, its address in the list it was opened from, the page."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import request, session, url_for

from admin_views.tickets import sending
from admin_views.tickets.files import basket_of
from admin_views.tickets.list import name_of
from admin_views.tickets.sidebar import LIST
from helpdesk import access, clock, i18n, orders, tickets
from helpdesk.errors import Merged
from helpdesk.files import attachments
from helpdesk.i18n import _
from helpdesk.lib import inputs, richtext
from helpdesk.lists import criteria
from helpdesk.people import assignees
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses, cc, thread
from models import NOTE, Agent, Draft, Message, Ticket

EPOCH = datetime(1970, 1, 1)


class TicketPage:
    """One ticket, for the page class that holds it."""

    agent: Agent
    render: Any

    def find(self, number: str) -> Ticket:
        """Return the ticket with this number within the agent's sight, else 404."""
        return access.find_ticket(self.agent, number)

    def follow(self, number: str) -> Ticket:
        """Return the ticket with this number, or the one it was merged into: for what concerns a message of either."""
        try:
            return self.find(number)
        except Merged as led:
            return self.find(led.number)

    @staticmethod
    def arguments() -> dict[str, Any]:
        """Return what the address says of the list the ticket was opened from."""
        return dict(criteria.parse(request.args))

    def address(self, ticket: Ticket, endpoint: str = "ticket_view", **values: Any) -> str:
        """Return the address of a ticket's page, or of what is done there."""
        return url_for(f"desk_tickets.{endpoint}", number=ticket.number, **values, **self.arguments())

    def back_to(self, ticket: Ticket) -> str:
        """Return the ticket's address, or the list's: giving a ticket away may end one's sight of it."""
        return self.address(ticket) if access.sees(self.agent, ticket) else self.address_of_list()

    def address_of_list(self) -> str:
        """Return the list the ticket was opened from."""
        return url_for(LIST, **self.arguments())

    def show(
        self, number: str, *, code: int = 200, refused: dict[str, Any] | None = None, **typed: Any
    ) -> tuple[str, int]:
        """Render the page of a ticket; `typed` is what comes back in the composer, `refused` in another form."""
        opened = thread.open_thread(self.agent, number)
        ticket = opened.ticket
        shown = self.timeline(opened)
        blocks = shown["blocks"]
        covering, others = assignees.eligible_agents(ticket.service_id, ticket.department_id)
        page: str = self.render(
            "admin/ticket.html",
            ticket=ticket,
            files=attachments.of_messages(block.message for block in blocks if block.message),
            basket=typed.pop("basket", None) or basket_of(self.agent, ticket),
            tags=opened.tags,
            copied=cc.in_copy(ticket),
            history=thread.earlier_tickets(ticket, self.agent),
            orders=orders.orders_of(ticket.customer_id, named=ticket.order_number),
            canned=canned_responses.offered_in(ticket),
            canned_begins=canned_responses.beginning,
            signature=tickets.signature_of(self.agent, ticket),
            may_delete_note=lambda note: tickets.may_delete_note(note, self.agent),
            can=lambda verb: access.can(self.agent, verb, ticket),
            covers=lambda agent: access.covers(agent, ticket.service_id, ticket.department_id),
            catalogue=lookups,
            targets={"teams": lookups.teams(), "covering": covering, "others": others},
            here=lambda endpoint, **values: self.address(ticket, endpoint, **values),
            list_url=self.address_of_list(),
            list_name=name_of(self.agent, self.arguments()),
            neighbours=self.neighbours(ticket),
            gone_on=tickets.purge_date(ticket),
            known=state_of(ticket),
            refused=refused or {},
            sent=session.pop("sent", ""),
            unsent=sending.unsent(self.agent, blocks),
            ways=(ways := sending.ways(self.agent, ticket)),
            usual=sending.usual(self.agent, ways, typed.get("way", "")),
            form_key=secrets.token_urlsafe(9),
            typed=self.composed(opened.draft, typed),
            **shown,
        )
        return page, code

    def timeline(self, opened: thread.OpenedTicket) -> dict[str, Any]:
        """Return the page of the thread that is asked for, else its end or, when that is far, what is unread."""
        before, after = (inputs.row_key(request.args.get(name, "")) for name in ("before", "after"))
        if before is None and after is None and opened.unread > thread.MESSAGES:
            after = opened.mark
        found = thread.timeline(opened.ticket, before=before, after=after)
        messages = [block.message for block in found.blocks if block.message is not None]
        shown = max((row.id for row in messages), default=0)
        return {
            "blocks": found.blocks,
            "earlier": found.earlier,
            "later": found.later,
            # Whoever has not come to the end is shown the rest before a reply is sent.
            "newest": thread.newest_id(opened.ticket) if before else newest(messages),
            "is_unread": opened.unread > 0 if opened.mark is not None else opened.ticket.awaits_reply,
            "first_new": self.first_new(opened, messages, follows=found.earlier is not None),
            "upto": shown if opened.mark is None or shown > opened.mark else 0,
        }

    def first_new(self, opened: thread.OpenedTicket, messages: list[Message], *, follows: bool) -> int | None:
        """Return the id of the first message of others since the agent was here, where something stands before it."""
        if opened.mark is None:
            return None
        new = [row for row in messages if row.id > opened.mark and row.agent_id != self.agent.id]
        return new[0].id if new and (follows or new[0] is not messages[0]) else None

    @staticmethod
    def composed(draft: Draft | None, typed: dict[str, Any]) -> dict[str, Any]:
        """Return what the composer shows: what was typed just now, else the draft; as HTML and as text."""
        if draft is not None and not typed:
            typed = {**vars_of(draft), "restored": _("Your draft of %(time)s is back.", time=moment(draft.updated_at))}
        html = richtext.clean(typed.get("body", "")) if typed.get("format") == "html" else ""
        text = richtext.to_text(html) if html else typed.get("body", "")
        return {**typed, "html": html, "text": text}

    def neighbours(self, ticket: Ticket) -> list[str | None]:
        """Return the addresses of the tickets before and after this one in the list it was opened from."""
        said = self.arguments()
        if request.method != "GET" or not said:
            return [None, None]
        numbers = criteria.listing_of(self.agent, said).neighbours(ticket)
        return [url_for("desk_tickets.ticket_view", number=number, **said) if number else None for number in numbers]


def newest(messages: list[Message]) -> int:
    """Return the id of the newest public message among these."""
    return max((row.id for row in messages if row.kind != NOTE), default=0)


def state_of(ticket: Ticket) -> str:
    """Return what a writer knows of the ticket, to tell afterwards what changed meanwhile."""
    moment = (clock.now() - EPOCH) // timedelta(microseconds=1)
    return f"{ticket.status_id}/{ticket.assignee_id or 0}/{ticket.team_id or 0}/{moment}"


def page_of(known: str) -> datetime | None:
    """Return when the page that knew this was made (naive UTC); None for what no page has said."""
    moment = known.rpartition("/")[2]
    return EPOCH + timedelta(microseconds=int(moment)) if re.fullmatch(r"[0-9]{1,17}", moment) else None


def meanwhile(ticket: Ticket, before: str) -> list[str]:
    """Say what changed since the writer's page was made, beyond messages."""
    status, _slash, handler = before.rpartition("/")[0].partition("/")
    now_status, _slash, now_handler = state_of(ticket).rpartition("/")[0].partition("/")
    said = []
    if handler and status != now_status:
        said.append(_("Meanwhile the status has become %(status)s.", status=str(lookups.status(ticket.status_id))))
    if handler and handler != now_handler:
        row = lookups.agent(ticket.assignee_id) or lookups.team(ticket.team_id)
        said.append(
            _("Meanwhile the ticket has been assigned to %(name)s.", name=str(row))
            if row is not None
            else _("Meanwhile the ticket has been unassigned.")
        )
    return said


def vars_of(draft: Draft) -> dict[str, Any]:
    """Return a draft as the composer's fields."""
    return {
        "kind": "note" if draft.kind == NOTE else "message",
        "body": draft.body,
        "format": "html",
        "close": draft.close,
        "save_as": draft.save_as,
        "canned_name": draft.canned_name,
    }


def moment(when: datetime) -> str:
    """Write the hour of today, else the day too, in the agent's language and zone."""
    recent = clock.now() - when < timedelta(hours=12)
    return i18n.when(when, "HH:mm" if recent else "d MMM HH:mm")
