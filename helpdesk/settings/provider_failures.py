"""Why a sign-in by a provider came to nothing: a key is kept, the sentence is made for each reader."""

from __future__ import annotations

from typing import Any

from helpdesk.i18n import lazy, ngettext

#: Sentences by key: first what went wrong between the desk and the provider, then what the desk refuses.
TEXTS: dict[str, Any] = {
    "unreachable": lazy("%(name)s cannot be reached at the moment. Sign in another way, or try again later."),
    "certificate": lazy("The certificate of %(name)s is not valid, so nothing was sent there."),
    "address": lazy("The address of %(name)s is none that the desk asks: it must begin with https://."),
    "answer": lazy("%(name)s answered something else than agreed (%(detail)s)."),
    "issuer": lazy("%(name)s calls itself by another name than the issuer that is set up here."),
    "metadata": lazy("%(name)s gives no usable address for “%(detail)s”."),
    "client": lazy("%(name)s does not take the client ID or the client secret of this desk."),
    "secret": lazy("The client secret of %(name)s cannot be read with this secret key: type it again."),
    "code": lazy("%(name)s does not know this sign-in any more: begin again."),
    "key": lazy("%(name)s signed with a key that it does not name as its own."),
    "signature": lazy("What came from %(name)s does not bear its signature."),
    "claim": lazy("What came from %(name)s lacks “%(detail)s”, or it is not for this desk."),
    "mixed": lazy("The answer came from another provider than %(name)s: nobody was signed in."),
    "no-auth-time": lazy("%(name)s does not say when you signed in there, so it cannot confirm that it is you."),
    "not-again": lazy("%(name)s did not ask you to sign in once more."),
    "state": lazy("This sign-in was not begun in this browser, too long ago, or used already: begin again."),
    "cancelled": lazy("The sign-in at %(name)s was cancelled."),
    "refused": lazy("%(name)s refused the sign-in (%(detail)s)."),
    "suppressed": lazy("Nothing is kept here of your address, so no account was made."),
    "unverified": lazy("%(name)s does not say that your e-mail address is proven, so it was not used."),
    "unknown": lazy("No account here is linked to this account of %(name)s."),
    "disabled": lazy("The account that is linked to it is disabled."),
    "group": lazy("Who is not in the group any more has no account here: it was disabled."),
    "groups-hidden": lazy(
        "%(name)s names no groups of yours, as you are in too many: nothing was changed. Whoever runs it lets it name "
        "only the groups assigned to this application."
    ),
    "of-customer": lazy("This account of %(name)s opens an account of customers here, so it opens none of the team."),
    "of-agent": lazy("This account of %(name)s opens an account of the team here, so it opens none of customers."),
    "other-person": lazy("This is another account of %(name)s than the one that is linked to you."),
    "taken": lazy("This account of %(name)s is linked to another person here."),
}


def sentence(key: str, name: str, detail: str = "") -> str:
    """Return the sentence of a failure, in the reader's language."""
    if key == "clock":
        minutes = int(detail) if detail.isdigit() else 0
        return ngettext(
            "The clocks of %(name)s and of this desk are %(num)d minute apart: let both set their time by themselves.",
            "The clocks of %(name)s and of this desk are %(num)d minutes apart: let both set their time by themselves.",
            minutes,
            name=name,
        )
    text = TEXTS.get(key)
    return str(text) % {"name": name, "detail": detail} if text is not None else key
