"""What belongs to no ticket: the language of the reader, and whether the desk is well."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from helpdesk.i18n import LANGUAGES, _
from helpdesk.operations import readiness
from helpdesk.people import agents, customers
from models import Agent, Customer
from public.routes import blueprint
from web import sessions
from web.security import is_https, safe_path

YEAR = 31_536_000


@blueprint.post("/language")
def language() -> Answer:
    """Switch the language of this browser, and of the account that is signed in."""
    code = request.form.get("language", "")
    response = redirect(safe_path(request.form.get("next"), "/"), 303)
    if code in LANGUAGES:
        response.set_cookie("language", code, max_age=YEAR, secure=is_https(), httponly=True, samesite="Lax")
        _keep(code)
    return response


def _keep(code: str) -> None:
    person = sessions.current_person()
    if isinstance(person, Customer):
        customers.save_own_profile(person, {"locale": code})
    elif isinstance(person, Agent):
        agents.save_profile(person, {"locale": code})


@blueprint.get("/healthz")
def health() -> tuple[str, int, dict[str, str]]:
    """Answer a watching program: ok while the desk does its work; else one line names what the page of health tells.

    ``?live`` never comes here (`web.liveness`).
    """
    names = [check.name for check in readiness.checks() if check.fails]
    line = _("To mend: %(names)s", names=", ".join(names)) if names else "ok"
    return f"{line}\n", 503 if names else 200, {"Content-Type": "text/plain; charset=utf-8"}
