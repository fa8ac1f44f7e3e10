"""Links that open accounts and tickets, for who administers: one handed over by hand, or all of them ended."""

from __future__ import annotations

from helpdesk import access, clock, events, journal, links, notifications
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import lazy
from helpdesk.people import sign_in_limits, sign_ins
from models import AccessLink, Agent, CustomerAddress, GuestPass, SignIn


def agent_at(email: str) -> Agent:
    """Return the agent with this address. Raises NotFound, or InvalidInput for a disabled account."""
    agent = Agent.get_or_none(Agent.email == sign_ins.fold_email(email))
    if agent is None:
        raise NotFound(lazy("No account of the support has this e-mail address."))
    _require_active(agent)
    return agent


def new_password_link(agent: Agent, *, actor: Actor | None) -> str:
    """Return the URL by which an agent chooses a password, to be handed over; earlier ones open nothing any more.

    Who never had a password is invited by it. The agent is told by e-mail. Using it lifts a block where it is used.
    `actor` is None at the command line of the machine. Raises NotAllowed, or InvalidInput for a disabled account.
    """
    if actor is not None:
        access.require(actor, "administer")
    _require_active(agent)
    kind = _kind_for(agent)
    with events.transaction():
        links.forget_links_of(agent)
        url = links.url(kind, links.make(kind, agent=agent))
        notifications.send_account_mail("link-made", agent=agent)
        _note(agent, actor)
    return url


def mail_new_password(agent: Agent, *, actor: Actor) -> None:
    """Mail an agent a link to choose a password, as `new_password_link` makes one.

    Raises NotAllowed, or InvalidInput for a disabled account.
    """
    access.require(actor, "administer")
    _require_active(agent)
    with events.transaction():
        notifications.send_account_mail(_kind_for(agent), agent=agent)
        _note(agent, actor)


def _require_active(agent: Agent) -> None:
    if not agent.active:
        raise InvalidInput(lazy("This account is disabled: make it active first."), field="email")


def _kind_for(agent: Agent) -> str:
    return "invitation" if agent.password_hash is None else "reset"


def _note(agent: Agent, actor: Actor | None) -> None:
    journal.record(journal.Act.LINK_MADE, actor=actor, subject=f"{agent.name} ({agent.email})", about=agent.name)
    sign_in_limits.relieve(sign_ins.account_of(agent))


def revoke(email: str = "", *, actor: Actor | None) -> int:
    """End every mailed link, or those of the agent and the customer with this address; return how many there were.

    Browsers that came by one are out as well. The page of an ended link offers to mail a new one; a request that waits
    for its link stays, as it opens nothing else. `actor` is None at the command line of the machine. Raises NotAllowed,
    or NotFound when nobody has this address.
    """
    if actor is not None:
        access.require(actor, "administer")
    key, now = sign_ins.fold_email(email), clock.now()
    chosen, passes, browsers = AccessLink.expires_at > now, GuestPass.id.is_null(False), SignIn.by_link
    if key:
        agents = Agent.select(Agent.id).where(Agent.email == key)
        owners = CustomerAddress.select(CustomerAddress.customer).where(CustomerAddress.email == key)
        addresses = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer.in_(owners))
        if not agents.exists() and not owners.exists():
            raise NotFound(lazy("Nobody has this e-mail address here."))
        chosen &= AccessLink.agent.in_(agents) | AccessLink.address.in_(addresses)
        passes &= GuestPass.address.in_(addresses)
        browsers &= SignIn.customer.in_(owners) | SignIn.agent.in_(agents)
    with events.transaction():
        GuestPass.delete().where(passes).execute()
        SignIn.delete().where(browsers).execute()
        count: int = AccessLink.update(expires_at=now).where(chosen).execute()
        act = journal.Act.PERSONS_LINKS_REVOKED if key else journal.Act.LINKS_REVOKED
        journal.record(act, actor=actor, subject=key, count=count)
    return count
