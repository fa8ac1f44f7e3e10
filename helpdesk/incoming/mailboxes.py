"""The mailboxes of the desk, as an administrator sets them up (RULES 41)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from database import database
from helpdesk import access, clock
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotFound, StillInUse
from helpdesk.i18n import lazy, ngettext
from helpdesk.incoming import confirming_server, mailbox_secrets, mailbox_sign_in
from helpdesk.lib import email_syntax, inputs, sort_position
from helpdesk.settings import environment, lookups, mail_accounts, ports
from helpdesk.settings.mail_providers import PROVIDERS, Provider
from helpdesk.tickets.opening import place
from models import IncomingMail, Mailbox, MailFolder

MAX_NAME = 120
MAX_FOLDER = 200
#: Aliases of one mailbox, and folders beside the first one.
MOST_LINES = 20
#: The number or domain of a directory of Microsoft, as it stands in an address.
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
#: Columns that say how a mailbox is: a form that was open for long writes none of them.
OF_ITS_RUNS = frozenset(
    {"last_success_at", "failing_since", "last_error", "tokens", "watched_by", "seen_server", "seen_hops"}
)

KINDS = {
    "imap": lazy("A folder on a mail server (IMAP)"),
    "pipe": lazy("Handed over by the mail server of this machine (pipe)"),
}
SECURITY: dict[str, Any] = {
    "tls": "TLS",
    "starttls": "STARTTLS",
    "none": lazy("No encryption (this machine only)"),
}
AUTH: dict[str, Any] = {
    "password": lazy("With a password"),
    "google": "Google",
    "microsoft": "Microsoft",
}
BEGIN = {
    "new": lazy("New messages (recommended)"),
    "week": lazy("The last 7 days"),
    "all": lazy("Everything"),
}
COPIES = {
    "propose": lazy("Propose them at the message"),
    "add": lazy("Put them in copy of the ticket"),
}
AFTER = {
    "leave": lazy("Leave it where it is"),
    "move": lazy("Move it to a folder"),
    "delete": lazy("Delete it"),
}


#: Why nothing is moved to a folder.
READ = lazy("This folder is read: what is moved there would come in again.")


def moves_to(mailbox: Mailbox, folder: str) -> bool:
    """Whether what customers wrote is moved to this folder: nothing there is surely the team’s."""
    return mailbox.after == "move" and mailbox.after_folder == folder


def save(mailbox: Mailbox, values: Mapping[str, Any], *, actor: Actor) -> Mailbox:
    """Store a mailbox. An empty ``password`` keeps the stored one, unless it was for another server or user.

    Raises NotAllowed, or InvalidInput at the field that is wrong.
    """
    access.require(actor, "administer")
    mailbox_sign_in.require_account(mailbox, values)
    before = {
        name: getattr(mailbox, name)
        for name in {*mailbox_secrets.PASSWORD_OF, *mailbox_secrets.CLIENT_OF, "as_application"}
    }
    is_new, read_sent, read_before = mailbox.id is None, mailbox.read_sent, folders(mailbox)
    inputs.set_attributes(
        mailbox, _identity(mailbox, values) | _handling(values) | confirming_server.columns(mailbox, values)
    )
    if mailbox.kind == "imap":
        inputs.set_attributes(mailbox, _server(mailbox, values) | _account(values))
        read = {*folders(mailbox), *([mailbox.sent_folder] if mailbox.read_sent else [])}
        if any(moves_to(mailbox, name) for name in read):
            raise InvalidInput(READ, field="after_folder")
        if mailbox.read_sent and mailbox.sent_folder in folders(mailbox):
            raise InvalidInput(lazy("This folder is read already, for what customers write."), field="sent_folder")
    changed = {name for name, value in before.items() if getattr(mailbox, name) != value}
    mailbox_secrets.give(mailbox, values, set() if is_new else changed)
    if is_new and mailbox_secrets.lacks_password(mailbox):
        raise InvalidInput(lazy("This field is required."), field="password")
    if is_new or changed or set(folders(mailbox)) - set(read_before):
        # What customers send while the owner still looks at the form is no history.
        mailbox.begins_at = clock.now()
    if is_new:
        mailbox.position = sort_position.after_last(Mailbox)
    with database.atomic():
        columns = [field for field in Mailbox._meta.sorted_fields if is_new or field.name not in OF_ITS_RUNS]
        mailbox.save(only=[field for field in columns if field.name != "id"])
        if changed and not is_new:
            Mailbox.update(failing_since=None, last_error="", tokens="").where(Mailbox.id == mailbox.id).execute()
        elif values.get("client_secret_new") and not is_new:
            mail_accounts.try_anew(mailbox.id)
        if mailbox.read_sent and not read_sent:
            # What was sent meanwhile is history.
            others = (MailFolder.mailbox == mailbox.id) & MailFolder.name.not_in(folders(mailbox))
            MailFolder.delete().where(others).execute()
    return mailbox


def _identity(mailbox: Mailbox, values: Mapping[str, Any]) -> dict[str, Any]:
    address = email_syntax.normalise(str(values.get("address") or ""))
    aliases = list(dict.fromkeys(_addresses(values.get("aliases"))))
    taken = {
        email
        for row in Mailbox.select().where(Mailbox.id != (mailbox.id or 0))
        for email in lookups.mailbox_addresses(row)
    }
    if address in taken:
        raise InvalidInput(lazy("Another mailbox has this address."), field="address")
    if clash := next((email for email in aliases if email in taken or email == address), None):
        raise InvalidInput(lazy("%(email)s is the address of a mailbox already.", email=clash), field="aliases")
    service, department = _place(values)
    name = inputs.one_line(values.get("name"), MAX_NAME)
    return {
        # One that is called by its address goes on so when that is corrected.
        "name": address if name in {"", mailbox.address} else name,
        "address": address,
        "aliases": "\n".join(aliases),
        "kind": _one_of(KINDS, values.get("kind"), "kind"),
        "service": service,
        "department": department,
        "locale": inputs.language(values.get("locale")),
        "enabled": bool(values.get("enabled", True)),
    }


def _addresses(text: Any) -> list[str]:
    addresses = []
    for line in str(text or "").replace(",", "\n").split()[: MOST_LINES + 1]:
        try:
            addresses.append(email_syntax.normalise(line))
        except InvalidInput as error:
            message = lazy("“%(email)s” is not an e-mail address.", email=line[:80])
            raise InvalidInput(message, field="aliases") from error
    if len(addresses) > MOST_LINES:
        raise InvalidInput(lazy("At most %(limit)s lines.", limit=MOST_LINES), field="aliases")
    return addresses


def _place(values: Mapping[str, Any]) -> tuple[Any, Any]:
    keys = [
        inputs.row_key(str(getattr(values.get(name), "id", values.get(name) or "")))
        for name in ("service", "department")
    ]
    return place(keys[0] or 0, keys[1])


def _handling(values: Mapping[str, Any]) -> dict[str, Any]:
    after = _one_of(AFTER, values.get("after") or "leave", "after")
    folder = _folder(values.get("after_folder"), "after_folder")
    if after == "move" and not folder:
        raise InvalidInput(lazy("Name the folder it is moved to."), field="after_folder")
    days = values.get("after_days")
    days = 30 if days is None or days == "" else int(days)
    if not 0 <= days <= 3_650:
        raise InvalidInput(lazy("Expected a number of days from 0 to 3650."), field="after_days")
    return {
        "copies": "add" if values.get("copies") == "add" else "propose",
        "hold_lists": bool(values.get("hold_lists")),
        "sub_addresses": bool(values.get("sub_addresses")),
        "begin": _one_of(BEGIN, values.get("begin") or "new", "begin"),
        "after": after,
        "after_days": days,
        "after_folder": folder,
        "idle": bool(values.get("idle")),
        "copy_sent": bool(values.get("copy_sent")),
        "read_sent": bool(values.get("read_sent")),
        "sent_folder": _folder(values.get("sent_folder"), "sent_folder"),
    }


def _account(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the application of the owner by which a mailbox signs in; nothing for one with a password."""
    if values.get("auth") not in PROVIDERS:
        return {"client_id": "", "tenant": "", "as_application": False}
    client = inputs.one_line(values.get("client_id"), 200)
    if not client:
        raise InvalidInput(lazy("This field is required."), field="client_id")
    tenant = str(values.get("tenant") or "").strip() if values.get("auth") == "microsoft" else ""
    if tenant and not TENANT.fullmatch(tenant):
        raise InvalidInput(lazy("Expected the number or domain of a directory. Example: example.org."), field="tenant")
    as_application = values.get("auth") == "microsoft" and bool(values.get("as_application"))
    if as_application and not tenant:
        raise InvalidInput(
            lazy("An application that opens mailboxes by itself belongs to one directory."), field="tenant"
        )
    return {"client_id": client, "tenant": tenant, "as_application": as_application}


def _server(mailbox: Mailbox, values: Mapping[str, Any]) -> dict[str, Any]:
    auth = _one_of(AUTH, values.get("auth") or "password", "auth")
    provider = PROVIDERS.get(auth)
    username = inputs.one_line(values.get("username") or (mailbox.address if provider is not None else ""), 254)
    if not username:
        raise InvalidInput(lazy("This field is required."), field="username")
    return {
        "auth": auth,
        **(_of_provider(provider) if provider is not None else _typed_server(mailbox, values)),
        "username": username,
        "folder": _folder(values.get("folder"), "folder") or "INBOX",
        "other_folders": _folders(values.get("other_folders"), "other_folders"),
        "held_folders": _folders(values.get("held_folders"), "held_folders"),
    }


def _of_provider(provider: Provider) -> dict[str, Any]:
    """Return the server of a provider: a token of its accounts is good at this one alone, and is given to no other."""
    return {"host": provider.imap_host, "port": provider.imap_port, "security": provider.imap_security}


def _typed_server(mailbox: Mailbox, values: Mapping[str, Any]) -> dict[str, Any]:
    host = str(values.get("host") or "").strip()
    if not host or not environment.is_host(host):
        raise InvalidInput(lazy("This is not the name of a server. Example: imap.example.org."), field="host")
    security = _one_of(SECURITY, values.get("security") or "tls", "security")
    if security == "none" and host not in {"127.0.0.1", "::1", "localhost"}:
        raise InvalidInput(lazy("Without encryption everybody on the way reads the password."), field="security")
    port = int(values.get("port") or (993 if security == "tls" else 143))
    if port not in ports.IMAP and port != mailbox.port:
        raise InvalidInput(lazy("Expected 993 or 143."), field="port")
    return {"host": host, "port": port, "security": security}


def _folder(text: Any, _field: str) -> str:
    return inputs.one_line(text, MAX_FOLDER)


def _folders(text: Any, field: str) -> str:
    lines = list(dict.fromkeys(_folder(line, field) for line in str(text or "").splitlines() if line.strip()))
    if len(lines) > MOST_LINES:
        raise InvalidInput(lazy("At most %(limit)s lines.", limit=MOST_LINES), field=field)
    return "\n".join(lines)


def _one_of(choices: Mapping[str, Any], value: Any, field: str) -> str:
    if value not in choices:
        raise InvalidInput(lazy("Choose one from the list."), field=field)
    return str(value)


def delete(mailbox: Mailbox, *, actor: Actor) -> None:
    """Delete a mailbox from which no mail came. Raises NotAllowed, or StillInUse."""
    access.require(actor, "administer")
    require_unused(mailbox)
    mailbox.delete_instance()


def require_unused(mailbox: Mailbox) -> None:
    """Raise StillInUse while a mail of this mailbox is there, or the desk’s mail goes out by its account."""
    mailbox_sign_in.require_not_sending(mailbox)
    count = IncomingMail.select().where(IncomingMail.mailbox == mailbox.id).limit(10_000).count()
    if count:
        raise StillInUse(
            ngettext(
                "%(num)d mail came in by this mailbox. Switch it off instead: nothing more is taken then.",
                "%(num)d mails came in by this mailbox. Switch it off instead: nothing more is taken then.",
                count,
            )
        )


def find(address: str) -> Mailbox:
    """Return the mailbox with this address or alias, also one written with a ``+`` part. Raises NotFound."""
    try:
        email = email_syntax.normalise(address)
    except InvalidInput:
        email = ""
    local, _at, domain = email.partition("@")
    for row in lookups.mailboxes():
        if {email, f"{local.partition('+')[0]}@{domain}"} & set(lookups.mailbox_addresses(row)):
            return row
    raise NotFound(lazy("There is no mailbox of this address."))


def own_addresses() -> set[str]:
    """Return every address of every mailbox."""
    return {email for row in lookups.mailboxes() for email in lookups.mailbox_addresses(row)}


def folders(mailbox: Mailbox) -> list[str]:
    """Return the folders that are read, each once."""
    lines = [mailbox.folder, *mailbox.other_folders.splitlines(), *mailbox.held_folders.splitlines()]
    return list(dict.fromkeys(line for line in lines if line))
