"""What follows from what: one table, read from top to bottom. Imported once, by the application."""

from __future__ import annotations

from database import Cached, Label
from helpdesk import events, examples, filters, i18n, journal, notifications, outbox, send_later, settings, snooze
from helpdesk.access import Actor
from helpdesk.automatic_closing import keeping as closing_plans
from helpdesk.due_times import keeping
from helpdesk.events import EventKind
from helpdesk.filters import running
from helpdesk.incoming import suppressed_mail
from helpdesk.joining import duplicates
from helpdesk.lists import counting
from helpdesk.operations import wakeups
from helpdesk.people import customer_absences, deliverability, required_second_factor
from helpdesk.rules import on_events
from helpdesk.single_sign_on import only
from helpdesk.tickets import unread
from models import TicketEvent


def apply_filters(event: TicketEvent, _actor: Actor) -> None:
    """Run the filters on a ticket that was just opened; remember on the event that the team is left in peace."""
    if filters.apply_filters(event.ticket, event.about.body if event.about is not None else None):
        event.data = {**event.data, "silent": True}
        event.save()


def notify(event: TicketEvent, actor: Actor) -> None:
    """Write the mails this event owes."""
    notifications.plan(event, actor=actor)


#: What runs at an event of a ticket before and after its mails, which follow from `notifications.TABLE`.
BEFORE: dict[EventKind, tuple[events.Listener, ...]] = {
    EventKind.OPENED: (apply_filters,),
    EventKind.CUSTOMER_WROTE: (deliverability.follow, customer_absences.follow),
}
AFTER: dict[EventKind, tuple[events.Listener, ...]] = {
    EventKind.OPENED: (unread.follow, duplicates.follow_order),
    EventKind.CUSTOMER_WROTE: (snooze.follow, send_later.follow),
    EventKind.NOT_RESOLVED: (snooze.follow, send_later.follow),
    EventKind.STATUS: (send_later.follow,),
    **dict.fromkeys(send_later.STOPS, (send_later.follow,)),
    EventKind.REPLIED: (unread.follow,),
    EventKind.NOTE_ADDED: (unread.follow,),
}
for _kind in EventKind:
    _mails = (notify,) if _kind in notifications.TABLE else ()
    _noted = (journal.ticket_event,) if _kind in journal.OUTLIVING else ()
    events.listeners[_kind] = (*BEFORE.get(_kind, ()), *_mails, *AFTER.get(_kind, ()), *_noted)
#: What the lower rooms are given by those above them.
i18n.read_setting = settings.get
Label.languages = staticmethod(i18n.languages_of_labels)
settings.watchers.extend((journal.settings_changed, required_second_factor.follow_setting, only.follow_setting))
suppressed_mail.senders.append(outbox.send_unstored)
Cached.before_delete.append(examples.forget)
events.before_commit.extend((on_events.follow, keeping.keep, closing_plans.keep, running.count_hits))
events.after_commit.extend((wakeups.wake, counting.forget_counts))
