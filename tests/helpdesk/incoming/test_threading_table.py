"""Every kind of evidence, from every kind of sender, to a ticket in every state: over IMAP, and as the desk shows it.

All mails lie in one folder and are taken at once, as after an evening without a connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import pytest
from flask import Flask

from helpdesk import clock, settings, tickets
from helpdesk.incoming import pipeline, raw_mail
from helpdesk.notifications import reply_address
from helpdesk.tickets import cc
from models import Agent, Customer, IncomingMail, Mailbox, Message, OutgoingEmail, Service, Ticket
from tests.support import cast, doors, sqlite_only
from tests.support import dovecot as real
from tests.support.mails import ADDRESS, mail

EVIDENCE = ("code", "ours", "theirs", "number")
ROLES = ("owner", "copy", "stranger", "agent")
STATES = ("open", "closed", "bin", "spam", "merged", "purged")
STRONG = {"code", "ours"}

pytestmark = sqlite_only


class Case(NamedTuple):
    """One mail: its ticket when the mail was written, and the ticket that may take it, if there is one."""

    evidence: str
    role: str
    state: str
    text: str
    ticket_id: int
    target_id: int | None


def expected(case: Case) -> tuple[str, str]:
    """Return the outcome and the reason that the specification says (who writes, by which evidence)."""
    strong = case.evidence in STRONG
    if case.target_id is None:
        # The ticket is purged: what its customer, somebody in copy or a stranger writes begins anew.
        return ("held", "colleague") if case.role == "agent" else ("new", "new")
    return {
        "owner": ("message", "owner"),
        # Nobody in copy reads spam: what they write there is held, for the team to decide.
        "copy": ("held", "refused") if case.state == "spam" else ("message", "copy"),
        "stranger": ("message", "stranger") if strong else ("new", "related"),
        "agent": ("note", "agent-off") if strong else ("held", "colleague"),
    }[case.role]


def put_into(state: str, ticket: Ticket, root: Agent, sales: Service) -> int | None:
    """Bring the ticket into this state and return the id of the one that answers reach."""
    if state == "closed":
        tickets.close(ticket, actor=root)
    elif state == "bin":
        tickets.delete(ticket, actor=root)
    elif state == "spam":
        Ticket.update(is_spam=True).where(Ticket.id == ticket.id).execute()
    elif state == "merged":
        other = cast.open_ticket(ticket.customer, sales, None, subject="Another")
        tickets.merge(ticket, other, actor=root)
        return int(other.id)
    elif state == "purged":
        OutgoingEmail.update(ticket=None).where(OutgoingEmail.ticket == ticket).execute()
        IncomingMail.update(ticket=None).where(IncomingMail.ticket == ticket).execute()
        Ticket.delete().where(Ticket.id == ticket.id).execute()
        return None
    return int(ticket.id)


@pytest.fixture
def mailbox(imap_mailbox: Callable[..., Mailbox]) -> Mailbox:
    return imap_mailbox(sub_addresses=True)


def prepare(
    number: int, evidence: str, role: str, state: str, mailbox: Mailbox, root: Agent, sales: Service
) -> tuple[Case, bytes]:
    """Make a customer, a ticket with an answer that was mailed, its state, and the mail that comes in."""
    text = f"Answer{number}x of somebody"
    customer: Customer = cast.make_customer(f"Owner{number}")
    owner = customer.addresses.get().email
    ticket = cast.open_ticket(customer, sales, None, subject=f"Question {number}")
    tickets.reply(ticket, "<p>We look into it.</p>", actor=root)
    ours = (
        OutgoingEmail.select()
        .where(OutgoingEmail.ticket == ticket, OutgoingEmail.to_email == owner, OutgoingEmail.kind == "notification")
        .order_by(OutgoingEmail.id.desc())
        .get()
    )
    earlier = f"<first{number}@customer.example>"
    IncomingMail.create(
        mailbox=mailbox, sha256=f"{number:064}", size=1, mail_id=earlier, state="message", ticket=ticket,
        from_email=owner, received_at=clock.now(), explanation={"read": {"to": [ADDRESS], "cc": []}},
    )  # fmt: skip
    sender = {"owner": owner, "agent": f"agent{number}@desk.example"}.get(role, f"{role}{number}@elsewhere.example")
    if role == "copy":
        cc.add_cc(Ticket.get_by_id(ticket.id), [sender], actor=root)
    if role == "agent":
        cast.make_agent(f"agent{number}", sales)
    values = {
        "code": {"to": reply_address.of(ours)},
        "ours": {"headers": [("In-Reply-To", ours.mail_id)]},
        "theirs": {"headers": [("References", earlier)]},
        "number": {"subject": f"Re: Question [#{ticket.number}]"},
    }[evidence]
    target = put_into(state, Ticket.get_by_id(ticket.id), root, sales)
    return Case(evidence, role, state, text, int(ticket.id), target), mail(text, sender=sender, **values)


def test_each_evidence_role_and_state_has_its_outcome_over_imap_and_on_the_pages(
    mailbox: Mailbox, server: real.Dovecot, user: str, root: Agent, sales: Service, app: Flask
) -> None:
    settings.save({"undo_send_seconds": 0})
    made = [
        prepare(number, *case, mailbox, root, sales)
        for number, case in enumerate(product(EVIDENCE, ROLES, STATES), start=1)
    ]
    assert len(made) == 96
    server.put(*(content for _case, content in made), user=user)
    for _round in range(20):
        pipeline.run()
        if not IncomingMail.select().where(IncomingMail.state.in_(["stored", "working"])).exists():
            break
    found = {}
    for row in IncomingMail.select().where(IncomingMail.path.is_null(False)):
        word = re.search(rb"Answer\d+x of somebody", raw_mail.location(row).read_bytes())
        assert word is not None
        found[word.group().decode()] = row
    outcomes = {case: (found[case.text].state, found[case.text].reason) for case, _mail in made}
    assert {case[:3]: outcome for case, outcome in outcomes.items() if outcome != expected(case)} == {}
    desk = doors.signed_in(app, root)
    for case, _mail in made:
        row = found[case.text]
        page = doors.text_of(desk.get(f"/admin/incoming/details/?id={row.id}"))
        assert case.text in page
        if row.state in {"message", "note"}:
            assert row.ticket_id == case.target_id, case
            shown = Message.get_by_id(row.message_id)
            assert shown.ticket_id == case.target_id
            assert case.text in desk.get(f"/admin/tickets/{row.ticket.number}").text, case
        elif row.state == "new":
            assert row.ticket_id not in {case.ticket_id, case.target_id}, case
            assert case.text in desk.get(f"/admin/tickets/{row.ticket.number}").text, case
        else:
            assert row.ticket_id is None or row.message_id is None, case
    spam = {case.target_id for case, _mail in made if case.state == "spam"}
    assert Ticket.select().where(Ticket.id.in_(spam), Ticket.is_spam).count() == len(spam)
    owners = {case.ticket_id: case for case, _mail in made if case.state != "purged"}
    for ticket in Ticket.select().where(Ticket.id.in_(list(owners))):
        # The ticket's customer never changes, whoever writes.
        assert ticket.customer.first_name.startswith("Owner"), owners[ticket.id]
