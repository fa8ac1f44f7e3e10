"""What `{{customer_account_link}}` stands for: in the outbox the page of the ticket, in the mail its private link.

So the mail has one link, which asks nobody for an account (RULES 38), and no token rests in the database (RULES 19).
"""

from __future__ import annotations

import re
from html import escape

from helpdesk import settings
from helpdesk.notifications.frame import Way
from models import Ticket

#: What begins and what ends a line of clean HTML; a full stop may stand before the end.
_BEGINNING, _END = r"(?:^|<(?:br|p|div|li)>)\s*", r"(?=[.\s]*(?:<br>|</p>|</div>|</li>|$))"


def of(ticket: Ticket) -> str:
    """Return the address of a ticket as the outbox holds it."""
    return f"{settings.site_url()}/tickets/{ticket.number}"


def leading_to(body: str, ticket: Ticket, link: str) -> str:
    """Return clean HTML whose account links lead to `link` instead, for the plain text."""
    address = escape(of(ticket))
    body = re.sub(rf'href="{re.escape(address)}"', lambda _: f'href="{escape(link)}"', body)
    return re.sub(rf">{re.escape(address)}</a>", lambda _: f">{escape(link)}</a>", body)


def with_button(body: str, ticket: Ticket, way: Way, button: str) -> tuple[str, bool]:
    """Return clean HTML whose account links lead to the ticket, and whether the button stands in it.

    It stands, on a line of its own, where one ends with the bare address; inside a sentence that becomes a link.
    """
    address = re.escape(escape(of(ticket)))
    bare = rf'<a href="{address}"[^>]*>{address}</a>'
    link = f'href="{escape(way.address)}"' if way.is_link else "href"
    body, count = re.subn(f"({_BEGINNING})?{bare}{_END}", lambda begin: f"{begin[1] or '<br>'}{button}", body, count=1)
    body = re.sub(bare, lambda _: f"<a {link}>{escape(way.words)}</a>", body)
    return re.sub(rf'href="{address}"', lambda _: link, body), bool(count)
