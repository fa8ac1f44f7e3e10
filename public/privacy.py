"""How long the desk keeps what visitors and customers send, as it is set now."""

from __future__ import annotations

from flask import render_template

from helpdesk.retention import wording
from public.routes import blueprint


@blueprint.get("/privacy")
def privacy() -> str:
    """Show the owner's words, and the periods that are really set."""
    return render_template("public/privacy.html", sections=wording.public_sections())
