"""The pages of a person's archive, for whoever opens it without a program: plain HTML that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import quote

from helpdesk import settings
from helpdesk.i18n import _, language, lazy, when
from helpdesk.lib import richtext
from models import Attachment, Customer, Message, Ticket

#: The folders of an archive by what lies there, and how the file with what they wrote elsewhere is called.
FOLDERS = {
    "tickets": lazy("tickets"), "elsewhere": lazy("elsewhere"), "files": lazy("files"), "messages": lazy("messages"),
}  # fmt: skip
_STYLE = (
    "body{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}"
    "article{border-top:1px solid #bbb;padding:1rem 0}header{color:#555}"
)


@dataclass(frozen=True)
class Page:
    """What stands before and after the messages of a page."""

    head: str
    foot: str = "</body></html>\n"


def folder_of(kind: str) -> str:
    """Return how a folder of the archive is called, in the language in which that is written."""
    return str(FOLDERS[kind])


def elsewhere_path() -> str:
    """Return where what somebody wrote in tickets of others lies, as a page and as data."""
    return f"{folder_of('elsewhere')}/{folder_of('messages')}"


def readme(customer: Customer) -> str:
    """Return what the archive holds, in words."""
    return "\n".join(
        (
            _("What %(desk)s keeps of %(name)s.", desk=settings.site_url(), name=customer.display_name),
            "",
            _("index.html: your tickets, to be read in a browser."),
            _("tickets: each ticket as a page and as data (JSON)."),
            _("elsewhere: what you wrote in tickets of other people."),
            _("person.json: names, addresses, orders, e-mails and sign-ins."),
            _("files: what was attached to the messages."),
            "",
            _("Internal notes of the team and the addresses of other people are not part of it."),
            "",
        )
    )


def index(customer: Customer, tickets: Sequence[tuple[str, str, str, datetime]]) -> str:
    """Return the page that leads to the others: those of tickets by path, number, subject and date of opening."""
    lines = "".join(
        f'<li><a href="{quote(at)}">{escape(number)} {escape(subject)}</a> {escape(when(opened))}</li>'
        for at, number, subject, opened in tickets
    )
    page = _page(customer.display_name)
    link = f'<p><a href="{quote(elsewhere_path())}.html">{escape(_elsewhere_title())}</a></p>'
    return f"{page.head}<ul>{lines}</ul>{link}{page.foot}"


def ticket(row: Ticket) -> Page:
    """Return the page of a ticket, to be filled with its messages."""
    return _page(f"{row.number} {row.subject}")


def elsewhere() -> Page:
    """Return the page of what somebody wrote in tickets of others."""
    return _page(_elsewhere_title())


def _elsewhere_title() -> str:
    return _("What you wrote in tickets of other people")


def message(row: Message, author: str, files: Sequence[tuple[Attachment, str]]) -> str:
    """Return a message with links to its files; `author` is what its reader may know of who wrote it."""
    links = "".join(f'<li><a href="../{quote(at)}">{escape(file.name)}</a></li>' for file, at in files)
    listed = f"<ul>{links}</ul>" if links else ""
    return (
        f"<article><header>{escape(author)} · {escape(when(row.created_at))}</header>"
        f"{richtext.clean(row.body)}{richtext.clean(row.signature)}{listed}</article>\n"
    )


def _page(title: str) -> Page:
    return Page(
        f'<!doctype html><html lang="{language()}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>\n"
    )
