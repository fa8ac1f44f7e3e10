"""Replies that leave at a moment, as the page of their ticket shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash

from admin_views.tickets.composer_content import Composer
from admin_views.tickets.moments import zone_of
from helpdesk import access, send_later, tickets
from helpdesk.event_texts import REASONS
from helpdesk.files import uploads
from helpdesk.i18n import _
from helpdesk.send_later import NewReply
from helpdesk.settings import lookups
from helpdesk.tickets import drafts, presence
from models import Agent, Message, ScheduledReply, Ticket, Upload
from web.rendering import moment


@dataclass(frozen=True)
class Shown:
    """A scheduled reply as a page shows it to an agent: `why` says why it does not leave, or did not."""

    row: ScheduledReply
    files: Sequence[Upload]
    why: str
    #: What else it does when it leaves, in words.
    acts: str
    may_send: bool
    may_edit: bool
    may_cancel: bool


def schedule(ticket: Ticket, composer: Composer, agent: Agent) -> ScheduledReply | Message:
    """Let what was written leave later, and forget its draft; return the message where it has left already.

    Raises InvalidInput, Merged, and ReplyOutdated when something came in since the page of the form was made.
    """
    files, key = composer.files.to_send if composer.files is not None else [], composer.form_key
    new = NewReply(
        composer.html,
        close=composer.way == "close",
        canned_name=composer.canned_name if composer.save_as else None,
        files=files,
        form_key=key,
        macro=composer.macro,
        used=composer.used,
    )
    with tickets.transaction():
        tickets.lock(ticket, actor=agent)
        made = tickets.find_message_by_form_key(key, ticket, composer.html)
        if made is not None:
            return made
        row = send_later.schedule(
            ticket,
            new,
            composer.moment(zone_of(agent)),
            actor=agent,
            unless_answered=composer.unless_answered,
            seen=composer.seen_messages,
        )
        drafts.discard(ticket, actor=agent)
        presence.leave(ticket, actor=agent)
    return row


def flash_moment(row: ScheduledReply, changes: Sequence[str]) -> None:
    """Say when a reply leaves, and what changed in its ticket meanwhile."""
    flash(_("Your reply leaves %(when)s.", when=moment(row.due_at)), "success")
    for text in changes:
        flash(text, "info")


def shown_in(ticket: Ticket, agent: Agent) -> list[Shown]:
    """Return what is scheduled in a ticket, and what was stopped, for the agent who asks."""
    rows = send_later.of_ticket(ticket)
    files = uploads.of_replies([row.id for row in rows])
    shown = []
    for row in rows:
        row.ticket = ticket
        may_edit = send_later.may_edit(row, agent)
        may_send = row.waits and may_edit
        may_cancel = send_later.may_cancel(row, agent)
        shown.append(
            Shown(
                row, files.get(row.id, []), _why(row, ticket), send_later.acts_of(row), may_send, may_edit, may_cancel
            )
        )
    return shown


def _why(row: ScheduledReply, ticket: Ticket) -> str:
    if not row.waits:
        return str(REASONS[row.stopped_why]) % {"name": row.author_name}
    author = lookups.agent(row.agent_id)
    if author is None or not access.can(author, "reply", ticket):
        return _("%(name)s may no longer answer here", name=row.author_name)
    return ""
