"""The API for the organisation's other programs: JSON, authorised by a key, never by a cookie (docs/api.md)."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect

from api.orders import blueprint


def init_app(app: Flask, csrf: CSRFProtect) -> None:
    """Register the API. It reads no cookie, so it needs no protection against forged requests."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)
