"""Naming a colleague in a note: who may be named, what marks it, who is told."""

from __future__ import annotations

import pytest

import helpdesk.wiring  # noqa: F401 — what follows from a name is wired there
from helpdesk import events, outbox, tickets
from helpdesk.tickets import mentions
from models import Agent, OutgoingEmail, Ticket, TicketEvent
from tests.support import cast


@pytest.fixture
def lea(billing):
    return cast.make_agent("Léa Martin", billing, email="lea@desk.example")


def note(ticket, body, ana):
    return tickets.add_note(Ticket.get_by_id(ticket.id), body, actor=ana)


def mentioned_addresses():
    return [mail.to_email for mail in OutgoingEmail.select().where(OutgoingEmail.kind == "mention")]


def test_who_is_named_is_marked_told_and_written_down(ticket, ana, lea):
    row = note(ticket, "<p>@Léa Martin, what do you think of this secret?</p>", ana)
    assert row.body == "<p><strong>@Léa Martin</strong>, what do you think of this secret?</p>"
    (mail,) = OutgoingEmail.select().where(OutgoingEmail.kind == "mention")
    assert (mail.to_email, mail.address_id, mail.link_kind) == (lea.email, None, "")
    assert "secret" not in mail.subject + mail.body
    last = TicketEvent.select().order_by(TicketEvent.id.desc()).first()
    assert events.describe(last) == "Ana named Léa Martin in a note"


def test_the_mail_leads_to_the_ticket(ticket, ana, lea, request_context):
    note(ticket, "<p>@Léa Martin</p>", ana)
    mail = OutgoingEmail.get(OutgoingEmail.kind == "mention")
    text = outbox.render(mail).get_body(("plain",)).get_content()
    assert f"/admin/tickets/{ticket.number}" in text
    assert f"Ana named you in an internal note of ticket #{ticket.number}." in text
    assert mail.from_name == "HelpDesk - Internal note"


def test_only_who_sees_the_ticket_may_be_named(ticket, ana, lea, root, mona, sales):
    stranger = cast.make_agent("Stan", sales)
    Agent.update(active=False).where(Agent.id == lea.id).execute()
    names = {agent.name for agent in mentions.mentionable_agents(ticket, by=ana)}
    assert root.name in names
    assert not names & {"Ana", "Léa Martin", stranger.name}
    assert note(ticket, "<p>@Stan and @Léa Martin</p>", ana).body == "<p>@Stan and @Léa Martin</p>"
    assert mentioned_addresses() == []


def test_whom_a_ticket_was_given_and_whose_team_has_it_may_be_named(ticket, ana, root, sales):
    stan, tim = cast.make_agent("Stan", sales), cast.make_agent("Tim", sales)
    tickets.assign(ticket, stan, actor=root)
    assert stan in mentions.mentionable_agents(ticket, by=ana)
    tickets.assign(ticket, cast.make_team("Night", tim), actor=root)
    assert tim in mentions.mentionable_agents(Ticket.get_by_id(ticket.id), by=ana)


@pytest.mark.parametrize(
    "body",
    [
        "<p>write to x@Léa Martin</p>",
        "<p>@Léa Martinez</p>",
        "<p>Léa Martin</p>",
        "<pre>@Léa Martin</pre>",
        "<blockquote>@Léa Martin</blockquote>",
        "<p>@ Léa Martin</p>",
        "<p>@Ana</p>",
    ],
)
def test_what_names_nobody_tells_nobody(ticket, ana, lea, body):
    assert "<strong>" not in note(ticket, body, ana).body
    assert mentioned_addresses() == []


@pytest.mark.parametrize("body", ["<p>(@LÉA  martin)</p>", "<div>@Léa&nbsp;Martin: look</div>", "<p>@Léa Martin's</p>"])
def test_case_and_spaces_do_not_matter(ticket, ana, lea, body):
    note(ticket, body, ana)
    assert mentioned_addresses() == [lea.email]


def test_the_longest_name_is_meant(ticket, ana, lea, billing):
    cast.make_agent("Léa", billing, email="short@desk.example")
    note(ticket, "<p>@Léa Martin</p>", ana)
    assert mentioned_addresses() == [lea.email]


def test_two_of_one_name_are_both_told_and_each_once(ticket, ana, lea, billing):
    other = cast.make_agent("Léa Martin", billing, email="other@desk.example")
    note(ticket, "<p>@Léa Martin and again @Léa Martin</p>", ana)
    assert sorted(mentioned_addresses()) == sorted([lea.email, other.email])


def test_a_name_of_signs_is_found_and_stays_harmless(ticket, ana, billing):
    cast.make_agent("Bob <B&B>", billing, email="bob@desk.example")
    row = note(ticket, "<p>@Bob &lt;B&amp;B&gt; please</p>", ana)
    assert row.body == "<p><strong>@Bob &lt;B&amp;B&gt;</strong> please</p>"
    assert mentioned_addresses() == ["bob@desk.example"]


def test_a_reply_names_nobody(ticket, ana, lea):
    assert "<strong>" not in tickets.reply(ticket, "<p>@Léa Martin</p>", actor=ana).body
    assert mentioned_addresses() == []


def test_a_ticket_in_the_bin_mails_nobody(ticket, ana, lea, root):
    tickets.delete(ticket, actor=root)
    note(ticket, "<p>@Léa Martin</p>", ana)
    assert mentioned_addresses() == []


@pytest.mark.parametrize(
    ("name", "written"),
    [("Ines", "@ınes"), ("Ines", "@İNES"), ("Ulf Groß", "@Ulf Groß"), ("Ulf Groß", "@ulf gross"), ("İpek", "@İpek")],
)
def test_a_letter_that_folds_oddly_names_nevertheless(ticket, ana, billing, name, written):
    odd = cast.make_agent(name, billing, email="odd@desk.example")
    assert note(ticket, f"<p>{written}, please</p>", ana).body == f"<p><strong>{written}</strong>, please</p>"
    assert mentioned_addresses() == [odd.email]
