"""The messages of a ticket: customers' messages, replies, internal notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from helpdesk import access, clock, erased_marks, search, settings
from helpdesk.access import Actor, System, TicketGuest
from helpdesk.errors import InvalidInput, Merged, NotAllowed, NotFound
from helpdesk.events import EventKind, actor_name, customer_of, record
from helpdesk.files.attachments import attach, detach
from helpdesk.files.file_store import StoredFile, discard
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, richtext, text_pictures
from helpdesk.lib.statements import insert
from helpdesk.locking import act
from helpdesk.relations import blocking
from helpdesk.settings import lookups
from helpdesk.tickets import excerpt, first_response, mentions, of_organisation, outdated_reply, undo_send
from helpdesk.tickets.cc import add_cc, release
from helpdesk.tickets.derived_columns import answered_columns, status_columns, store, waiting_columns
from helpdesk.tickets.opening import MAX_BODY, MAX_HTML
from helpdesk.tickets.outdated_reply import Seen
from helpdesk.tickets.reach import require_mailed
from helpdesk.tickets.sent_forms import find_by_form_key
from models import (
    CUSTOMER_MESSAGE,
    NOTE,
    PENDING,
    REPLY,
    Agent,
    CannedResponse,
    Customer,
    Message,
    MessageVersion,
    Status,
    Ticket,
)


def receive_message(
    ticket: Ticket,
    text: str,
    *,
    actor: Customer | TicketGuest,
    form_key: str | None = None,
    copies: Sequence[str] = (),
    files: Sequence[StoredFile] = (),
) -> Message:
    """Store a message of the customer (plain text): default status, assignee kept while active (RULES 12, 16).

    `copies` are e-mail addresses to put in copy. Sending the form of this key again returns the message it made first.
    When the ticket was merged meanwhile, the message goes into the other ticket. Raises InvalidInput at ``body`` or
    ``copies``.
    """
    try:
        with act(ticket, "reply", actor=actor):
            body = _message_of(text)
            earlier = find_by_form_key(form_key, ticket, richtext.from_text(body))
            if earlier is not None:
                return earlier
            message = _write(ticket, CUSTOMER_MESSAGE, richtext.from_text(body), actor=actor, form_key=form_key)
            attach(message, files, actor=actor)
            if isinstance(actor, Customer) and ticket.address_id is not None and actor.id == ticket.customer_id:
                # The author is signed in, hence known: the people a visitor put in copy need not wait any more.
                release(ticket.address, ticket)
            of_organisation.join(ticket, actor)
            if copies:
                add_cc(ticket, copies, actor=actor)
            if not ticket.is_spam:
                hand_to_team(ticket, actor)
            else:
                ticket.save()
            record(ticket, EventKind.CUSTOMER_WROTE, actor=actor, about=message, message=message.id)
    except Merged:
        # Merged while this was written: it belongs in the other ticket.
        target = access.merged_into(actor, ticket.number)
        if target is None:
            raise
        who = actor if isinstance(actor, Customer) else replace(actor, ticket_id=target.id)
        if isinstance(actor, TicketGuest) and not actor.is_proven:
            # This may be a stranger: nobody they name may read the other ticket.
            copies = ()
        return receive_message(target, text, actor=who, form_key=form_key, copies=copies, files=files)
    return message


def _message_of(text: str) -> str:
    body = inputs.lines(text)
    if not body:
        raise InvalidInput(lazy("Write a message first."), field="body")
    if len(body) > MAX_BODY:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=MAX_BODY), field="body")
    return body


def hand_to_team(ticket: Ticket, actor: Actor) -> None:
    """Let a locked ticket wait for the team, as a message of its customer does: out of the bin, open, not unassigned.

    An assignee whose account has ended loses it (RULES 12, 16).
    """
    if ticket.in_bin:
        store(ticket, in_bin=False, binned_at=None)
        record(ticket, EventKind.RESTORED, actor=actor)
    if ticket.is_closed:
        record(ticket, EventKind.REOPENED, actor=actor)
    assignee = lookups.agent(ticket.assignee_id)
    gone = {"assignee": None} if assignee is not None and not assignee.active else {}
    store(ticket, **gone, **waiting_columns(ticket) | _status_only(ticket))


def _status_only(ticket: Ticket) -> dict[str, object]:
    columns = status_columns(lookups.default_status())
    columns.pop("awaits_reply", None)
    columns.pop("waiting_since", None)
    return columns


def reply(
    ticket: Ticket,
    body: str,
    *,
    actor: Agent | System,
    close: bool = False,
    waits_as: Status | None = None,
    files: Sequence[StoredFile] = (),
    canned: CannedResponse | None = None,
    form_key: str | None = None,
    seen: Seen | None = None,
    at_once: bool = False,
    even_blocked: bool = False,
) -> Message:
    """Send a reply (HTML) with the agent's signature: pending status, or closed in the same act (RULES 12).

    Raises ReplyOutdated when messages came in since what the writer has `seen`.
    `waits_as` is another status of the category pending, instead of the one of Configuration. `canned` is the response
    saved with this reply: withdrawing the reply deletes it, too. `form_key` lets `find_by_form_key` find the reply.
    `at_once`: nobody is there to take it back. `even_blocked`: it closes a ticket that another one blocks, too.
    Raises InvalidInput at ``body`` under Spam and in the bin, where nobody is mailed, and at ``then`` for `waits_as`.
    """
    clean = require_text(body, files)
    with act(ticket, "reply", actor=actor):
        if seen is not None:
            outdated_reply.refuse(ticket, seen)
        if close:
            access.require(actor, "close", ticket)
            blocking.require_free(ticket, actor=actor, even_blocked=even_blocked)
        elif waits_as is not None:
            _require_waiting(waits_as, ticket, actor)
        require_mailed(ticket)
        before, public_at = undo_send.snapshot(ticket), None if at_once else undo_send.public_from(actor)
        signature = signature_of(actor, ticket)
        more = {"public_at": public_at, "form_key": form_key}
        message = _write(ticket, REPLY, clean, actor=actor, signature=signature, **more)
        attach(message, files, actor=actor)
        old = lookups.status(ticket.status_id)
        status = lookups.closed_status() if close else waits_as or lookups.pending_status()
        columns = answered_columns() | first_response.columns(ticket, actor)
        store(ticket, **columns | _taking_columns(ticket, actor) | status_columns(status))
        event = record(ticket, EventKind.REPLIED, actor=actor, about=message, message=message.id)
        if close:
            record(ticket, EventKind.CLOSED, actor=actor)
        elif waits_as is not None and old is not None and old.id != status.id:
            record(ticket, EventKind.STATUS, actor=actor, old=old.label, new=status.label, category=status.category)
        if public_at is not None:
            undo_send.remember(event, before, canned=canned)
    return message


def _require_waiting(status: Status, ticket: Ticket, actor: Agent | System) -> None:
    access.require(actor, "set_status", ticket)
    if not status.enabled or status.category != PENDING:
        raise InvalidInput(lazy("This status cannot be chosen any more. Choose again how to send."), field="then")


def signature_of(agent: Agent | System, ticket: Ticket) -> str:
    """Return the signature (HTML) of the deciding permission; empty without one (RULES 2)."""
    if isinstance(agent, System):
        return ""
    permission = access.deciding_permission(agent, ticket.service_id, ticket.department_id)
    return permission.signature if permission is not None else ""


def _taking_columns(ticket: Ticket, agent: Agent | System) -> dict[str, object]:
    """Return the columns that a reply sets to take an unassigned ticket or one of the agent's teams (RULES 9)."""
    if isinstance(agent, System):
        return {}
    mine = ticket.team_id is not None and ticket.team_id in lookups.team_ids_of(agent.id)
    return {"assignee": agent, "team": None} if mine or not ticket.is_assigned else {}


def add_note(
    ticket: Ticket, body: str, *, actor: Agent | System, files: Sequence[StoredFile] = (), form_key: str | None = None
) -> Message:
    """Store an internal note (HTML) and its files; customers never see them and nothing else changes.

    Agents named in it (``@Name``) who see the ticket are mailed. `form_key` lets `find_by_form_key` find the note.
    Raises InvalidInput at ``body``.
    """
    required = require_text(body, files)
    with act(ticket, "note", actor=actor):
        # What the program writes down names nobody: somebody else wrote it.
        nameable = mentions.mentionable_agents(ticket, by=actor) if isinstance(actor, Agent) else []
        clean, named = mentions.mark(required, nameable)
        message = _write(ticket, NOTE, clean, actor=actor, form_key=form_key)
        attach(message, files, actor=actor)
        store(ticket)
        record(ticket, EventKind.NOTE_ADDED, actor=actor, about=message, message=message.id)
        if named:
            names = ", ".join(agent.name for agent in named)
            record(ticket, EventKind.NAMED, actor=actor, to=names, agents=[agent.id for agent in named])
    return message


def delete_note(note: Message, *, actor: Agent) -> None:
    """Delete a note's text and files; the history keeps its author and date (RULES 28).

    Raises NotFound for a message that is no note, NotAllowed unless `may_delete_note`.
    """
    ticket = note.ticket
    with act(ticket, "note", actor=actor):
        note = Message.get_by_id(note.id)
        if not note.is_note:
            raise NotFound(lazy("There is no such note."))
        if not may_delete_note(note, actor):
            raise NotAllowed(lazy("Only its author, a manager or an administrator deletes a note."))
        if note.deleted_at is not None:
            return
        note.body, note.deleted_at = "", clock.now()
        note.save()
        MessageVersion.delete().where(MessageVersion.message == note.id).execute()
        search.forget(note.id)
        paths = detach(note)
        record(ticket, EventKind.NOTE_DELETED, actor=actor)
    discard(paths)


def may_delete_note(note: Message, agent: Agent) -> bool:
    """Whether this agent may delete this note: its author, a manager or an administrator."""
    return note.agent_id == agent.id or agent.is_admin or lookups.is_manager(agent.id)


def require_text(body: str, files: Sequence[StoredFile]) -> str:
    """Return the text (HTML) of a reply or note as it is stored. Raises InvalidInput at ``body``."""
    if len(body) > MAX_HTML:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=MAX_BODY), field="body")
    # A picture without its file would be a hole in the text.
    clean = text_pictures.bound(richtext.clean(erased_marks.disarmed(body), pictures=True), files)
    if not richtext.to_text(clean).strip():
        raise InvalidInput(lazy("Write a message first."), field="body")
    return clean


def _write(
    ticket: Ticket, kind: str, body: str, *, actor: Actor, signature: str = "", **more: str | datetime | None
) -> Message:
    message = Message(
        ticket=ticket,
        kind=kind,
        agent=actor if isinstance(actor, Agent) else None,
        customer=customer_of(actor),
        author_name=actor_name(actor) or settings.get("desk_name"),
        body=body,
        signature=signature,
        created_at=clock.now(),
        **more,
    )
    insert(message)
    customer, text = ticket.customer, richtext.to_text(body)
    search.index(message, ticket, customer, ticket.address.email if ticket.address_id else "", text)
    if kind != NOTE:
        # The caller stores it with the columns that its act sets.
        inputs.set_attributes(ticket, excerpt.columns(text, actor))
    return message
