"""The address a mail is answered to: that of a mailbox, with a code in it that says who answers what.

The code survives lower-casing, is of one recipient alone, and nobody makes one without the secret key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from helpdesk import clock, settings
from helpdesk.settings import environment, lookups
from models import Mailbox, OutgoingEmail, Ticket

#: What stands before the code in the local part of an address.
MARK = "+k"
#: Letters of a local part (RFC 5321).
MAX_LOCAL = 64
SIGNED = 10
#: A mailbox that has failed for so long is not one to answer to.
PATIENCE = timedelta(hours=24)
ADDRESS, AGENT, PROBE = 1, 2, 3


@dataclass(frozen=True)
class Code:
    """What a code says: the ticket, and the address or the agent it was given to."""

    ticket: int
    address: int | None = None
    agent: int | None = None
    #: The mailbox whose sub-addresses are tried out; then there is no ticket.
    probe: int | None = None


def encode(code: Code) -> str:
    """Return a code as it stands in an address."""
    kind, person = (ADDRESS, code.address) if code.address is not None else (AGENT, code.agent)
    if code.probe is not None:
        kind, person = PROBE, code.probe
    plain = bytes([kind]) + _number(code.ticket) + _number(person or 0)
    return base64.b32encode(plain + _signature(plain)).decode().rstrip("=").lower()


def decode(text: str) -> Code | None:
    """Return what a code says, or None for one that the desk did not make."""
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    plain, signature = raw[:-SIGNED], raw[-SIGNED:]
    if len(plain) < 3 or not hmac.compare_digest(_signature(plain), signature):
        return None
    ticket, rest = _read(plain[1:])
    person, _rest = _read(rest)
    if plain[0] == PROBE:
        return Code(0, probe=person)
    return Code(ticket, address=person) if plain[0] == ADDRESS else Code(ticket, agent=person)


def in_address(email: str) -> Code | None:
    """Return the code in the local part of an address."""
    local = email.rpartition("@")[0].lower()
    _name, mark, text = local.partition(MARK)
    return decode(text) if mark and text else None


def _signature(plain: bytes) -> bytes:
    key = environment.current().secret_key.encode()
    return hmac.new(key, b"reply|" + plain, hashlib.sha256).digest()[:SIGNED]


def _number(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _read(raw: bytes) -> tuple[int, bytes]:
    value = 0
    for place, byte in enumerate(raw[:10]):
        value |= (byte & 127) << (7 * place)
        if byte < 128:
            return value, raw[place + 1 :]
    return value, b""


# --- Mailboxes ----------------------------------------------------------------------------------------------------


def works(mailbox: Mailbox) -> bool:
    """Whether what is sent to a mailbox is read: it is on, and has not failed for a day."""
    failing = mailbox.failing_since
    return bool(mailbox.enabled) and (failing is None or failing > clock.now() - PATIENCE)


def mailbox_of(ticket: Ticket) -> Mailbox | None:
    """Return the mailbox of a ticket's place: of its department, else of its service."""
    rows = [row for row in lookups.mailboxes(enabled_only=True) if row.service_id == ticket.service_id]
    exact = [row for row in rows if row.department_id == ticket.department_id]
    whole = [row for row in rows if row.department_id is None]
    return next(iter([*exact, *whole]), None)


def mailbox_at(email: str) -> Mailbox | None:
    """Return the working mailbox that has this address."""
    wanted = email.casefold()
    rows = (row for row in lookups.mailboxes(enabled_only=True) if wanted in lookups.mailbox_addresses(row))
    return next((row for row in rows if works(row)), None)


def is_answerable(email: OutgoingEmail) -> bool:
    """Whether an answer to this mail is read: by the team, or by the customer whom an agent answers."""
    is_of_team = email.ticket_id is not None and email.address_id is None
    return mailbox_at(email.from_email) is not None and (not is_of_team or goes_to_customer(email))


def goes_to_customer(email: OutgoingEmail) -> bool:
    """Whether this mail lets an agent answer the customer of its ticket."""
    agent = lookups.agent(email.agent_id) if email.ticket_id is not None else None
    return agent is not None and agent.active and agent.answers_by_mail and bool(settings.get("agents_answer"))


def of(email: OutgoingEmail) -> str:
    """Return the address this mail is answered to; an empty text where that is its sender, or nobody."""
    mailbox = mailbox_at(email.from_email)
    if mailbox is None or not mailbox.sub_addresses or email.ticket_id is None:
        return ""
    if email.address_id is None and email.agent_id is None:
        return ""
    return with_code(mailbox, Code(email.ticket_id, email.address_id, email.agent_id))


def with_code(mailbox: Mailbox, code: Code) -> str:
    """Return the address of a mailbox with a code in it; an empty text where it would be too long."""
    local, _at, domain = mailbox.address.partition("@")
    whole = f"{local}{MARK}{encode(code)}"
    return f"{whole}@{domain}" if len(whole) <= MAX_LOCAL else ""


def desk_mark() -> str:
    """Return what tells the desk its own mails: nobody else can write it."""
    key = environment.current().secret_key.encode()
    return hmac.new(key, b"desk mark", hashlib.sha256).hexdigest()[:32]
