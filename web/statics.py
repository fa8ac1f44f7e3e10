"""Static files: named by their content, kept for a year, sent compressed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory, url_for
from werkzeug.security import safe_join

from helpdesk import accent, catalogue, colors, settings
from helpdesk import cache as kept

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


_labels = kept.Kept(
    lambda: (
        accent.stylesheet(settings.get("accent_color"))
        + colors.stylesheet(catalogue.statuses(), catalogue.priorities())
    )
)


def labels_url() -> str:
    """Return the address of the owner's colours."""
    return url_for("assets.labels", v=hashlib.sha256(_labels().encode()).hexdigest()[:12])


@blueprint.get("/labels.css")
def labels() -> Response:
    """Send the owner's accent, and the colours of statuses and priorities (no inline style passes the policy)."""
    response = Response(_labels(), mimetype="text/css")
    response.cache_control.public = True
    response.cache_control.max_age = YEAR if "v" in request.args else 300
    return response
