"""The small tables of the demo: services, agents, teams, canned responses, filters, tags, customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from database import Label
from helpdesk import customer_search, filters, folding, settings
from helpdesk.examples.demo import library, world
from helpdesk.examples.demo.ticket_rows import Author
from helpdesk.examples.demo.world import Person
from helpdesk.lib import passwords
from models import (
    Agent,
    CannedAct,
    CannedResponse,
    Customer,
    CustomerAddress,
    Department,
    JournalEntry,
    Permission,
    Priority,
    Role,
    Service,
    Setting,
    Status,
    Tag,
    Team,
    TeamMember,
)

Place = tuple[int, int | None]
#: Rows of one INSERT: SQLite takes 32,766 values at a time.
CHUNK = 2_000


@dataclass
class Desk:
    """What the tickets refer to."""

    places: dict[str, Place]
    agents: dict[str, Agent]
    covering: dict[str, list[tuple[Agent, str]]]
    teams: list[tuple[Team, list[Agent]]]
    statuses: dict[str, Status]
    priorities: dict[str, Priority]
    tags: dict[str, int]
    prefix: str


def build(rng: Random, now: datetime, password: str) -> Desk:
    """Make the organisation; every account gets this password."""
    Setting.create(key="desk_name", value=world.DESK_NAME, changed_at=now)
    Setting.create(key="default_sender", value=f"support@{world.DOMAIN}", changed_at=now)
    places = _services()
    # One hash for all accounts, its salt drawn from the seed: the same seed gives the same desk.
    password_hash = passwords.make_hash(password, salt=rng.randbytes(16))
    agents = {person.name: _agent(person, password_hash, now) for person in world.AGENTS}
    covering = _permissions(places, agents)
    teams = _teams(agents)
    desk = Desk(
        places,
        agents,
        covering,
        teams,
        {row.identifier: row for row in Status.select()},
        {row.identifier: row for row in Priority.select()},
        _tags(),
        str(settings.get("ticket_prefix")),
    )
    _canned(places, desk)
    _filters(desk)
    # Nobody has added them just now.
    JournalEntry.update(created_at=now).execute()
    return desk


def _services() -> dict[str, Place]:
    places: dict[str, Place] = {}
    for position, (key, (english, french, departments)) in enumerate(world.SERVICES.items()):
        service = Service.create(name=Label(en=english, fr=french), position=position)
        places[key] = (service.id, None)
        for order, (name, (en, fr)) in enumerate(departments.items()):
            department = Department.create(service=service, name=Label(en=en, fr=fr), position=order)
            places[name] = (service.id, department.id)
    return places


def _agent(person: Person, password_hash: str, now: datetime) -> Agent:
    role = Role.select().where(Role.can_configure == person.is_admin).order_by(Role.id).first()
    email = f"{folding.fold(person.name).replace(' ', '.')}@{world.DOMAIN}"
    return Agent.create(
        email=email,
        name=person.name,
        password_hash=password_hash,
        is_admin=person.is_admin,
        role=role or Role.select().order_by(Role.id).first(),
        locale=person.locale,
        created_at=now - timedelta(days=600),
    )


def _permissions(places: dict[str, Place], agents: dict[str, Agent]) -> dict[str, list[tuple[Agent, str]]]:
    covering: dict[str, list[tuple[Agent, str]]] = {key: [] for key in places}
    for person in world.AGENTS:
        agent = agents[person.name]
        for scope in person.covers:
            signature = f"<p>{person.name}<br>{world.DESK_NAME}</p>"
            service, department = places.get(scope, (None, None))
            Permission.create(
                agent=agent, service=service, department=department, signature=signature, notify=person.notify
            )
            for key, place in places.items():
                if scope == "*" or place == (service, department) or (department is None and place[0] == service):
                    covering[key].append((agent, signature))
    return covering


def _teams(agents: dict[str, Agent]) -> list[tuple[Team, list[Agent]]]:
    teams = []
    for english, french, manager, names in world.TEAMS:
        team = Team.create(label=Label(en=english, fr=french), manager=agents[manager])
        members = [agents[name] for name in names]
        for member in members:
            TeamMember.create(team=team, agent=member)
        teams.append((team, members))
    return teams


def _tags() -> dict[str, int]:
    names = {name for source in library.BOOKS.values() for thread in source.THREADS for name in thread.tags}
    return {name: Tag.create(name=name, key=folding.fold(name)).id for name in sorted(names)}


def _canned(places: dict[str, Place], desk: Desk) -> None:
    author = desk.agents["Claire Fontaine"]
    for position, (service, name, body) in enumerate(library.canned()):
        row = CannedResponse.create(
            service=places[service][0] if service else None, name=name, body=body, author=author, position=position
        )
        for act, argument in world.MACROS.get(name["en"], ()):
            status = desk.statuses.get(argument)
            CannedAct.create(response=row, act=act, argument=argument if status is None else str(status.id))


def _filters(desk: Desk) -> None:
    root = desk.agents["Oliver Grant"]
    hard, high = desk.teams[0][0], desk.priorities["high"]
    rules: tuple[dict[str, Any], ...] = (
        {
            "name": "Watches and search engines",
            "mode": "any",
            "conditions": [
                {"field": "subject", "operator": "contains", "value": "cheap watches"},
                {"field": "content", "operator": "contains", "value": "every search engine"},
            ],
            "actions": [{"action": "spam"}],
        },
        {
            "name": "Companies first",
            "conditions": [{"field": "content", "operator": "contains", "value": "VAT number"}],
            "actions": [{"action": "tag", "argument": "company"}, {"action": "set_priority", "argument": str(high.id)}],
        },
        {
            "name": "Lost parcels to the team",
            "conditions": [{"field": "subject", "operator": "contains", "value": "marked as delivered"}],
            "actions": [{"action": "assign_team", "argument": str(hard.id)}],
        },
    )
    for position, values in enumerate(rules):
        filters.save_filter(None, {"position": position, **values}, actor=root)


def customers(count: int, rng: Random, now: datetime) -> list[Author]:
    """Make customers with one address each, most of them proven."""
    since = now - timedelta(days=500)
    people: list[dict[str, Any]] = []
    addresses: list[dict[str, Any]] = []
    first_id, first_address = _next_id(Customer), _next_id(CustomerAddress)
    for step in range(count):
        locale = rng.choice(("en", "fr"))
        first, last = rng.choice(world.FIRST_NAMES[locale]), rng.choice(world.LAST_NAMES[locale])
        email = folding.fold(f"{first}.{last}{step + 1}@{rng.choice(world.MAIL_DOMAINS)}")
        has_name = rng.random() < 0.95
        people.append(
            {
                "id": first_id + step,
                "first_name": first if has_name else "",
                "last_name": last if has_name else "",
                "locale": locale,
                "created_at": since,
            }
        )
        addresses.append(
            {
                "id": first_address + step,
                "customer": first_id + step,
                "email": email,
                "proven_at": since if rng.random() < 0.7 else None,
                "created_at": since,
            }
        )
    for start in range(0, count, CHUNK):
        Customer.insert_many(people[start : start + CHUNK]).execute()
        CustomerAddress.insert_many(addresses[start : start + CHUNK]).execute()
        customer_search.index_customers(row["id"] for row in people[start : start + CHUNK])
    return [
        Author(
            row["id"],
            address["id"],
            f"{row['first_name']} {row['last_name']}".strip(),
            address["email"],
            row["locale"],
        )
        for row, address in zip(people, addresses, strict=True)
    ]


def _next_id(table: Any) -> int:
    newest = table.select(table.id).order_by(table.id.desc()).first()
    return newest.id + 1 if newest is not None else 1
