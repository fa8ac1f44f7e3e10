"""Signing in and out of a browser: one Flask-Login for agents and customers, ended on the server (DESIGN §1)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, flash, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from helpdesk.i18n import _
from helpdesk.people import required_second_factor, sign_ins
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.single_sign_on import attempts, linking, only, providers
from helpdesk.two_factor import passkeys, pending_sign_ins, second_factors, step_up
from helpdesk.two_factor.passkeys import Site
from helpdesk.visitors import guest_passes
from models import Agent, Customer, IdentityProvider
from web import kept_input, known_browsers

#: When a provider has confirmed who is here, where a code is still to come.
CONFIRMED = "confirmed_by_provider_at"

#: What a browser keeps when somebody signs in or out; everything else of its session is forgotten.
KEPT = ("language", kept_input.BROWSER)

#: Where the session has the token of a sign-in that waits for the code of a second factor, and who sent them here.
PENDING, CAME_BY = "pending_sign_in", "came_by"
#: Where it has an account of a provider that is linked by the next sign-in of another kind (`web.provider_ways`).
WAITING = "account_to_link"

BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}

manager = LoginManager()
# A laptop changes its address all day: the row of `SignIn` ends a sign-in, a new address does not.
manager.session_protection = None


@dataclass(frozen=True)
class SignedIn(UserMixin):
    """Whoever signed in, as Flask-Login wants to see them: the id is the random token of this browser."""

    person: Agent | Customer
    token: str

    def get_id(self) -> str:
        """Return the token that the session carries."""
        return self.token


def init_app(app: Flask) -> None:
    """Let the requests of this application know who is signed in."""
    manager.init_app(app)


@manager.user_loader
def _load(token: str) -> SignedIn | None:
    person = sign_ins.person_of(token)
    return _note(SignedIn(person, token)) if person is not None else None


def _note(signed_in: SignedIn) -> SignedIn:
    """Let the log name who asks."""
    g.who = f"{type(signed_in.person).__name__.lower()}-{signed_in.person.id}"
    return signed_in


def start(
    person: Agent | Customer,
    *,
    by_link: bool = False,
    is_first: bool = False,
    provider: IdentityProvider | None = None,
) -> None:
    """Sign this person in on this browser, in a fresh session (nothing planted before survives).

    Who has a second factor is not signed in yet: the browser waits for the code (`awaits_code`, `complete`), unless
    they came by a `provider` that asks for one itself. `is_first`: the account was just made in this browser, which
    is no news.
    """
    vouched = provider is not None and provider.vouches
    if isinstance(person, Agent) and second_factors.is_on(person) and not vouched:
        waiting = session.get(WAITING) if provider is None else None
        _renew()
        session[PENDING] = pending_sign_ins.begin(person)
        session.update({CAME_BY: provider.id} if provider is not None else {WAITING: waiting} if waiting else {})
    else:
        _start(person, by_link=by_link, is_first=is_first, provider=provider)


def awaits_code() -> bool:
    """Whether the password was right in this browser and the code is still to come."""
    return pending_agent() is not None


def complete(code: str) -> Agent:
    """Sign the agent in who has given the password before and the code now.

    Raises NotFound when it is too late for it, InvalidInput at ``code``, or TooMany.
    """
    agent = pending_sign_ins.complete(_pending_token(), code, visitor=visitor())
    _start(agent, provider=_came_by())
    return agent


def _came_by() -> IdentityProvider | None:
    return providers.of(session.get(CAME_BY))


def pending_agent() -> Agent | None:
    """Return whose password was right in this browser, where the code is still to come."""
    return pending_sign_ins.agent_of(_pending_token())


def start_by_passkey(answer: str, site: Site) -> Agent:
    """Sign the agent in whose passkey has signed this, in place of password and code.

    Where the password was given before, it must be of the same agent. Raises InvalidInput at ``passkey``, or
    NotAllowed where agents come in by a provider alone.
    """
    pending = pending_agent()
    only.require_passkeys(pending)
    agent = passkeys.use(answer, site=site, visitor=visitor(), agent=pending)
    _start(agent, provider=_came_by())
    return agent


def confirm_by_passkey(agent: Agent, answer: str, site: Site) -> None:
    """Make the sign-in of this browser fresh again by a passkey. Raises InvalidInput at ``passkey``."""
    passkeys.use(answer, site=site, visitor=visitor(), agent=agent)
    step_up.refresh(current_token())


def _pending_token() -> str:
    token = session.get(PENDING, "")
    if CAME_BY in session and _came_by() is None:
        # Their provider was switched off meanwhile: nobody comes in by it.
        return ""
    return token if isinstance(token, str) else ""


def _start(
    person: Agent | Customer,
    *,
    by_link: bool = False,
    is_first: bool = False,
    provider: IdentityProvider | None = None,
) -> None:
    is_new = not is_first and not visitor().is_known_for(sign_ins.account_of(person))
    token = sign_ins.start_sign_in(
        person, device=device(), by_link=by_link, network=request.remote_addr or "", is_new_browser=is_new,
        provider=str(provider or ""), vouched=provider is not None and bool(provider.vouches),
    )  # fmt: skip
    waiting = session.get(WAITING) if provider is None else None
    _renew()
    login_user(_note(SignedIn(person, token)))
    session.permanent = True
    known_browsers.remember(sign_ins.account_of(person))
    linked = linking.complete(person, waiting) if waiting else None
    if linked is not None:
        flash(_("From now on, “%(name)s” opens your account.", name=str(linked)), "success")


def end() -> None:
    """Sign this browser out, on the server too: a copied cookie is dead."""
    token = current_token()
    if token:
        sign_ins.end_sign_in(token)
    logout_user()
    _renew()


def _renew() -> None:
    # A copied cookie opens no ticket any more, either.
    guest_passes.end(guest_token())
    if PENDING in session:
        pending_sign_ins.end(_pending_token())
    lasting = {key: session[key] for key in KEPT if key in session}
    session.clear()
    session.update(lasting)


def is_vouched() -> bool:
    """Whether a provider that asks for a second factor itself has signed this browser in."""
    return sign_ins.is_vouched(current_token())


def is_held_back(agent: Agent) -> bool:
    """Whether this agent must set up a second factor before anything else: the days are over, and none was given."""
    return required_second_factor.is_overdue(agent) and not is_vouched()


def is_fresh() -> bool:
    """Whether password and code were given in this browser a short while ago."""
    return step_up.is_fresh(current_token())


def asks_code(agent: Agent) -> bool:
    """Whether acts that hurt ask this agent for the code, beside the password."""
    return step_up.asks_code(agent, current_token())


def confirm(agent: Agent, current: str | None, code: str | None) -> None:
    """Make the sign-in of this browser fresh again. Raises InvalidInput at ``current`` or ``code``, or TooMany."""
    step_up.confirm(
        agent, current, code, token=current_token(), visitor=visitor(), by_provider=is_confirmed_by_provider()
    )
    session.pop(CONFIRMED, None)


def confirm_by_provider(agent: Agent, provider: IdentityProvider) -> None:
    """Make the sign-in of this browser fresh, as its agent has just signed in once more at their provider.

    Who has a second factor here that the provider does not stand for gives the code, too (`confirm`).
    """
    if second_factors.is_on(agent) and not provider.vouches:
        session[CONFIRMED] = attempts.now()
    else:
        step_up.refresh(current_token())


def is_confirmed_by_provider() -> bool:
    """Whether a provider has just confirmed who uses this browser, and the code is still to come."""
    return 0 <= attempts.now() - session.get(CONFIRMED, 0) <= attempts.WINDOW


def visitor() -> Visitor:
    """Return for whom a try of this request counts: its network, and its browser if it signed in before."""
    return Visitor(request.remote_addr or "", known_browsers.present())


def guest_token() -> str:
    """Return what this browser opens tickets with that it does not sign in for; empty when there is none."""
    token = session.get("guest", "")
    # Before there were passes, the session itself told which tickets it opens.
    return token if isinstance(token, str) else ""


def current_token() -> str | None:
    """Return the token of this browser's sign-in."""
    signed_in = _signed_in()
    return signed_in.token if signed_in is not None else None


def current_person() -> Agent | Customer | None:
    """Return who is signed in on this browser, as a row: no request proxy enters a rule."""
    signed_in = _signed_in()
    return signed_in.person if signed_in is not None else None


def _signed_in() -> SignedIn | None:
    # Asked dozens of times a page: the proxy looks the request up again at each touch.
    user = current_user._get_current_object()
    return user if isinstance(user, SignedIn) else None


def current_agent() -> Agent | None:
    """Return the agent who is signed in on this browser."""
    person = current_person()
    return person if isinstance(person, Agent) else None


def device() -> str:
    """Describe the browser of this request in a few words: “Firefox, Linux”."""
    agent = request.user_agent.string
    names = (_first(BROWSERS, agent), _first(SYSTEMS, agent))
    return ", ".join(name for name in names if name)


def _first(names: dict[str, str], text: str) -> str:
    return next((name for mark, name in names.items() if mark in text), "")
