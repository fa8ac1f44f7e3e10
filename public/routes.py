"""The two blueprints of this door: what visitors and customers see, and the set-up wizard."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("public", __name__)
setup_blueprint = Blueprint("setup", __name__, url_prefix="/setup")
