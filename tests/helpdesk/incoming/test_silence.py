"""Silence: programs get no answer, loops end, and what mail servers report about our mails reaches who can mend it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk import clock, notifications, outbox, settings, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.incoming import held_mail, mailbox_health, parser_process, sender_rules
from helpdesk.notifications import copy_digest, recipients, reply_address, withholding
from helpdesk.notifications.reply_address import Code
from helpdesk.outbox import returned, sent_mail_retention
from helpdesk.people import addresses, customers, deliverability, sign_ins
from helpdesk.tickets import cc
from models import (
    Agent,
    Customer,
    CustomerAddress,
    IncomingMail,
    Mailbox,
    Message,
    OutgoingEmail,
    SenderRule,
    Service,
    SignIn,
    Ticket,
    TicketEvent,
)
from tests.support import cast
from tests.support.automatic_mails import AUTOMATIC, REPORTS, dsn
from tests.support.mails import ADDRESS, mail, make_mailbox, receive

CAROL, ERIN = "carol@customer.example", "erin@customer.example"


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    return make_mailbox(billing, billing.departments.get(), sub_addresses=True)


@pytest.fixture
def notified(mailbox: Mailbox, billing: Service) -> Agent:
    """An agent who hears of new tickets."""
    agent = cast.make_agent("Nora")
    cast.permit(agent, billing, notify=True)
    return agent


@pytest.fixture
def ours(mailbox: Mailbox, ticket: Ticket, ana: Agent) -> OutgoingEmail:
    """The mail of a reply to Carol, as it has left."""
    return reply_to(ticket, ana)


def reply_to(ticket: Ticket, agent: Agent) -> OutgoingEmail:
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>We look into it.</p>", actor=agent)
    mails = OutgoingEmail.select().where(OutgoingEmail.ticket == ticket.id, OutgoingEmail.kind == "notification")
    row = mails.order_by(OutgoingEmail.id.desc()).get()
    OutgoingEmail.update(state="sent", sent_at=clock.now()).where(OutgoingEmail.id == row.id).execute()
    return OutgoingEmail.get_by_id(row.id)


def to_customers() -> Any:
    return OutgoingEmail.select().where(OutgoingEmail.address.is_null(False))


# --- Programs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", AUTOMATIC)
def test_no_program_is_answered(mailbox: Mailbox, notified: Agent, name: str) -> None:
    values = {"sender": ERIN, **AUTOMATIC[name]}
    [row] = receive(mailbox, mail("An automatic message", **values))
    assert row.state in {"new", "held", "ignored", "bounce"}
    assert not to_customers().exists()
    if row.state == "new":
        # It is a ticket like others, and the team hears of it.
        assert row.explanation["unanswered"]
        assert OutgoingEmail.select().where(OutgoingEmail.kind == "team_message").exists()


def test_who_writes_in_person_is_answered(mailbox: Mailbox) -> None:
    receive(mailbox, mail(sender=ERIN))
    assert to_customers().count() == 1


@pytest.mark.parametrize("pattern", [ERIN, "customer.example", ".example"])
def test_a_sender_is_never_answered_where_a_rule_says_so(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, ana: Agent, root: Agent, pattern: str
) -> None:
    OutgoingEmail.delete().execute()
    sender_rules.save(SenderRule(), {"pattern": pattern, "does": "never_answer"}, actor=root)
    [row] = receive(mailbox, mail("One", sender=ERIN))
    assert (row.state, row.explanation["unanswered"]) == ("new", "rule")
    [again] = receive(mailbox, mail("Two", sender=ERIN, subject=f"Re: [#{row.ticket.number}]"))
    assert again.ticket_id == row.ticket_id
    assert not to_customers().exists()
    assert SenderRule.get().hits == 2
    # A person still may.
    tickets.reply(row.ticket, "<p>Hello</p>", actor=ana)
    assert to_customers().count() == 1


def test_what_an_agent_adds_to_a_ticket_answers_no_program(mailbox: Mailbox, ticket: Ticket, ana: Agent) -> None:
    from_program = mail("Your order", sender=CAROL, headers=[("Auto-Submitted", "auto-replied")])
    [row] = receive(mailbox, from_program)
    assert row.state == "held"
    OutgoingEmail.delete().execute()
    held_mail.add_to(row, ticket.number, actor=ana)
    assert not to_customers().exists()


# --- Loops --------------------------------------------------------------------------------------------------------


def test_two_desks_that_answer_each_other_stop(mailbox: Mailbox, root: Agent) -> None:
    """The other desk strips every header that says that a program writes, as some do."""
    other = "help@other.example"
    [row] = receive(mailbox, mail("Hello", sender=other))
    customers.prove(CustomerAddress.get(CustomerAddress.email == other))
    for _round in range(12):
        receipts = to_customers().where(OutgoingEmail.state == "pending").order_by(OutgoingEmail.id)
        for receipt in list(receipts):
            OutgoingEmail.update(state="sent", sent_at=clock.now()).where(OutgoingEmail.id == receipt.id).execute()
            headers = [("In-Reply-To", receipt.mail_id)]
            receive(mailbox, mail(f"We got it: {receipt.id}", sender=other, subject="Received", headers=headers))
    assert to_customers().where(OutgoingEmail.state == "sent").count() <= 1 + settings.get("answers_to_address_hourly")
    stopped = to_customers().where(OutgoingEmail.state == "cancelled")
    assert [one.withheld for one in stopped] == ["loop"]
    assert withholding.reason(stopped.get())
    lines = TicketEvent.select().where(TicketEvent.ticket == row.ticket_id, TicketEvent.kind == "not-answered")
    assert lines.count() == 1
    # One alert a day.
    for _minute in range(3):
        mailbox_health.tell_of_loops()
    alerts = OutgoingEmail.select().where(OutgoingEmail.kind == "digest")
    assert {one.to_email for one in alerts} == {root.email}
    assert alerts.count() == 1


def test_a_person_writes_as_often_as_they_like(mailbox: Mailbox, ticket: Ticket, notified: Agent) -> None:
    OutgoingEmail.delete().execute()
    for number in range(6):
        [row] = receive(mailbox, mail(f"And this: {number}", sender=CAROL, subject=f"[#{ticket.number}]"))
        assert row.state == "message"
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "team_message").count() == 6
    assert to_customers().where(OutgoingEmail.state == "pending").count() == settings.get("answers_to_address_hourly")


def test_the_ceilings_are_the_owners(mailbox: Mailbox, ticket: Ticket, notified: Agent) -> None:
    OutgoingEmail.delete().execute()
    settings.save({"answers_to_address_hourly": 5})
    for number in range(6):
        receive(mailbox, mail(f"And this: {number}", sender=CAROL, subject=f"[#{ticket.number}]"))
    assert to_customers().where(OutgoingEmail.state == "pending").count() == 5
    with pytest.raises(InvalidInput):
        settings.save({"answers_to_address_hourly": 0})


# --- Delivery reports ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REPORTS)
def test_reports_are_read(name: str) -> None:
    report = REPORTS[name]
    raw = report.mail("<ours@desk.example>", "agnes@nowhere.example")
    read = json.loads(json.dumps(parser_process.document(raw)))["report"]
    assert read is not None
    email, kind, code, reason = read["recipients"][0]
    assert (email, kind) == ("agnes@nowhere.example", report.kind)
    assert code.startswith(report.code)
    assert "<ours@desk.example>" in read["ids"] or not report.names_id
    assert isinstance(reason, str)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_reaches_the_mail_it_is_about(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, ana: Agent, name: str
) -> None:
    report, before = REPORTS[name], Ticket.get_by_id(ticket.id)
    OutgoingEmail.delete().where(OutgoingEmail.id != ours.id).execute()
    [row] = receive(mailbox, report.mail(ours.mail_id, CAROL))
    failed = report.kind == "failed"
    assert (row.state, row.reason, row.ticket_id) == ("bounce", "bounced" if failed else "late", ticket.id)
    email = OutgoingEmail.get_by_id(ours.id)
    assert (email.bounced_at is not None) == failed
    assert [one.kind for one in TicketEvent.select().where(TicketEvent.kind.in_(["bounced", "delayed"]))] == [
        "bounced" if failed else "delayed"
    ]
    told = OutgoingEmail.select().where(OutgoingEmail.id != ours.id)
    assert [(one.to_email, one.kind) for one in told] == ([(ana.email, "undelivered")] if failed else [])
    after = Ticket.get_by_id(ticket.id)
    same = ("status_id", "awaits_reply", "last_activity", "assignee_id")
    assert [getattr(after, key) for key in same] == [getattr(before, key) for key in same]
    assert Message.select().where(Message.ticket == ticket.id).count() == 2


def test_two_bounces_stop_mail_until_the_customer_writes(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, ana: Agent
) -> None:
    receive(mailbox, dsn(ours.mail_id, CAROL))
    carol = CustomerAddress.get(CustomerAddress.email == CAROL)
    assert carol.undeliverable_at is None
    second = reply_to(ticket, ana)
    receive(mailbox, dsn(second.mail_id, CAROL))
    carol = CustomerAddress.get_by_id(carol.id)
    assert carol.undeliverable_at is not None
    told = OutgoingEmail.select().where(OutgoingEmail.kind == "undelivered")
    assert told.count() == 1
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>Do you read me?</p>", actor=ana)
    third = OutgoingEmail.select().where(OutgoingEmail.to_email == CAROL).order_by(OutgoingEmail.id.desc()).get()
    assert (third.state, third.withheld) == ("cancelled", "undeliverable")
    receive(mailbox, mail("Here I am", sender=CAROL, headers=[("In-Reply-To", ours.mail_id)]))
    assert CustomerAddress.get_by_id(carol.id).undeliverable_at is None
    newest = OutgoingEmail.select().where(OutgoingEmail.to_email == CAROL).order_by(OutgoingEmail.id.desc()).get()
    assert newest.state == "pending"


def test_an_address_that_takes_no_mail_again_is_left_in_peace_again(
    mailbox: Mailbox, ticket: Ticket, ana: Agent
) -> None:
    """After ninety days it was tried once more."""
    long_ago = clock.now() - withholding.UNDELIVERABLE_FOR - timedelta(hours=1)
    CustomerAddress.update(undeliverable_at=long_ago).where(CustomerAddress.email == CAROL).execute()
    for _time in range(2):
        mail_of_reply = reply_to(ticket, ana)
        assert mail_of_reply.withheld is None
        receive(mailbox, dsn(mail_of_reply.mail_id, CAROL))
    assert withholding.is_undeliverable(CustomerAddress.get(CustomerAddress.email == CAROL))


def test_what_waits_when_an_address_stops_taking_mail_does_not_go_out(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, ana: Agent
) -> None:
    second = reply_to(ticket, ana)
    carol = CustomerAddress.get(CustomerAddress.email == CAROL)
    sign_in = notifications.send_account_mail("sign-in", address=carol)
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>This waits.</p>", actor=ana)
    copy_digest.gather(recipients.in_copy(ticket, carol), ticket)
    receive(mailbox, dsn(ours.mail_id, CAROL))
    waiting = to_customers().where(OutgoingEmail.state == "pending")
    assert waiting.where(OutgoingEmail.kind.in_(["notification", "digest"])).count() == 2
    receive(mailbox, dsn(second.mail_id, CAROL))
    assert [one.id for one in waiting] == [sign_in.id]
    cancelled = to_customers().where(OutgoingEmail.state == "cancelled")
    assert {(one.kind, one.withheld) for one in cancelled} >= {
        ("notification", "undeliverable"), ("digest", "undeliverable"),
    }  # fmt: skip
    message = Message.select().where(Message.ticket == ticket.id).order_by(Message.id.desc()).get()
    assert returned.send_again(message, actor=ana) == 1


def test_an_address_that_anybody_may_type_goes_on_resting(
    mailbox: Mailbox, ticket: Ticket, dan: Customer, billing: Service
) -> None:
    """Until its holder comes: by a mailed link, by an answer to a mail that was sent there, or signed in."""
    department = billing.departments.get()
    is_resting = CustomerAddress.undeliverable_at.is_null(False)

    def rests(email: str) -> bool:
        return CustomerAddress.select().where(CustomerAddress.email == email, is_resting).exists()

    cc.add_cc(ticket, [dan.primary_address.email], actor=ticket.customer)
    CustomerAddress.update(undeliverable_at=clock.now()).execute()
    cast.open_ticket(CAROL, billing, department)
    receive(mailbox, mail("It is me", sender=CAROL), mail("Once more", sender=CAROL, subject=f"[#{ticket.number}]"))
    forged = TicketGuest(ticket.customer, ticket.id, ticket.address, is_proven=False)
    for actor in (forged, dan):
        tickets.receive_message(Ticket.get_by_id(ticket.id), "Hello", actor=actor)
    assert rests(CAROL)
    cast.open_ticket(Customer.get_by_id(ticket.customer_id), billing, department)
    assert not rests(CAROL)


def test_a_report_anybody_could_write_stops_no_mail(mailbox: Mailbox, ticket: Ticket, ana: Agent) -> None:
    """It names an address and no mail of ours: shown, and nothing more."""
    for _time in range(3):
        reply_to(ticket, ana)
        [row] = receive(mailbox, dsn("<made-up@attacker.example>", CAROL))
        assert (row.state, row.reason) == ("bounce", "bounced")
    assert CustomerAddress.get(CustomerAddress.email == CAROL).undeliverable_at is None


def test_delays_and_full_mailboxes_stop_no_mail(mailbox: Mailbox, ticket: Ticket, ana: Agent) -> None:
    for _time in range(3):
        row = reply_to(ticket, ana)
        receive(mailbox, dsn(row.mail_id, CAROL, action="delayed", status="4.4.1"))
        receive(mailbox, dsn(row.mail_id, CAROL, status="4.2.2"))
    assert CustomerAddress.get(CustomerAddress.email == CAROL).undeliverable_at is None
    assert TicketEvent.select().where(TicketEvent.kind == "delayed").count() == 1


def test_a_report_about_the_team_makes_neither_ticket_nor_mail(
    mailbox: Mailbox, ticket: Ticket, ana: Agent, ours: OutgoingEmail
) -> None:
    receive(mailbox, mail("More", sender=CAROL, subject=f"[#{ticket.number}]"))
    team = OutgoingEmail.select().where(OutgoingEmail.to_email == ana.email).order_by(OutgoingEmail.id.desc()).get()
    count, mails = Ticket.select().count(), OutgoingEmail.select().count()
    [row] = receive(mailbox, dsn(team.mail_id, ana.email))
    assert (row.state, row.reason) == ("bounce", "bounced-team")
    assert (Ticket.select().count(), OutgoingEmail.select().count()) == (count, mails)
    shown = [text for _name, ok, text, _note in mailbox_health.findings() if not ok]
    assert any(ana.email in text for text in shown)


def test_a_report_on_nothing_of_ours_waits(mailbox: Mailbox) -> None:
    [row] = receive(mailbox, dsn("<else@where.example>", "nobody@else.example"))
    assert (row.state, row.reason) == ("held", "bounce-unknown")
    nested = dsn("<else@where.example>", "nobody@else.example", returned="Content-Type: multipart/report\n")
    [row] = receive(mailbox, nested)
    assert (row.state, row.reason) == ("ignored", "bounced-report")
    [row] = receive(mailbox, dsn("<else@where.example>", CAROL, action="delivered", status="2.0.0"))
    assert (row.state, row.reason) == ("ignored", "delivered")
    assert not OutgoingEmail.select().exists()


def test_a_code_in_the_recipient_names_the_mail(mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail) -> None:
    """Of a server that returns nothing of the mail."""
    bare = dsn("", "forwarded@elsewhere.example", to=reply_address.with_code(mailbox, Code(ticket.id, ours.address_id)))
    [row] = receive(mailbox, bare)
    assert (row.state, row.ticket_id) == ("bounce", ticket.id)
    assert OutgoingEmail.get_by_id(ours.id).bounced_at is not None


def test_a_report_after_the_outbox_is_purged_reaches_the_ticket(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail
) -> None:
    OutgoingEmail.update(created_at=clock.now() - timedelta(days=100)).execute()
    sent_mail_retention.purge()
    [row] = receive(mailbox, dsn(ours.mail_id, CAROL))
    assert (row.state, row.ticket_id) == ("bounce", ticket.id)


# --- Corrected addresses ------------------------------------------------------------------------------------------


def test_a_corrected_address_takes_the_place_and_gets_what_came_back(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, ana: Agent, carol: Customer
) -> None:
    receive(mailbox, dsn(ours.mail_id, CAROL))
    old = CustomerAddress.get(CustomerAddress.email == CAROL)
    message = Message.get_by_id(ours.message_id)
    message.failed_mails = 1
    [shown] = returned.of_messages([message])[message.id]
    assert shown.address == old.id
    assert CAROL in shown.text
    new, sent = addresses.correct(old, "Carol@Right.Example", actor=ana)
    assert (new.email, sent, new.customer_id) == ("carol@right.example", 1, carol.id)
    assert (new.is_primary, new.proven_at) == (True, None)
    row = OutgoingEmail.get_by_id(ours.id)
    assert (row.to_email, row.state, row.bounced_at, row.address_id) == (new.email, "pending", None, new.id)
    assert Ticket.get_by_id(ticket.id).address_id == new.id
    assert not CustomerAddress.select().where(CustomerAddress.email == CAROL).exists()
    # Whoever reads the former address is a stranger from now on.
    [late] = receive(mailbox, mail("I am she", sender=CAROL, headers=[("In-Reply-To", ours.mail_id)]))
    assert (late.state, late.reason) == ("message", "stranger")


def test_nothing_goes_to_a_corrected_address_any_more(ticket: Ticket, ana: Agent, carol: Customer) -> None:
    for state in ("pending", "sending", "failed", "sent"):
        OutgoingEmail.update(state=state).where(OutgoingEmail.id == reply_to(ticket, ana).id).execute()
    address = CustomerAddress.get(CustomerAddress.email == CAROL)
    sign_in = notifications.send_account_mail("sign-in", address=address)
    sign_ins.start_sign_in(carol)
    addresses.correct(address, "carol@right.example", actor=ana)
    mails = {(one.state, one.to_email) for one in to_customers().where(OutgoingEmail.link_kind == "ticket")}
    assert {state for state, email in mails if email == CAROL} == {"sent"}
    assert {state for state, email in mails if email != CAROL} == {"pending", "sending", "failed"}
    assert OutgoingEmail.get_by_id(sign_in.id).state == "cancelled"
    assert not SignIn.select().exists()


def test_an_address_of_somebody_else_is_refused(ticket: Ticket, ana: Agent) -> None:
    customers.find_or_make(ERIN)
    carol = CustomerAddress.get(CustomerAddress.email == CAROL)
    for email in (ERIN, CAROL, "no address"):
        with pytest.raises(InvalidInput):
            addresses.correct(carol, email, actor=ana)


def test_an_address_is_corrected_by_who_sees_all_its_customer_reads(
    ticket: Ticket, ana: Agent, ben: Agent, carol: Customer, sales: Service
) -> None:
    """A new address opens every ticket of the customer: nobody gives themselves one beyond their sight."""
    address = CustomerAddress.get(CustomerAddress.email == CAROL)
    with pytest.raises(NotFound):
        addresses.correct(address, "x@right.example", actor=ben)
    cast.open_ticket(carol, sales, None, subject="Elsewhere")
    with pytest.raises(NotAllowed):
        addresses.correct(address, "x@right.example", actor=ana)


def test_an_address_in_copy_is_corrected_in_place(mailbox: Mailbox, ticket: Ticket, ana: Agent) -> None:
    cc.add_cc(ticket, [ERIN], actor=ana)
    address = CustomerAddress.get(CustomerAddress.email == ERIN)
    addresses.correct(address, "erin@right.example", actor=ana)
    assert [one.email for one in cc.in_copy(ticket)] == ["erin@right.example"]


def test_mail_goes_again_when_an_agent_says_so(ticket: Ticket, ana: Agent) -> None:
    carol = CustomerAddress.get(CustomerAddress.email == CAROL)
    carol.undeliverable_at = clock.now()
    carol.save()
    assert withholding.is_undeliverable(carol)
    deliverability.lift(carol, actor=ana)
    assert not withholding.is_undeliverable(CustomerAddress.get_by_id(carol.id))
    carol.undeliverable_at = clock.now() - withholding.UNDELIVERABLE_FOR - timedelta(hours=1)
    assert not withholding.is_undeliverable(carol)


def test_the_outbox_of_a_purged_desk_is_not_needed(app: Any, ours: OutgoingEmail, tmp_path: Path) -> None:
    """What the desk writes itself is read by its own parser, as a mail server would return it."""
    whole = outbox.render(ours).as_bytes()
    report = dsn("", CAROL, returned=whole.decode())
    read = parser_process.document(report)["report"]
    assert ours.mail_id in read["ids"]
    assert IncomingMail.select().count() == 0
    assert ours.from_email == ADDRESS
