"""Templates are laid out for people; pages go out without the line breaks and the indentation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

#: Where a tag begins, where it ends, and a line break with the blanks around it.
PIECE = re.compile(r"<(?=[a-zA-Z/!])|>|[ \t]*\n\s*")


class LineBreaks(Extension):
    """Read line breaks in HTML as JSX does: beside tags, statements and expressions they are nothing.

    Between two words or two attributes a line break is one blank. Where a line ends and a blank is needed all the
    same, the template says so: ``{{ ' ' }}``. Lines keep their numbers in error messages.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        is_html, in_tag = (stream.name or "").endswith(".html"), False
        for token in stream:
            if is_html and token.type == "data":
                text, in_tag = _without_breaks(token.value, in_tag)
                if text:
                    yield Token(token.lineno, "data", text)
            else:
                yield token


def _without_breaks(text: str, in_tag: bool) -> tuple[str, bool]:
    result, end = [], 0
    for piece in PIECE.finditer(text):
        result.append(text[end : piece.start()])
        end = piece.end()
        if piece[0] in "<>":
            in_tag = piece[0] == "<"
            result.append(piece[0])
        elif text[end : end + 1] != ">" if in_tag else _is_between_words(text, piece):
            result.append(" ")
    return "".join(result) + text[end:], in_tag


def _is_between_words(text: str, piece: re.Match[str]) -> bool:
    before, after = text[: piece.start()][-1:], text[piece.end() :][:1]
    return before not in ("", ">") and after not in ("", "<")
