"""Types of files: a safe name, the extension, the media type, and whether the content fits the extension."""

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
SAME = {"jpg": "jpeg", "htm": "html", "tif": "tiff", "yml": "yaml", "mpga": "mp3"}
#: Types that are archives inside: their content could only be checked by unpacking them.
CONTAINERS = {
    **dict.fromkeys(("zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "odg", "epub"), b"PK\x03\x04"),
    **dict.fromkeys(("doc", "xls", "ppt", "msg"), bytes.fromhex("d0cf11e0a1b11ae1")),
}
#: Types that are text, although the table of signatures lists some of them.
TEXTS = frozenset({"txt", "csv", "tsv", "log", "md", "json", "yaml", "ics", "vcf", "ini", "conf", "eml", "srt"})
#: Types that a browser could run: they are served as bytes.
ACTIVE = ("html", "svg", "xml", "javascript", "ecmascript")

_SIGNED = frozenset(row.extension.lstrip(".").lower() for row in puremagic.magic_header_array)
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKS = (b"\xff\xfe", b"\xfe\xff")


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
    guessed = mimetypes.guess_type(f"file.{extension}")[0] or "application/octet-stream"
    return "application/octet-stream" if any(word in guessed for word in ACTIVE) else guessed


def fits(path: Path, extension: str) -> bool:
    """Whether the content of a file fits its extension: by its signature, or as text when its type has none."""
    if extension in TEXTS or (extension not in _SIGNED and extension not in CONTAINERS):
        return _is_text(path)
    with path.open("rb") as file:
        head = file.read(HEAD)
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
