"""Who may open a page of the desk: nobody, unless an agent with the right asks."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, redirect, request, url_for

from admin_views import setup_menu
from helpdesk import access
from models import Agent
from web import errors, sessions


class Guarded:
    """Default deny, for every page and every generated screen. `verb` is what one must be allowed to do."""

    verb = "configure"

    @property
    def agent(self) -> Agent:
        """The agent who asks, as a row."""
        agent = sessions.current_agent()
        if agent is None:
            abort(403)
        return agent

    def is_accessible(self) -> bool:
        """Whether whoever asks may open this page."""
        agent = sessions.current_agent()
        return agent is not None and access.can(agent, self.verb)

    def may(self, verb: str) -> bool:
        """Whether the agent may do this to the desk, for templates."""
        return access.can(self.agent, verb)

    def inaccessible_callback(self, _name: str, **_arguments: Any) -> Any:
        """Send strangers to the sign-in page; refuse everybody else."""
        if sessions.current_person() is not None:
            abort(403)
        if request.method == "POST":
            return errors.signed_out(url_for("account.sign_in"))
        return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))

    def _run_view(self, view: Any, *args: Any, **kwargs: Any) -> Any:
        # The inherited one takes any TypeError for a wrong signature and hides it.
        return view(self, *args, **kwargs)

    def render(self, template: str, **kwargs: Any) -> str:
        """Render a template; `theme` stays the reader’s choice of colours, not Flask-Admin’s object."""
        self._template_args["theme"] = current_app.jinja_env.globals["theme"]  # type: ignore[attr-defined]
        if "sidebar" not in kwargs:
            kwargs["sidebar"] = setup_menu.setup_menu(self.agent)
        return str(super().render(template, me=setup_menu.me(self.agent), **kwargs))  # type: ignore[misc]
