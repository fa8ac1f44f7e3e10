"""The messages of a thread. Those that look alike share a fragment, which holds nothing of a message: that fills it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from markupsafe import Markup

from helpdesk import tickets
from helpdesk.corrections import correcting
from models import CUSTOMER_MESSAGE, NOTE, Agent, Attachment, Message, Ticket
from web import rendering
from web.fragments import Shapes

#: What a message writes into its fragment; `below` is what follows its text: files, where it came from.
HOLES = ("id", "author", "initials", "when", "corrected", "own", "tail", "text", "signature", "words", "below")
#: Sends a file of a message.
FILE = "desk_files.file_view"


class Shape(NamedTuple):
    """How a message looks, whatever it says."""

    kind: str
    is_collapsed: bool
    is_long: bool
    has_signature: bool
    is_corrected: bool
    #: What its reader may do: open the page on which it is corrected or masked, correct it at once, delete the note.
    has_more: bool
    may_correct: bool
    may_delete: bool


@dataclass(frozen=True)
class MessageWriter:
    """Writes the messages of a page for an agent.

    `readers` are the ids of the customers in copy, `collapsed` the first words of what is folded.
    """

    ticket: Ticket
    agent: Agent
    readers: Collection[int]
    files: Mapping[int, Sequence[Attachment]]
    collapsed: Mapping[int, str]
    long: Collection[int]
    may_mask: bool
    shapes: Shapes = field(default_factory=lambda: Shapes("admin/ticket_thread_message.html", HOLES))

    def write(self, row: Message, own: str, tail: str, below: str = "") -> Markup:
        """Return a message; `own` and `tail` are the address of its ticket."""
        shape = self._shape_of(row)
        values: dict[str, object] = {
            "id": row.id,
            "author": row.author_name,
            "initials": rendering.initials(row.author_name),
            "when": rendering.ago(row.created_at, hour=True),
            "own": own,
            "tail": tail,
            "text": rendering.fold_quotes(rendering.rich(row.body, self.files.get(row.id, ()), FILE)),
            "below": below,
        }
        if shape.may_delete:
            values["csrf_field"] = rendering.csrf_field()
        if shape.has_signature:
            values["signature"] = rendering.rich(row.signature)
        if row.corrected_at is not None:
            values["corrected"] = rendering.at(row.corrected_at)
        if shape.is_collapsed:
            values["words"] = self.collapsed[row.id]
        return self.shapes.pieces_of(shape).filled(values)

    def _shape_of(self, row: Message) -> Shape:
        is_own, may_correct = row.agent_id == self.agent.id, correcting.may_correct(row, self.agent)
        return Shape(
            self._kind_of(row),
            row.id in self.collapsed,
            row.id in self.long,
            bool(row.signature),
            row.corrected_at is not None,
            self.may_mask or may_correct,
            is_own and may_correct,
            row.kind == NOTE and tickets.may_delete_note(row, self.agent),
        )

    def _kind_of(self, row: Message) -> str:
        if row.kind != CUSTOMER_MESSAGE:
            return str(row.kind)
        if not row.customer_id or row.customer_id == self.ticket.customer_id:
            return "customer"
        return "in-copy" if row.customer_id in self.readers else "no-longer"
