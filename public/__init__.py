"""The door of visitors and customers: thin views, one per act. Rules live in ``helpdesk``."""

from flask import Flask

from public import (
    codes,
    erasing,
    files,
    leaving,
    my_tickets,
    new_ticket,
    personal_data,
    privacy,
    setup,
    sign_in,
    site,
    ticket_links,
    unconfirmed,
)
from public.routes import blueprint, setup_blueprint

__all__ = [
    "blueprint",
    "codes",
    "erasing",
    "files",
    "init_app",
    "leaving",
    "my_tickets",
    "new_ticket",
    "personal_data",
    "privacy",
    "setup",
    "setup_blueprint",
    "sign_in",
    "single_sign_on",
    "site",
    "ticket_links",
    "unconfirmed",
]


def init_app(app: Flask) -> None:
    """Give the application its public pages and the set-up wizard."""
    app.register_blueprint(blueprint)
    app.register_blueprint(setup_blueprint)
