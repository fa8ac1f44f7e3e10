"""The page of a ticket: what its template shows of the thread, the panel and the composer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import request, session

from admin_views.tickets import (
    canned_menu,
    collapsed_messages,
    macros,
    page_state,
    scheduled_replies,
    ticket_parts,
    ways_to_send,
)
from admin_views.tickets.composer_content import Composer
from admin_views.tickets.context import TicketContext
from admin_views.tickets.files import stored_files
from admin_views.tickets.moments import zone_of
from admin_views.tickets.thread_messages import MessageWriter
from helpdesk import access, filters, orders, snooze, tickets
from helpdesk.automatic_closing import places
from helpdesk.corrections import unmasking
from helpdesk.due_times import outcomes, rules
from helpdesk.files import attachments
from helpdesk.incoming import outcome_texts
from helpdesk.lib import inputs, moments
from helpdesk.lists import listing
from helpdesk.notifications import withholding
from helpdesk.outbox import returned
from helpdesk.people import customer_absences
from helpdesk.relations import blocking, relating
from helpdesk.settings import lookups
from helpdesk.tickets import (
    alike,
    canned_responses,
    customer_tickets,
    email_origin,
    merge_undo,
    organisation_panel,
    thread,
)
from helpdesk.tickets.customer_tickets import CustomerTicket
from helpdesk.tickets.reach import REACHES_NOBODY, reaches_nobody
from models import NOTE, Agent, Attachment, CannedResponse, Message, Ticket


def content(
    context: TicketContext, number: str, composer: Composer | None, refused: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the template shows of the ticket with this number; without a composer, the draft stands there.

    Raises NotFound, Merged.
    """
    agent, opened = context.agent, thread.open_thread(context.agent, number)
    ticket = opened.ticket
    offered = canned_responses.offered_in(ticket, agent)
    composer = composer or Composer.of_draft(opened.draft, offered)
    timeline = timeline_of(opened, agent)
    messages = [block.message for block in timeline["blocks"] if block.message]
    history = customer_tickets.earlier(ticket, agent)
    files = attachments.of_messages(row for row in messages if row.has_files)
    return {
        **timeline,
        "ticket": ticket,
        "files": files,
        **mail_of(ticket, messages, files),
        "messages": messages_of(opened, timeline, files, agent),
        "tags": opened.tags,
        "copied": opened.copies,
        "history": history,
        "orders": orders.orders_of(ticket.customer_id, named=ticket.order_number) if opened.has_orders else [],
        "can": lambda verb: access.can(agent, verb, ticket),
        "catalogue": lookups,
        "here": lambda endpoint, **values: context.address(ticket, endpoint, **values),
        **ways_on(context, ticket),
        "unreachable": REACHES_NOBODY if reaches_nobody(ticket) else "",
        "gone_on": tickets.purge_date(ticket),
        "scheduled": scheduled_replies.shown_in(ticket, agent) if opened.has_scheduled else (),
        **related(opened, history, agent),
        "snooze_again": snooze.former_moment(ticket),
        **what_exists(),
        "judged": outcomes.of_ticket(ticket) if ticket.is_closed and rules.exist() else [],
        "known": page_state.of_now(ticket),
        "refused": refused,
        "sent": session.pop("sent", ""),
        "unsent": ways_to_send.unsent(agent, timeline["blocks"]),
        **composing(ticket, agent, composer, offered),
        **ticket_parts.of_ticket(
            ticket,
            agent,
            refused,
            is_unread=timeline["is_unread"],
            has_others=bool(history),
            has_several=len(messages) > 1,
        ),
    }


def messages_of(
    opened: thread.OpenedTicket, timeline: Mapping[str, Any], files: Mapping[int, list[Attachment]], agent: Agent
) -> MessageWriter:
    """Return what writes the messages of the thread."""
    return MessageWriter(
        opened.ticket,
        agent,
        frozenset(copy.customer_id for copy in opened.copies),
        files,
        timeline["collapsed"],
        timeline["long"],
        may_mask=access.can(agent, "mask", opened.ticket),
    )


def related(opened: thread.OpenedTicket, history: list[CustomerTicket], agent: Agent) -> dict[str, Any]:
    """Return what the page shows of other tickets: those it is linked to, and one that looks alike."""
    ticket = opened.ticket
    return {
        "organisation": organisation_panel.of_ticket(ticket, agent),
        "links": relating.of_ticket(ticket, agent) if opened.is_linked else [],
        "ways_to_link": relating.WAYS,
        "is_blocked": bool(ticket.closes_at is not None and opened.is_linked and blocking.blockers(ticket)),
        "alike": alike.find(ticket, history) if access.can(agent, "merge", ticket) else None,
    }


def composing(ticket: Ticket, agent: Agent, composer: Composer, offered: list[CannedResponse]) -> dict[str, Any]:
    """Return what the composer shows."""
    ways = ways_to_send.ways(may_close=access.can(agent, "close", ticket))
    files = composer.files or stored_files(agent, ticket)
    return {
        # A draft shows the pictures of the files that wait for it.
        "composer": replace(composer, files=files) if files.stored else composer,
        "empty_composer": Composer(),
        "form_files": files,
        "form_key": secrets.token_urlsafe(9),
        "canned": lambda: canned_menu.menu(offered, ticket, agent),
        "macro": macros.macro_of(composer.macro, ticket, agent, offered),
        "signature": tickets.signature_of(agent, ticket),
        "ways": ways,
        "later_moments": moments.offered(zone_of(agent)),
        "label_of": moments.label_of,
        "way": ways_to_send.way_of(composer.way, ways),
    }


def mail_of(ticket: Ticket, messages: list[Message], files: Mapping[int, list[Attachment]]) -> dict[str, Any]:
    """Return what the thread shows of e-mails: where messages came from, their logos, and which of ours came back."""
    mailed = email_origin.of_messages(messages)
    return {
        "mailed": mailed,
        "logos": email_origin.logos(ticket, mailed, files),
        "mail_texts": outcome_texts,
        "returned": returned.of_messages(messages),
        "takes_no_mail": withholding.is_undeliverable,
        "absence_of": customer_absences.words_of,
    }


def what_exists() -> dict[str, bool]:
    """Return what of this desk acts on tickets by itself."""
    return {"rules_exist": filters.exist(), "closings_exist": places.exist()}


def ways_on(context: TicketContext, ticket: Ticket) -> dict[str, Any]:
    """Return where the page leads: its list and the ticket's place there, the page again in another state."""
    held_by = replace(context, criteria=context.words_of(ticket))
    return {
        "list_url": context.list_address(),
        "up_url": held_by.list_address(),
        "list_name": held_by.list_name(),
        "stand": context.stand(ticket),
        "most": listing.COUNT_LIMIT,
        "note_url": context.address(ticket, kind="note"),
        "unfolded_url": context.address(ticket, unfold=1, **page_asked()),
    }


def timeline_of(opened: thread.OpenedTicket, agent: Agent) -> dict[str, Any]:
    """Return the page of the thread that is asked for, else its end or, when that is far, what is unread."""
    before, after = (inputs.row_key(request.args.get(name, "")) for name in ("before", "after"))
    if before is None and after is None and opened.unread > thread.MESSAGES:
        after = opened.mark
    shown = thread.timeline(opened.ticket, agent, before=before, after=after)
    messages = [block.message for block in shown.blocks if block.message is not None]
    merged = any(line.merged for block in shown.blocks for line in block.lines)
    may_undo = merged and access.can(agent, "merge", opened.ticket)
    masked = any(line.mask for block in shown.blocks for line in block.lines)
    may_unmask = masked and access.can(agent, "mask", opened.ticket)
    last = max((row.id for row in messages), default=0)
    return {
        "blocks": shown.blocks,
        "undoable": merge_undo.numbers(opened.ticket) if may_undo else set(),
        "unmaskable": unmasking.undoable(opened.ticket) if may_unmask else set(),
        "earlier": shown.earlier,
        "later": shown.later,
        # Whoever has not come to the end is shown the rest before a reply is sent.
        "newest": thread.newest_id(opened.ticket) if before else newest_public(messages),
        "is_unread": opened.unread > 0 if opened.mark is not None else opened.ticket.awaits_reply,
        "first_new": first_new(opened, messages, agent, follows=shown.earlier is not None),
        "upto": last if opened.mark is None or last > opened.mark else 0,
        **collapsed_messages.content(messages, opened.mark, agent),
    }


def page_asked() -> dict[str, Any]:
    """Return which page of the thread the address asks for."""
    keys = {name: inputs.row_key(request.args.get(name, "")) for name in ("before", "after")}
    return {name: key for name, key in keys.items() if key is not None}


def first_new(opened: thread.OpenedTicket, messages: list[Message], agent: Agent, *, follows: bool) -> int | None:
    """Return the id of the first message of others since the agent was here, where something stands before it."""
    if opened.mark is None:
        return None
    new = [row for row in messages if row.id > opened.mark and row.agent_id != agent.id]
    return new[0].id if new and (follows or new[0] is not messages[0]) else None


def newest_public(messages: list[Message]) -> int:
    """Return the id of the newest public message among these."""
    return max((row.id for row in messages if row.kind != NOTE), default=0)
