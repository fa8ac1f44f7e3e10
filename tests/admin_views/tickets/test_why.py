"""Why rules acted: what each condition saw, in the reader's language (D6)."""

from __future__ import annotations

import re

from playhouse.test_utils import count_queries

from helpdesk import filters, tickets
from models import Agent, CannedResponse, Priority, Status, Ticket
from tests.support import cast


def rule(root, beginning, conditions, actions, **values):
    rows = [dict(zip(("field", "operator", "value"), map(str, one), strict=True)) for one in conditions]
    acts = [{"action": key, "argument": str(argument)} for key, argument in actions]
    values = {"name": "Watches", "beginning": beginning, "conditions": rows, "actions": acts, **values}
    return filters.save_filter(None, values, actor=root)


def text_of(client, ticket) -> str:
    page = client.get(f"/admin/tickets/{ticket.number}/why").text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_each_condition_stands_with_what_it_saw(client_of, root, carol, billing, invoices, ana):
    hold = Status.get(Status.identifier == "on hold")
    high = Priority.get(Priority.identifier == "high")
    rule(root, "arrives", [("subject", "contains", "invoice")], [("tag", "money")], name="Invoices")
    rule(root, "arrives", [("subject", "contains", "parcel")], [("tag", "post")], name="Parcels")
    ticket = cast.open_ticket(carol, billing, invoices)
    conditions = [("priority", "became", high.id), ("tag", "is_one", "money")]
    acts = [("set_status", hold.id), ("tag", "seen")]
    rule(root, "happens", conditions, acts, name="Important", trigger="priority", frequency="once")
    hold.enabled = False
    hold.save()
    tickets.set_priority(Ticket.get_by_id(ticket.id), high, actor=ana)
    text = text_of(client_of(ana), ticket)
    for words in (
        "✓ Yes: the subject contains “invoice” (it saw: A question about my invoice)",
        "✗ No: the subject contains “parcel” (it saw: A question about my invoice)",
        "It did not act: the conditions do not hold.",
        "When the priority changes",
        "✓ Yes: the priority has become “High” (it saw: High; before: Normal)",
        "✓ Yes: a tag is “money” (it saw: money)",
        "Skipped: set the status to",
        "What this action names is gone or disabled.",
        "Done: add the tag “seen”",
    ):
        assert words in text
    assert "/why" in client_of(ana).get(f"/admin/tickets/{ticket.number}").text


def test_a_french_reader_reads_it_in_french(client_of, root, carol, billing, invoices, ana):
    rule(root, "arrives", [("first", "is_first", "")], [("tag", "x")], name="Premier")
    ticket = cast.open_ticket(carol, billing, invoices)
    Agent.update(locale="fr").execute()
    text = text_of(client_of(Agent.get_by_id(ana.id)), ticket)
    assert "le ticket est le premier du client (vu : le premier)" in text
    assert re.search("Fait : [^.]*« x »", text)


def test_without_rules_nothing_leads_there_and_others_meet_404(client_of, root, ticket, sales):
    assert "/why" not in client_of(root).get(f"/admin/tickets/{ticket.number}").text
    assert "No filter and no rule acted" in text_of(client_of(root), ticket)
    other = cast.make_agent("Sam", sales)
    assert client_of(other).get(f"/admin/tickets/{ticket.number}/why").status_code == 404


def test_many_moments_ask_no_more_than_one(client_of, root, carol, billing, invoices, ana):
    soon = CannedResponse.create(name="Soon", body="<p>We are looking into it.</p>")
    rule(root, "happens", [], [("reply", soon.id)], trigger="customer_wrote", frequency="each")
    ticket = cast.open_ticket(carol, billing, invoices)
    client, counts = client_of(ana), []
    for _message in range(3):
        tickets.receive_message(Ticket.get_by_id(ticket.id), "And now?", actor=carol)
        text_of(client, ticket)
        with count_queries() as counter:
            text = text_of(client, ticket)
        counts.append((text.count("Done: reply with Soon"), counter.count))
    assert counts == [(moments, counts[0][1]) for moments in (1, 2, 3)]
