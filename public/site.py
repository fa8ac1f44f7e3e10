"""What belongs to no ticket: the language of the reader, and whether the desk is well."""

from __future__ import annotations

from flask import Response, redirect, request
from werkzeug.wrappers import Response as Answer

from database import database
from helpdesk.i18n import LANGUAGES
from helpdesk.operations import doctor
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
def health() -> Response:
    """Answer a watching program: ok when the database answers and there is room to write; else one line says why."""
    database.execute_sql("SELECT 1").fetchone()
    doctor.require_room()
    return Response("ok\n", mimetype="text/plain")
