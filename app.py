"""Guichet, a help desk: `python3 app.py` runs it, `create_app` makes it. Read this file as the table of contents."""

# An old Python must be able to read this file, up to the sentence of `bootstrap` that refuses it: no newer syntax.
import gc
import os
import sys
from collections.abc import Mapping

import bootstrap

if __name__ == "__main__":
    bootstrap.enter()
    # Nothing of what is read now is ever garbage: to look for some takes an eighth of a start.
    gc.disable()

# What follows needs the environment that `bootstrap` makes.
from datetime import timedelta

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

import admin_views
import api
import helpdesk.wiring  # noqa: F401 — read for what it wires
import public
from database import database
from engines import open_database
from helpdesk import cli, i18n, outbox
from helpdesk.files import file_store
from helpdesk.lib import cache
from helpdesk.settings import environment, environment_file
from web import (
    addresses,
    compiled_templates,
    erased_words,
    errors,
    fragments,
    kept_input,
    liveness,
    rendering,
    request_log,
    security,
    sessions,
    statics,
    templates,
    uploads,
)

csrf = kept_input.Protection()


def create_app(config: Mapping[str, str] | None = None) -> Flask:
    """Make the application. `config` holds ``GUICHET_…`` variables laid over those of the process and of the file.

    Raises BadEnvironment naming the variable that is wrong. Does not migrate: ``serve`` and ``migrate`` do.
    """
    env = environment.read({**environment_file.laid_under(os.environ), **(config or {})})
    environment.use(env)
    app = addresses.Site(__name__, static_folder=None)
    app.jinja_environment = templates.Templates
    app.jinja_options = {"bytecode_cache": compiled_templates.CompiledTemplates(env)}
    app.config.update(
        SECRET_KEY=env.secret_key,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=90),
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=file_store.LEAST_BODY,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        BABEL_TRANSLATION_DIRECTORIES=str(environment.ROOT / "translations"),
    )
    request_log.init_app(app)
    open_the_database(app, env)
    uploads.init_app(app)
    sessions.init_app(app)
    csrf.init_app(app)
    i18n.babel.init_app(app, locale_selector=rendering.locale, timezone_selector=rendering.timezone)
    rendering.init_app(app)
    erased_words.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    outbox.init(app)
    app.register_blueprint(statics.blueprint)
    public.init_app(app)
    # Its token is the right: a mail program that leaves by itself has no session.
    csrf.exempt(public.leaving.leave)
    api.init_app(app, csrf)
    admin_views.init_admin(app)
    liveness.init_app(app)
    cli.register(app)
    app.add_url_rule("/theme", view_func=choose_theme, methods=["POST"])
    return app


def open_the_database(app: Flask, env: environment.Environment) -> None:
    """Give each request a connection of the pool, and what others changed since the last one."""
    database.initialize(open_database(env.database_url))

    @app.before_request
    def connect() -> None:
        if request.endpoint != "assets.static_file":
            database.connect(reuse_if_open=True)
            cache.refresh()
            fragments.begin()

    @app.teardown_request
    def give_back(_error: BaseException | None) -> None:
        if not database.is_closed():
            database.close()


def choose_theme() -> Response:
    """Force the light or dark theme on this browser, or follow the system again."""
    chosen = request.form.get("theme", "")
    response = redirect(security.safe_path(request.form.get("next"), "/"))
    if chosen in rendering.THEMES:
        response.set_cookie("theme", chosen, max_age=statics.YEAR, samesite="Lax", secure=security.is_https())
    else:
        response.delete_cookie("theme")
    return response


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    cli.main(sys.argv[1:], create_app)
