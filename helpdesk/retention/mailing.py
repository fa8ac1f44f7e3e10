"""The mail by which administrators hear of a batch, each in their language, a week before it goes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from helpdesk import clock, i18n, notifications, settings
from helpdesk.access import Actor
from helpdesk.notifications import Cause, Occasion, recipients
from helpdesk.retention import wording
from models import RetentionBatch

#: Where the batch stands, below the address of the desk.
PAGE = "/admin/retention-items/"


def announce(batch: RetentionBatch) -> None:
    """Write the mails about a batch, in the caller's transaction."""
    for one in recipients.administrators():
        with i18n.in_language(one.locale):
            zone = ZoneInfo(i18n.zone(one.agent.timezone if one.agent is not None else None))
            data = {
                "sentence": wording.headline(batch.planned, clock.day_of(batch.due_at, zone)),
                "details": " ".join(wording.sentences(batch.planned)),
                "link": f"{settings.site_url()}{PAGE}",
            }
        notifications.owe(Cause(Occasion.RETENTION_ANNOUNCED, people=(one,), data=data))


def tell_cancelled(batch: RetentionBatch, actor: Actor) -> None:
    """Write the mails that what was announced stays, to all administrators but who cancelled it."""
    for one in recipients.administrators():
        with i18n.in_language(one.locale):
            zone = ZoneInfo(i18n.zone(one.agent.timezone if one.agent is not None else None))
            data = {
                "name": batch.cancelled_by,
                "moment": i18n.long_day(clock.day_of(batch.due_at, zone)),
                "link": f"{settings.site_url()}{PAGE}",
            }
        notifications.owe(Cause(Occasion.RETENTION_CANCELLED, actor, people=(one,), data=data))
