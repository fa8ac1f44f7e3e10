"""A parsed mail, as the child process gives it back: this process never takes a mail apart itself."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpdesk.incoming import mime
from helpdesk.incoming.sender_checks import Check
from helpdesk.settings import environment

#: Seconds after which the child itself is thought to be lost: it ends what it reads after thirty.
PATIENCE = 45


@dataclass(frozen=True)
class MailFile:
    """A file of a mail: what it calls itself, and where it stands in the bytes."""

    number: int
    type: str
    name: str
    cid: str
    inline: bool
    encoding: str
    start: int
    end: int


@dataclass(frozen=True)
class Person:
    """A name and an address as the mail gives them; nothing says that they are true."""

    name: str
    email: str


@dataclass(frozen=True)
class Report:
    """A delivery report: for whom (address, what became of it, status, reason), and the ids of what came back."""

    recipients: tuple[tuple[str, str, str, str], ...] = ()
    ids: tuple[str, ...] = ()
    #: It reports on a report: nobody needs to know.
    is_nested: bool = False


@dataclass(frozen=True)
class ParsedMail:
    """What a mail says."""

    authors: tuple[Person, ...] = ()
    senders: tuple[Person, ...] = ()
    reply_to: tuple[Person, ...] = ()
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    delivered: tuple[str, ...] = ()
    subject: str = ""
    date: str = ""
    mail_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    content_type: str = "text/plain"
    report_type: str = ""
    body_hash: str = ""
    text: str = ""
    #: The author’s own words, and what they quote: what an answer says.
    own: str = ""
    rest: str = ""
    #: What its mail program puts below each mail; `own` is without it.
    signature: str = ""
    #: The HTML it brings, as it came: never shown but by `mail_page`.
    page: str = ""
    files: tuple[MailFile, ...] = ()
    headers: dict[str, list[str]] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    #: What mail servers found out about its sender.
    checks: tuple[Check, ...] = ()
    #: Who handed it over to whom, and when (`received_chain`).
    hops: tuple[tuple[str, str, str], ...] = ()
    report: Report | None = None
    cut: bool = False
    notes: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        """Return the first header of this name; empty when there is none."""
        return next(iter(self.headers.get(name, ())), "")

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses it was written to, then those it was delivered to."""
        return (*(one.email for one in (*self.to, *self.cc)), *self.delivered)

    @property
    def author(self) -> Person:
        """Who wrote it, as it says."""
        return next(iter(self.authors), Person("", ""))


#: Names of the document that are other names here.
_PEOPLE = {"from": "authors", "sender": "senders", "reply_to": "reply_to", "to": "to", "cc": "cc"}
_LISTS = ("delivered", "in_reply_to", "references", "order", "notes")
_PLAIN = (
    "subject",
    "date",
    "mail_id",
    "content_type",
    "report_type",
    "body_hash",
    "text",
    "own",
    "rest",
    "signature",
    "page",
    "headers",
    "cut",
)


def content_of(document: dict[str, Any]) -> ParsedMail:
    """Return what a document of the child says."""
    values: dict[str, Any] = {name: document[name] for name in _PLAIN}
    values |= {ours: tuple(Person(*one) for one in document[theirs]) for theirs, ours in _PEOPLE.items()}
    values |= {name: tuple(document[name]) for name in _LISTS}
    if (report := document["report"]) is not None:
        recipients = tuple((email, kind, code, reason) for email, kind, code, reason in report["recipients"])
        values["report"] = Report(recipients, tuple(report["ids"]), report["is_nested"])
    values["hops"] = tuple((sender, server, time) for sender, server, time in document["hops"])
    values["checks"] = tuple(Check(*row) for row in document["checks"])
    return ParsedMail(**values, files=tuple(MailFile(**one) for one in document["files"]))


def bytes_of(raw: bytes, file: MailFile) -> bytes:
    """Return the decoded bytes of a file of a mail."""
    return mime.content(raw, file.start, file.end, file.encoding)


class Parser:
    """The child process, started when the first mail is read and ended with the ``with`` block."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Parser:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def read(self, path: Path) -> ParsedMail | None:
        """Return what a mail says, or None when reading it killed the process that read it."""
        process = self._started()
        if process.stdin is None or process.stdout is None:
            return None
        try:
            process.stdin.write(f"{path}\n".encode())
            process.stdin.flush()
            ready = select.select([process.stdout], [], [], PATIENCE)[0]
            line = process.stdout.readline() if ready else b""
        except OSError:
            line = b""
        if not line:
            self.end()
            return None
        return content_of(json.loads(line)) if line.strip() else None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.end()
            self._process = subprocess.Popen(  # nosec B603 # our own module, no shell
                [sys.executable, "-m", "helpdesk.incoming.parser_process"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                cwd=environment.ROOT, env={"PYTHONPATH": str(environment.ROOT), "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
        return self._process

    def end(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
