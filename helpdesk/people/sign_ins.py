"""Signing in agents and customers: their passwords, and the browsers in which they are signed in.

A browser of an agent is signed out after 3 days without a visit and 30 days in any case, a customer's after 14 and 90.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TypeVar

from peewee import JOIN, ModelSelect

from database import database
from helpdesk import clock, events, journal, links, notifications, settings
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, TooMany
from helpdesk.i18n import lazy
from helpdesk.lib import log, passwords, throttle
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.locking import lock_account
from helpdesk.people import required_second_factor, sign_in_limits, sign_in_marks
from helpdesk.people.sign_in_limits import WINDOW, Visitor, network
from helpdesk.settings import lookups
from models import AccessLink, Agent, Customer, PendingSignIn, SignIn

P = TypeVar("P", Agent, Customer)

#: Mails one may ask for in `WINDOW` seconds.
RESETS_PER_NETWORK = 30
RESETS_PER_ACCOUNT = 3

IDLE = {Agent: timedelta(days=3), Customer: timedelta(days=14)}
ABSOLUTE = {Agent: timedelta(days=30), Customer: timedelta(days=90)}
#: How stale `last_seen_at` may be: a page view should not cost a write.
SEEN_EVERY = timedelta(minutes=5)
#: Minutes after a sign-in by a mailed link during which a new password asks for no old one.
FRESH = 30
#: Sign-ins shown on the profile page.
SHOWN = 50


def sign_in(email: str, password: str, *, visitor: Visitor) -> Agent:
    """Return the active agent with this e-mail address and password.

    Raises InvalidInput, the same for an unknown address and a wrong password, or TooMany.
    """
    key = fold_email(email)
    agent = Agent.get_or_none(Agent.email == key, Agent.active)
    return check_password(agent, password, account=f"agent {key}", email=key, visitor=visitor)


def account_of(person: Agent | Customer) -> str:
    """Return the name under which tries for this person's account are counted."""
    return f"agent {person.email}" if isinstance(person, Agent) else f"customer {person.id}"


def check_password(person: P | None, password: str, *, account: str, email: str, visitor: Visitor) -> P:
    """Return the person if this is their password; the try counts for `account`, where it was made.

    Raises InvalidInput at ``password``, after the same work when there is no such person, or TooMany.
    """
    kind = account.partition(" ")[0]
    try:
        attempt = sign_in_limits.admit(account, visitor)
    except TooMany:
        log.sign_in_refused(kind, "blocked", visitor.address)
        raise
    password_hash = person.password_hash if person is not None else None
    if not passwords.matches(password_hash, password) or person is None:
        log.sign_in_refused(kind, "wrong", visitor.address)
        # A flood of wrong ones would only fill the journal: the log of the program has them all.
        if not attempt.is_under_pressure:
            journal.sign_in_refused(email, visitor.address)
        raise InvalidInput(lazy("The e-mail address or the password is not right."), field="password")
    attempt.succeeded()
    if passwords.is_outdated(str(password_hash), password):
        person.password_hash = passwords.make_hash(password)
        person.save()
    return person


def fold_email(email: str) -> str:
    """Return an e-mail address in the form in which accounts are looked up."""
    return email.replace("\0", "").strip().lower()[:254]


# --- Browsers -----------------------------------------------------------------------------------------------------


def start_sign_in(
    person: Agent | Customer,
    *,
    device: str = "",
    by_link: bool = False,
    network: str = "",
    is_new_browser: bool = False,
    provider: str = "",
    vouched: bool = False,
) -> str:
    """Sign a browser in and return the random token for its cookie; only the token's hash is stored.

    `by_link`: the person used a mailed link, which replaces the current password for some minutes. `network` is the
    browser's IP address, for the journal. `is_new_browser`: an agent's account has not had it before, and they are
    mailed. `provider` is the name of the one they came by, `vouched` whether it asked for a second factor itself.
    """
    token, now = secrets.token_urlsafe(32), clock.now()
    if isinstance(person, Agent) and person.second_factor_due_at is None and required_second_factor.is_required(person):
        # Somebody new, or back after a while: their days begin now.
        required_second_factor.refresh()
    SignIn.create(
        token_hash=links.hash_token(token),
        agent=person if isinstance(person, Agent) else None,
        customer=person if isinstance(person, Customer) else None,
        device=device[:200],
        by_link=by_link,
        vouched=vouched,
        needs_passwords=sign_in_marks.needs_passwords(person, provider),
        created_at=now,
        last_seen_at=now,
        expires_at=now + ABSOLUTE[type(person)],
    )
    sign_in_marks.keep(person, now)
    # Where no mail server is set, it would come when nobody needs it any more.
    is_mailed = settings.get("mail_on_new_browser") and settings.mail_server() is not None
    if is_new_browser and isinstance(person, Agent) and is_mailed:
        with events.transaction():
            notifications.tell_of_browser(person, device=device, network=network)
    email = person.email if isinstance(person, Agent) else person.primary_address.email
    journal.record(journal.Act.SIGNED_IN, actor=person, subject=email, network=network)
    if provider:
        journal.record(journal.Act.PROVIDER_SIGNED_IN, actor=person, subject=email, provider=provider)
    return token


def is_vouched(token: str | None) -> bool:
    """Whether a provider that asks for a second factor itself has signed in the browser with this token."""
    return SignIn.select().where(SignIn.token_hash == links.hash_token(token or ""), SignIn.vouched).exists()


@Prepared
def _sign_in() -> ModelSelect:
    query = SignIn.select(SignIn, Customer).join(Customer, JOIN.LEFT_OUTER)
    return query.where(SignIn.token_hash == Slot("token"))


def person_of(token: str) -> Agent | Customer | None:
    """Return the person signed in with this token, or None when the sign-in has ended or its agent is disabled."""
    row = _sign_in.first(token=links.hash_token(token))
    now = clock.now()
    if row is None or row.expires_at <= now:
        return None
    # Agents are cached until the stamp moves: one that was just disabled is not signed in any more.
    person: Agent | Customer | None = lookups.own_agent(row.agent_id) if row.agent_id is not None else row.customer
    is_idle = person is not None and row.last_seen_at + IDLE[type(person)] <= now
    if person is None or is_idle or sign_in_marks.is_over(row, person):
        return None
    if row.last_seen_at + SEEN_EVERY <= now:
        SignIn.update(last_seen_at=now).where(SignIn.id == row.id).execute()
    return person


def came_by_link(person: Agent | Customer, token: str | None) -> bool:
    """Whether the browser with this token was signed in by a mailed link within the last half hour."""
    now = clock.now()
    is_recent = SignIn.created_at.between(now - timedelta(minutes=FRESH), now + throttle.APART)
    fresh = (SignIn.token_hash == links.hash_token(token or "")) & SignIn.by_link & is_recent
    return SignIn.select().where(_belongs_to(person), fresh).exists()


def end_sign_in(token: str) -> None:
    """Sign the browser with this token out, also where its cookie was copied to."""
    row = SignIn.get_or_none(SignIn.token_hash == links.hash_token(token))
    if row is not None:
        row.delete_instance()
        journal.record(journal.Act.SIGNED_OUT, actor=row.agent or row.customer)


def end_all_sign_ins(person: Agent | Customer, *, except_token: str | None = None) -> int:
    """Sign this person out in all browsers but the one with `except_token`; return how many sign-ins ended.

    Those that wait for the code of a second factor end, too.
    """
    if isinstance(person, Agent):
        PendingSignIn.delete().where(PendingSignIn.agent == person.id).execute()
    query = SignIn.delete().where(_belongs_to(person))
    if except_token:
        query = query.where(SignIn.token_hash != links.hash_token(except_token))
    return query.execute()


def list_sign_ins(person: Agent | Customer) -> list[SignIn]:
    """Return the sign-ins of this person that are still valid, the latest used first."""
    now = clock.now()
    alive = (SignIn.expires_at > now) & (SignIn.last_seen_at > now - IDLE[type(person)])
    return list(
        SignIn.select().where(_belongs_to(person), alive).order_by(SignIn.last_seen_at.desc(), SignIn.id).limit(SHOWN)
    )


def is_current(row: SignIn, token: str) -> bool:
    """Whether this sign-in has this token."""
    return row.token_hash == links.hash_token(token)


def end_one(person: Agent | Customer, sign_in_id: int) -> None:
    """End the sign-in of this person with this id. Raises NotFound for one of somebody else."""
    if not SignIn.delete().where(_belongs_to(person), SignIn.id == sign_in_id).execute():
        raise NotFound(lazy("This browser is signed out already."))


def require_still(person: Agent | Customer, token: str) -> None:
    """Raise NotAllowed when the browser with this token was signed out since it asked: a reset or a new password did.

    Call it in the transaction that has locked the account.
    """
    if not SignIn.select().where(_belongs_to(person), SignIn.token_hash == links.hash_token(token)).exists():
        raise NotAllowed(lazy("This browser has just been signed out: nothing was stored."))


def _belongs_to(person: Agent | Customer) -> bool:
    return (SignIn.agent if isinstance(person, Agent) else SignIn.customer) == person.id


# --- Passwords of agents ------------------------------------------------------------------------------------------


def change_password(agent: Agent, current: str, new: str, *, keep_token: str | None) -> None:
    """Change an agent's password and sign their browsers out, except the one with `keep_token`.

    Raises InvalidInput at ``current`` or ``password``, or TooMany.
    """
    check_current(agent, current)
    passwords.check_new(new, agent.email, agent.name)
    with database.atomic():
        store_password(agent, new, keep_token=keep_token)


def check_current(person: Agent | Customer, current: str | None) -> None:
    """Raise InvalidInput at ``current`` unless this is the person's password, or TooMany.

    An account without one, whose owner comes by a provider, has none to give: `two_factor.step_up` asks there.
    """
    if person.password_hash == passwords.NONE:
        return
    key = f"current {type(person).__name__} {person.id}"
    throttle.hit(key, limit=sign_in_limits.PER_ACCOUNT, seconds=WINDOW)
    if not passwords.matches(person.password_hash, current or ""):
        raise InvalidInput(lazy("This is not your current password."), field="current")
    throttle.clear(key)


def store_password(agent: Agent, new: str, *, keep_token: str | None = None) -> None:
    """Store a checked password, end the other sign-ins and delete mailed links. In the caller's transaction."""
    agent.password_hash = passwords.make_hash(new)
    agent.save()
    end_all_sign_ins(agent, except_token=keep_token)
    links.forget_links_of(agent)
    journal.record(journal.Act.PASSWORD_CHANGED, actor=agent)


def ask_reset(email: str, *, visitor: Visitor) -> None:
    """Mail a link to choose a new password to the active agent with this address; do nothing for other addresses.

    Raises TooMany, for unknown addresses too.
    """
    key = fold_email(email)
    throttle.hit(f"reset {network(visitor.address)}", limit=RESETS_PER_NETWORK, seconds=WINDOW)
    throttle.hit(f"reset {visitor.mails_for(f'agent {key}')}", limit=RESETS_PER_ACCOUNT, seconds=WINDOW)
    agent = Agent.get_or_none(Agent.email == key, Agent.active)
    if agent is None:
        # One stored row, as for a mail: the response time must not reveal who has an account.
        throttle.hit("reset of nobody", limit=1_000_000, seconds=WINDOW)
        return
    with events.transaction():
        notifications.send_account_mail("reset", agent=agent)


def reset_password(link: AccessLink, password: str, *, visitor: Visitor) -> Agent:
    """Store the password chosen through a reset link, sign its agent out everywhere and return the agent.

    Raises InvalidInput at ``password``, LinkExpired, or NotFound when the account is disabled.
    """
    agent = agent_of(link)
    passwords.check_new(password, agent.email, agent.name)
    with database.atomic():
        # The account first, then its links: who uses two links at once would wait for oneself the other way round.
        lock_account(agent)
        links.use(link)
        store_password(agent, password)
    sign_in_limits.forget(account_of(agent), visitor)
    return agent


def agent_of(link: AccessLink) -> Agent:
    """Return the active agent of a link. Raises NotFound."""
    agent = Agent.get_or_none(Agent.id == link.agent_id, Agent.active)
    if agent is None:
        raise NotFound(lazy("This account is disabled. Ask an administrator of the desk."))
    return agent
