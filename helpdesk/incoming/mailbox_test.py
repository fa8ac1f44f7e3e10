"""Trying a mailbox out: each step a line, and what to do where one fails."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

from helpdesk import access, settings
from helpdesk.access import Actor
from helpdesk.i18n import lazy, ngettext
from helpdesk.incoming import (
    collection,
    mailbox_health,
    mailbox_secrets,
    mailboxes,
    pipeline,
    sender_checks,
    shared_account,
)
from helpdesk.incoming.imap_errors import explain
from helpdesk.settings import mail_accounts
from models import Mailbox

#: Folders of a server that are named.
SHOWN = 20


@dataclass(frozen=True)
class Step:
    """One step of the test: whether it went well, and what was seen or is to be done."""

    name: Any
    ok: bool
    text: Any = ""


def steps(mailbox: Mailbox, *, actor: Actor) -> list[Step]:
    """Try a mailbox out, up to the first step that fails."""
    access.require(actor, "administer")
    if mailbox.kind == "pipe":
        return [
            Step(
                lazy("Pipe"),
                True,
                lazy("Hand an e-mail over with: receive --mailbox %(address)s", address=mailbox.address),
            ),
            _confirming(mailbox),
        ]
    lines = [_resolved(mailbox), *_same_account(mailbox)]
    if lines[0].ok:
        lines += _signed_in(mailbox)
    if not all(line.ok for line in lines):
        return lines
    text = lazy("Send an e-mail to %(address)s: it becomes a ticket within a minute.", address=mailbox.address)
    return [*lines, _confirming(mailbox), *([Step(lazy("What comes next"), True, text)] if mailbox.enabled else [])]


def _confirming(mailbox: Mailbox) -> Step:
    """Say whose word counts on who wrote a mail: without one, what agents answer by e-mail becomes notes."""
    name, server = lazy("Server that confirms senders"), mailbox.trusted_server
    if server:
        return Step(name, True, lazy("“%(server)s” is believed, and no other.", server=_called(server)))
    if mailbox.seen_server:
        text = lazy(
            "None yet. The test e-mail shows “%(server)s”: write it into the mailbox if that is its server.",
            server=mailbox.seen_server,
        )
    else:
        text = lazy("None yet: “Try sub-addresses” shows its name. Without it agents cannot answer by e-mail.")
    return Step(name, not settings.get("agents_answer"), text)


def _called(server: str) -> str:
    return f"{server} (Microsoft 365)" if server == sender_checks.MICROSOFT else server


def _same_account(mailbox: Mailbox) -> list[Step]:
    name = lazy("Read once")
    return [Step(name, False, shared_account.same_text(other)) for other in shared_account.same_as(mailbox)]


def _other_desk(mailbox: Mailbox, connection: Any) -> list[Step]:
    """Warn where another desk sends as this address: what both read would be answered twice."""
    sign, name = shared_account.sign_of_other_desk(mailbox, connection), lazy("One help desk")
    if sign == "sent":
        text = lazy(
            "Another help desk sends e-mails as %(address)s (or this one did, under an earlier secret key). If it "
            "reads this mailbox, too, each e-mail becomes a ticket in both: switch one of them off.",
            address=mailbox.address,
        )
        return [Step(name, False, text)]
    if sign == "received":
        text = lazy(
            "An e-mail that was received says that another help desk sent it as %(address)s. Anybody can write that: "
            "only where you know of such a desk, see that only one of them reads this mailbox.",
            address=mailbox.address,
        )
        return [Step(name, True, text)]
    return []


def _resolved(mailbox: Mailbox) -> Step:
    name = lazy("Name of the server")
    host, port, _security = mail_accounts.imap_server_of(mailbox)
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Step(name, False, explain(error))
    return Step(name, True, f"{host} → {rows[0][4][0]}")


def _signed_in(mailbox: Mailbox) -> list[Step]:
    name = lazy("Connection and sign-in")
    if mailbox_secrets.lacks_password(mailbox):
        return [Step(name, False, mailbox_secrets.NO_PASSWORD)]
    _host, _port, security = mail_accounts.imap_server_of(mailbox)
    try:
        with collection.imap().connect(mailbox) as connection:
            return [
                Step(name, True, f"{mailbox.username} · {mailboxes.SECURITY[security]}"),
                *_folders(mailbox, connection),
                *_sent(mailbox, connection),
                *_waiting(mailbox, connection),
                *_other_desk(mailbox, connection),
            ]
    except Exception as error:
        return [Step(name, False, explain(error))]


def _folders(mailbox: Mailbox, connection: Any) -> list[Step]:
    there, lines = connection.folders(), []
    for folder in mailboxes.folders(mailbox):
        name = lazy("Folder “%(name)s”", name=folder)
        if folder not in there and folder.upper() != "INBOX":
            names = ", ".join(there[:SHOWN])
            lines.append(Step(name, False, lazy("It is not there. There are: %(names)s.", names=names)))
            continue
        count = connection.open(folder).count
        lines.append(Step(name, True, ngettext("%(num)s e-mail", "%(num)s e-mails", count)))
    return lines


def _sent(mailbox: Mailbox, connection: Any) -> list[Step]:
    if not (mailbox.copy_sent or mailbox.read_sent):
        return []
    name, folder = lazy("Folder of sent e-mails"), connection.sent_folder(mailbox.sent_folder)
    missing = lazy("It is not there: name one of the server in the form of the mailbox.")
    if mailbox.read_sent and folder is not None and mailboxes.moves_to(mailbox, folder):
        return [Step(name, False, mailboxes.READ)]
    return [Step(name, folder is not None, folder or missing)]


def _waiting(mailbox: Mailbox, connection: Any) -> list[Step]:
    if not mailbox.idle:
        return []
    is_offered = connection.can_wait()
    text = lazy("The server tells what comes (IDLE).") if is_offered else lazy("Not offered: it is read each minute.")
    return [Step(lazy("Wait for new e-mails"), True, text)]


def read_now(mailbox: Mailbox, *, actor: Actor) -> tuple[str, bool]:
    """Take what is new in a mailbox at once, and decide about it; return what came of it, and whether that is well."""
    access.require(actor, "administer")
    taken = collection.collect(mailbox) if mailbox.kind == "imap" and mailbox.enabled else 0
    pipeline.decide_waiting()
    failure = mailbox_health.failure_text(Mailbox.get_by_id(mailbox.id)) if mailbox.enabled else ""
    return failure or str(ngettext("%(num)d e-mail was taken.", "%(num)d e-mails were taken.", taken)), not failure
