"""Who comes in by a provider: who is linked, and, where an owner admits a group, somebody new."""

from __future__ import annotations

from helpdesk import events
from helpdesk.access import SYSTEM
from helpdesk.errors import InvalidInput, StillInUse
from helpdesk.people import agents, invitations, permissions
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.single_sign_on import attempts, linking
from helpdesk.single_sign_on.attempts import Proof, Refused
from models import COVERS_ALL, COVERS_NOTHING, COVERS_PLACE, Agent, Identity


def agent_of(proof: Proof, *, visitor: Visitor) -> Agent:
    """Return the agent whom this account of a provider signs in; who is new and admitted has an account made.

    Raises Refused: of what is not linked always in the same words, whoever has an account here.
    """
    try:
        return _agent_of(proof)
    except Refused as refused:
        attempts.note(refused, visitor, email=proof.email)
        raise


def _agent_of(proof: Proof) -> Agent:
    if not proof.provider.for_agents:
        raise Refused("unknown", proof.provider)
    if not (proof.email and proof.is_verified):
        raise Refused("unverified", proof.provider)
    identity = linking.find(proof)
    if identity is not None and identity.agent is not None:
        return _linked(identity, proof)
    if identity is not None:
        raise Refused("of-customer", proof.provider)
    if proof.provider.admits:
        _require_groups(proof)
    if proof.provider.admits and proof.in_group:
        return _new(proof)
    raise Refused("unknown", proof.provider)


def _linked(identity: Identity, proof: Proof) -> Agent:
    agent: Agent = identity.agent
    if agent.active and identity.by_group and proof.provider.admits:
        _require_groups(proof)
    if agent.active and _has_left(identity, proof):
        _close(agent)
        raise Refused("group", proof.provider)
    if not agent.active:
        raise Refused("disabled", proof.provider)
    linking.touch(identity, proof)
    return agent


def _require_groups(proof: Proof) -> None:
    """Raise Refused where a provider does not name the groups: whoever is in very many has not left any."""
    if proof.hides_groups and not proof.in_group:
        raise Refused("groups-hidden", proof.provider)


def _has_left(identity: Identity, proof: Proof) -> bool:
    """Whether an account was made for a group in which its owner is no more; none is asked for where none admits."""
    return bool(identity.by_group and proof.provider.admits) and not proof.in_group


def _close(agent: Agent) -> None:
    """Disable who is not in the group any more; their tickets are freed (RULES 7)."""
    try:
        agents.disable_agent(agent, actor=SYSTEM)
    except StillInUse:
        # The last administrator keeps the account, and does not come in by this provider.
        return


def _new(proof: Proof) -> Agent:
    """Make the account of somebody of the group: with the role and the permission that the provider names."""
    provider = proof.provider
    if provider.role is None:
        raise Refused("unknown", provider)
    name = proof.name or proof.email.partition("@")[0]
    try:
        with events.transaction():
            agent = invitations.add_without_password(name, proof.email, provider.role, actor=SYSTEM)
            _permit(agent, proof)
            linking.link(agent, proof, by_group=True, used=True)
    except InvalidInput:
        # Somebody has this address already: they link it themselves.
        raise Refused("unknown", provider) from None
    return agent


def _permit(agent: Agent, proof: Proof) -> None:
    provider = proof.provider
    if provider.covers == COVERS_NOTHING or (provider.covers == COVERS_PLACE and provider.service is None):
        return
    place = {} if provider.covers == COVERS_ALL else {"service": provider.service, "department": provider.department}
    permissions.save_permission(agent, place, actor=SYSTEM)


def fate(proof: Proof) -> tuple[str, Agent | None]:
    """Return what signing in would do, without doing it: the key of a refusal or of what follows, and of whom."""
    identity = linking.find(proof)
    agent = identity.agent if identity is not None else None
    if not (proof.email and proof.is_verified):
        return "unverified", agent
    if identity is not None and identity.customer is not None:
        return "of-customer", None
    if proof.provider.admits and proof.hides_groups and (identity is None or identity.by_group):
        return "groups-hidden", agent
    if identity is not None and agent is not None:
        if not agent.active:
            return "disabled", agent
        return ("group" if _has_left(identity, proof) else "enters"), agent
    if identity is None and proof.provider.admits and proof.in_group and proof.provider.role is not None:
        known = Agent.get_or_none(Agent.email == proof.email)
        return ("unknown", known) if known is not None else ("made", None)
    return "unknown", None
