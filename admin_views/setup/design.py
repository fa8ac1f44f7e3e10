"""The living page of components: what every screen is made of, drawn by the macros that the screens use."""

from __future__ import annotations

import re

from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from admin_views.base import DeskPage
from admin_views.base.forms import DeskForm
from helpdesk import clock
from helpdesk.i18n import _, lazy
from helpdesk.settings import lookups
from helpdesk.settings.environment import ROOT

#: Tokens shown as swatches, in the order of static/tokens.css.
COLOURS = (
    *("paper", "surface", "sunken", "hover", "ink", "ink-2", "ink-3", "rule", "rule-strong", "field"),
    *("accent", "accent-strong", "accent-soft", "on-accent", "note", "note-ink", "danger", "danger-soft", "success"),
)


class Sample(DeskForm):
    """Fields of every kind, one of them refused."""

    subject = StringField(lazy("Subject"), description=lazy("The rule stands before the field."))
    status = SelectField(lazy("Status"))
    message = TextAreaField(lazy("Message"))
    enabled = BooleanField(lazy("Enabled"), render_kw={"role": "switch"})
    email = StringField(lazy("E-mail address"))


def sample() -> Sample:
    """Return the form, filled in and with one field refused."""
    form = Sample(data={"subject": _("Subject"), "enabled": True, "email": "zoe@"})
    form.status.choices = [(str(row.id), str(row)) for row in lookups.statuses()]
    form.email.errors = [_("This is not an e-mail address.")]
    return form


def icons() -> list[str]:
    """Return the names of the sprite's icons."""
    sprite = (ROOT / "static" / "icons.svg").read_text(encoding="utf-8")
    return sorted(name for name in re.findall(r'id="i-(\w+)"', sprite) if name != "brand")


class DesignPage(DeskPage):
    """Components side by side, so that one that strays is seen."""

    slug, title, verb = "design", lazy("Components"), "administer"

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """Show every component in the reader's language and theme."""
        return self.render(
            "admin/design.html", form=sample(), colours=COLOURS, icons=icons(), now=clock.now(),
            statuses=lookups.statuses(), priorities=lookups.priorities(), page_url=lambda page: f"?page={page}",
        )  # fmt: skip
