"""The pipeline of incoming mail, a job of each minute: collect, parse, decide, carry out.

A mail that waits, fails or kills its parser never holds up the next one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from peewee import SQL, Case

from database import database, is_sqlite
from helpdesk import clock, settings
from helpdesk.i18n import in_language
from helpdesk.incoming import collection, decision_rules, dispatch, mail_context, mailbox_health, raw_mail
from helpdesk.incoming.parsed_mail import ParsedMail, Parser
from helpdesk.settings import lookups, run_state
from models import IncomingMail

logger = logging.getLogger(__name__)

#: How often a mail is tried by itself.
TRIES = 3
#: Mails decided in one run.
AT_ONCE = 500
#: Minutes after which a mail in work was left behind by a crash.
STUCK = 5
_deciding = threading.Lock()


def run() -> None:
    """Collect, decide and tidy up; nothing at all without a mailbox, or in a restored copy that rests."""
    if not lookups.mailboxes() or run_state.is_resting_copy():
        return
    for step in STEPS:
        try:
            step()
        except Exception:
            logger.exception("A step of the incoming mail failed; the next minute tries again.")


def next_due() -> datetime | None:
    """Return the present time when a mail waits that nobody has tried yet, else None; others wait for the minute."""
    waiting = SQL("state IN ('stored', 'working', 'held')") & (IncomingMail.state == "stored")
    fresh = IncomingMail.select(SQL("1")).where(waiting, IncomingMail.attempts == 0)
    if not lookups.mailboxes() or not fresh.limit(1).exists():
        return None
    return None if run_state.is_resting_copy() else clock.now()


def decide_waiting(limit: int = AT_ONCE) -> int:
    """Decide about the mails that wait, in the order they came; return how many were decided."""
    # One thread decides, so that mails are decided in the order they came; it finds what comes meanwhile, too.
    if not _deciding.acquire(blocking=False):
        return 0
    try:
        _release_stuck()
        decided, last = 0, 0
        with in_language(settings.get("language")), Parser() as parser:
            while decided < limit and (mail := claim(after=last)) is not None:
                last = mail.id
                decided += _handle(mail, parser)
        return decided
    finally:
        _deciding.release()


def claim(*, after: int = 0) -> IncomingMail | None:
    """Take the next waiting mail for this process alone; its try is counted before it is read."""
    waiting = IncomingMail.select(IncomingMail.id).where(IncomingMail.state == "stored", IncomingMail.id > after)
    waiting = waiting.order_by(IncomingMail.id).limit(1)
    if not is_sqlite():
        waiting = waiting.for_update("FOR UPDATE SKIP LOCKED")
    with database.atomic():
        # The row is chosen first: inside the statement of the change, PostgreSQL may choose more than once.
        key = waiting.scalar()
        take = IncomingMail.update(state="working", claimed_at=clock.now(), attempts=IncomingMail.attempts + 1)
        taken = take.where(IncomingMail.id == key, IncomingMail.state == "stored").returning(IncomingMail)
        return next(iter(taken.execute()), None) if key is not None else None


def _handle(mail: IncomingMail, parser: Parser) -> int:
    try:
        content = parser.read(raw_mail.location(mail))
        if content is None:
            return _give_up_or_wait(mail, "unreadable")
        handle(mail, content)
    except Exception:
        logger.exception("The mail %s could not be handled.", mail.id)
        return _give_up_or_wait(mail, "failed")
    return 1


def handle(mail: IncomingMail, content: ParsedMail) -> None:
    """Decide about a mail that was read, and do it."""
    context = mail_context.of(mail, content)
    dispatch.carry_out(mail, content, context, decision_rules.decide(content, context))


def _give_up_or_wait(mail: IncomingMail, reason: str) -> int:
    """Let a mail be tried again, or after the last try be held for a person."""
    over = mail.attempts >= TRIES
    # Whatever its headers hold, its server has the whole of it.
    reason = "too-large" if mail.headers_only else reason
    values = {"state": "held", "reason": reason, "decided_at": clock.now()} if over else {"state": "stored"}
    IncomingMail.update(claimed_at=None, **values).where(
        IncomingMail.id == mail.id, IncomingMail.state == "working"
    ).execute()
    return int(over)


def _release_stuck() -> None:
    """Let go of the mails a crash left behind, and hold those it has left behind too often."""
    limit = clock.now() - timedelta(minutes=STUCK)
    stuck = (IncomingMail.state == "working") & (IncomingMail.claimed_at < limit)
    reason = Case(None, [(IncomingMail.headers_only, "too-large")], "unreadable")
    IncomingMail.update(state="held", reason=reason, decided_at=clock.now(), claimed_at=None).where(
        stuck, IncomingMail.attempts >= TRIES
    ).execute()
    IncomingMail.update(state="stored", claimed_at=None).where(stuck).execute()


#: What each run does, in this order.
STEPS: tuple[Callable[[], object], ...] = (
    collection.collect_all,
    decide_waiting,
    mailbox_health.tell_administrators,
    mailbox_health.tell_of_loops,
)
