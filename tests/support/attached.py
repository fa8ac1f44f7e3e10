"""Files to send: small, real ones, and rows of files that are attached already."""

from __future__ import annotations

import io
import re
import struct
import zlib
from html import unescape
from typing import Any

from helpdesk.files import attachments, file_store
from helpdesk.settings import environment
from models import Attachment, Message, Ticket

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb00430050373c463c32504641465a55505f78c882786e6e78f5afb991"
    "c8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc0000b08000100010101"
    "1100ffc40014000100000000000000000000000000000003ffc40014100100000000000000000000000000000000ffda0008"
    "010100003f0077ffd9"
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><script>alert(1)</script></html>"


def png(side: int = 8) -> bytes:
    """Return a picture that browsers draw."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x8b\x2c\x5a" * side for _row in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


def pdf(size: int) -> bytes:
    """Return a file of exactly `size` bytes that begins as a PDF."""
    return PDF + b" " * (size - len(PDF))


def received(content: bytes = PDF, name: str = "invoice.pdf") -> Any:
    """Return a file on disk, as a rule takes it."""
    return file_store.receive(io.BytesIO(content), name)


def file(
    ticket: Ticket, content: bytes = PDF, name: str = "invoice.pdf", *, message: Message | None = None
) -> Attachment:
    """Attach a file to the ticket's first message (or to this one)."""
    message = message or Message.select().where(Message.ticket == ticket.id).order_by(Message.id).get()
    attachments.attach(message, [received(content, name)], actor=message.customer or message.agent)
    return Attachment.select().where(Attachment.message == message).order_by(Attachment.id.desc()).get()


def stored() -> list[str]:
    """Return the names of all files on disk, but for backups and raw mails."""
    root = environment.current().data_dir
    paths = (path for path in root.rglob("*") if path.relative_to(root).parts[0] not in {"backups", "mail"})
    return sorted(path.name for path in paths if re.fullmatch("[0-9a-f]{64}", path.name))


def files_key(page: str) -> str:
    """Return the key that a page's form prints for its files."""
    found = re.search(r'name="files_key" value="([^"]*)"', page)
    assert found, "the page prints no files_key"
    return unescape(found.group(1))


def forget(row: Attachment) -> None:
    """Lose a file on disk, its row staying."""
    file_store.location(row.path).unlink()
