"""Correcting a reply or a note: its former text stays for administrators, everybody sees when it was corrected.

An e-mail that has not gone out yet leaves with the corrected text alone; where one has, a second one may say so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from helpdesk import access, clock, notifications
from helpdesk.corrections import correction_mails
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.events import EventKind, record
from helpdesk.files import attachments, file_store
from helpdesk.files.file_store import StoredFile
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, richtext, text_pictures
from helpdesk.locking import act
from helpdesk.notifications import Cause, Occasion
from helpdesk.settings import lookups
from helpdesk.tickets import excerpt, mentions, messages, reindexing
from models import CUSTOMER_MESSAGE, NOTE, Agent, Attachment, Message, MessageVersion, Ticket

#: For how long one corrects what one wrote; a manager and an administrator at any time.
OWN = timedelta(minutes=15)
#: Versions of a message that its page shows.
MOST_VERSIONS = 50
TOO_LATE = lazy("One’s own message can be corrected for fifteen minutes, later by a manager or an administrator.")
CHANGED = lazy("Somebody changed this message while you wrote. Its text stands below: look at it, then save yours.")
_MENTIONED = re.compile(r"<strong>(@[^<]*)</strong>")


@dataclass(frozen=True)
class Correction:
    """What a form sends: the text (HTML), new files, files to take out (ids), and the state of the message it showed.

    `tells`: whether those whom an e-mail of it has reached get a second one; None where nobody was asked. `is_plain`:
    it was written where no script runs, which shows no picture: those of the text stay, as files beside it.
    """

    body: str
    seen: str
    files: Sequence[StoredFile] = ()
    without: frozenset[int] = frozenset()
    tells: bool | None = None
    is_plain: bool = False


def find(message_id: int, *, actor: Agent) -> Message:
    """Return a message within the actor's sight, with its ticket. Raises NotFound."""
    query = Message.select(Message, Ticket).join(Ticket).where(Message.id == message_id, Message.deleted_at.is_null())
    row: Message | None = query.first() if inputs.fits(message_id) else None
    if row is None or not access.sees(actor, row.ticket):
        raise NotFound(lazy("There is no such message."))
    return row


def may_correct(message: Message, agent: Agent) -> bool:
    """Whether this agent may correct this message now: what they wrote, for a while; a manager, an administrator."""
    if message.kind == CUSTOMER_MESSAGE:
        return False
    is_recent = message.agent_id == agent.id and message.created_at > clock.now() - OWN
    return is_recent or agent.is_admin or lookups.is_manager(agent.id)


def state_of(message: Message, files: Iterable[Attachment]) -> str:
    """Return what tells whether a message has changed since: a hash of its text and its files."""
    text = "\n".join([message.body, *(file.path for file in files)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def was_mailed(message: Message) -> bool:
    """Whether an e-mail with this message has left for somebody."""
    return bool(correction_mails.reached(message))


def correct(message: Message, correction: Correction, *, actor: Agent) -> bool:
    """Replace the text and the files of a reply or note; return whether it was another one.

    Raises NotFound when it is gone, NotAllowed when it may not be corrected (any more), InvalidInput at ``body`` when
    it is empty or somebody changed it meanwhile, at ``tells`` where an e-mail has left and nobody was asked.
    """
    ticket = message.ticket
    with act(ticket, "note" if message.is_note else "reply", actor=actor):
        stored = Message.get_or_none(
            (Message.id == message.id) & (Message.ticket == ticket.id) & Message.deleted_at.is_null()
        )
        if stored is None:
            raise NotFound(lazy("There is no such message."))
        if not may_correct(stored, actor):
            raise NotAllowed(TOO_LATE)
        stored.ticket = ticket
        gone = _replace(stored, correction, actor=actor)
    if gone is None:
        return False
    file_store.discard(gone)
    return True


def _replace(message: Message, correction: Correction, *, actor: Agent) -> list[str] | None:
    """Store a correction; return the paths of files that go, None where nothing changes."""
    before = attachments.of_messages([message]).get(message.id, [])
    if correction.seen != state_of(message, before):
        raise InvalidInput(CHANGED, field="body")
    stays = [file for file in before if file.id not in correction.without]
    body = messages.require_text(correction.body, [*stays, *correction.files])
    # A picture that was taken out of the text is no file beside it.
    drawn = () if correction.is_plain else set(text_pictures.keys(message.body)) - set(text_pictures.keys(body))
    out = [file for file in before if file not in stays or text_pictures.key_of(file) in drawn]
    body, named = _with_mentions(message, body, actor)
    if body == message.body and not out and not correction.files:
        return None
    correction_mails.hold(message)
    reached = correction_mails.reached(message)
    if reached and correction.tells is None:
        raise InvalidInput(
            lazy("An e-mail with this message has left. Say whether to send the correction."), field="tells"
        )
    MessageVersion.create(
        message=message, body=message.body, files=[file.name for file in out], agent=actor, actor_name=actor.name,
        replaced_at=clock.now(),
    )  # fmt: skip
    message.body, message.corrected_at = body, clock.now()
    message.save(only=[Message.body, Message.corrected_at])
    Attachment.delete().where(Attachment.id.in_([file.id for file in out])).execute()
    if correction.files:
        file_store.check_together([*stays, *correction.files], name=correction.files[-1].name)
        attachments.attach(message, correction.files, actor=actor)
    _follow(message, named, reached if correction.tells else [], actor)
    return [file.path for file in out]


def _with_mentions(message: Message, body: str, actor: Agent) -> tuple[str, list[Agent]]:
    """Return a corrected text with the colleagues named in a note in bold, and those who were not named before."""
    if message.kind != NOTE:
        return body, []
    nameable = mentions.mentionable_agents(message.ticket, by=actor)
    _text, before = mentions.mark(_MENTIONED.sub(r"\1", message.body), nameable)
    text, now = mentions.mark(_MENTIONED.sub(r"\1", body), nameable)
    ids = {agent.id for agent in before}
    return text, [agent for agent in now if agent.id not in ids]


def _follow(message: Message, named: Sequence[Agent], reached: Sequence[str], actor: Agent) -> None:
    """Let the index, the lists, the e-mails and the history follow the new text."""
    ticket = message.ticket
    reindexing.index_again(ticket, [message])
    Ticket.update(excerpt.of_newest(ticket)).where(Ticket.id == ticket.id).execute()
    correction_mails.rewrite(message)
    record(ticket, EventKind.CORRECTED, actor=actor, about=message, message=message.id, name=message.author_name)
    if named:
        names = ", ".join(agent.name for agent in named)
        record(ticket, EventKind.NAMED, actor=actor, to=names, agents=[agent.id for agent in named])
    if reached:
        data = {"message": message.id, "mailed": list(reached)}
        notifications.owe(Cause(Occasion.REPLY_CORRECTED, actor, ticket, data=data, about=message))


def versions(message: Message, *, actor: Agent) -> list[MessageVersion]:
    """Return what a message said before, the newest first. Raises NotAllowed for who is no administrator."""
    access.require(actor, "administer")
    rows = MessageVersion.select().where(MessageVersion.message == message.id)
    return list(rows.order_by(MessageVersion.id.desc()).limit(MOST_VERSIONS))


def plain(version: MessageVersion) -> str:
    """Return what a version said, as plain text."""
    return richtext.to_text(version.body)
