"""Customers' ratings: asked for when a ticket is closed, given by its author, who may change them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from peewee import Case, ModelSelect, fn

from helpdesk import access, clock, settings
from helpdesk.access import TicketGuest
from helpdesk.automatic_closing import plans
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import EventKind, record
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.lib.periods import Period
from helpdesk.lists.period_criteria import BAD, COUNTED, GOOD
from helpdesk.locking import act
from helpdesk.reports import statistics
from helpdesk.settings import lookups
from models import CLOSED, Agent, Customer, Message, Rating, Ticket, TicketEvent

MAX_COMMENT = 1_000
#: Comments shown with the figures: the newest ones.
COMMENTS = 5
_KINDS = {GOOD: EventKind.RATED_GOOD, BAD: EventKind.RATED_BAD}


def is_asked(ticket: Ticket, actor: Customer | TicketGuest) -> bool:
    """Whether this person is asked for a rating: the desk asks, and the ticket is closed and their own."""
    asks = settings.get("ask_satisfaction") and ticket.is_closed and not ticket.is_spam
    if not asks or access.is_in_copy(actor, ticket) or _reply_waits(ticket):
        return False
    return not _was_asked_before(ticket)


def _was_asked_before(ticket: Ticket) -> bool:
    """Whether a ticket that was closed by itself had been closed before, so that its customer has been asked."""
    kinds = (EventKind.CLOSED, EventKind.CLOSED_BY_CUSTOMER, EventKind.STATUS)
    lines = ticket.events.where(TicketEvent.kind.in_([kind.value for kind in kinds])).order_by(TicketEvent.id)
    ends = [line for line in lines if line.kind != EventKind.STATUS.value or line.data.get("category") == CLOSED]
    return len(ends) > 1 and ends[-1].data.get("why") == plans.WHY


def _reply_waits(ticket: Ticket) -> bool:
    """Whether the reply that closed the ticket may still be withdrawn, so that the customer has not seen it."""
    return bool(Message.select().where(Message.ticket == ticket.id, Message.public_at > clock.now()).exists())


def rating_of(ticket: Ticket) -> Rating | None:
    """Return the customer's rating of this ticket, or None."""
    return Rating.get_or_none(Rating.ticket == ticket.id)


def own_rating(ticket: Ticket) -> Rating | None:
    """Return the rating of this ticket by its present customer; None for one that a former customer gave."""
    given = TicketEvent.kind.in_([kind.value for kind in _KINDS.values()])
    last = TicketEvent.select().where(TicketEvent.ticket == ticket.id, given).order_by(TicketEvent.id.desc()).first()
    return rating_of(ticket) if last is None or last.customer_id == ticket.customer_id else None


def rate(ticket: Ticket, score: str, *, actor: Customer | TicketGuest, comment: str = "") -> None:
    """Store the customer's rating (`GOOD` or `BAD`) with a comment (plain text); the same again changes nothing.

    Raises NotFound while the desk does not ask and for spam; InvalidInput at ``score`` or ``comment``, also for a
    ticket that is open again.
    """
    with act(ticket, "rate", actor=actor):
        if not settings.get("ask_satisfaction") or ticket.is_spam:
            raise NotFound(lazy("There is no such page."))
        if _reply_waits(ticket):
            raise InvalidInput(lazy("The answer is not there yet: try again in a moment."), field="score")
        if not ticket.is_closed:
            raise InvalidInput(lazy("This ticket is open again: you can answer once it is closed."), field="score")
        if score not in _KINDS:
            raise InvalidInput(lazy("Choose an answer."), field="score")
        words = inputs.lines(comment)
        if len(words) > MAX_COMMENT:
            raise InvalidInput(lazy("At most %(limit)s characters.", limit=MAX_COMMENT), field="comment")
        before = rating_of(ticket)
        if before is not None and (before.score, before.comment) == (score, words):
            return
        values = {"score": score, "comment": words, "rated_at": clock.now()}
        # Two windows may answer at the same time: the later one wins.
        Rating.insert(ticket=ticket.id, **values).on_conflict(conflict_target=[Rating.ticket], update=values).execute()
        record(ticket, _KINDS[score], actor=actor, comment=words)


@dataclass
class Share:
    """The ratings of the tickets of one name (a service, an agent): how many, and how many were good."""

    name: str
    answers: int = 0
    good: int = 0

    @property
    def percent(self) -> int | None:
        """The share of good ratings in percent; None without answers."""
        return round(100 * self.good / self.answers) if self.answers else None


@dataclass(frozen=True)
class Satisfaction:
    """The ratings of a period: all together, by service and by agent, and the newest ones with comments."""

    all: Share
    tables: dict[str, list[Share]]
    comments: list[Rating] = field(default_factory=list)


def measure(agent: Agent, period: Period) -> Satisfaction | None:
    """Return the ratings of a period within the agent's sight; None while the desk does not ask."""
    if not settings.get("ask_satisfaction"):
        return None
    good = fn.SUM(Case(None, ((Rating.score == GOOD, 1),), 0))
    counted = _answers(agent, period, Ticket.service, Ticket.assignee, fn.COUNT(Rating.id), good)
    rows = list(counted.group_by(Ticket.service, Ticket.assignee).tuples())
    return Satisfaction(
        Share("", sum(row[2] for row in rows), sum(row[3] for row in rows)),
        {
            "service": _shares((str(lookups.service(row[0]) or ""), row[2], row[3]) for row in rows),
            "agent": _shares((str(lookups.agent(row[1]) or ""), row[2], row[3]) for row in rows),
        },
        _comments(agent, period),
    )


def _answers(agent: Agent, period: Period, *columns: Any) -> ModelSelect:
    """Return a query of these columns for a period's ratings, which are far fewer than the agent's tickets."""
    within = (COUNTED, Rating.rated_at >= period.start, Rating.rated_at < period.end)
    query = access.visible_tickets(agent).select(*columns)
    return query.join(Rating, on=(Rating.ticket == Ticket.id), attr="rating").where(*within)


def _comments(agent: Agent, period: Period) -> list[Rating]:
    query = _answers(agent, period, Ticket, Rating).where(Rating.comment != "")
    rows = list(query.order_by(Rating.rated_at.desc(), Rating.id.desc()).limit(COMMENTS))
    for row in rows:
        row.rating.ticket = row
    return [row.rating for row in rows]


def _shares(rows: Iterable[tuple[str, int, int]]) -> list[Share]:
    shares: dict[str, Share] = {}
    for name, answers, good in rows:
        share = shares.setdefault(name, Share(name))
        share.answers += answers
        share.good += good
    named = (share for share in shares.values() if share.name)
    return sorted(named, key=lambda share: (-share.answers, share.name))[: statistics.MOST_ROWS]
