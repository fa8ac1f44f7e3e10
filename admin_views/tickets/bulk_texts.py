"""What the pages say of acts on many tickets, and of taking them back."""

from __future__ import annotations

from helpdesk.i18n import ngettext
from helpdesk.lists.undo import Undone

#: Addresses named when their mails had gone already.
NAMED = 5


def success_text(act: str, number: int) -> str:
    """Return how many tickets an act has changed, in words."""
    if act in {"assign", "in-turn"}:
        return ngettext("%(num)s ticket has been assigned.", "%(num)s tickets have been assigned.", number)
    if act == "delete":
        return ngettext("%(num)s ticket is in the bin.", "%(num)s tickets are in the bin.", number)
    if act == "spam":
        return ngettext("%(num)s ticket is under Spam.", "%(num)s tickets are under Spam.", number)
    if act == "snooze":
        return ngettext("%(num)s ticket is snoozed.", "%(num)s tickets are snoozed.", number)
    if act == "wake":
        return ngettext("%(num)s ticket is awake.", "%(num)s tickets are awake.", number)
    return ngettext("%(num)s ticket has been updated.", "%(num)s tickets have been updated.", number)


def undone_texts(undone: Undone) -> list[tuple[str, str]]:
    """Return in words, each with its kind, what was given back, what was not, and what became of the e-mails."""
    texts: list[tuple[str, str]] = []
    if undone.back:
        text = ngettext("%(num)s ticket is as before.", "%(num)s tickets are as before.", undone.back)
        texts.append((text, "success"))
    if undone.left_alone:
        text = ngettext(
            "%(num)s ticket was left as it is: it has been changed since.",
            "%(num)s tickets were left as they are: they have been changed since.",
            undone.left_alone,
        )
        texts.append((text, "warning"))
    if undone.sent:
        text = ngettext(
            "%(num)s reply had already left: its ticket stays as it is.",
            "%(num)s replies had already left: their tickets stay as they are.",
            undone.sent,
        )
        texts.append((text, "warning"))
    if undone.cancelled:
        text = ngettext(
            "%(num)s e-mail was not sent yet: it is cancelled.",
            "%(num)s e-mails were not sent yet: they are cancelled.",
            undone.cancelled,
        )
        texts.append((text, "info"))
    if undone.gone:
        names = ", ".join(undone.gone[:NAMED]) + (" …" if len(undone.gone) > NAMED else "")
        text = ngettext(
            "%(num)s e-mail had already gone, to %(names)s.",
            "%(num)s e-mails had already gone, to %(names)s.",
            len(undone.gone),
            names=names,
        )
        texts.append((text, "warning"))
    return texts
