"""Words in the place of the marks of erased persons, in every page and every file of text that goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flask import Flask, Response

from helpdesk import erased_marks

#: Kinds of answers that are read as text.
TEXTS = frozenset({"text/html", "text/csv", "text/plain", "application/json"})
BEGINNING = erased_marks.BEGINNING.encode()


def init_app(app: Flask) -> None:
    """Put the words in after every request."""
    app.after_request(put_in)


def put_in(response: Response) -> Response:
    """Put words in the place of marks, in the reader’s language."""
    if response.mimetype not in TEXTS or response.direct_passthrough:
        return response
    if response.is_streamed:
        response.response = _pieces(response.iter_encoded(), erased_marks.translator())
    elif BEGINNING in (data := response.get_data()):
        response.set_data(erased_marks.in_words(data.decode()).encode())
    return response


def _pieces(pieces: Iterable[bytes], words: Callable[[str], str]) -> Iterator[bytes]:
    """Put the words into each piece: one is a line, or a whole value, and no mark is cut in two."""
    for piece in pieces:
        yield words(piece.decode()).encode() if BEGINNING in piece else piece
