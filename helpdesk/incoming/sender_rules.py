"""What is done with the mail of a sender: of an address, of a domain, or of a domain and all below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from helpdesk import access, clock
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax, inputs
from helpdesk.settings import lookups
from models import SenderRule

DOES = {
    "accept": lazy("Always accept"),
    "never_answer": lazy("Never answer automatically"),
    "hold": lazy("Hold"),
    "ignore": lazy("Do nothing"),
}
_DOMAIN = re.compile(r"\.?(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


def save(rule: SenderRule, values: Mapping[str, Any], *, actor: Actor) -> SenderRule:
    """Store what is done with a sender. Raises NotAllowed, or InvalidInput at the field that is wrong."""
    access.require(actor, "configure")
    rule.pattern = _pattern(str(values.get("pattern") or ""))
    if SenderRule.select().where(SenderRule.pattern == rule.pattern, SenderRule.id != (rule.id or 0)).exists():
        raise InvalidInput(lazy("There is a rule for this sender already."), field="pattern")
    if values.get("does") not in DOES:
        raise InvalidInput(lazy("Choose one from the list."), field="does")
    rule.does = str(values["does"])
    rule.note = inputs.one_line(values.get("note"), 200)
    rule.save()
    return rule


def _pattern(text: str) -> str:
    bare = text.strip().lower().removeprefix("*@").removeprefix("@")
    if "@" in bare:
        try:
            return email_syntax.normalise(bare)
        except InvalidInput as error:
            raise InvalidInput(error.args[0], field="pattern") from error
    try:
        domain = bare.encode("idna").decode() if bare and not bare.isascii() else bare
    except UnicodeError:
        domain = ""
    if not _DOMAIN.fullmatch(domain) or len(domain) > 253:
        message = lazy("Write an address, or a domain such as example.org; .example.org takes those below it, too.")
        raise InvalidInput(message, field="pattern")
    return domain


def delete(rule: SenderRule, *, actor: Actor) -> None:
    """Decide about a sender's mail by what it is again. Raises NotAllowed."""
    access.require(actor, "configure")
    rule.delete_instance()


def rule_for(email: str) -> SenderRule | None:
    """Return what is done with this sender: the most precise rule decides."""
    return next((rule for pattern in _patterns(email) if (rule := lookups.sender_rule(pattern)) is not None), None)


def _patterns(email: str) -> Iterator[str]:
    yield email
    domain = email.rpartition("@")[2]
    if not domain:
        return
    yield domain
    # Whole labels only: notexample.org is no part of example.org.
    labels = domain.split(".")[:20]
    for place in range(len(labels)):
        yield "." + ".".join(labels[place:])


def set_rule(email: str, does: str, *, actor: Actor) -> SenderRule:
    """Do this with the mail of an address from now on. Raises as `save`."""
    rule = SenderRule.get_or_none(SenderRule.pattern == email) or SenderRule()
    return save(rule, {"pattern": email, "does": does, "note": rule.note}, actor=actor)


def count_hit(rule: SenderRule) -> None:
    """Note that a rule decided about a mail."""
    SenderRule.update(hits=SenderRule.hits + 1, last_hit_at=clock.now()).where(SenderRule.id == rule.id).execute()
