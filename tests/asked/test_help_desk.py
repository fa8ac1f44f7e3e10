"""Document B, a help desk: what crosses several screens."""

from __future__ import annotations

import io
import re

import pytest

from helpdesk import outbox, tickets
from models import Agent, Priority, Status, Team, Ticket
from tests.asked import DESK, VERA, act, configure, mailed, read, stored
from tests.public.filling import fill, send
from tests.support import attached, cast, doors
from tests.support.mailbox import text_of as words_of

# --- Settings -----------------------------------------------------------------------------------------------------


def test_the_statuses_of_the_settings_rule_the_life_of_a_ticket(client_of, root, carol, sales):
    chosen = {"default_status": "on hold", "pending_status": "active"}
    configure(client_of(root), **chosen)
    ticket = cast.open_ticket(carol, sales)
    seen = [stored(ticket).status.identifier]
    act(client_of(root), ticket, "reply", body="It is right.")
    seen.append(stored(ticket).status.identifier)
    doors.post(client_of(carol), f"/tickets/{ticket.number}/close")
    assert [*seen, stored(ticket).status.identifier] == ["on hold", "active", "closed"]


def test_a_prefix_stands_before_the_id_of_later_tickets(client, client_of, root, sales):
    configure(client_of(root), ticket_prefix="777")
    send(client, fill(client))
    ticket = Ticket.get()
    assert ticket.number == f"777{ticket.id}"
    assert ticket.number in read(client, "/tickets/sent")


def test_the_default_sender_and_the_switched_off_log_are_obeyed(client, client_of, root, sales, smtp):
    configure(client_of(root), default_sender="help@shop.example", log_enabled=None)
    send(client, fill(client))
    outbox.deliver_due()
    assert "help@shop.example" in smtp.to(VERA)[0]["From"]
    assert Ticket.get().number not in read(client_of(root), "/admin/journal/")


def test_the_customer_side_is_as_set_on_the_screen(client_of, root, carol, sales):
    configure(client_of(root), **{"menu_label-en": "My questions", "top_link": "y", "allow_attachments": None})
    page = client_of(carol).get("/tickets/new").text
    assert "My questions" in page
    assert 'type="file"' not in page


# --- E-mails ------------------------------------------------------------------------------------------------------

CAROL = "carol@customer.example"
VARIABLES = (
    "{{customer_firstname}}|{{customer_lastname}}|{{customer_email}}|{{ticket_id}}|{{prefixed_id}}|"
    "{{ticket_object}}|{{message}}"
)
#: Kind of e-mail, and who gets it.
MAILS = [("confirmation", "carol"), ("notification", "carol"), ("team_message", "ana")]


def both_write(client_of, carol, ana, ticket):
    doors.post(client_of(carol), f"/tickets/{ticket.number}", {"message": "Any news?"})
    act(client_of(ana), ticket, "reply", body="It is right.")


@pytest.mark.parametrize(("kind", "reader"), MAILS)
def test_an_owners_text_is_mailed_with_its_variables(client_of, root, carol, ana, ticket, smtp, kind, reader):
    link = "|{{customer_account_link}}" if kind == "notification" else ""
    text = {"sender_email": "own@desk.example", "sender_name-en": "The shop", "subject-en": "Own {{prefixed_id}}"}
    doors.post(client_of(root), f"/admin/emails/{kind}", {**text, "body-en": VARIABLES + link, "enabled": "y"})
    tickets.assign(ticket, ana, actor=ana)
    both_write(client_of, carol, ana, ticket)
    mailed(smtp, CAROL)
    mails = [mail for mail in smtp.to({"carol": CAROL, "ana": ana.email}[reader])
             if mail["Subject"] == f"Own {ticket.number}"]  # fmt: skip
    said = "It is right." if kind == "notification" else "Any news?"
    words = f"Carol|Jones|carol@customer.example|{ticket.id}|{ticket.number}|{ticket.subject}|{said}"
    assert [str(mail["From"]) for mail in mails] == ["The shop <own@desk.example>"]
    assert words in words_of(mails[0])


@pytest.mark.parametrize(("kind", "reader"), MAILS)
def test_an_email_that_is_switched_off_is_not_sent(client_of, root, carol, ana, ticket, smtp, kind, reader):
    address = {"carol": CAROL, "ana": ana.email}[reader]
    tickets.assign(ticket, ana, actor=ana)
    before = len(mailed(smtp, address))
    text = {"sender_name-en": "The shop", "subject-en": "Own", "body-en": "Own"}
    doors.post(client_of(root), f"/admin/emails/{kind}", text)
    both_write(client_of, carol, ana, ticket)
    # The customer is owed two: one for each side's message.
    assert len(mailed(smtp, address)) - before == (1 if reader == "carol" else 0)


def test_each_side_is_mailed_what_the_other_writes(client_of, carol, ana, ticket, smtp):
    tickets.assign(ticket, ana, actor=ana)
    both_write(client_of, carol, ana, ticket)
    assert [subject[:18] for subject, _text in mailed(smtp, ana.email)] == ["[Message received]"]
    subject = f"New message from the Support team – {ticket.subject} [#{ticket.number}]"
    assert subject in [subject for subject, _text in mailed(smtp, CAROL)]


# --- Teams, statuses, priorities ----------------------------------------------------------------------------------


def test_a_team_is_made_offered_in_the_grid_and_ended(client_of, root, ana, ticket):
    data = {"label-en": "Night shift", "email": "night@desk.example", "manager": ana.id, "members": [ana.id]}
    desk = client_of(root)
    doors.post(desk, "/admin/teams/new/", {**data, "enabled": "y"})
    team = Team.get()
    doors.post(desk, "/admin/bulk/assign", {"number": ticket.number, "value": f"team-{team.id}"})
    assert "Night shift" in read(desk, DESK)
    doors.post(desk, f"/admin/teams/edit/?id={team.id}", {**data, "confirmed": "1"})
    assert stored(ticket).team_id is None


def test_the_manager_of_a_team_sees_and_assigns_everywhere(client_of, mona, ana, ticket):
    client = client_of(mona)
    assert ticket.number in read(client, DESK)
    act(client, ticket, "update", assignee=f"agent-{ana.id}")
    assert stored(ticket).assignee == ana


def test_removing_an_agent_leaves_their_tickets_unassigned(client_of, root, ana, ticket):
    tickets.assign(ticket, ana, actor=root)
    doors.post(client_of(root), "/admin/users/delete/", {"id": ana.id, "confirmed": "1"})
    assert stored(ticket).assignee is None
    assert not Agent.select().where(Agent.id == ana.id, Agent.active).exists()


@pytest.mark.parametrize(
    ("slug", "model", "mark"), [("statuses", Status, "status"), ("priorities", Priority, "priority")]
)
def test_a_label_wears_its_owners_colours(client_of, root, ticket, slug, model, mark):
    data = {"identifier": "by hand", "label-en": "By hand", "text_color": "white", "background_color": "#102030"}
    more = {"category": "open", "weight": "50", "enabled": "y"}
    client = client_of(root)
    doors.post(client, f"/admin/{slug}/new/", {**data, **more})
    row = model.get(model.identifier == "by hand")
    doors.post(client, f"/admin/bulk/{mark}", {"number": ticket.number, "value": str(row.id)})
    assert re.search(rf'class="[^"]*{mark}-{row.id}[^"]*"[^>]*>.{{0,60}}By hand', client.get(DESK).text)
    assert re.search(rf"\.{mark}-{row.id}\b[^}}]*#102030", client.get("/labels.css").text)


# --- The ticket ---------------------------------------------------------------------------------------------------


def test_beside_a_ticket_stand_its_customer_and_their_earlier_tickets(
    client_of, ana, carol, ticket, billing, invoices, sales
):
    cast.open_ticket(carol, billing, invoices, subject="An earlier lamp")
    cast.open_ticket(carol, sales, subject="Not for Ana")
    client = client_of(ana)
    assert f"mailto:{CAROL}" in client.get(f"{DESK}{ticket.number}").text.partition("Customer information")[2]
    page = read(client, f"{DESK}{ticket.number}")
    assert "An earlier lamp" in page.partition("Conversation history")[2]
    assert "Not for Ana" not in page


def test_what_is_closed_in_the_grid_is_closed_for_its_customer(client_of, ana, carol, ticket):
    closed = Status.get(Status.identifier == "closed")
    doors.post(client_of(ana), "/admin/bulk/status", {"number": ticket.number, "value": str(closed.id)})
    assert ticket.number in read(client_of(carol), "/tickets?show=closed")
    assert "Closed" in read(client_of(carol), f"/tickets/{ticket.number}")


def test_a_customer_opens_reads_writes_and_closes_from_the_account(client_of, ana, carol, invoices):
    client = client_of(carol)
    file = (io.BytesIO(attached.PDF), "invoice.pdf")
    answer = send(client, fill(client, ago=0, unit=f"d{invoices.id}", copies="eve@copied.example", files=[file]))
    ticket = Ticket.get()
    assert "Your message has been sent." in read(client, answer.location)
    assert "invoice.pdf" in read(client, f"/tickets/{ticket.number}")
    doors.post(client, f"/tickets/{ticket.number}/close")
    assert "The ticket has been closed." in read(client, f"/tickets/{ticket.number}")
    page = read(client_of(ana), f"{DESK}{ticket.number}")
    assert "Closed by the customer from their account." in page
