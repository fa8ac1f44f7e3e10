"""Canned responses: offered in their service to whom they are for, saved from a reply, changed by authors (RULES 27).

What they do to a ticket beside their text are the rules of ``helpdesk.macros``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from peewee import ModelSelect

from database import Label, database
from helpdesk import access, i18n, settings
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.i18n import _, lazy
from helpdesk.lib import control_characters, inputs, link_addresses, richtext, sort_position
from helpdesk.lib.cache import CachedValue
from helpdesk.settings import lookups, placeholders
from models import EVERYBODY, OWN, TEAM, Agent, CannedResponse, Ticket

#: Responses offered at once in one ticket.
OFFERED = 200
#: Characters of a name, in each language.
LONGEST_NAME = 120
#: Characters of a response that a ticket's page carries.
BEGINNING = 200

_all = CachedValue(lambda: list(CannedResponse.select().order_by(CannedResponse.position, CannedResponse.name)))


def offered_in(ticket: Ticket, agent: Agent) -> list[CannedResponse]:
    """Return what is for this agent of the ticket's service, then what is general, in the order of the screen."""
    rows = [row for row in _all() if row.service_id in {ticket.service_id, None} and is_for(row, agent)]
    return sorted(rows, key=lambda row: row.service_id is None)[:OFFERED]


def offered_to(agent: Agent) -> list[CannedResponse]:
    """Return what is for this agent in the services they cover, in the order of the set-up screen."""
    return [row for row in _all() if is_for(row, agent) and reads_service(agent, row.service_id)]


def is_for(response: CannedResponse, agent: Agent) -> bool:
    """Whether this agent is among those a response is for: everybody, its author alone, or a team and its manager."""
    if response.audience == EVERYBODY or response.author_id == agent.id:
        return True
    return response.audience == TEAM and response.team_id in lookups.team_ids_of(agent.id)


def reads_service(actor: Actor, service_id: int | None) -> bool:
    """Whether the actor reads the responses of this service (None: the general ones) without being their author."""
    if service_id is None or not isinstance(actor, Agent) or access.sees_all(actor):
        return True
    return any(row.service_id == service_id for row in lookups.permissions_of(actor.id))


def readable_by(agent: Agent) -> ModelSelect:
    """Return the general responses, those of the services this agent covers a part of, and the agent's own."""
    mine = CannedResponse.author == agent.id
    shared = CannedResponse.audience == EVERYBODY
    if manages(agent):
        # What nobody has any more can be deleted, too.
        shared |= (CannedResponse.audience == TEAM) | CannedResponse.author.is_null()
    else:
        shared |= (CannedResponse.audience == TEAM) & CannedResponse.team_id.in_(lookups.team_ids_of(agent.id))
    if not access.sees_all(agent):
        services = [row.service_id for row in lookups.permissions_of(agent.id)]
        shared &= CannedResponse.service.is_null() | CannedResponse.service.in_(services)
    return CannedResponse.select().where(shared | mine)


def manages(actor: Actor) -> bool:
    """Whether the actor changes the responses of others: a manager, or who may configure."""
    return access.can(actor, "configure") or (isinstance(actor, Agent) and lookups.is_manager(actor.id))


def require_readable(response: CannedResponse, actor: Actor) -> None:
    """Raise NotFound unless the actor reads this response."""
    if isinstance(actor, Agent) and response.author_id == actor.id:
        return
    is_left = response.audience == TEAM or response.author_id is None
    is_shared = not isinstance(actor, Agent) or is_for(response, actor) or (is_left and manages(actor))
    if not (is_shared and reads_service(actor, response.service_id)):
        raise NotFound(lazy("There is no such canned response."))


def beginning(response: CannedResponse, ticket: Ticket) -> str:
    """Return the first characters of the response in this ticket, plain and on one line, to be shown and searched."""
    html = body_in(response, ticket)[: 20 * BEGINNING]
    return placeholders.fill(_beginning(html), values_of(ticket), html=False)[:BEGINNING]


@functools.lru_cache(maxsize=1_024)
def _beginning(html: str) -> str:
    # A cut may leave a tag open: cleaning closes it.
    return " ".join(richtext.to_text(richtext.clean(html)).split())[: 2 * BEGINNING]


def filled(response: CannedResponse, ticket: Ticket) -> str:
    """Return the response's HTML with its variables filled in for this ticket."""
    return placeholders.fill(body_in(response, ticket), values_of(ticket), html=True)


def empty_variables(response: CannedResponse, ticket: Ticket) -> list[str]:
    """Return the names of the response's variables that have no value in this ticket."""
    body = body_in(response, ticket)
    return [name for name, value in values_of(ticket).items() if not value and placeholders.uses(body, name)]


def language_of(ticket: Ticket) -> str:
    """Return the language in which a ticket's customer is answered."""
    return i18n.supported(ticket.customer.locale or ticket.locale)


def inserted_language(response: CannedResponse, ticket: Ticket) -> str:
    """Return the language of the text that is inserted: the ticket's, else the desk's, else any there is."""
    wanted = (language_of(ticket), settings.get("language"), *response.body)
    return next((code for code in wanted if response.body.get(code)), wanted[0])


def body_in(response: CannedResponse, ticket: Ticket) -> str:
    """Return the text that is inserted in this ticket."""
    return str(response.body.get(inserted_language(response, ticket), ""))


def name_in(response: CannedResponse, ticket: Ticket) -> str:
    """Return the name of a response, marked with its language when that is not the ticket's."""
    inserted = inserted_language(response, ticket)
    name = response.name.text(inserted, *Label.languages())
    if inserted == language_of(ticket):
        return name
    return _("%(name)s (in %(language)s)", name=name, language=i18n.language_name(inserted))


def values_of(ticket: Ticket) -> dict[str, str]:
    """Return what the variables of a text stand for in a ticket."""
    customer = ticket.customer
    return {
        "customer_firstname": customer.first_name,
        "customer_lastname": customer.last_name,
        "customer_email": ticket.address.email if ticket.address_id else "",
        "ticket_id": str(ticket.id),
        "prefixed_id": ticket.number,
        "ticket_object": ticket.subject,
    }


def save_from_reply(ticket: Ticket, name: str, body: str, *, actor: Agent) -> CannedResponse:
    """Store a reply (HTML, without the signature) as a canned response of the ticket's service.

    Raises InvalidInput at ``canned_name`` for a missing name or one already taken there, and at ``body``.
    """
    access.require(actor, "reply", ticket)
    link_addresses.require_kept(body, field="body")
    locale = language_of(ticket)
    texts = Label({locale: name}), Label({locale: body})
    return _store(CannedResponse(author=actor), ticket.service_id, *texts, field="canned_name")


def save_canned_response(
    response: CannedResponse | None, values: Mapping[str, Any], *, actor: Actor, needs_text: bool = True
) -> CannedResponse:
    """Store a response with the `values` of its form: service (None: general), name and body in each language.

    `for_whom` (as `audience_key` writes it) and `shortcut` are left as they are when they are missing. A new one is put
    last. Raises NotAllowed, NotFound for one the actor does not read, or InvalidInput at the field that is wrong.
    """
    if response is not None:
        require_edit(response, actor)
    typed = values.get("body") or {}
    for text in typed.values():
        link_addresses.require_kept(text, field="body")
    body = Label({code: richtext.from_form(text) for code, text in typed.items()})
    unknown = placeholders.unknown(" ".join(body.values()), "")
    if unknown:
        names = ", ".join(f"{{{{{name}}}}}" for name in unknown)
        raise InvalidInput(lazy("This variable cannot be used here: %(names)s.", names=names), field="body")
    service = values.get("service")
    service_id = getattr(service, "id", service)
    row = response or CannedResponse(author=actor if isinstance(actor, Agent) else None)
    if service_id != row.service_id and not reads_service(actor, service_id):
        raise InvalidInput(lazy("Choose a service that you cover."), field="service")
    _set_audience(row, str(values.get("for_whom", audience_key(row)) or ""), actor)
    row.shortcut = _shortcut(str(values.get("shortcut", row.shortcut) or ""))
    return _store(row, service_id, Label(values.get("name") or {}), body, needs_text=needs_text)


def audience_key(row: CannedResponse) -> str:
    """Return how a form writes whom a response is for: empty for everybody, ``own``, ``team-3``."""
    if row.audience == TEAM:
        return f"team-{row.team_id}"
    return OWN if row.audience == OWN else ""


def audiences(actor: Actor, row: CannedResponse | None = None) -> list[tuple[str, str]]:
    """Return whom the actor may make a response for: key and words. What it is for now is among them."""
    teams = lookups.teams()
    if not manages(actor):
        mine = lookups.team_ids_of(actor.id) if isinstance(actor, Agent) else ()
        teams = [team for team in teams if team.id in mine]
    offered = [("", _("Everybody")), (OWN, _("Me alone")), *((f"team-{team.id}", str(team)) for team in teams)]
    row = row if row is not None and row.id is not None else None
    now = audience_key(row) if row is not None else ""
    if not manages(actor):
        offered = [one for one in offered if one[0] or (row is not None and not now)]
    if row is not None and now not in dict(offered):
        offered.append((now, audience_name(row)))
    return offered


def audience_name(row: CannedResponse) -> str:
    """Return whom a response is for, in words."""
    if row.audience == TEAM:
        team = lookups.team(row.team_id)
        return str(team) if team is not None else _("A team that is gone")
    return _("Its author alone") if row.audience == OWN else _("Everybody")


def _set_audience(row: CannedResponse, key: str, actor: Actor) -> None:
    is_same = row.id is not None and key == audience_key(row)
    if not is_same and key not in dict(audiences(actor, row)):
        if not key:
            raise NotAllowed(lazy("Only a manager or an administrator writes a canned response for everybody."))
        raise InvalidInput(lazy("Choose one from the list."), field="for_whom")
    team = inputs.row_key(key.removeprefix("team-")) if key.startswith("team-") else None
    row.audience, row.team_id = (TEAM, team) if team is not None else (OWN if key == OWN else EVERYBODY, None)


def _shortcut(text: str) -> str:
    """Return a shortcut as it is stored: lower-cased, without the slash it is called by. Raises InvalidInput."""
    key = control_characters.one_line(text).strip().removeprefix("/").casefold()
    if not re.fullmatch(r"[\w-]{0,30}", key):
        raise InvalidInput(lazy("Use at most 30 letters, digits and hyphens, without blanks."), field="shortcut")
    return key


def set_author(response: CannedResponse, author: Agent, *, actor: Actor) -> None:
    """Let another agent be the author of a response, also of one that was its author's alone. Raises NotAllowed."""
    require_manage(actor)
    response.author = author
    response.save()


def delete_canned_response(response: CannedResponse, *, actor: Actor) -> None:
    """Delete a response; filters that answer with it skip that from now on. Raises NotAllowed."""
    require_edit(response, actor)
    response.delete_instance()


def require_edit(response: CannedResponse, actor: Actor) -> None:
    """Raise NotAllowed unless the actor is its author, a manager, or may configure; NotFound when it is hidden."""
    require_readable(response, actor)
    if not (isinstance(actor, Agent) and response.author_id == actor.id):
        require_manage(actor)


def require_manage(actor: Actor) -> None:
    """Raise NotAllowed unless the actor changes the responses of others."""
    if not manages(actor):
        raise NotAllowed(lazy("Only its author, a manager or an administrator changes a canned response."))


def _store(
    row: CannedResponse,
    service_id: int | None,
    name: Label,
    body: Label,
    field: str = "name",
    *,
    needs_text: bool = True,
) -> CannedResponse:
    titles = Label({code: title for code, text in name.items() if (title := control_characters.one_line(text))})
    texts = Label({code: html for code, text in body.items() if richtext.to_text(html := richtext.clean(text)).strip()})
    if not titles or any(len(title) > LONGEST_NAME for title in titles.values()):
        raise InvalidInput(lazy("Give the response a name of 1 to 120 characters."), field=field)
    if needs_text and not texts:
        raise InvalidInput(lazy("Write the message of the response."), field="body")
    same_place = CannedResponse.service.is_null() if service_id is None else CannedResponse.service == service_id
    is_own = CannedResponse.audience == OWN
    beside = is_own & (CannedResponse.author == row.author_id) if row.audience == OWN else ~is_own
    others = CannedResponse.select(CannedResponse.name).where(same_place, beside, CannedResponse.id != (row.id or 0))
    if _is_taken(titles, others):
        raise InvalidInput(lazy("There is already a response of this name here."), field=field)
    if row.id is None or row.service_id != service_id:
        row.position = sort_position.after_last(CannedResponse, same_place)
    inputs.set_attributes(row, {"service": service_id, "name": titles, "body": texts})
    with database.atomic():
        row.save()
    return row


def _is_taken(titles: Label, others: ModelSelect) -> bool:
    """Whether one of these names is that of another response, in the same language."""
    return any(row.name.get(code) == title for row in others for code, title in titles.items())
