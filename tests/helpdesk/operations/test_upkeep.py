"""What the desk forgets by itself, once a day."""

from __future__ import annotations

from datetime import timedelta

from peewee import fn

import helpdesk.wiring  # noqa: F401 — a ticket has its mails only once it is read
from helpdesk import clock, links, outbox
from helpdesk.operations import jobs, upkeep
from helpdesk.outbox import sent_mail_retention
from helpdesk.settings.uneditable_emails import UNEDITABLE
from models import EMAIL_STATES, AccessLink, OutgoingEmail, SecurityCode, SignIn, Ticket, TimetableRun


def test_upkeep_forgets_what_is_over(database, carol, ticket):
    now = clock.now()
    long_ago = now - timedelta(days=400)
    links.make("sign-in", address=carol.primary_address)
    AccessLink.update(expires_at=long_ago).execute()
    SignIn.create(token_hash="x", customer=carol, created_at=long_ago, last_seen_at=long_ago, expires_at=long_ago)
    SecurityCode.create(token="x", answer="A", expires_at=long_ago)
    Ticket.update(in_bin=True, binned_at=long_ago).execute()
    upkeep.run()
    assert [table.select().count() for table in (AccessLink, SignIn, SecurityCode, Ticket)] == [0] * 4


def test_upkeep_keeps_what_is_alive(database, carol, ticket):
    links.make("ticket", address=carol.primary_address, ticket=ticket)
    assert jobs.TIMETABLE.claim(jobs.TIMETABLE.jobs[0])
    upkeep.run()
    assert [table.select().count() for table in (AccessLink, TimetableRun, Ticket)] == [1] * 3


def test_purging_a_ticket_takes_its_mails_along(database, ticket, smtp):
    Ticket.update(in_bin=True, binned_at=clock.now() - timedelta(days=31)).execute()
    assert OutgoingEmail.select().exists()
    upkeep.run()
    assert not OutgoingEmail.select().exists()


def old_mail(days, **values):
    """A mail that was written so many days ago."""
    written = clock.now() - timedelta(days=days)
    values = {"kind": "notification", "to_email": "a@b.example", "from_email": "d@d.example", "locale": "en", **values}
    values = {"subject": "S", "body": "B", "mail_id": f"<{OutgoingEmail.select().count()}@x.example>", **values}
    return OutgoingEmail.create(due_at=written, created_at=written, **values)


def test_mails_are_forgotten_a_quarter_after_they_ended(database, ticket, monkeypatch):
    monkeypatch.setattr(sent_mail_retention, "AT_ONCE", 2)
    OutgoingEmail.delete().execute()
    for state in EMAIL_STATES:
        for days in (200, 120, 100, 91, 89):
            old_mail(days, state=state, ticket=ticket)
    upkeep.run()
    left = OutgoingEmail.select(OutgoingEmail.state, fn.COUNT(OutgoingEmail.id)).group_by(OutgoingEmail.state).tuples()
    assert dict(left) == {"pending": 5, "sending": 5, "sent": 1, "failed": 5, "cancelled": 1}


def test_no_mail_outlives_the_tickets_it_names(database):
    kept = [old_mail(29, kind="digest"), old_mail(80, kind="invitation"), old_mail(80, kind="confirm")]
    old_mail(31, kind="digest")
    old_mail(2, kind="transfer", state="sent")
    kept += [old_mail(80, kind=kind) for kind in ("link-made", "two-factor-reset", "new-browser")]
    of_ticket = {"received", "copied", "mention", "undelivered", "closing", "not-resolved", "stand-in"}
    of_no_ticket = [kind for kind in UNEDITABLE if kind not in of_ticket]
    kept += [old_mail(2, kind=kind) for kind in of_no_ticket]
    old_mail(31, kind="due-list")
    upkeep.run()
    assert [row.id for row in OutgoingEmail.select().order_by(OutgoingEmail.id)] == [row.id for row in kept]


def test_the_link_of_a_ticket_that_is_gone_is_not_sent(app, smtp):
    email = old_mail(1, link_kind="ticket")
    outbox.deliver_due()
    assert (OutgoingEmail.get_by_id(email.id).state, smtp.messages) == ("cancelled", [])
