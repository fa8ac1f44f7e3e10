"""What the e-mails say, as an owner changes it: only what differs from the shipped texts is stored (B8 to B11)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from database import Label, database
from helpdesk import access, journal, settings
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import LANGUAGES, _, lazy
from helpdesk.lib import inputs, link_addresses, richtext
from helpdesk.settings import lookups, placeholders
from helpdesk.settings.email_kind import Kind
from helpdesk.settings.email_kinds import KINDS
from models import EmailText

LABELS = ("sender_name", "subject", "body")
LONGEST = {"sender_name": 120, "subject": 200, "body": 20_000}


def kind_of(key: str) -> Kind:
    """Return a declared kind of e-mail. Raises NotFound."""
    if key not in KINDS:
        raise NotFound(lazy("There is no such e-mail."))
    return KINDS[key]


def form_values(kind: Kind) -> dict[str, Any]:
    """Return what this kind says now, in every language, for its form."""
    stored = lookups.email_text(kind.key)
    values: dict[str, Any] = {
        name: Label({**getattr(kind, name), **(getattr(stored, name) if stored else {})}) for name in LABELS
    }
    enabled = stored.enabled if stored else kind.enabled
    return {**values, "enabled": enabled, "sender_email": stored.sender_email if stored else ""}


def is_changed(kind: Kind) -> bool:
    """Whether an owner has changed this kind."""
    return lookups.email_text(kind.key) is not None


def may_edit(kind: Kind, actor: Actor) -> bool:
    """Whether the actor may change this kind: what brings links to accounts belongs to administrators."""
    return access.can(actor, _verb(kind))


def _verb(kind: Kind) -> str:
    return "administer" if kind.group == "accounts" else "configure"


def may_choose_sender(actor: Actor) -> bool:
    """Whether the actor may say where e-mails leave from: what comes back, links and all, goes there (RULES 41)."""
    return access.can(actor, "administer")


def save_text(kind: Kind, values: Mapping[str, Any], *, actor: Actor) -> None:
    """Store ``enabled``, ``sender_email``, ``sender_name``, ``subject`` and ``body`` of a kind of e-mail.

    The sender's address stays as it is unless an administrator changes it. Raises NotAllowed, or InvalidInput at the
    field with an unknown variable, named.
    """
    access.require(actor, _verb(kind))
    wrong = problems(kind, values)
    if wrong:
        name, text = next(iter(wrong.items()))
        raise InvalidInput(text, field=name)
    row = EmailText.get_or_none(EmailText.kind == kind.key) or EmailText(kind=kind.key)
    before = form_values(kind)
    row.enabled = bool(values.get("enabled")) if kind.can_be_off else True
    if may_choose_sender(actor):
        row.sender_email = settings.clean("default_sender", values.get("sender_email"))
    for name in LABELS:
        setattr(row, name, _changed(kind, name, values.get(name) or {}))
    with database.atomic():
        if _says_the_same(row, kind):
            if row.id is not None:
                row.delete_instance()
        else:
            row.save()
        _note(kind, before, actor)


def _note(kind: Kind, before: Mapping[str, Any], actor: Actor) -> None:
    changed = [name for name, value in form_values(kind).items() if before[name] != value]
    if changed:
        journal.record(journal.Act.TEXT_CHANGED, actor=actor, email=kind.key, fields=changed)


def _changed(kind: Kind, name: str, texts: Mapping[str, str]) -> Label:
    """Return the texts that differ from the shipped ones, cleaned."""
    changed = Label()
    for code in LANGUAGES:
        text = str(texts.get(code) or "").strip()
        clean = richtext.from_form(text) if name == "body" else inputs.one_line(text, LONGEST[name])
        if clean and _bare(clean) != _bare(text_of(kind, name, code)):
            changed[code] = clean
    return changed


def _bare(html: str) -> str:
    """Return a text without the frame that an editor puts around it."""
    return re.sub(r"</?(?:div|p)>", "", html).strip()


def text_of(kind: Kind, name: str, code: str) -> str:
    """Return the shipped text of a language, as it would be stored."""
    text = str(getattr(kind, name).get(code, ""))
    return richtext.clean(text) if name == "body" else text


def problems(kind: Kind, values: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with these texts, by field: too long, or a variable that cannot be used, named."""
    found = {name: _wrong(kind, name, values.get(name) or {}) for name in LABELS}
    return {name: text for name, text in found.items() if text}


def _wrong(kind: Kind, name: str, texts: Mapping[str, str]) -> str:
    # A sender's name is no place for what a customer typed.
    variables = "invitation" if name == "sender_name" else kind.key
    unknown: dict[str, None] = {}
    links: dict[str, None] = {}
    for code in LANGUAGES:
        text = str(texts.get(code) or "").strip()
        if len(text) > LONGEST[name]:
            return _("This text is too long.")
        unknown |= dict.fromkeys(placeholders.unknown(text, variables))
        links |= {str(link_addresses.problem(text, is_mail=True) or ""): None} if name == "body" else {}
    if not unknown:
        return next(filter(None, links), "")
    return _("This variable cannot be used here: %(names)s.", names=", ".join(f"{{{{{word}}}}}" for word in unknown))


def _says_the_same(row: EmailText, kind: Kind) -> bool:
    return row.enabled == kind.enabled and not row.sender_email and not any(getattr(row, name) for name in LABELS)


def restore_original(kind: Kind, *, actor: Actor) -> None:
    """Forget what the owner changed in this kind; a sender's address only for an administrator. Raises NotAllowed."""
    access.require(actor, _verb(kind))
    row = EmailText.get_or_none(EmailText.kind == kind.key)
    if row is not None:
        with database.atomic():
            row.delete_instance()
            if row.sender_email and not may_choose_sender(actor):
                EmailText.create(kind=kind.key, enabled=kind.enabled, sender_email=row.sender_email)
            journal.record(journal.Act.TEXT_CHANGED, actor=actor, email=kind.key, fields=["restored"])
