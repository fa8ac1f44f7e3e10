"""HTML read as plain text: paragraphs, lists, quotations and tables as lines."""

from __future__ import annotations

import re
from html.parser import HTMLParser

#: Quotations and lists that are shown one inside the other.
MAX_MARGIN = 20
CELLS = frozenset({"th", "td"})


class PlainText(HTMLParser):
    """Collects the lines of the plain text; `gap` is the number of line ends needed before the next word.

    A line is a list of pieces joined at the end, so that the time grows only with the length of the text.
    """

    PARTED = frozenset({"p", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "table"})
    BROKEN = frozenset({"div", "li", "tr", "caption"})
    #: Between the cells of a row.
    CELL_END = " | "

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[list[str]] = [[]]
        self.is_blank, self.at_margin = True, True
        self.gap = 0
        self.open: list[str] = []
        self.counts: list[int | None] = []
        self.link: tuple[str, int, int] | None = None
        self.bullet = ""
        self.margin = ""
        #: Cells of the row so far, of each open table; whether a cell is open, and what a new line of it becomes.
        self.cells: list[int] = []
        self.in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._handle_table(tag, attrs):
            return
        if tag == "br":
            self._new_line()
        self._break_before(tag)
        if tag in {"ul", "ol"}:
            self.counts.append(0 if tag == "ol" else None)
        if tag in {"blockquote", "pre"}:
            self.open.append(tag)
        if tag == "li":
            self.bullet = self._next_bullet()
        if tag == "a":
            self.link = (dict(attrs).get("href") or "", len(self.lines), len(self.lines[-1]))

    def _handle_table(self, tag: str, attrs: list[tuple[str, str | None]]) -> bool:
        """Write a cell on the line of its row, and a picture by its name; whether that was all."""
        if tag == "img":
            self._write(f"[{dict(attrs).get('alt') or 'image'}]")
        elif tag == "table":
            self.cells.append(0)
        elif tag == "tr" and self.cells:
            self.cells[-1] = 0
        elif tag in CELLS and self.cells:
            if self.cells[-1]:
                self._end_cell()
            self.cells[-1] += 1
            self.in_cell = True
            return True
        return tag == "img" or (self.in_cell and tag in {"p", "div", "br"} and self._write_blank())

    def _end_cell(self) -> None:
        """Write what parts two cells, also where nothing stands in them."""
        self._drop_blanks(self.lines[-1])
        self.at_margin = False
        self._write(self.CELL_END)

    def _write_blank(self) -> bool:
        if not self.at_margin and not self.gap:
            self.lines[-1].append(" ")
        return True

    def handle_endtag(self, tag: str) -> None:
        if tag in CELLS:
            self.in_cell = False
            return
        if self.in_cell and tag in {"p", "div"}:
            return
        if tag == "table" and self.cells:
            self.cells.pop()
        if tag == "a" and self.link is not None:
            self._end_link(*self.link)
        if tag in {"ul", "ol"} and self.counts:
            self.counts.pop()
        if tag in self.open:
            self.open.remove(tag)
        self._break_before(tag)

    def handle_data(self, data: str) -> None:
        if "pre" in self.open:
            for position, line in enumerate(data.split("\n")):
                if position:
                    self._new_line()
                self._write(line)
        else:
            # A no-break space is intended: only the white space of the source is collapsed.
            self._write(re.sub(r"[ \t\r\n\f]+", " ", data))

    def text(self) -> str:
        """Return the plain text."""
        lines = ["".join(line).rstrip(" ") for line in self.lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n ")

    def _break_before(self, tag: str) -> None:
        if tag in self.PARTED:
            self.gap = max(self.gap, 1 if self.counts else 2)
        elif tag in self.BROKEN:
            self.gap = max(self.gap, 1)

    def _new_line(self) -> None:
        self._begin_line(self._margin())

    def _begin_line(self, margin: str) -> None:
        self.lines.append([margin] if margin else [])
        self.is_blank, self.at_margin = self.is_blank and not margin, True

    def _margin(self) -> str:
        return "> " * min(self.open.count("blockquote"), MAX_MARGIN)

    def _next_bullet(self) -> str:
        if not self.counts:
            return "- "
        number = self.counts[-1]
        if number is not None:
            self.counts[-1] = number + 1
        return "  " * min(len(self.counts) - 1, MAX_MARGIN) + ("- " if number is None else f"{number + 1}. ")

    def _write(self, words: str) -> None:
        at_start = self.gap > 0 or self.at_margin
        words = words.lstrip(" ") if at_start and "pre" not in self.open else words
        if not words:
            return
        if self.gap and not self.is_blank:
            for _empty in range(self.gap - 1):
                self._begin_line(min(self.margin, self._margin()))
            self._new_line()
        elif self.is_blank:
            self.lines[-1] = [self._margin()]
        self.lines[-1].append(self.bullet + words)
        self.at_margin = self.at_margin and not (self.bullet + words).strip("> ")
        self.gap, self.bullet, self.margin, self.is_blank = 0, "", self._margin(), False

    def _end_link(self, href: str, line: int, piece: int) -> None:
        read = [self.lines[line - 1][piece:], *self.lines[line:]]
        words = " ".join("".join(pieces) for pieces in read).strip("> ")
        address = href.removeprefix("mailto:").removeprefix("tel:")
        if address and words.rstrip("/") != address.rstrip("/"):
            self._drop_blanks(self.lines[-1])
            self._write(f" ({address})" if words else address)
        self.link = None

    @staticmethod
    def _drop_blanks(pieces: list[str]) -> None:
        while pieces:
            pieces[-1] = pieces[-1].rstrip(" ")
            if pieces[-1]:
                return
            pieces.pop()
