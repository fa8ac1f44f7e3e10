"""Step-up: what hurts most asks for the password once more when the sign-in is some time ago, and for the code.
It may import `admin_views.account`, `web` and the rules of `helpdesk`.
Forms that ask for the password anyway (a new one, one’s address, the second factor) ask for the code there.
"""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for

from admin_views.account import HOME, Page, agents_only, desk_page
from admin_views.account.forms import CurrentForm
from admin_views.account.single_sign_on import to_confirm
from helpdesk.errors import InvalidInput, TooMany
from models import Agent
from web import errors, passkey_site, provider_ways, sessions
from web.kept_input import SentForm, read_form
from web.security import safe_path

blueprint = Blueprint("step_up", __name__, url_prefix="/admin")

#: Pages that erase a person, or say after which time everybody is, or make or take away what opens the desk to programs
#: or to people: who has a new account, or a link to one of a colleague, signs in by it and would be asked for a
#: password that they chose themselves.
PAGES = frozenset(
    {
        *("desk_api_keys.create_view", "desk_api_keys.revoke_view"),
        *("desk_users.create_view", "desk_users.edit_view", "desk_users.import_view", "desk_users.import_confirm_view"),
        *("desk_users.invitation", "desk_users.invitations_view", "desk_users.new_password"),
        *("passkeys.new", "passkeys.remove"),
        *("desk_users.reset_two_factor", "desk_customer_erasing.erase_view"),
        *("desk_customer_erasing.confirm_view", "desk_erasures.confirm_view"),
        *("desk_retention.create_view", "desk_retention.edit_view", "desk_retention.delete_view"),
        *("single_sign_on.link", "single_sign_on.unlink"),
        *(f"desk_identity_providers.{name}_view" for name in ("create", "edit", "delete", "test")),
    }
)
#: What the endpoint of every file that goes out ends with.
DOWNLOADS = (".export", ".export_view", ".export_file_view")


def ask_again() -> Page | None:
    """Lead to the page that asks for the password, where what is asked for hurts and the sign-in is some time ago."""
    endpoint = request.endpoint or ""
    if not (endpoint in PAGES or endpoint.endswith(DOWNLOADS)):
        return None
    agent = sessions.current_agent()
    if agent is None or sessions.is_fresh():
        return None
    sent_form = read_form()
    if sent_form is not None:
        # What was typed stays on this page, to be sent again once it is confirmed on another one.
        form = CurrentForm(agent, formdata=None)
        return page(agent, form, url_for("step_up.confirm"), sent_form=sent_form), 403
    here = request.script_root + request.full_path.rstrip("?")
    place = url_for("step_up.confirm", next=here, download=1 if endpoint.endswith(DOWNLOADS) else None)
    return redirect(place, 303)


@blueprint.route("/confirm", methods=["GET", "POST"])
@agents_only
def confirm(agent: Agent) -> Page:
    """Ask for the password once more, and for the code of the second factor; then lead on."""
    after = safe_path(request.values.get("next"), HOME)
    is_download = bool(request.values.get("download"))
    if request.method != "POST":
        return page(agent, CurrentForm(agent, formdata=None), after, is_download=is_download)
    form = CurrentForm(agent)
    reason: Exception | None = None
    try:
        if form.validate():
            sessions.confirm(agent, form.current_password, form.given_code)
            # A file leaves the page as it is: its link stands on one that says so.
            onward = url_for(".confirm", next=after, download=1) if is_download else after
            return redirect(onward, 303)
    except (InvalidInput, TooMany) as error:
        reason = error
        form.refuse(error)
    return errors.again(page(agent, form, after, is_download=is_download), reason)


def page(
    agent: Agent,
    form: CurrentForm,
    after: str,
    *,
    is_download: bool = False,
    sent_form: SentForm | None = None,
) -> str:
    """Render the page that asks, or once it is confirmed the way on."""
    is_confirmed = not form.errors and sent_form is None and sessions.is_fresh()
    return desk_page(
        "admin/account/step_up.html", agent, form=form, after=after, is_download=is_download, sent_form=sent_form,
        is_confirmed=is_confirmed, passkey=passkey_site.request_options(agent), providers=to_confirm(agent),
        token=provider_ways.token(),
    )  # fmt: skip
