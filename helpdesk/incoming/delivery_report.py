"""What a delivery report says (RFC 3464, and what older programs write instead): read by the child process.

A report names the mail that came back by its id, says whose address refused it, and why.
"""

from __future__ import annotations

import re
from typing import Any

from helpdesk.incoming import charsets, headers, mime
from helpdesk.incoming.mime import Mail, Part

FAILED, DELAYED, DELIVERED = "failed", "delayed", "delivered"

#: Bytes of a report’s parts that are looked at, recipients, ids, and characters of a reason.
MOST_BYTES, MOST_RECIPIENTS, MOST_IDS, MOST_REASON = 64 * 1024, 20, 20, 300
STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
RETURNED_PARTS = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers"}
)
#: Local parts that only programs of mail servers write from.
MACHINES = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mailer_daemon"})
#: What a report without the standard’s parts says of itself.
_SPEAKS_OF_FAILURE = re.compile(
    r"undeliver|not (be )?deliver|returned mail|returning message|failure notice"
    r"|delivery (status|has failed|failed|failure|incomplete|notification|delayed)|mail delivery|non[- ]remis"
    r"|non (distribu|délivr)|échec|n['’]a pas pu être|impossible de (remettre|livrer|distribuer)|unzustellbar",
    re.IGNORECASE,
)
_SPEAKS_OF_DELAY = re.compile(
    r"delay|warning: |will (be )?retr|still (being )?(try|retr)|transient|retard|différé|temporaire"
    r"|nouvelles tentatives",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45])([0-5]\d)(?=[ \-#:])")
_MAIL_ID = re.compile(r"^[ \t>|]*message-id:\s*(<[^<>\s]{3,200}>)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]{1,64}@[^\s<>\"'(),;:]{1,190}")
#: A line that names who refused the mail: alone, in angle brackets, or before a colon.
_LINE = re.compile(r"^[ \t]*<?([^\s<>\"'(),;:]{1,64}@[^\s<>\"'(),;:]{3,190})>?[ \t]*(:.*|\(.*)?$", re.MULTILINE)


def of(raw: bytes, mail: Mail, text: str) -> dict[str, Any] | None:
    """Return what the report says, ready to be written as JSON; None for a mail that is no report."""
    top = mail.top
    status = next((part for part in mail.parts if part.type in STATUS_PARTS), None)
    if status is None and not _is_by_machine(top, text):
        return None
    returned = _returned(raw, mail)
    ids = headers.ids([value for key, value in returned if key == "message-id"]) + _MAIL_ID.findall(text)
    recipients = _of_status(raw, status) if status is not None else []
    return {
        "recipients": (recipients or _of_text(top, text))[:MOST_RECIPIENTS],
        "ids": list(dict.fromkeys(map(headers.one_id, ids)))[:MOST_IDS],
        "is_nested": _is_report(returned),
    }


def _is_by_machine(top: Part, text: str) -> bool:
    """Whether a mail server says, in its own words, that a mail did not arrive."""
    if top.header("x-failed-recipients"):
        return True
    people = headers.addresses(top.all("from"))
    local = people[0].email.partition("@")[0].lower() if people else ""
    null_sender = top.header("return-path").strip() == b"<>"
    words = f"{headers.decoded(top.header('subject'))}\n{text[:2_000]}"
    return (local in MACHINES or (null_sender and not people)) and bool(_SPEAKS_OF_FAILURE.search(words))


def _returned(raw: bytes, mail: Mail) -> list[tuple[str, bytes]]:
    """Return the headers of the mail that came back, where a part holds it or begins as one does."""
    for part in mail.parts:
        if part.type in RETURNED_PARTS:
            return mime.headers(_content(raw, part))
    return []


def _is_report(fields: list[tuple[str, bytes]]) -> bool:
    """Whether the mail that came back was a report itself, or one that nobody may answer."""
    named = dict(fields)
    return named.get("content-type", b"").lower().startswith(b"multipart/report") or named.get("return-path") == b"<>"


def _content(raw: bytes, part: Part) -> bytes:
    encoding = str(part.fields.get("content-transfer-encoding", ""))
    return mime.content(raw, part.body, min(part.end, part.body + MOST_BYTES), encoding)


# --- The standard’s part ------------------------------------------------------------------------------------------


def _of_status(raw: bytes, part: Part) -> list[list[str]]:
    """Return the recipients a status part names: address, what became of it, status, reason."""
    found = []
    for block in re.split(rb"\r?\n[ \t]*\r?\n", _content(raw, part).strip())[: MOST_RECIPIENTS + 1]:
        fields = dict(mime.headers(block))
        email = _address_in(fields.get("original-recipient", b"")) or _address_in(fields.get("final-recipient", b""))
        action = _text(fields.get("action", b"")).lower()
        status = _STATUS.search(_text(fields.get("status", b"")))
        if not (email or action or status):
            continue
        reason = _text(fields.get("diagnostic-code", b"")).partition(";")[2].strip()
        code = status[0] if status else _code_in(reason)
        if code[1:] == ".0.0":
            # “Something”: what the server answered often says more.
            code = _code_in(reason) if _code_in(reason)[:1] == code[:1] else code
        found.append([email, _kind(action, code), code, reason[:MOST_REASON]])
    return found


def _address_in(value: bytes) -> str:
    """Return the address of a field such as ``rfc822; agnes@example.org``."""
    match = _ADDRESS.search(_text(value).rpartition(";")[2])
    return match[0].strip("<>.").lower() if match else ""


def _text(value: bytes) -> str:
    return " ".join(charsets.clean(charsets.decode(value)[0]).split())


def _kind(action: str, code: str) -> str:
    if action in {"delivered", "relayed", "expanded"}:
        return DELIVERED
    if action in {FAILED, DELAYED}:
        return action
    return {"2": DELIVERED, "4": DELAYED}.get(code[:1], FAILED)


def _code_in(text: str) -> str:
    """Return the status that stands in a text, of the finer kind (5.1.1) where there is one, else made of the reply."""
    fine = _STATUS.search(text)
    if fine is not None and fine[1] != "2":
        return fine[0]
    plain = _REPLY.search(text)
    return f"{plain[1]}.{_CLASSES.get(plain[0], '0.0')}" if plain is not None else ""


#: What the replies of SMTP stand for among the statuses (RFC 5248).
_CLASSES = {
    "550": "1.1",
    "551": "1.6",
    "552": "2.2",
    "553": "1.3",
    "554": "0.0",
    "450": "2.0",
    "451": "3.0",
    "452": "2.2",
    "421": "4.1",
}


# --- Text alone ---------------------------------------------------------------------------------------------------


def _of_text(top: Part, text: str) -> list[list[str]]:
    """Return the recipients that a report in plain words names."""
    above = _above_copy(text)
    subject = headers.decoded(top.header("subject"))
    late = _SPEAKS_OF_DELAY.search(subject) or (_SPEAKS_OF_DELAY.search(above) and not re.search(r"\b5\d\d\b", above))
    named = [one.email.lower() for one in headers.addresses(top.all("x-failed-recipients")) if one.email]
    named = named or [match[1].lower() for match in _LINE.finditer(above)]
    named = named or [match[0].lower() for match in _ADDRESS.finditer(above)]
    emails = list(dict.fromkeys(email.strip(".") for email in named))
    reason = _reason(above, emails)
    code = _code_in(reason) or _code_in(above)
    kind = DELAYED if late and not code.startswith("5") else FAILED
    return [[email, kind, code, reason[:MOST_REASON]] for email in emails] or [["", kind, code, reason[:MOST_REASON]]]


def _above_copy(text: str) -> str:
    """Return what stands above the copy of the mail that came back."""
    cut = re.search(
        r"^--.*(copy of|original message|message d'origine|returned message|headers of|transcript).*$",
        text,
        re.IGNORECASE | re.MULTILINE,
    )
    transcript = cut is not None and "transcript" in cut[0].lower()
    return text[: cut.start()] if cut is not None and not transcript else text[:8_000]


def _reason(above: str, emails: list[str]) -> str:
    """Return the line that says why: the one with a status or reply, else the one behind the address."""
    lines = [" ".join(line.split()) for line in above.splitlines()]
    for pattern in (_STATUS, _REPLY):
        for line in lines:
            if pattern.search(line):
                return line
    for place, line in enumerate(lines):
        if emails and emails[0] in line.lower():
            return next((below for below in lines[place + 1 : place + 4] if below), "")
    return ""
