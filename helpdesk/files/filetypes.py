"""Types of files: a safe name, the extension, and what the content is (RULES 43)."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from pathlib import Path

import puremagic

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy

#: Characters of a name that are kept; its extension always is.
LONGEST_NAME = 150
#: Bytes at the beginning of a file that include every signature (that of a disk image begins at 32,769).
HEAD = 40_000
#: Extensions that mean the same.
SAME = {"jpg": "jpeg", "jfif": "jpeg", "jpe": "jpeg", "htm": "html", "tif": "tiff", "yml": "yaml", "mpga": "mp3"}
#: Types that are archives inside: their content could only be checked by unpacking them.
CONTAINERS = {
    **dict.fromkeys(("zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "odg", "epub"), b"PK\x03\x04"),
    **dict.fromkeys(("doc", "xls", "ppt", "msg"), bytes.fromhex("d0cf11e0a1b11ae1")),
}
#: Types that are text, although the table of signatures lists some of them.
TEXTS = frozenset({"txt", "csv", "tsv", "log", "md", "json", "yaml", "ics", "vcf", "ini", "conf", "eml", "srt"})
#: Types that a browser could run: they are served as bytes.
ACTIVE = ("html", "svg", "xml", "javascript", "ecmascript")

BYTES = "application/octet-stream"
#: Pictures that a page shows, however they are called.
PICTURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
#: Types that the table of signatures knows in part only: a box of any brand, every kind of frame, what stands before.
_BOX = re.compile(rb"....ftyp", re.DOTALL)
SIGNATURES = {
    **dict.fromkeys(("heic", "heif", "avif", "mp4", "m4a", "m4v", "mov", "3gp"), _BOX),
    "mp3": re.compile(rb"ID3|\xff[\xe0-\xff]"),
    "pdf": re.compile(rb".{0,1019}%PDF-", re.DOTALL),
}
#: What opens as a picture or a document wherever it is clicked: nobody expects a page or a script there.
DRAWN = frozenset({"png", "jpeg", "gif", "webp", "bmp", "ico", "tiff", "heic", "heif", "avif", "pdf"})
#: Beginnings of programs: of Linux, macOS, Java, Android and the web, and shortcuts of Windows.
PROGRAMS = (
    b"\x7fELF",
    b"\xfe\xed\xfa",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"dex\n",
    b"\0asm",
    b"L\0\0\0\x01\x14\x02\0",
)
_ACTIVE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*(?:#!|<\?php|<(?:!doctype\s+html|html|head|body|script|svg|iframe)\b|"
    rb"<(?:\?xml|!doctype).*?<(?:\w+:)?(?:html|svg|script)\b)",
    re.DOTALL | re.IGNORECASE,
)

_SIGNED = frozenset(row.extension.lstrip(".").lower() for row in puremagic.magic_header_array)
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Program(Exception):
    """A file that a machine would run."""


class Disguised(Exception):
    """A page or a script under the name of something else."""


def clean_name(name: str) -> str:
    """Return the last part of a path without invisible characters. Raises InvalidInput when nothing is left."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    seen = "".join(letter if letter.isprintable() else " " if letter.isspace() else "" for letter in last)
    text = " ".join(seen.split()).strip(" .")
    stem, dot, extension = text.rpartition(".")
    if dot and len(text) > LONGEST_NAME:
        text = f"{stem[: LONGEST_NAME - 1 - len(extension)].rstrip()}.{extension}"
    if not text:
        raise InvalidInput(lazy("A file has no name."), field="files")
    return text[:LONGEST_NAME]


def extension(name: str) -> str:
    """Return the canonical extension of a clean name; empty when there is none."""
    stem, _dot, last = name.rpartition(".")
    return canonical(last) if stem else ""


def canonical(extension: str) -> str:
    """Return the one extension used for all with the same meaning: ``jpeg`` for ``jpg`` (RULES 25)."""
    text = extension.strip().lower()
    return SAME.get(text, text)


def media_type(extension: str) -> str:
    """Return the media type under which a file is served, derived from its extension alone."""
    guessed = mimetypes.guess_type(f"file.{extension}")[0] or BYTES
    return BYTES if any(word in guessed for word in ACTIVE) else guessed


def type_of(path: Path, extension: str) -> str:
    """Return the media type under which a stored file is handed out, by what it holds.

    What holds something else than its extension says, or nothing that is recognised, goes out as bytes. Raises
    Program, and Disguised for a page or a script under the name of a picture or a document.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if _is_program(head):
        raise Program
    is_active = _ACTIVE.match(head[:4096]) is not None
    if is_active and extension in DRAWN:
        raise Disguised
    if is_active:
        return BYTES
    picture = next((name for name, signature in PICTURES.items() if signature.match(head)), None)
    return picture or (media_type(extension) if _fits(path, head, extension) else BYTES)


def _is_program(head: bytes) -> bool:
    """Whether a file begins as a program does; a text may begin with the same two letters."""
    return head.startswith(PROGRAMS) or (head.startswith(b"MZ") and b"\0" in head[:128])


def _fits(path: Path, head: bytes, extension: str) -> bool:
    """Whether a content fits its extension: by its signature, or as text when its type has none."""
    if extension in SIGNATURES:
        return SIGNATURES[extension].match(head) is not None
    if extension in TEXTS or (extension not in _SIGNED and extension not in CONTAINERS):
        return _is_text(path)
    if extension in CONTAINERS:
        return head.startswith(CONTAINERS[extension])
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return False
    return extension in {canonical(match.extension.lstrip(".")) for match in matches}


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        marked = file.read(2) in _MARKS
    encodings = ["utf-16"] if marked else ["utf-8", "cp1252"]
    return any(_decodes(path, encoding) for encoding in encodings)


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while chunk := file.read(1 << 16):
                if _CONTROL.search(chunk):
                    return False
    except UnicodeError:
        return False
    return True
