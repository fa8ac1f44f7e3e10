"""The process that reads mails, lent from one test to the next: it keeps nothing of a mail, and starting it is dear."""

from __future__ import annotations

import subprocess

from helpdesk.incoming.parsed_mail import Parser

#: How the program ends it: with the work it was started for.
END_WITH_WORK = Parser.__exit__

_idle: list[subprocess.Popen[bytes]] = []


def lend() -> None:
    """From now on a reader gives its process back when its work is done, and the next one begins with it."""
    Parser.__enter__ = _begin  # type: ignore[method-assign]
    Parser.__exit__ = _give_back  # type: ignore[method-assign]


def end() -> None:
    """End those that wait for work."""
    while _idle:
        parser = Parser()
        parser._process = _idle.pop()
        parser.end()


def _begin(parser: Parser) -> Parser:
    parser._process = _idle.pop() if _idle else None
    return parser


def _give_back(parser: Parser, *error: object) -> None:
    process = parser._process
    if process is None or process.poll() is not None or error[0] is not None:
        # Of work that broke off an answer may be left.
        parser.end()
        return
    _idle.append(process)
    parser._process = None
