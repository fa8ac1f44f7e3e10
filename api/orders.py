"""Storing and reading orders through the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from api import bodies
from helpdesk import i18n, orders
from helpdesk.errors import HelpdeskError, InvalidInput, NotAllowed, NotFound, TooMany
from helpdesk.i18n import lazy
from helpdesk.people import api_keys
from helpdesk.people.api_keys import WrongKey

MAX_BODY = 256 * 1024

blueprint = Blueprint("api", __name__, url_prefix="/api")


@blueprint.before_request
def check_request() -> None:
    """Check the key, and limit the size of the body before it is read. Raises WrongKey, TooMany, NotAllowed."""
    request.max_content_length = MAX_BODY
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise WrongKey(lazy("Send your key: “Authorization: Bearer …”."))
    key = api_keys.check(secret.strip(), network=request.remote_addr or "")
    g.who = f"key-{key.id}"
    api_keys.require_shop(key, str((request.view_args or {}).get("shop", "")))


@blueprint.put("/orders/<shop>/<path:number>")
def put_order(shop: str, number: str) -> tuple[Response, int]:
    """Store an order: 201 when it is new, else 200. The same order again changes nothing."""
    values = bodies.order_values(request.get_data(cache=False), shop, number)
    order, is_new = orders.save_order(values)
    return jsonify(bodies.order_body(order)), 201 if is_new else 200


@blueprint.get("/orders/<shop>/<path:number>")
def get_order(shop: str, number: str) -> Response:
    """Return a stored order."""
    order = orders.find(shop, number)
    if order is None:
        raise NotFound(lazy("There is no such order."))
    return jsonify(bodies.order_body(order))


@blueprint.errorhandler(HelpdeskError)
def refuse(error: HelpdeskError) -> tuple[Response, int, dict[str, str]]:
    """Return the answer for an error of a rule, in English, with the field."""
    if isinstance(error, WrongKey):
        return answer(error, 401, {"WWW-Authenticate": "Bearer"})
    if isinstance(error, TooMany):
        return answer(error, 429, {"Retry-After": str(error.wait)})
    if isinstance(error, NotAllowed):
        return answer(error, 403)
    code = 404 if isinstance(error, NotFound) else 422 if isinstance(error, InvalidInput) and error.field else 400
    return answer(error, code)


@blueprint.errorhandler(HTTPException)
def fail(error: HTTPException) -> tuple[Response, int, dict[str, str]]:
    """Return the answer for an error of the server itself."""
    texts = {413: lazy("The body is larger than 256 KB."), 400: lazy("This request cannot be understood.")}
    code = error.code or 500
    return answer(HelpdeskError(texts.get(code, error.name)), code)


def answer(
    error: HelpdeskError, code: int, headers: dict[str, str] | None = None
) -> tuple[Response, int, dict[str, str]]:
    """Return an error as JSON, in English, with this status code."""
    with i18n.in_language("en"):
        body: dict[str, Any] = {"error": str(error)}
    if error.field:
        body["field"] = error.field
    return jsonify(body), code, headers or {}
