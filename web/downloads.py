"""Handing out a file: as a download that can do nothing in a page of ours, or as a picture."""

from __future__ import annotations

from flask import Response, abort, send_file

from helpdesk.files import file_store
from models import Attachment

#: What a file may do where it is opened: nothing.
POLICY = "sandbox; default-src 'none'"


def send(row: Attachment, *, inline: bool) -> Response:
    """Send a file that its reader may see. Only real pictures are shown in place; 404 when the file is gone."""
    path = file_store.location(row.path)
    if not path.is_file():
        abort(404)
    shown = inline and row.is_image
    response = send_file(
        path, mimetype=row.media_type, as_attachment=not shown, download_name=row.name, etag=row.sha256, max_age=0
    )
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-cache"
    return response
