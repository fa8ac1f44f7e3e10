"""Long hostile texts: whatever reads what people send takes a moment for it, not the square of its length.

Each of these took minutes, or would have, with a pattern that looks at the same letters over and over.
"""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from helpdesk import search, settings
from helpdesk.errors import InvalidInput
from helpdesk.files import filetypes
from helpdesk.imports import formats
from helpdesk.lib import colors, email_syntax, inputs, passwords, richtext, sizes, spreadsheet_cells
from helpdesk.lists import snippets
from helpdesk.notifications import outbox_rows
from helpdesk.orders import money
from helpdesk.settings import placeholders
from helpdesk.tickets import cc, forgotten_attachment, mentions
from models import Agent
from tests.support import sqlite_only
from web import kept_input

LENGTH = 100_000
IDEOGRAPHIC = "\u3000"

#: What is repeated, between a beginning and an end that keep a pattern from being content early.
PIECES = {
    "a blank": " ", "an exotic blank": IDEOGRAPHIC, "line ends": "\n", "blank lines": "\n \t", "break": "<br>",
    "no-break": "&nbsp;", "brace": "{", "braces": "{{", "braced blank": "{{ ", "tag": "<", "open tag": "<a ",
    "quoted": '<a b="', "comment": "<!--", "end": "</", "pair": "<b>x</b>", "letter": "a", "digit": "1",
    "thousand": "123,", "equal": "= ", "at": "@", "named": "@Ana ", "name": "@Ana" + IDEOGRAPHIC, "link": "https://.",
    "angle": "<>", "comma": ", ", "amp": "&#9", "times": "1 x ", "accent": "e\u0301", "formula": "; ", "hash": "#",
}  # fmt: skip

READERS = {
    "clean": richtext.clean,
    "from_text": richtext.from_text,
    "to_text": lambda text: richtext.to_text(richtext.clean(text)),
    "tail": outbox_rows._without_tail,
    "unknown": lambda text: placeholders.unknown(text, ""),
    "uses": lambda text: placeholders.uses(text, "message"),
    "fill": lambda text: placeholders.fill(text, {"message": "", "ticket_id": text}, html=True, one_line=True),
    "article": lambda text: formats._articles(text, "EUR"),
    "money": lambda text: money.decimal_text(text, "EUR", "total"),
    "money as sent": lambda text: money.in_smallest_unit(text, "EUR", "total"),
    "copies": cc.split,
    "file": forgotten_attachment.speaks_of_a_file,
    "password": lambda text: passwords.check_new(text, text[:250]),
    "note": lambda text: mentions.mark(richtext.clean(text), [Agent(id=1, name="Ana Lima"), Agent(id=2, name="Ana")]),
    "search": search.words,
    "passage": lambda text: snippets.cut(text, ["ana"]),
    "marked": lambda text: snippets.marked(text, ["ana"]),
    "mail text": richtext.from_form,
    "cell": spreadsheet_cells.neutral,
    "sender": lambda text: settings.clean("default_sender", text),
    "extensions": lambda text: settings.clean("allowed_extensions", text),
    "folder": lambda text: settings.clean("attachment_folder", text),
    "size": lambda text: settings.clean("max_file_size", text),
    "bytes": sizes.parse,
    "colour": colors.parse,
    "file name": filetypes.clean_name,
    "address": email_syntax.normalise,
    "line": lambda text: inputs.one_line(text, 200),
    "given back": kept_input._plain,
}


@sqlite_only
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_long_hostile_text_takes_a_moment(database, request_context, reader):
    for name, piece in PIECES.items():
        for before, after in (("a", "x"), ("<p>{{message", "}}</p>"), ("", " = ")):
            text = before + (piece * LENGTH)[:LENGTH] + after
            started = time.process_time()
            with suppress(InvalidInput, ValueError):
                reader(text)
            assert time.process_time() - started < 2, (name, before)
