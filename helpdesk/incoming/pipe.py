"""A mail on standard input, as the mail server of this machine hands it over.

The exit code is all that server hears: 0 says that the mail is on disk and its row committed, 75 says "try later".
Whatever is not expected is 75: the mail then waits in the server's queue and nothing is lost.
"""

from __future__ import annotations

from typing import IO

from helpdesk import settings
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.incoming import acceptance, mailboxes
from helpdesk.lib import sizes
from models import IncomingMail

TRY_LATER = 75


def receive(address: str, stream: IO[bytes]) -> IncomingMail | None:
    """Take one mail for the mailbox of this address. Raises NotFound, or InvalidInput for none and a too large one."""
    mailbox = mailboxes.find(address)
    most = sizes.parse(settings.get("max_mail_size"))
    content = stream.read(most + 1)
    if not content:
        raise InvalidInput(lazy("There is no mail on standard input."))
    if len(content) > most:
        raise InvalidInput(lazy("The mail is larger than %(limit)s.", limit=sizes.Size(most)))
    return acceptance.accept(mailbox, content)
