"""Whose ticket a mail is about, and what its author may do there: by evidence, by role, by the state of the ticket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpdesk import access, clock, outbox, settings, tickets
from helpdesk.erasing import requests
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.incoming import mailboxes
from helpdesk.notifications import reply_address
from helpdesk.notifications.reply_address import Code
from helpdesk.outbox import sent_mail_retention
from helpdesk.tickets import cc, strangers, thread
from models import (
    Agent,
    Customer,
    CustomerAddress,
    Erasure,
    IncomingMail,
    Mailbox,
    MailedMessage,
    MailId,
    Message,
    OutgoingEmail,
    Service,
    Ticket,
    TicketEvent,
)
from tests.support import cast
from tests.support.mails import ADDRESS, mail, make_mailbox, receive

CAROL, ERIN = "carol@customer.example", "erin@customer.example"


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    return make_mailbox(billing, billing.departments.get(), sub_addresses=True)


@pytest.fixture
def ours(mailbox: Mailbox, ticket: Ticket, ana: Agent) -> OutgoingEmail:
    """The mail of a reply to Carol."""
    tickets.reply(ticket, "<p>We look into it.</p>", actor=ana)
    OutgoingEmail.update(state="sent").execute()
    mails = OutgoingEmail.select().where(OutgoingEmail.to_email == CAROL, OutgoingEmail.kind == "notification")
    return mails.order_by(OutgoingEmail.id.desc()).get()


def headers_of(evidence: str, ours: OutgoingEmail, number: str) -> dict[str, Any]:
    """Return what makes a mail carry this evidence."""
    if evidence == "code":
        return {"to": reply_address.of(ours)}
    if evidence == "ours":
        return {"headers": [("In-Reply-To", ours.mail_id)]}
    if evidence == "theirs":
        return {"headers": [("References", "<first@customer.example>")]}
    return {"subject": f"Re: A question [#{number}]"}


def known_mail(mailbox: Mailbox, ticket: Ticket) -> None:
    """Store a mail of Carol's that came in to the ticket before."""
    IncomingMail.create(
        mailbox=mailbox, sha256="0" * 64, size=1, mail_id="<first@customer.example>", state="message", ticket=ticket,
        from_email=CAROL, received_at=clock.now(), explanation={"read": {"to": [ADDRESS], "cc": ["named@x.example"]}},
    )  # fmt: skip


STATES = ("open", "closed", "bin", "spam", "merged", "purged")


def put_into(state: str, ticket: Ticket, root: Agent, billing: Service) -> Ticket | None:
    """Bring the ticket into this state and return the one that answers reach; None when there is none."""
    if state == "closed":
        tickets.close(ticket, actor=root)
    elif state == "bin":
        tickets.delete(ticket, actor=root)
    elif state == "spam":
        Ticket.update(is_spam=True).where(Ticket.id == ticket.id).execute()
    elif state == "merged":
        other = cast.open_ticket(ticket.customer, billing, billing.departments.get(), subject="Another")
        tickets.merge(ticket, other, actor=root)
        return other
    elif state == "purged":
        OutgoingEmail.update(ticket=None).execute()
        IncomingMail.update(ticket=None).execute()
        Ticket.delete().where(Ticket.id == ticket.id).execute()
        return None
    return Ticket.get_by_id(ticket.id)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("evidence", ["code", "ours", "theirs", "number"])
def test_the_customers_answer_reaches_its_ticket_in_every_state(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, root: Agent, billing: Service, evidence: str, state: str
) -> None:
    known_mail(mailbox, ticket)
    values = headers_of(evidence, ours, ticket.number)
    target = put_into(state, Ticket.get_by_id(ticket.id), root, billing)
    [row] = receive(mailbox, mail("The answer", sender=CAROL, **values))
    if target is None:
        assert (row.state, row.ticket_id != ticket.id) == ("new", True)
        return
    assert (row.state, row.reason, row.ticket_id) == ("message", "owner", target.id)
    now = Ticket.get_by_id(target.id)
    assert now.is_spam == (state == "spam")
    assert now.in_bin is False
    if state != "spam":
        assert (now.is_open, now.awaits_reply) == (True, True)
    assert row.message.customer_id == ticket.customer_id


@pytest.mark.parametrize("evidence", ["code", "ours", "theirs", "number"])
@pytest.mark.parametrize("role", ["copy", "stranger", "agent"])
def test_who_writes_decides_what_it_may_do(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, ana: Agent, evidence: str, role: str
) -> None:
    known_mail(mailbox, ticket)
    if role == "copy":
        cc.add_cc(ticket, [ERIN], actor=ana)
    OutgoingEmail.delete().where(OutgoingEmail.id != ours.id).execute()
    before = Ticket.get_by_id(ticket.id)
    sender = ana.email if role == "agent" else ERIN
    [row] = receive(mailbox, mail("What I think", sender=sender, **headers_of(evidence, ours, ticket.number)))
    strong = evidence in {"code", "ours"}
    expected = {
        "copy": ("message", "copy"),
        "stranger": ("message", "stranger") if strong else ("new", "related"),
        "agent": ("note", "agent-off") if strong else ("held", "colleague"),
    }[role]
    assert (row.state, row.reason) == expected
    after = Ticket.get_by_id(ticket.id)
    assert after.customer_id == before.customer_id
    if role != "copy":
        same = ("status_id", "is_open", "awaits_reply", "assignee_id", "in_bin", "last_activity")
        assert [getattr(after, name) for name in same[:5]] == [getattr(before, name) for name in same[:5]]
        # No customer is told, nor reads it.
        assert (
            not OutgoingEmail.select()
            .where(OutgoingEmail.ticket == ticket.id, OutgoingEmail.to_email == CAROL, OutgoingEmail.id != ours.id)
            .exists()
        )
        assert "What I think" not in "".join(one.body for one in thread.public_messages(after)[0])


def test_a_stranger_reads_nothing_and_the_team_is_told(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, ana: Agent
) -> None:
    OutgoingEmail.delete().where(OutgoingEmail.id != ours.id).execute()
    [row] = receive(mailbox, mail("Let me in", sender=ERIN, to=reply_address.of(ours)))
    erin = CustomerAddress.get(CustomerAddress.email == ERIN)
    assert not access.visible_tickets(erin.customer).exists()
    assert [one.email for one in cc.in_copy(ticket) if one.waits] == [ERIN]
    mails = OutgoingEmail.select().where(OutgoingEmail.id != ours.id)
    assert {one.to_email for one in mails} == {ana.email}
    assert MailedMessage.get(MailedMessage.message == row.message_id).doubt == "stranger"


@pytest.mark.parametrize("evidence", ["code", "ours", "number"])
def test_the_former_customer_of_a_ticket_is_a_stranger_there(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, ana: Agent, carol: Customer, dan: Customer, evidence: str
) -> None:
    """What they answer to a mail of before is shown to the team, and neither to the new customer nor to them."""
    before = Ticket.get_by_id(ticket.id)
    values = headers_of(evidence, ours, ticket.number)
    tickets.change_customer(before, "dan@customer.example", actor=ana, seen=thread.newest_id(before))
    status = Ticket.get_by_id(ticket.id).status_id
    [row] = receive(mailbox, mail("And my secret", sender=CAROL, **values))
    now = Ticket.get_by_id(ticket.id)
    assert (now.customer, now.status_id) == (dan, status)
    if row.ticket_id == ticket.id:
        assert (row.state, row.reason, row.message.kind) == ("message", "stranger", "note")
    else:
        # A number alone proves nothing: it is a ticket of their own.
        assert (row.state, row.ticket.customer) == ("new", carol)
    assert not access.sees(carol, now)
    assert all("secret" not in one.body for one in OutgoingEmail.select().where(OutgoingEmail.ticket == ticket.id))


def test_who_was_named_in_the_known_mail_may_join_by_it(mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail) -> None:
    known_mail(mailbox, ticket)
    headers = [("In-Reply-To", "<first@customer.example>")]
    [row] = receive(mailbox, mail("Me, too", sender="named@x.example", headers=headers))
    assert (row.state, row.reason, row.ticket_id) == ("message", "stranger", ticket.id)


def test_a_code_or_id_sent_to_an_address_proves_it(mailbox: Mailbox, invoices: Any, billing: Service) -> None:
    [first] = receive(mailbox, mail("One", sender=ERIN))
    erin = CustomerAddress.get(CustomerAddress.email == ERIN)
    assert erin.proven_at is None
    receipt = OutgoingEmail.get(OutgoingEmail.to_email == ERIN)
    receive(mailbox, mail("By number", sender=ERIN, subject=f"[#{first.ticket.number}]"))
    assert CustomerAddress.get_by_id(erin.id).proven_at is None
    receive(mailbox, mail("By code", sender=ERIN, to=reply_address.of(receipt)))
    assert CustomerAddress.get_by_id(erin.id).proven_at is not None


def test_empty_ids_match_nothing(mailbox: Mailbox, ticket: Ticket) -> None:
    known_mail(mailbox, ticket)
    IncomingMail.update(mail_id="").execute()
    for value in ("<>", '""', "<  >", ""):
        raw = b"In-Reply-To: " + value.encode() + b"\r\n" + mail(f"Empty {value!r}", sender=ERIN)
        [row] = receive(mailbox, raw)
        assert (row.state, row.reason) == ("new", "new"), value


def test_a_number_in_the_text_joins_nothing(mailbox: Mailbox, ticket: Ticket) -> None:
    [row] = receive(mailbox, mail(f"About [#{ticket.number}]", sender=CAROL))
    assert (row.state, row.ticket_id != ticket.id) == ("new", True)


def test_the_strongest_evidence_wins(mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, billing: Service) -> None:
    other = cast.open_ticket(ticket.customer, billing, billing.departments.get(), subject="Another")
    letter = mail("Which one?", sender=CAROL, to=reply_address.of(ours), subject=f"[#{other.number}]")
    [row] = receive(mailbox, letter)
    assert row.ticket_id == ticket.id


def test_codes_are_signed_short_and_survive_lower_case(mailbox: Mailbox) -> None:
    for code in (Code(1, address=1), Code(10**9, address=10**9), Code(7, agent=3), Code(0, probe=4)):
        text = reply_address.encode(code)
        assert len(text) <= 34
        assert reply_address.decode(text.upper()) == code
        forged = ("b" if text[-1] == "a" else "a").join([text[:-2], text[-1]])
        assert reply_address.decode(forged) != code
    for junk in ("", "a", "!!!", "aaaaaaaaaaaaaaaa", "é" * 20, "a" * 5_000):
        assert reply_address.decode(junk) is None


def test_ids_are_remembered_when_their_mail_leaves_the_outbox(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail
) -> None:
    OutgoingEmail.update(created_at=clock.now() - timedelta(days=100)).execute()
    sent_mail_retention.purge()
    assert not OutgoingEmail.select().exists()
    assert MailId.select().where(MailId.mail_id == ours.mail_id).exists()
    [row] = receive(mailbox, mail("Late", sender=CAROL, headers=[("In-Reply-To", ours.mail_id)]))
    assert row.ticket_id == ticket.id


def test_our_own_mail_is_recognised(mailbox: Mailbox, app: Any, ours: OutgoingEmail) -> None:
    [row] = receive(mailbox, outbox.render(ours).as_bytes())
    assert (row.state, row.reason) == ("ignored", "ours")


def test_an_automatic_answer_is_a_line_and_nobody_is_told(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail
) -> None:
    before, count = Ticket.get_by_id(ticket.id), OutgoingEmail.select().count()
    headers = [("In-Reply-To", ours.mail_id), ("Auto-Submitted", "auto-replied")]
    [row] = receive(mailbox, mail("I am away", sender=CAROL, subject="Absence du bureau", headers=headers))
    assert (row.state, row.ticket_id) == ("automatic", ticket.id)
    assert TicketEvent.select().where(TicketEvent.kind == "automatic").count() == 1
    after = Ticket.get_by_id(ticket.id)
    assert (after.status_id, after.awaits_reply, OutgoingEmail.select().count()) == (
        before.status_id,
        before.awaits_reply,
        count,
    )


def test_a_ticket_closed_long_ago_is_followed_by_a_new_one_where_the_desk_says_so(
    mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail, root: Agent
) -> None:
    settings.save({"reopen_days": 28})
    tickets.close(ticket, actor=root)
    letter = {"sender": CAROL, "headers": [("In-Reply-To", ours.mail_id)]}
    Ticket.update(closed_at=clock.now() - timedelta(days=27)).execute()
    assert receive(mailbox, mail("In time", **letter))[0].ticket_id == ticket.id
    tickets.close(Ticket.get_by_id(ticket.id), actor=root)
    Ticket.update(closed_at=clock.now() - timedelta(days=28)).execute()
    [row] = receive(mailbox, mail("Too late", **letter))
    assert (row.state, row.reason, row.ticket_id != ticket.id) == ("new", "related", True)
    assert TicketEvent.select().where(TicketEvent.ticket == row.ticket_id, TicketEvent.kind == "related").exists()


def test_our_answers_keep_their_thread_and_their_address(mailbox: Mailbox, ana: Agent) -> None:
    letter = mail("One", sender=ERIN, subject="A saddle", mail_id="<one@customer.example>")
    [row] = receive(mailbox, letter)
    receipt = OutgoingEmail.get(OutgoingEmail.to_email == ERIN)
    assert (receipt.in_reply_to, receipt.from_email) == ("<one@customer.example>", ADDRESS)
    tickets.reply(row.ticket, "<p>It is on its way.</p>", actor=ana)
    answer = OutgoingEmail.select().where(OutgoingEmail.to_email == ERIN).order_by(OutgoingEmail.id.desc()).get()
    assert answer.subject == f"Re: A saddle [#{row.ticket.number}]"
    assert answer.references.split()[-1] == "<one@customer.example>"
    rendered = outbox.render(answer)
    assert reply_address.in_address(str(rendered["Reply-To"])) == Code(row.ticket_id, address=answer.address_id)
    text = rendered.get_body(("plain",)).get_content()
    assert "Answer above this line" in text
    assert "do not answer" not in text


def test_please_do_not_answer_leaves_exactly_where_a_mailbox_works(
    ticket: Ticket, ana: Agent, billing: Service, invoices: Any
) -> None:
    def text() -> str:
        email = OutgoingEmail.select().where(OutgoingEmail.to_email == CAROL).order_by(OutgoingEmail.id.desc()).get()
        return str(outbox.render(email).get_body(("plain",)).get_content())

    tickets.reply(ticket, "<p>One</p>", actor=ana)
    assert "Please do not answer" in text()
    mailbox = make_mailbox(billing, invoices)
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>Two</p>", actor=ana)
    assert "Please do not answer" not in text()
    mailbox.failing_since = clock.now() - timedelta(hours=23)
    mailbox.save()
    assert "Please do not answer" not in text()
    mailbox.failing_since = clock.now() - timedelta(hours=25)
    mailbox.save()
    assert "Please do not answer" in text()
    mailbox.failing_since, mailbox.enabled = None, False
    mailbox.save()
    assert "Please do not answer" in text()


def test_sub_addresses_are_ticked_once_a_mail_has_come_back(mailbox: Mailbox) -> None:
    mailbox.sub_addresses = False
    mailbox.save()
    probe = reply_address.with_code(mailbox, Code(0, probe=mailbox.id))
    [row] = receive(mailbox, mail(sender="desk@other.example", to=probe))
    assert (row.state, row.reason) == ("ignored", "probe")
    assert Mailbox.get().sub_addresses
    assert mailboxes.own_addresses() == {ADDRESS}


# --- What an agent says of a stranger -----------------------------------------------------------------------------


@pytest.fixture
def doubted(mailbox: Mailbox, ticket: Ticket, ours: OutgoingEmail) -> Message:
    [row] = receive(mailbox, mail("Let me in", sender="Erin Moss <erin@customer.example>", to=reply_address.of(ours)))
    return row.message


def test_a_stranger_is_the_customer(doubted: Message, ticket: Ticket, ana: Agent, carol: Customer) -> None:
    strangers.accept_as_customer(doubted, actor=ana)
    address = CustomerAddress.get(CustomerAddress.email == ERIN)
    assert (address.customer_id, address.is_primary) == (carol.id, False)
    row = Message.get_by_id(doubted.id)
    assert (row.kind, row.customer_id) == ("customer", carol.id)
    assert Ticket.get_by_id(ticket.id).awaits_reply
    assert [one.email for one in cc.in_copy(ticket)] == []


def test_a_stranger_with_tickets_is_somebody_else(
    doubted: Message, ana: Agent, billing: Service, invoices: Any
) -> None:
    cast.open_ticket(ERIN, billing, invoices)
    with pytest.raises(InvalidInput):
        strangers.accept_as_customer(doubted, actor=ana)
    assert Message.get_by_id(doubted.id).kind == "note"


def test_a_stranger_who_waits_to_be_erased_is_not_absorbed(doubted: Message, ana: Agent, root: Agent) -> None:
    erin = CustomerAddress.get(CustomerAddress.email == ERIN).customer
    row = requests.request(erin, kind="anonymise", word="ERASE", actor=root)
    with pytest.raises(InvalidInput, match="about to be erased"):
        strangers.accept_as_customer(doubted, actor=ana)
    assert Erasure.get_by_id(row.id).customer_id == erin.id


def test_a_stranger_is_the_customer_where_the_agent_sees_what_they_will_read(
    doubted: Message, ana: Agent, carol: Customer, sales: Service
) -> None:
    """Whoever says so might have written the message themself, to read the customer's other tickets."""
    cast.open_ticket(carol, sales, None, subject="Elsewhere")
    with pytest.raises(NotAllowed):
        strangers.accept_as_customer(doubted, actor=ana)
    assert CustomerAddress.get(CustomerAddress.email == ERIN).customer_id != carol.id


def test_a_stranger_is_put_in_copy(doubted: Message, ticket: Ticket, ana: Agent) -> None:
    strangers.accept_in_copy(doubted, actor=ana)
    assert [(one.email, one.waits) for one in cc.in_copy(ticket)] == [(ERIN, False)]
    assert Message.get_by_id(doubted.id).kind == "customer"
    with pytest.raises(InvalidInput):
        strangers.accept_in_copy(doubted, actor=ana)


def test_a_strangers_message_gets_a_ticket_of_its_own(doubted: Message, ticket: Ticket, ana: Agent) -> None:
    made = strangers.split(doubted, actor=ana)
    assert (made.address.email, made.id != ticket.id) == (ERIN, True)
    assert IncomingMail.select().where(IncomingMail.ticket == made.id).count() == 1
    assert Message.get(Message.ticket == made.id) == doubted
    assert "Let me in" in Message.get_by_id(doubted.id).body


def test_who_uses_an_id_again_gets_no_answer_of_others(mailbox: Mailbox) -> None:
    [first] = receive(mailbox, mail("My saddle", sender=CAROL, mail_id="<known@customer.example>"))
    again = mail("Mine", sender="mallory@m.example", to=f"{ADDRESS}, {CAROL}", mail_id="<known@customer.example>")
    [other] = receive(mailbox, again)
    assert other.ticket_id not in {None, first.ticket_id}
    headers = [("In-Reply-To", "<known@customer.example>")]
    [row] = receive(mailbox, mail("It is red", sender=CAROL, subject="Again", headers=headers))
    assert (row.state, row.ticket_id) == ("message", first.ticket_id)
