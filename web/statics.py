"""Static files: named by their content, kept for a year, sent compressed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory
from werkzeug.security import safe_join

from helpdesk import settings
from helpdesk.files import file_store, logo
from helpdesk.lib import accent, colors
from helpdesk.lib import cache as kept
from helpdesk.settings import lookups
from web.downloads import POLICY

FOLDER = Path(__file__).resolve().parent.parent / "static"
YEAR = 31_536_000

blueprint = Blueprint("assets", __name__)


@cache
def static_url(name: str) -> str:
    """Return the address of a static file: it changes when the file does (seen at the next start)."""
    fingerprint = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={fingerprint}"


@blueprint.get("/static/<path:name>")
def static_file(name: str) -> Response:
    """Send a static file, its compressed twin when the browser takes one."""
    path = safe_join(str(FOLDER), name)
    if path is None or not Path(path).is_file():
        abort(404)
    twin = f"{name}.gz"
    zipped = request.accept_encodings.quality("gzip") > 0 and (FOLDER / twin).is_file()
    response = send_from_directory(FOLDER, name, max_age=YEAR if "v" in request.args else 300)
    if zipped:
        original = response
        response = send_from_directory(
            FOLDER, twin, mimetype=original.mimetype, max_age=YEAR if "v" in request.args else 300
        )
        original.close()
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.cache_control.public = True
    return response


_labels = kept.CachedValue(
    lambda: (
        accent.stylesheet(settings.get("accent_color")) + colors.stylesheet(lookups.statuses(), lookups.priorities())
    )
)


_labels_version = kept.CachedValue(lambda: hashlib.sha256(_labels().encode()).hexdigest()[:12])


def labels_url() -> str:
    """Return the address of the owner's colours."""
    return f"{request.script_root}/labels.css?v={_labels_version()}"


@blueprint.get("/labels.css")
def labels() -> Response:
    """Send the owner's accent, and the colours of statuses and priorities (no inline style passes the policy)."""
    response = Response(_labels(), mimetype="text/css")
    response.cache_control.public = True
    response.cache_control.max_age = YEAR if "v" in request.args else 300
    return response


def logo_url() -> str:
    """Return the address of the owner's logo, an empty text when there is none; it changes with the picture."""
    shown = logo.current()
    return f"{request.script_root}/logo/{shown.version}" if shown else ""


@blueprint.get("/logo/<version>")
def logo_file(version: str) -> Response:
    """Send the owner's logo to be kept for good; it can do nothing, also where it is opened as a page."""
    shown = logo.current()
    path = file_store.location(shown.path) if shown and shown.version == version else None
    if shown is None or path is None or not path.is_file():
        abort(404)
    # Small by making: an answer of its own needs no open file.
    response = Response(path.read_bytes(), mimetype=shown.media_type)
    response.set_etag(shown.version)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.cache_control.public = response.cache_control.immutable = True
    response.cache_control.max_age = YEAR
    response.make_conditional(request)
    return response
