"""How sending is: for the loop, health, doctor, dashboard and menu.

What goes wrong with the mail server itself concerns every mail alike. It is remembered once, uses up no try of any
mail, and says when the server is called again.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import ModelSelect, fn

from helpdesk import access, clock, settings
from helpdesk.lib import log
from helpdesk.outbox import claims, sent_mail_retention
from helpdesk.settings import environment, mail_failures, run_state
from helpdesk.settings.environment import MailServer
from helpdesk.settings.mail_failures import Failure
from models import Agent, OutgoingEmail

KEY = "mail_server"
#: The server is called again after a minute, later after as long as it has been away, and after this at the latest.
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(minutes=15)
#: For so long nobody may have called or tried: beyond, the desk was off or the clock jumped (RULES 42).
UNTRIED = timedelta(days=2)
#: How long an answer stands for the next one: a sign-in that is refused from now on is red within a minute, and the
#: server is called no oftener than that takes.
TRUST = timedelta(seconds=57)
#: How far a clock may be ahead before what it wrote is not believed.
AHEAD = timedelta(minutes=1)
#: Addresses that must have been refused, and nothing sent since, before it is no matter of single addresses.
SEVERAL = 3
#: Rows looked at for it.
LOOKED_AT = 50
#: Failed mails are counted so far.
MOST_COUNTED = 1_000
#: Seconds for which the menu's count, and what it says of the server, may be old.
SECONDS = 5
_NEVER = (float("-inf"), 0, False)
_kept: tuple[float, int, bool] = _NEVER


@dataclass(frozen=True)
class Fault:
    """What is wrong with the mail server, since when, and when it is called again."""

    failure: Failure
    since: datetime
    until: datetime


def fault(server: MailServer | None = None) -> Fault | None:
    """Return what is wrong with the mail server as it is set now; what another one did says nothing."""
    server = server or settings.mail_server()
    stored = _stored(server) if server is not None else {}
    if "failure" not in stored:
        return None
    now = clock.now()
    since, until = (datetime.fromisoformat(stored[name]) for name in ("since", "until"))
    # A clock that was ahead keeps nobody waiting.
    return Fault(mail_failures.of(stored["failure"]), min(since, now), until if until <= now + LONGEST + AHEAD else now)


def next_call(server: MailServer) -> datetime:
    """Return when the server is called though no mail waits: once its fault allows it, or its last answer is old."""
    found, now = fault(server), clock.now()
    if found is not None:
        return found.until
    answered = _stored(server).get("answered")
    until = datetime.fromisoformat(answered) + TRUST if answered is not None else now
    # What a clock that was ahead wrote counts for nothing.
    return until if until <= now + TRUST + AHEAD else now


def note_answer(server: MailServer) -> None:
    """Remember that the server does its work; written when what it answered last counts no more."""
    if "answered" not in _stored(server) or next_call(server) <= clock.now():
        if "failure" in (run_state.read(KEY) or {}):
            log.event("mail server works again")
        run_state.write(KEY, {"server": _name(server), "answered": clock.now().isoformat()})


def note_fault(server: MailServer, failure: Failure) -> Fault:
    """Remember what is wrong with the server, and return it with the time of the next call."""
    before, now = fault(server), clock.now()
    if before is None or before.failure.key != failure.key:
        log.event("mail server at fault", level=logging.WARNING, reason=failure.in_log)
    # After days in which nobody called, switched off or by another clock, the five days of `retries` begin anew.
    since = before.since if before is not None and now - before.until <= UNTRIED else now
    found = Fault(failure, since, now + min(max(now - since, SHORTEST), LONGEST))
    values = {"since": since.isoformat(), "until": found.until.isoformat(), "failure": asdict(failure)}
    run_state.write(KEY, {"server": _name(server), **values})
    return found


def _stored(server: MailServer) -> dict[str, Any]:
    stored: dict[str, Any] = run_state.read(KEY) or {}
    return stored if stored.get("server") == _name(server) else {}


def _name(server: MailServer) -> str:
    """Return what tells a server and its sign-in from others and says nothing of them."""
    key = environment.current().secret_key.encode()
    return hmac.new(key, f"mail server|{server!r}".encode(), hashlib.sha256).hexdigest()[:32]


# --- What waits and what was given up -------------------------------------------------------------------------------


def waiting() -> tuple[int, datetime | None]:
    """Return how many mails wait or are being sent, and when the oldest was due that nothing holds back.

    A mail behind another one to the same address waits for that one, which a server may have put off.
    """
    columns = (OutgoingEmail.state, fn.COUNT(OutgoingEmail.id), fn.MIN(OutgoingEmail.due_at))
    live = OutgoingEmail.select(*columns).where(OutgoingEmail.state.in_(("pending", "sending")))
    counts = {state: (count, first) for state, count, first in live.group_by(OutgoingEmail.state).tuples()}
    due = claims.due_now().select(OutgoingEmail.due_at).limit(1).scalar() if "pending" in counts else None
    sending = counts["sending"][1] if "sending" in counts else None
    moments = [OutgoingEmail.due_at.python_value(moment) for moment in (due, sending) if moment is not None]
    return sum(count for count, _first in counts.values()), min(moments, default=None)


def given_up() -> int:
    """Return how many mails failed and were neither sent again nor left (`MOST_COUNTED` at most)."""
    return int(OutgoingEmail.select().where(OutgoingEmail.state == "failed").limit(MOST_COUNTED).count())


def given_up_for(agent: Agent) -> int:
    """Return how many of them this agent may read, as of some seconds ago: nothing for who may not set the desk up."""
    if not access.can(agent, "configure"):
        return 0
    count, _is_refused = _some_seconds_ago()
    return count if access.sees_all(agent) or not count else int(failed_of(agent).limit(MOST_COUNTED).count())


def is_refused_for(agent: Agent) -> bool:
    """Whether no mail leaves until somebody corrects the set-up, as of some seconds ago, told to who may do so."""
    return access.can(agent, "administer") and _some_seconds_ago()[1]


def _some_seconds_ago() -> tuple[int, bool]:
    """Return how many mails were given up, and whether no waiting mends what is wrong with the server."""
    global _kept
    if time.monotonic() - _kept[0] > SECONDS:
        found = fault()
        _kept = (time.monotonic(), given_up(), found is not None and found.failure.is_of_setup)
    return _kept[1:]


def forget_count() -> None:
    """Count again for the next reader."""
    global _kept
    _kept = _NEVER


def failed_of(agent: Agent) -> ModelSelect:
    """Return the ids of the failed mails that this agent may read."""
    failed = OutgoingEmail.select(OutgoingEmail.id).where(OutgoingEmail.state == "failed")
    return sent_mail_retention.readable_by(agent, failed).order_by(OutgoingEmail.id)


def refuses_everybody() -> bool:
    """Whether several addresses were refused and nothing was sent since: then it is not for these addresses."""
    sent = _rows(OutgoingEmail.state == "sent", OutgoingEmail.id.desc())
    last = max((row.sent_at for row in sent if row.sent_at is not None), default=datetime.min)
    failed = _rows(OutgoingEmail.state == "failed", OutgoingEmail.id.desc())
    deferred = [row for row in _rows(OutgoingEmail.state == "pending", OutgoingEmail.due_at) if row.deferred_since]
    return len({row.to_email for row in (*failed, *deferred) if row.created_at > last}) >= SEVERAL


def _rows(state: Any, order: Any) -> list[OutgoingEmail]:
    columns = (OutgoingEmail.to_email, OutgoingEmail.created_at, OutgoingEmail.sent_at, OutgoingEmail.deferred_since)
    return list(OutgoingEmail.select(*columns).where(state).order_by(order).limit(LOOKED_AT))
