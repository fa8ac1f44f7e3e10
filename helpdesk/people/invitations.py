"""New accounts of agents: the first administrator, and invited agents."""

from __future__ import annotations

from typing import Any

from peewee import IntegrityError

from database import Label, Stamp, database
from helpdesk import access, clock, events, journal, links, notifications
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax, inputs, passwords
from helpdesk.locking import lock_account
from helpdesk.people import sign_ins
from models import CAPABILITIES, AccessLink, Agent, Permission, Role


def create_first_administrator(name: str, email: str, password: str, locale: str | None) -> Agent:
    """Make the first administrator, with a permission for the whole support and notification (RULES 6).

    Raises NotAllowed once there is an administrator, or InvalidInput at ``name``, ``email`` or ``password``.
    """
    values = _checked(name, email, password, locale)
    with database.atomic():
        # Changes of cached tables wait here for each other: of two set-ups at once one comes first.
        Stamp.bump()
        if not links.setup_is_open():
            raise NotAllowed(lazy("This desk has an administrator already."))
        return _add_administrator(values, in_support=True)


def create_administrator(name: str, email: str, password: str, locale: str | None = None) -> Agent:
    """Make an administrator from the command line (``create-admin``); the first one covers the whole support.

    Raises InvalidInput at ``name``, ``email`` or ``password``.
    """
    values = _checked(name, email, password, locale)
    with database.atomic():
        Stamp.bump()
        return _add_administrator(values, in_support=links.setup_is_open())


def _checked(name: str, email: str, password: str, locale: str | None) -> dict[str, Any]:
    clean = inputs.required(name, "name")
    address = email_syntax.normalise(email)
    passwords.check_new(password, address, clean)
    language = inputs.language(locale)
    return {"name": clean, "email": address, "locale": language, "password_hash": passwords.make_hash(password)}


def _add_administrator(values: dict[str, Any], *, in_support: bool) -> Agent:
    agent = _add(is_admin=True, role=_administrators_role(), **values)
    journal.saved(agent, None, actor=None)
    if in_support:
        Permission.create(agent=agent, notify=True)
    return agent


def _administrators_role() -> Role:
    role = Role.select().where(Role.can_configure).order_by(Role.id).first()
    name = Label(en="Administrator", fr="Administrateur")
    return role or Role.create(name=name, **{f"can_{capability}": True for capability in CAPABILITIES})


def _add(**values: Any) -> Agent:
    try:
        with database.atomic():
            return Agent.create(created_at=clock.now(), **values)
    except IntegrityError as error:
        raise InvalidInput(lazy("There is an account with this e-mail address."), field="email") from error


def invite(
    actor: Actor, email: str, name: str, role: Role | None, *, is_admin: bool = False, locale: str | None = None
) -> Agent:
    """Make an account without a password and mail its owner a link to choose one (the invitation).

    Raises NotAllowed, or InvalidInput at ``name``, ``email``, ``role`` or ``locale``.
    """
    access.require(actor, "administer")
    chosen = inputs.find_row(Role, role, "role")
    if chosen is None:
        raise InvalidInput(lazy("This field is required."), field="role")
    with events.transaction():
        agent = _add(
            name=inputs.required(name, "name"),
            email=email_syntax.normalise(email),
            role=chosen,
            is_admin=bool(is_admin),
            locale=inputs.language(locale),
        )
        notifications.send_account_mail("invitation", agent=agent)
        journal.record(journal.Act.INVITED, actor=actor, subject=f"{agent.name} ({agent.email})", about=agent.name)
    return agent


def add_without_password(name: str, email: str, role: Role, *, actor: Actor) -> Agent:
    """Make an account that is opened by other ways than a password: nobody is invited.

    Raises NotAllowed, or InvalidInput at ``name`` or ``email``, also for an address somebody has already.
    """
    access.require(actor, "administer")
    with events.transaction():
        agent = _add(
            name=inputs.required(name, "name"), email=email_syntax.normalise(email), role=role,
            password_hash=passwords.NONE,
        )  # fmt: skip
        journal.saved(agent, None, actor=None)
    return agent


def invite_again(agent: Agent, *, actor: Actor) -> None:
    """Mail another invitation and delete the earlier links. Raises NotAllowed, or InvalidInput once accepted."""
    _require_open_invitation(agent, actor)
    with events.transaction():
        links.forget_links_of(agent)
        notifications.send_account_mail("invitation", agent=agent)


def invitation_link(agent: Agent, *, actor: Actor) -> str:
    """Return the URL of a new invitation, for an administrator to pass on where there is no mail server.

    Raises NotAllowed, or InvalidInput once the invitation was accepted.
    """
    _require_open_invitation(agent, actor)
    with events.transaction():
        # Whoever holds the link opens the account: the journal says who made it.
        subject = f"{agent.name} ({agent.email})"
        journal.record(journal.Act.LINK_MADE, actor=actor, subject=subject, about=agent.name)
        return links.url("invitation", links.make("invitation", agent=agent))


def _require_open_invitation(agent: Agent, actor: Actor) -> None:
    access.require(actor, "administer")
    if agent.password_hash is not None or not agent.active:
        raise InvalidInput(lazy("This person has an account with a password already, or is disabled."))


def accept_invitation(link: AccessLink, name: str, password: str) -> Agent:
    """Store the name and password that an invited agent chose, and return the agent.

    Raises InvalidInput at ``name`` or ``password``, LinkExpired, or NotFound when the account is disabled.
    """
    agent = sign_ins.agent_of(link)
    agent.name = inputs.required(name, "name")
    passwords.check_new(password, agent.email, agent.name)
    with database.atomic():
        lock_account(agent)
        links.use(link)
        sign_ins.store_password(agent, password)
    return agent
