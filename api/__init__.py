"""The door of the organisation's other programs: JSON, opened by a key, never by a cookie (docs/api.md)."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect

from api.orders import blueprint


def init_app(app: Flask, csrf: CSRFProtect) -> None:
    """Put the door into the application. It takes no cookie, so there is no request to forge."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)
