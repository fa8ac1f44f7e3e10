"""Signing in with the organisation’s own account: there and back, linked accounts of one’s own, and the test.
It may import `admin_views.account`, `web` and the rules of `helpdesk`.
Setting providers up is `admin_views/setup/identity_providers.py`.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for

from admin_views.account import HOME, Page, agents_only, desk_page, enter
from helpdesk import access
from helpdesk.errors import InvalidInput, StillInUse, TooMany
from helpdesk.i18n import _
from helpdesk.lib import inputs
from helpdesk.single_sign_on import attempts, entering, linking, providers
from helpdesk.single_sign_on.attempts import CONFIRM, LINK, SIGN_IN, TEST, Attempt, Proof, Refused
from models import Agent
from web import provider_ways, sessions
from web.security import safe_path

blueprint = Blueprint("single_sign_on", __name__, url_prefix="/admin")

#: Where a provider leads back to: the owner’s application there must name this address.
PATH = "/admin/single-sign-on"
#: Whoever is not told of an account here meets one sentence: no stranger learns who has one.
NOT_LINKED = frozenset({"unknown", "disabled", "group"})
#: Characters of a claim that are shown.
SHOWN = 300


@blueprint.get("/sign-in/by/<int:key>")
def begin(key: int) -> Page:
    """Go to a provider to sign in."""
    after = safe_path(request.args.get("next"), HOME)
    if sessions.current_agent() is not None:
        return redirect(after)
    return _leave(key, SIGN_IN, url_for("account.sign_in", next=after), after)


@blueprint.get("/profile/linked/<int:key>/new")
@agents_only
def link(agent: Agent, key: int) -> Page:
    """Go to a provider to link one’s account there."""
    return _leave(key, LINK, url_for("account.profile"), agent=agent)


@blueprint.get("/confirm/by/<int:key>")
@agents_only
def confirm(agent: Agent, key: int) -> Page:
    """Go to a provider to sign in there once more, before what hurts."""
    after = safe_path(request.args.get("next"), HOME)
    if request.args.get("download"):
        after = url_for("step_up.confirm", next=after, download=1)
    return _leave(key, CONFIRM, url_for("step_up.confirm", next=after), after, agent=agent)


def _leave(key: int, purpose: str, back: str, after: str = "", agent: Agent | None = None) -> Page:
    provider = next((row for row in providers.enabled() if row.id == key), None)
    if provider is None:
        abort(404)
    if not provider_ways.is_own_link():
        return redirect(back, 303)
    try:
        return provider_ways.leave(provider, purpose, path=PATH, after=after, agent=agent)
    except Refused as error:
        attempts.note(error, sessions.visitor())
        flash(str(error), "error")
        return redirect(back, 303)


@blueprint.get("/single-sign-on")
def back() -> Page:
    """Take whoever comes back from a provider, for what they went there."""
    attempt = provider_ways.take()
    agent = sessions.current_agent()
    is_theirs = attempt is None or attempt.purpose == SIGN_IN or (agent is not None and agent.id == attempt.agent)
    try:
        proof = provider_ways.come_back(attempt if is_theirs else None, path=PATH)
        assert attempt is not None  # nosec B101 # noqa: S101 — `come_back` has refused it
        return _go_on(attempt, proof, agent)
    except Refused as error:
        if error.key not in NOT_LINKED or attempt is None or attempt.purpose != SIGN_IN:
            flash(str(error), "error")
    except (InvalidInput, TooMany) as error:
        flash(str(error), "error")
    return redirect(_place(attempt, agent), 303)


def _place(attempt: Attempt | None, agent: Agent | None) -> str:
    """Return where somebody goes on who did not come in."""
    if agent is None:
        return url_for("account.sign_in", next=attempt.after if attempt is not None and attempt.after else None)
    if attempt is None or attempt.purpose == SIGN_IN:
        return HOME
    if attempt.purpose == CONFIRM:
        return url_for("step_up.confirm", next=attempt.after)
    return url_for("desk_identity_providers.index_view" if attempt.purpose == TEST else "account.profile")


def _go_on(attempt: Attempt, proof: Proof, agent: Agent | None) -> Page:
    after = safe_path(attempt.after, HOME)
    if attempt.purpose == SIGN_IN:
        return _sign_in(proof, after)
    if agent is None:
        abort(403)
    if attempt.purpose == TEST:
        return _tested(proof, agent)
    if attempt.purpose == LINK:
        linking.link(agent, proof)
        flash(_("From now on, “%(name)s” opens your account.", name=str(proof.provider)), "success")
        return redirect(url_for("account.profile"), 303)
    identity = linking.find(proof)
    if identity is None or identity.agent_id != agent.id:
        raise Refused("other-person", proof.provider)
    sessions.confirm_by_provider(agent, proof.provider)
    return redirect(after if sessions.is_fresh() else url_for("step_up.confirm", next=after), 303)


def _sign_in(proof: Proof, after: str) -> Page:
    try:
        agent = entering.agent_of(proof, visitor=sessions.visitor())
    except Refused as error:
        if error.key in NOT_LINKED:
            provider_ways.wait_to_link(proof)
        raise
    return enter(agent, after, provider=proof.provider)


def _tested(proof: Proof, agent: Agent) -> Page:
    """Show what a provider says of whoever went there; nobody is signed in, and nothing is linked."""
    access.require(agent, "administer")
    key, person = entering.fate(proof)
    claims = sorted((name, _written(value)) for name, value in proof.claims.items())
    reason = str(Refused(key, proof.provider)) if key not in {"enters", "made"} else ""
    return desk_page(
        "admin/account/single_sign_on_test.html", agent, proof=proof, claims=claims, fate=key, whose=person,
        reason=reason,
    )  # fmt: skip


def _written(value: Any) -> str:
    """Write a claim as the provider did."""
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:SHOWN]


@blueprint.post("/profile/linked/<int:key>/remove")
@agents_only
def unlink(agent: Agent, key: int) -> Page:
    """Unlink one of one’s accounts."""
    if not inputs.fits(key):
        abort(404)
    try:
        flash(_("“%(name)s” opens your account no more.", name=linking.unlink(agent, key)), "success")
    except (InvalidInput, StillInUse) as error:
        flash(str(error), "error")
    return redirect(url_for("account.profile"), 303)


def to_confirm(agent: Agent) -> list[Any]:
    """Return the providers at which this agent can confirm that it is them."""
    usable = {row.id for row in providers.enabled()}
    return [row.provider for row in linking.of(agent) if row.provider_id in usable]
