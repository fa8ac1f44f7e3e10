"""One e-mail as it goes out: headers, plain text complete on its own, and HTML around the owner's text."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import Markup

from database import Label
from helpdesk import clock, erased_marks, links, settings
from helpdesk.lib import accent, richtext, text_pictures
from helpdesk.notifications import account_link, frame, headers, inline_styles, mailed_pictures, reply_address
from helpdesk.settings import email_frame, email_kinds, lookups
from helpdesk.settings.placeholders import header_safe
from models import Attachment, OutgoingEmail

#: What `headers` wrote is folded already, and parsed by nobody.
AS_WRITTEN = SMTP.clone(refold_source="none")
#: How many earlier mails of a ticket a mail names, so that mail programs keep them together.
MAX_REFERENCES = 10
#: A longer id would not fit on the line of its header, and some programs lose what is folded.
MAX_ID = 64
#: What a screen shows in place of the token in an address that only mail programs read.
ELLIPSIS = "..."


def new_id(ticket_number: str = "", message_id: int | None = None) -> str:
    """Return a Message-ID that nobody can guess."""
    chance = secrets.token_hex(8)
    local = f"{ticket_number}.{message_id or 0}.{chance}" if ticket_number else f"account.{chance}"
    if len(local) > MAX_ID // 2:
        local = chance
    room = MAX_ID - len(f"<{local}@>")
    return f"<{local}@{host()[-room:].lstrip('.-')}>"


def host() -> str:
    """Return the name under which the desk is known, for ids and for its default address."""
    name = urlsplit(settings.site_url()).hostname or "localhost"
    return "localhost" if _is_number(name) else name.encode("idna").decode("ascii")


def default_sender() -> str:
    """Return the address mails leave from unless their text names another."""
    return settings.get("default_sender") or f"support@{host()}"


@cache
def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def compose(email: OutgoingEmail, templates: Environment, link: str | None = None) -> EmailMessage:
    """Build the mail. `link` is its private link; None (on a screen) hides it. Raises BadMail for a bad address."""
    letter = EmailMessage(policy=AS_WRITTEN)
    for name, value in _headers(email, link).items():
        letter.set_raw(name, value)
    pictures = mailed_pictures.of(email)
    values = _values(email, link, templates, list(pictures))
    letter.set_content(_plain(values, templates) + "\n", cte="quoted-printable")
    html = erased_marks.in_words(templates.get_template("email/layout.html").render(values))
    letter.add_alternative(html, subtype="html", cte="quoted-printable")
    mailed_pictures.enclose(letter, pictures)
    return letter


def preview(email: OutgoingEmail, templates: Environment, problems: Iterable[str]) -> str:
    """Return a page that shows a mail as it would go out, its private link hidden, and what is wrong with its text."""
    values = _values(email, None, templates)
    return templates.get_template("email/preview.html").render(
        **values,
        problems=list(problems),
        sender=f"{header_safe(email.from_name, limit=120)} <{email.from_email}>",
        to=email.to_email,
        plain=_plain(values, templates),
    )


def _plain(values: dict[str, Any], templates: Environment) -> str:
    text = erased_marks.in_words(templates.get_template("email/layout.txt").render(values))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _headers(email: OutgoingEmail, link: str | None) -> dict[str, str]:
    written = {
        "Message-ID": headers.words(email.mail_id),
        "Date": format_datetime(clock.now()).replace("-0000", "+0000"),
        "From": headers.mailbox(email.from_name, headers.address(email.from_email, "bad-sender")),
        "To": headers.address(email.to_email, "bad-recipient"),
        "Subject": headers.text(erased_marks.in_words(email.subject), name="Subject"),
    }
    if lookups.mailboxes():
        written["X-Guichet-Desk"] = reply_address.desk_mark()
    if answered := reply_address.of(email):
        written["Reply-To"] = headers.words(answered)
    if email.in_reply_to:
        written["In-Reply-To"] = headers.words(email.in_reply_to)
    if email.references:
        written["References"] = headers.words(email.references)
    if token := frame.leave_token(email):
        # On a screen it is hidden as the links of the text are: whoever reads it there could leave for somebody else.
        place = links.url("leave", token if link is not None else ELLIPSIS)
        address = headers.words(f"<{place}>")
        written |= {"List-Unsubscribe": address, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if email.automatic:
        written |= {"Auto-Submitted": headers.words(email.automatic), "X-Auto-Response-Suppress": "All"}
    return written


def _values(
    email: OutgoingEmail, link: str | None, templates: Environment, pictures: Sequence[Attachment] = ()
) -> dict[str, Any]:
    kind, colours = link_kind(email), accent.of_mail(settings.get("accent_color"))
    written = _written(email, _way(email, kind, link), colours, templates)
    shown = text_pictures.bound(written["body"], pictures).replace("<img ", inline_styles.PICTURE)
    written["body"] = Markup(shown)  # noqa: S704 — cleaned in `_written`
    around = frame.around(email, written["text"])
    quoted = inline_styles.put(around["quoted"].html, colours[0]) if around["quoted"] is not None else ""
    is_answerable = email.ticket is not None and reply_address.is_answerable(email)
    return {
        **around,
        **written,
        "quoted_html": Markup(quoted),  # noqa: S704 — `frame` cleaned it
        "locale": email.locale,
        "subject": header_safe(email.subject),
        "ways_out": frame.ways_out(email, is_shown=link is None),
        "no_account": frame.no_account(email) if kind == "ticket" else "",
        "no_answer": _text_for(email_kinds.NO_ANSWER, email) if is_one_way(email, kind) else "",
        "above": _text_for(email_kinds.ABOVE, email) if is_answerable else "",
        "or_answer": _or_answer(email, kind) if is_answerable else "",
        "desk_name": header_safe(settings.get("desk_name")),
        "accent": colours,
        "contact": settings.get("contact").text(email.locale, "en"),
    }


def _or_answer(email: OutgoingEmail, kind: str) -> str:
    """Return the line that says that one may answer this mail, and whom an agent answers by it."""
    if email.address_id is None:
        return _text_for(email_frame.AGENT_ANSWER, email)
    return _text_for(email_frame.OR_ANSWER, email) if kind == "ticket" else ""


def _way(email: OutgoingEmail, kind: str, link: str | None) -> frame.Way | None:
    """Return where the button leads; None for a mail without one."""
    if not kind:
        return None
    if kind == "desk":
        link = f"{settings.site_url()}/admin/tickets/{email.ticket.number}"
    hidden = _text_for(email_kinds.HIDDEN_LINK, email)
    line = email_kinds.OWN_LINES.get(email.kind, email_kinds.LINK_LINES[kind])
    return frame.Way(_text_for(line, email), link or hidden, link is not None)


def _written(
    email: OutgoingEmail, way: frame.Way | None, colours: tuple[str, str], templates: Environment
) -> dict[str, Any]:
    """Return the owner's text, as HTML and plain, and whether the way to the ticket stands in it (`account_link`)."""
    body, has_button = richtext.clean(email.body, pictures=True), False
    text = richtext.to_text(body)
    if way is not None and link_kind(email) == "ticket":
        text = richtext.to_text(account_link.leading_to(body, email.ticket, way.address))
        button = templates.get_template("email/parts.html").module.button(way, colours)  # type: ignore[attr-defined]
        body, has_button = account_link.with_button(body, email.ticket, way, str(button))
    return {
        "body": Markup(inline_styles.put(body, colours[0])),  # noqa: S704 — cleaned above
        "text": text,
        "way": way,
        "has_button": has_button,
        "link_in_text": way is not None and way.address in text,
    }


def is_one_way(email: OutgoingEmail, kind: str) -> bool:
    """Whether a mail says that nobody reads what is answered to it: true of every address without a mailbox."""
    return bool(kind or email.kind == "digest") and not reply_address.is_answerable(email)


def link_kind(email: OutgoingEmail) -> str:
    """Return what the mail's link opens: a private link's kind, "desk" for the agents' page, or nothing."""
    if email.link_kind:
        return email.link_kind
    return "desk" if email.ticket is not None and email.address_id is None else ""


def _text_for(text: Label, email: OutgoingEmail) -> str:
    return text.text(email.locale, "en")
