"""Handing out a file: as a download that can do nothing in a page of ours, or as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask import Response, abort, send_file, stream_with_context

from helpdesk.files import attachments, file_store
from models import IMAGES, Attachment, Upload

#: What a file may do where it is opened: nothing.
POLICY = "sandbox; default-src 'none'"


def send(row: Attachment | Upload, *, inline: bool) -> Response:
    """Send a file that its reader may see; 404 when the file is gone.

    Only real pictures are shown in place, and none whose pixels would fill a browser's memory: 404, it is downloaded.
    """
    path = file_store.location(row.path)
    if not path.is_file():
        abort(404)
    if isinstance(row, Attachment):
        attachments.measure(row)
    if inline and row.media_type in IMAGES and not row.is_image:
        abort(404)
    shown = inline and row.is_image
    response = send_file(
        path, mimetype=row.media_type, as_attachment=not shown, download_name=row.name, etag=row.sha256, max_age=0
    )
    return harmless(response)


def send_mail(path: Path, name: str) -> Response:
    """Send an e-mail as it came: always as a download."""
    return harmless(send_file(path, mimetype="message/rfc822", as_attachment=True, download_name=name, max_age=0))


def send_archive(parts: Iterator[bytes], name: str) -> Response:
    """Send a zip archive of this name while it is written."""
    headers = {"Content-Disposition": f"attachment; filename={name}.zip"}
    return harmless(Response(stream_with_context(parts), mimetype="application/zip", headers=headers))


def send_written(path: Path, name: str) -> Response:
    """Send a zip archive of this name that lies on disk."""
    return harmless(
        send_file(path, mimetype="application/zip", as_attachment=True, download_name=f"{name}.zip", max_age=0)
    )


def mail_document(html: str, *, with_remote: bool) -> Response:
    """Send the layout of an e-mail as a document of its own: no script, no form, and pictures only of the mail."""
    response = harmless(Response(html, mimetype="text/html"))
    pictures = "data: https:" if with_remote else "data:"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; sandbox"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def harmless(response: Response) -> Response:
    """Return what is handed out with headers that let it do nothing where it is opened."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-cache"
    return response
