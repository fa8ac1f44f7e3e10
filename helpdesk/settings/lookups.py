"""The small tables, cached in the process: looked up by id without a query. Their rows must not be changed."""

from __future__ import annotations

from typing import Any

from helpdesk import folding, i18n, settings
from helpdesk.lib.cache import CachedValue
from models import (
    Agent,
    Department,
    EmailText,
    Mailbox,
    Organisation,
    OrganisationDomain,
    Permission,
    Priority,
    Role,
    SavedView,
    SenderRule,
    Service,
    Status,
    Tag,
    Team,
    TeamMember,
)

_services = CachedValue(lambda: {row.id: row for row in Service.select().order_by(Service.position, Service.id)})
_departments = CachedValue(
    lambda: {row.id: row for row in Department.select().order_by(Department.position, Department.id)}
)
_statuses = CachedValue(lambda: {row.id: row for row in Status.select().order_by(Status.position, Status.id)})
_priorities = CachedValue(
    lambda: {row.id: row for row in Priority.select().order_by(Priority.weight.desc(), Priority.id)}
)
_tags_in: CachedValue[dict[str, dict[int, str]]] = CachedValue(dict)
_tags = CachedValue(lambda: {row.id: row for row in Tag.select().order_by(Tag.name)})
#: By the folded form of each of its names; where two tags have one, the older is meant.
_tags_by_key = CachedValue(
    lambda: {key: row for row in sorted(_tags().values(), key=lambda row: -row.id) for key in tag_keys(row)}
)
_roles = CachedValue(lambda: {row.id: row for row in Role.select().order_by(Role.id)})
_agents = CachedValue(lambda: {row.id: row for row in Agent.select().order_by(Agent.name, Agent.id)})
_teams = CachedValue(lambda: {row.id: row for row in Team.select().order_by(Team.id)})
_email_texts = CachedValue(lambda: {row.kind: row for row in EmailText.select()})
_saved_views = CachedValue(lambda: list(SavedView.select().order_by(SavedView.position, SavedView.id)))
_mailboxes = CachedValue(lambda: {row.id: row for row in Mailbox.select().order_by(Mailbox.position, Mailbox.id)})
#: Without their long texts: there may be thousands.
_organisations = CachedValue(
    lambda: {
        row.id: row
        for row in Organisation.select(
            *(column for column in Organisation._meta.sorted_fields if column.name not in {"note", "pinned"})
        ).order_by(Organisation.key)
    }
)
_organisations_by_key = CachedValue(lambda: {row.key: row for row in _organisations().values()})
_organisation_domains = CachedValue(
    lambda: dict(OrganisationDomain.select(OrganisationDomain.domain, OrganisationDomain.organisation).tuples())
)
_sender_rules = CachedValue(lambda: {row.pattern: row for row in SenderRule.select()})


def _group(rows: Any, key: str) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for row in rows:
        groups.setdefault(getattr(row, key), []).append(row)
    return groups


_departments_of = CachedValue(lambda: _group(_departments().values(), "service_id"))
_permissions = CachedValue(lambda: _group(Permission.select().order_by(Permission.id), "agent_id"))
_memberships = CachedValue(lambda: _group(TeamMember.select().order_by(TeamMember.id), "agent_id"))


def service(key: int | None) -> Service | None:
    """Return the service with this id."""
    return _services().get(key)


def department(key: int | None) -> Department | None:
    """Return the department with this id."""
    return _departments().get(key)


def status(key: int | None) -> Status | None:
    """Return the status with this id."""
    return _statuses().get(key)


def priority(key: int | None) -> Priority | None:
    """Return the priority with this id."""
    return _priorities().get(key)


def tag(key: int | None) -> Tag | None:
    """Return the tag with this id."""
    return _tags().get(key)


def tag_names() -> dict[int, str]:
    """Return the names of all tags as the reader sees them, by their ids."""
    language, by_language = i18n.language(), _tags_in()
    if language not in by_language:
        by_language[language] = {key: str(row) for key, row in _tags().items()}
    return by_language[language]


def tag_keys(row: Tag) -> list[str]:
    """Return the folded forms of all names of a tag: its own, and what it is called in each language."""
    return list(dict.fromkeys([row.key, *(folding.fold(text)[: Tag.key.max_length] for text in row.label.values())]))


def tag_named(key: str) -> Tag | None:
    """Return the tag that one of its names, folded, is this one of."""
    return _tags_by_key().get(key)


def role(key: int | None) -> Role | None:
    """Return the role with this id."""
    return _roles().get(key)


def agent(key: int | None) -> Agent | None:
    """Return the agent with this id, also a disabled one."""
    return _agents().get(key)


def own_agent(key: int | None) -> Agent | None:
    """Return a copy of an agent's row that may be changed, or None."""
    row = agent(key)
    if row is None:
        return None
    copy = Agent(__no_default__=True)
    copy.__data__.update(row.__data__)
    return copy


def team(key: int | None) -> Team | None:
    """Return the team with this id, also a disabled one."""
    return _teams().get(key)


def email_text(kind: str) -> EmailText | None:
    """Return the stored text of this kind of e-mail, or None when the shipped one is used."""
    return _email_texts().get(kind)


def services(*, enabled_only: bool = False) -> list[Service]:
    """Return the services in the owner's order."""
    return [row for row in _services().values() if row.enabled or not enabled_only]


def departments(service_id: int | None = None) -> list[Department]:
    """Return the departments in the owner's order: of one service, or all."""
    return list(_departments().values() if service_id is None else _departments_of().get(service_id, ()))


def places(*, enabled_only: bool = False) -> list[tuple[Service, Department | None]]:
    """Return the places of tickets in the owner's order: each department, and each service that has none."""
    rows: list[tuple[Service, Department | None]] = []
    for service in services(enabled_only=enabled_only):
        rows += [(service, department) for department in departments(service.id)] or [(service, None)]
    return rows


def statuses(*, enabled_only: bool = False) -> list[Status]:
    """Return the statuses in the owner's order."""
    return [row for row in _statuses().values() if row.enabled or not enabled_only]


def priorities(*, enabled_only: bool = False) -> list[Priority]:
    """Return the priorities, heaviest first."""
    return [row for row in _priorities().values() if row.enabled or not enabled_only]


def tags() -> list[Tag]:
    """Return the tags by the name that the reader sees."""
    return sorted(_tags().values(), key=lambda row: folding.fold(str(row)))


def saved_views() -> list[SavedView]:
    """Return the saved lists of all agents, in the order each of them chose."""
    return list(_saved_views())


def roles() -> list[Role]:
    """Return the roles, oldest first."""
    return list(_roles().values())


def agents(*, active_only: bool = True) -> list[Agent]:
    """Return the agents by name."""
    return [row for row in _agents().values() if row.active or not active_only]


def teams(*, enabled_only: bool = True) -> list[Team]:
    """Return the teams, oldest first."""
    return [row for row in _teams().values() if row.enabled or not enabled_only]


def permissions_of(agent_id: int) -> list[Permission]:
    """Return the permissions of the agent with this id."""
    return _permissions().get(agent_id, [])


def team_ids_of(agent_id: int) -> list[int]:
    """Return the ids of the enabled teams this agent belongs to, as a member or as the manager."""
    member = {row.team_id for row in _memberships().get(agent_id, [])}
    return [row.id for row in _teams().values() if row.enabled and (row.id in member or row.manager_id == agent_id)]


def members_of(team_id: int) -> list[Agent]:
    """Return the active members of a team, by name."""
    return [row for row in agents() if any(own.team_id == team_id for own in _memberships().get(row.id, []))]


def is_manager(agent_id: int) -> bool:
    """Whether this agent manages an enabled team."""
    return any(row.enabled and row.manager_id == agent_id for row in _teams().values())


def _chosen(rows: dict[int, Any], key: str) -> Any:
    identifier = settings.get(key)
    return next(row for row in rows.values() if row.identifier == identifier)


def default_status() -> Status:
    """Return the status that a new ticket and a customer's message set."""
    return _chosen(_statuses(), "default_status")


def pending_status() -> Status:
    """Return the status that a reply sets."""
    return _chosen(_statuses(), "pending_status")


def closed_status() -> Status:
    """Return the status that closing sets."""
    return _chosen(_statuses(), "closed_status")


def default_priority() -> Priority:
    """Return the priority of a new ticket."""
    return _chosen(_priorities(), "default_priority")


def important_priority() -> Priority:
    """Return the priority that marking as important sets."""
    return _chosen(_priorities(), "important_priority")


def mailboxes(*, enabled_only: bool = False) -> list[Mailbox]:
    """Return the mailboxes in the owner's order; how far they are read is on their rows, not here."""
    return [row for row in _mailboxes().values() if row.enabled or not enabled_only]


def mailbox(key: int | None) -> Mailbox | None:
    """Return the mailbox with this id."""
    return _mailboxes().get(key)


def mailbox_addresses(row: Mailbox) -> list[str]:
    """Return the addresses of a mailbox, its own first."""
    return [row.address, *row.aliases.split()]


def sender_rule(pattern: str) -> SenderRule | None:
    """Return what is done with the mail of this address or domain."""
    return _sender_rules().get(pattern)


def organisation(key: int | None) -> Organisation | None:
    """Return the organisation of customers with this id, without its note and its pinned information."""
    return _organisations().get(key)


def organisations() -> list[Organisation]:
    """Return the organisations of customers by name, without their notes and pinned information."""
    return list(_organisations().values())


def organisation_named(key: str) -> Organisation | None:
    """Return the organisation of customers whose name, folded, is this one."""
    return _organisations_by_key().get(key)


def organisation_id_of(email: str) -> int | None:
    """Return the id of the organisation with the domain of this address: the longest of all domains decides.

    Whole labels only: notexample.org is no part of example.org.
    """
    domains = _organisation_domains()
    rest = email.rpartition("@")[2] if domains else ""
    while rest and rest not in domains:
        rest = rest.partition(".")[2]
    return domains.get(rest)
