"""Finding texts that speak of an attached file, to ask their author about a forgotten one."""

from __future__ import annotations

import re

from helpdesk import folding
from helpdesk.lib import richtext

#: Words of both languages, folded, whatever the language of the desk. The customer's file (“your attachment”)
#: does not count.
_SPEAKS = re.compile(
    r"(?<!your )(?<!votre )(?<!vos )\b(?:"
    r"attached|attachments?|(?:i|we) (?:have )?(?:attach|enclose)|enclosed|"
    r"pieces? jointes?|p\.? ?j\.?(?= |$|[:;,)])|ci-? ?joint(?:e|s|es)?|fichiers? joints?|documents? joints?|"
    r"je (?:vous )?joins|nous (?:vous )?joignons|en annexe"
    r")"
)


def speaks_of_a_file(html: str) -> bool:
    """Whether a text (HTML) says that a file is attached; quotations in it do not count."""
    lines = richtext.to_text(richtext.clean(html)).splitlines()
    own = " ".join(line for line in lines if not line.startswith(">"))
    return _SPEAKS.search(folding.fold(own)) is not None
