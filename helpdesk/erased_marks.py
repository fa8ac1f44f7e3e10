"""What stands in the place of an erased person, and of what they wrote: a mark that is stored, words that are shown.

The words are put in where a page, a file or an e-mail goes out, in the language of its reader (`in_words`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from helpdesk.i18n import translate as _

#: What stands for a text that was erased.
TEXT = "[[erased]]"
#: By which words erased persons are searched, in any language of the desk: their mark has none.
SEARCHED = "Erased customer, Client effacé"
#: What every mark begins with.
BEGINNING = "[[erased"
_MARK = re.compile(r"\[\[erased(?::(\d{1,19}))?\]\]")


def of_person(number: int) -> str:
    """Return the mark of an erased person by the number of the erasure; 0: nobody in particular."""
    return f"[[erased:{number}]]"


def disarmed(text: str) -> str:
    """Return a text from outside in which nothing is a mark: whoever types one stands for nobody who was erased."""
    return text.replace(BEGINNING, f"[ {BEGINNING[1:]}")


def in_words(text: str) -> str:
    """Return a text with words in the place of marks, in the language that is set."""
    return translator()(text) if BEGINNING in text else text


def translator() -> Callable[[str], str]:
    """Return what puts the words in, in the language that is set now: for a file that goes out piece by piece."""
    text, nobody = _("(text erased)"), _("Erased customer")

    def words(mark: re.Match[str]) -> str:
        number = mark[1]
        if number is None:
            return text
        return nobody if int(number) == 0 else persons.replace("0", str(int(number)))

    persons = _("Erased customer no. %(number)s", number=0)
    return lambda whole: _MARK.sub(words, whole)
