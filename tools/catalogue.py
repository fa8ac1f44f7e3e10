"""Bring the catalogues of translations/ up to the texts of the program: `python tools/catalogue.py [--check]`.

For each folder of translations/: every text of the program gets its entry in messages.po, keeps its translation if it
has one, and entries of texts that are gone are dropped; messages.mo is compiled. The same input gives the same files:
no dates, no line numbers. With --check nothing is written. Exit status 1 tells that a file was behind or a translation
is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "translations"
#: Functions that take a text to translate, and which of their arguments hold it.
KEYWORDS = {"_": None, "lazy": None, "lazy_gettext": None, "translate": None, "ngettext": (1, 2)}

Texts = dict[str | tuple[str, ...], set[str]]


class Steady(Catalog):
    """A catalogue to follow another, whose header says nothing that changes by itself."""

    def __init__(self, old: Catalog) -> None:
        comment = "# Written by tools/catalogue.py: change only what stands at msgstr."
        super().__init__(locale=old.locale, header_comment=comment, fuzzy=False)
        self.old = old

    # How many forms a plural has is what the translations were written for: a newer Babel may count others.
    @property
    def num_plurals(self) -> int:
        return self.old.num_plurals

    @property
    def plural_expr(self) -> str:
        return self.old.plural_expr

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]


def extract() -> Texts:
    """Return every text of the program with the files it stands in; a text with a plural is a tuple."""
    with (ROOT / "translations/babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    texts: Texts = {}
    for name, _line, text, _comments, _context in extract_from_dir(ROOT, methods, options, keywords=KEYWORDS):
        texts.setdefault(text, set()).add(name)
    return texts


def read(path: Path) -> Catalog:
    """Read a catalogue; one that does not exist is empty."""
    if not path.exists():
        return Catalog(locale=path.parent.parent.name)
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def renewed(old: Catalog, texts: Texts) -> Catalog:
    """Return a catalogue of exactly these texts, with the translations of the old one."""
    new = Steady(old)
    for text in sorted(texts, key=str):
        known = old.get(text if isinstance(text, str) else text[0])
        keeps = known is not None and known.id == text and not known.fuzzy
        new.add(text, known.string if keeps else None)
    return new


def missing(catalogue: Catalog) -> Iterator[Message]:
    """Give the entries without a (whole) translation."""
    for message in catalogue:
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and not all(strings):
            yield message


def files_of(catalogue: Catalog) -> dict[str, bytes]:
    """Return what messages.po and messages.mo of a catalogue hold."""
    po, mo = BytesIO(), BytesIO()
    write_po(po, catalogue, width=120, no_location=True, sort_output=True)
    write_mo(mo, catalogue)
    return {"messages.po": po.getvalue(), "messages.mo": mo.getvalue()}


def update(folder: Path, texts: Texts, *, write: bool = True) -> list[str]:
    """Bring one language up to the texts; return what was behind or is missing, in words."""
    catalogue = renewed(read(folder / "messages.po"), texts)
    findings = [f"{folder.parent.name}: no translation of {message.id!r}" for message in missing(catalogue)]
    for name, content in files_of(catalogue).items():
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            findings.append(f"{folder.parent.name}: {name} {'written' if write else 'is behind'}")
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    return findings


def main(arguments: list[str]) -> int:
    """Update every language, or with ``--check`` tell what is behind."""
    texts = extract()
    findings = [
        finding
        for language in sorted(path for path in FOLDER.iterdir() if path.is_dir())
        for finding in update(language / "LC_MESSAGES", texts, write="--check" not in arguments)
    ]
    print("\n".join(findings) or f"{len(texts)} texts, all translated.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
