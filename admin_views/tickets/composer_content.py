"""What stands in the composer of a ticket: as a form sent it, as a draft kept it, or empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from admin_views.tickets import page_state, ways_to_send
from admin_views.tickets.files import picture_url
from helpdesk import clock, i18n
from helpdesk.i18n import _
from helpdesk.lib import inputs, moments, richtext, text_pictures
from helpdesk.macros import using
from helpdesk.tickets import drafts, forgotten_attachment, outdated_reply
from helpdesk.tickets.drafts import Writing
from models import NOTE, Agent, CannedResponse, Draft, Message, Team, Ticket
from web.uploads import FormFiles


@dataclass(frozen=True)
class Composer:
    """The fields of the composer, and what its page says about them; None for a field that no form has sent."""

    body: str = ""
    is_html: bool = False
    kind: str | None = None
    close: bool = False
    save_as: bool = False
    canned_name: str = ""
    #: The last message that the page of the form showed, and the state of the ticket then.
    seen: str | None = None
    known: str | None = None
    form_key: str | None = None
    #: How it was sent (`sending.chosen`).
    way: str = ""
    #: The macro whose acts are done when it is sent (`using.key_of`), and the canned responses inserted in it (ids).
    macro: str = ""
    used: tuple[int, ...] = ()
    #: The writer was asked about a ticket that blocks this one.
    even_blocked: bool = False
    #: The canned response to put below the text.
    insert: str | None = None
    #: The writer was asked about a file that the text speaks of.
    no_file: bool = False
    files: FormFiles | None = None
    #: By which moment it leaves (`ways_to_send.later`), the day and time of one's own, and whether an answer stops it.
    later: str = ""
    later_day: str = ""
    later_time: str = "09:00"
    unless_answered: bool = True

    # What the page says.
    error: str = ""
    error_field: str | None = None
    #: Messages that came in before the reply was sent, and what else is new.
    newer: Sequence[Message] = ()
    changes: Sequence[str] = ()
    asks_for_file: bool = False
    #: Why the ticket is not closed unless the writer wants it all the same.
    blocked: str = ""
    notes: Sequence[str] = ()
    restored: str = ""

    @classmethod
    def of_form(cls, form: MultiDict[str, str], files: FormFiles | None = None) -> Composer:
        """Return what a form has sent."""
        return cls(
            body=form.get("body", ""),
            is_html=form.get("format") == "html",
            kind=form.get("kind"),
            close="close" in form,
            save_as="save_as" in form,
            canned_name=form.get("canned_name", ""),
            seen=form.get("seen"),
            known=form.get("known"),
            form_key=form.get("form_key", "").replace("\0", "")[:64] or None,
            way=ways_to_send.chosen(form),
            macro=form.get("macro", "").replace("\0", "")[:40],
            used=ids_of(form.get("used", "")),
            insert=form.get("insert"),
            no_file="no_file" in form,
            even_blocked="even_blocked" in form,
            files=files,
            later=ways_to_send.later(form),
            later_day=form.get("later_day", "").strip(),
            later_time=form.get("later_time", "09:00").strip(),
            unless_answered="unless_answered" in form,
        )

    @classmethod
    def of_draft(cls, draft: Draft | None, offered: Sequence[CannedResponse] = ()) -> Composer:
        """Return what a draft kept, its macro as it is now among those `offered`; an empty composer without one."""
        if draft is None:
            return cls()
        return cls(
            body=draft.body,
            is_html=True,
            kind="note" if draft.kind == NOTE else "message",
            close=draft.close,
            save_as=draft.save_as,
            canned_name=draft.canned_name,
            macro=next((using.key_of(row) for row in offered if row.id == draft.macro_id and using.is_macro(row)), ""),
            used=ids_of(draft.used),
            restored=_("Your draft of %(time)s is back.", time=moment(draft.updated_at)),
        )

    @property
    def is_note(self) -> bool:
        """Whether this is an internal note."""
        return self.kind == "note"

    @property
    def html(self) -> str:
        """The text as it is stored."""
        return self.body if self.is_html else richtext.from_text(self.body)

    @property
    def shown_html(self) -> str:
        """What the editor shows; empty for a text that was written without it."""
        if not self.is_html:
            return ""
        pictures = [file for file in self.files.stored if file.is_image] if self.files is not None else []
        return text_pictures.drawn(
            richtext.clean(self.body, pictures=True),
            pictures,
            lambda file: picture_url(file.id, text_pictures.key_of(file)),
        )

    @property
    def text(self) -> str:
        """What a browser without the editor shows."""
        html = self.shown_html
        return richtext.to_text(html) if html else self.body

    @property
    def forgets_a_file(self) -> bool:
        """Whether to ask the writer, once, about a file that the text speaks of."""
        has_files = self.files is not None and bool(self.files.stored)
        return not (self.no_file or self.is_note or has_files) and forgotten_attachment.speaks_of_a_file(self.html)

    @property
    def seen_messages(self) -> outdated_reply.Seen | None:
        """What the writer has read; None when the form does not tell."""
        key = inputs.row_key(self.seen or "")
        return outdated_reply.Seen(key, page_state.made_at(self.known or "")) if key is not None else None

    def messages_since(self, ticket: Ticket) -> list[Message]:
        """Return the messages that came in after the one the writer saw last, also by a merge."""
        seen = self.seen_messages
        return outdated_reply.arrived_since(ticket, seen) if seen is not None else []

    def changes_since(self, ticket: Ticket) -> list[str]:
        """Return what else changed since the page of this form was made."""
        return page_state.changes_since(self.known or "", ticket)

    def require_same_assignee(self, ticket: Ticket, to: Agent | Team | None) -> None:
        """Raise InvalidInput when somebody assigned the ticket since the page of this form was made."""
        page_state.require_same_assignee(self.known or "", ticket, to)

    def moment(self, zone: ZoneInfo) -> datetime:
        """Return when it leaves (naive UTC). Raises InvalidInput at the field."""
        return moments.read({"moment": self.later, "day": self.later_day, "time": self.later_time}, zone)

    def to_draft(self) -> Writing:
        """Return what a draft keeps of it."""
        return Writing(
            self.html,
            note=self.is_note,
            close=self.close,
            save_as=self.save_as,
            canned_name=self.canned_name,
            macro=inputs.row_key(self.macro.partition("-")[0]),
            used=self.used,
            form_key=self.form_key or "",
        )


def ids_of(text: str) -> tuple[int, ...]:
    """Return the ids that stand between commas, each once; what is none is left out."""
    keys = (inputs.row_key(part) for part in text[:1_000].split(","))
    return tuple(dict.fromkeys(key for key in keys if key is not None))[: drafts.MOST_USED]


def moment(when: datetime) -> str:
    """Return the hour of today, else the day too, in the agent's language and zone."""
    recent = clock.now() - when < timedelta(hours=12)
    return i18n.when(when, "HH:mm" if recent else "d MMM HH:mm")
