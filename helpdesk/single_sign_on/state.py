"""Whether single sign-on is well, for the doctor: secrets that can be read, and a way in for administrators."""

from __future__ import annotations

from helpdesk import settings
from helpdesk.i18n import _
from helpdesk.settings import environment, provider_failures
from helpdesk.single_sign_on import only, providers
from models import IdentityProvider


def findings(*, deep: bool) -> list[tuple[str, bool, str, bool]]:
    """Return a finding: name, whether it is well, a sentence, and whether it is no more than a note.

    Nothing is said where there is no provider. `deep` also asks each provider what it says of itself.
    """
    if not providers.exist() and not settings.get(only.ONLY):
        return []
    name = _("Single sign-on")
    if settings.get(only.ONLY) and not only.was_tried():
        return [(name, False, _("It is the only way in, and no administrator could come in by it."), False)]
    if settings.get(only.ONLY) and environment.current().passwords:
        text = _("Passwords open accounts, as GUICHET_PASSWORDS=1 is set: take it away once it is not needed any more.")
        return [(name, False, text, True)]
    troubles = [text for row in providers.in_use() if (text := _trouble(row, deep=deep))]
    text = troubles[0] if troubles else _("The only way in for agents") if only.is_only() else _("On")
    return [(name, not troubles, text, False)]


def _trouble(row: IdentityProvider, *, deep: bool) -> str:
    """Return what is wrong with a provider, as a sentence; empty where nothing is."""
    try:
        client = providers.client_of(row, "")
        if deep:
            client.metadata()
    except providers.protocol().Failure as failure:
        return provider_failures.sentence(failure.key, str(row), failure.detail)
    return ""
