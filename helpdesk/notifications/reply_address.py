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
from zlib import crc32

from helpdesk import clock, settings
from helpdesk.notifications import frame
from helpdesk.settings import environment, lookups
from models import Agent, Mailbox, OutgoingEmail, Ticket

#: What stands before the code in the local part of an address.
MARK = "+k"
#: The same in the envelope of a mail of ours: to that address mail servers report that it did not arrive (VERP).
RETURN_MARK = "+b"
#: Letters of a local part (RFC 5321).
MAX_LOCAL = 64
SIGNED = 10
#: A mailbox that has failed for so long is not one to answer to.
PATIENCE = timedelta(hours=24)
ADDRESS, AGENT, PROBE, MAIL = 1, 2, 3, 4
#: E-mails to an agent that are about what the customer wrote. All others are about the team’s own words or about an
#: e-mail: what is answered to those is for the team.
TO_CUSTOMER = frozenset({"team_message", "assignment", "move"})


@dataclass(frozen=True)
class Code:
    """What a code says: the ticket, and the address or the agent it was given to."""

    ticket: int
    address: int | None = None
    agent: int | None = None
    #: The mailbox whose sub-addresses are tried out; then there is no ticket.
    probe: int | None = None
    #: The one mail that comes back to this address; then it names no ticket by itself.
    mail: int | None = None
    #: What tells that mail from another under its number, in a desk that was restored.
    check: int = 0


def encode(code: Code) -> str:
    """Return a code as it stands in an address."""
    kind, person = (ADDRESS, code.address) if code.address is not None else (AGENT, code.agent)
    if code.probe is not None:
        kind, person = PROBE, code.probe
    if code.mail is not None:
        kind, person = MAIL, code.mail
    plain = bytes([kind]) + _number(code.check or code.ticket) + _number(person or 0)
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
    if plain[0] == MAIL:
        return Code(0, mail=person, check=ticket)
    return Code(ticket, address=person) if plain[0] == ADDRESS else Code(ticket, agent=person)


def in_address(email: str) -> Code | None:
    """Return the code in the local part of an address."""
    local = email.rpartition("@")[0].lower()
    for beginning in (MARK, RETURN_MARK):
        _name, mark, text = local.partition(beginning)
        code = decode(text) if mark and text else None
        if code is not None:
            return code
    return None


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
    """Whether an agent answers the customer by this mail: it shows what they wrote, and the agent can be proven."""
    if email.ticket_id is None or email.kind not in TO_CUSTOMER or not settings.get("agents_answer"):
        return False
    agent, mailbox = lookups.agent(email.agent_id), mailbox_at(email.from_email)
    may_answer = agent is not None and agent.active and agent.answers_by_mail
    return may_answer and mailbox is not None and bool(mailbox.trusted_server) and bool(frame.shown_message(email))


def of(email: OutgoingEmail) -> str:
    """Return the address this mail is answered to; an empty text where that is its sender, or nobody."""
    mailbox = mailbox_at(email.from_email)
    if mailbox is None or not mailbox.sub_addresses or email.ticket_id is None:
        return ""
    if email.address_id is None and email.agent_id is None:
        return ""
    return with_code(mailbox, Code(email.ticket_id, email.address_id, email.agent_id))


def return_path(email: OutgoingEmail) -> str:
    """Return the address to which mail servers report on this mail; an empty text where that is its sender."""
    mailbox = mailbox_at(email.from_email)
    if mailbox is None or not mailbox.sub_addresses or email.id is None:
        return ""
    return with_code(mailbox, Code(0, mail=email.id, check=crc32(email.mail_id.encode())), RETURN_MARK)


def of_agent(mailbox: Mailbox, ticket: Ticket, agent: Agent) -> str:
    """Return the address to which this agent answers about a ticket; an empty text where it would be too long."""
    return with_code(mailbox, Code(ticket.id, agent=agent.id))


def without_code(email: str) -> str:
    """Return the address of the mailbox to which an address with a code of ours belongs."""
    local, _at, domain = email.rpartition("@")
    return f"{local.rpartition(MARK)[0]}@{domain}"


def mail_of(code: Code | None) -> OutgoingEmail | None:
    """Return the mail that comes back to this code; None for a code of another kind, and for one that is gone."""
    row = OutgoingEmail.get_or_none(OutgoingEmail.id == code.mail) if code is not None and code.mail else None
    return row if row is not None and code is not None and crc32(row.mail_id.encode()) == code.check else None


def with_code(mailbox: Mailbox, code: Code, mark: str = MARK) -> str:
    """Return the address of a mailbox with a code in it; an empty text where it would be too long."""
    local, _at, domain = mailbox.address.partition("@")
    whole = f"{local}{mark}{encode(code)}"
    return f"{whole}@{domain}" if len(whole) <= MAX_LOCAL else ""


def desk_mark() -> str:
    """Return what tells the desk its own mails: nobody else can write it."""
    key = environment.current().secret_key.encode()
    return hmac.new(key, b"desk mark", hashlib.sha256).hexdigest()[:32]
