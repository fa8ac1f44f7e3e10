"""Who is told what (RULES 17 to 20, 22)."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest.mock import Mock

import pytest
import time_machine

import helpdesk.wiring
from database import Label
from helpdesk import clock, events, filters, notifications, settings, tickets
from helpdesk.access import SYSTEM, TicketGuest
from helpdesk.events import transaction
from helpdesk.lib import richtext
from helpdesk.notifications import contents, outbox_rows
from helpdesk.settings.uneditable_emails import UNEDITABLE
from models import CannedResponse, EmailText, OutgoingEmail, Ticket
from tests.support import cast


def mails(kind: str = "") -> list[OutgoingEmail]:
    """Return the mails owed since the last call, and forget them."""
    rows = list(OutgoingEmail.select().order_by(OutgoingEmail.id))
    OutgoingEmail.update(state="sent").execute()
    fresh = [row for row in rows if row.state == "pending"]
    return [row for row in fresh if not kind or row.kind == kind]


def recipients_of(kind: str = "") -> list[str]:
    return sorted(row.to_email for row in mails(kind))


@pytest.fixture
def ana(billing):
    """An agent of Billing who wants to be told."""
    ana = cast.make_agent("Ana")
    cast.permit(ana, billing, notify=True)
    return ana


@pytest.fixture
def quiet(billing):
    """An agent of Billing who does not."""
    return cast.make_agent("Quiet", billing)


@pytest.fixture
def ticket(carol, billing, invoices):
    ticket = cast.open_ticket(carol, billing, invoices)
    mails()
    return ticket


def filter_that(*actions, billing):
    rows = [{"action": name, "argument": str(argument)} for name, argument in actions]
    conditions = [{"field": "subject", "operator": "contains", "value": "invoice"}]
    filters.save_filter(None, {"name": "F", "conditions": conditions, "actions": rows}, actor=cast.owner())


# --- A new ticket -------------------------------------------------------------------------------------------------


def test_a_new_ticket_tells_the_agents_who_asked_for_it(ana, quiet, ben, carol, billing, invoices):
    cast.open_ticket(carol, billing, invoices)
    assert recipients_of("team_message") == ["ana@desk.example"]


def test_the_most_specific_permission_alone_decides(ana, carol, billing, invoices):
    cast.permit(ana, invoices, notify=False)
    cast.open_ticket(carol, billing, invoices)
    assert recipients_of("team_message") == []


def test_a_disabled_agent_is_told_nothing(ana, carol, billing, invoices):
    ana.active = False
    ana.save()
    cast.open_ticket(carol, billing, invoices)
    assert recipients_of("team_message") == []


def test_two_reasons_make_one_mail(ana, carol, billing, invoices):
    filter_that(("assign_team", cast.make_team("T", ana, email="ANA@desk.example").id), billing=billing)
    cast.open_ticket(carol, billing, invoices)
    assert recipients_of() == ["ana@desk.example", "carol@customer.example"]


def test_the_owner_can_switch_the_teams_mail_off(ana, carol, billing, invoices):
    EmailText.create(kind="team_message", enabled=False)
    cast.open_ticket(carol, billing, invoices)
    assert recipients_of() == ["carol@customer.example"]


def test_a_blocked_authors_ticket_tells_nobody(ana, carol, billing, invoices):
    carol.blocked_at = carol.created_at
    carol.save()
    cast.open_ticket(carol, billing, invoices)
    assert recipients_of() == []


# --- Filters ------------------------------------------------------------------------------------------------------


def test_a_filters_transfer_tells_its_target_instead_of_the_new_ticket(ana, quiet, carol, billing, invoices):
    filter_that(("transfer", ana.id), billing=billing)
    cast.open_ticket(carol, billing, invoices)
    assert [(row.kind, row.to_email) for row in mails() if row.agent_id] == [("transfer", "ana@desk.example")]


def test_the_last_transfer_of_filters_counts(ana, quiet, carol, billing, invoices):
    filter_that(("transfer", quiet.id), ("transfer", ana.id), billing=billing)
    cast.open_ticket(carol, billing, invoices)
    assert recipients_of("transfer") == ["ana@desk.example"]


@pytest.mark.parametrize("ending", ["delete", "spam"])
def test_a_ticket_that_filters_put_away_mails_nobody(ending, ana, carol, billing, invoices):
    filter_that(("transfer", ana.id), (ending, ""), billing=billing)
    cast.open_ticket(carol, billing, invoices)
    assert recipients_of() == []


def test_a_silent_filter_leaves_the_team_in_peace(ana, carol, billing, invoices):
    filter_that(("silent", ""), billing=billing)
    cast.open_ticket(carol, billing, invoices)
    assert recipients_of() == ["carol@customer.example"]


def test_a_ticket_moved_by_a_filter_is_told_where_it_lands(ana, sales, carol, billing, invoices):
    cast.permit(cast.make_agent("Sam"), sales, notify=True)
    filter_that(("move", sales.id), billing=billing)
    cast.open_ticket(carol, billing, invoices)
    assert [(row.kind, row.to_email) for row in mails() if row.agent_id] == [("team_message", "sam@desk.example")]


def test_an_automatic_reply_is_held_back_from_an_unproven_address(database, billing, invoices):
    canned = CannedResponse.create(name="C", body="<p>Soon.</p>")
    filter_that(("reply", canned.id), billing=billing)
    cast.open_ticket("stranger@customer.example", billing, invoices)
    assert [row.kind for row in mails()] == ["received"]


# --- Later messages -----------------------------------------------------------------------------------------------


def test_a_later_message_tells_the_assigned_agent_only(ticket, ana, quiet, carol):
    tickets.assign(ticket, quiet, actor=SYSTEM)
    mails()
    tickets.receive_message(ticket, "And?", actor=carol)
    assert recipients_of("team_message") == ["quiet@desk.example"]


def test_a_later_message_tells_the_team_and_its_address(ticket, ana, quiet, ben, carol):
    team = cast.make_team("T", quiet, ben, email="team@desk.example")
    tickets.assign(ticket, team, actor=SYSTEM)
    mails()
    tickets.receive_message(ticket, "And?", actor=carol)
    assert recipients_of("team_message") == ["ben@desk.example", "quiet@desk.example", "team@desk.example"]


def test_a_later_message_on_an_unassigned_ticket_tells_who_asked(ticket, ana, quiet, carol):
    tickets.receive_message(ticket, "And?", actor=carol)
    assert recipients_of("team_message") == ["ana@desk.example"]


def test_a_disabled_team_is_passed_over(ticket, ana, quiet, carol):
    team = cast.make_team("T", quiet)
    tickets.assign(ticket, team, actor=SYSTEM)
    team.enabled = False
    team.save()
    mails()
    tickets.receive_message(ticket, "And?", actor=carol)
    assert recipients_of("team_message") == ["ana@desk.example"]


# --- The customer -------------------------------------------------------------------------------------------------


def test_a_reply_tells_the_customer_and_not_the_team(ticket, ana):
    tickets.reply(ticket, "<p>Look again.</p>", actor=ana)
    (mail,) = mails()
    assert (mail.kind, mail.to_email, mail.link_kind) == ("notification", "carol@customer.example", "ticket")
    assert mail.automatic == ""
    assert "Hello Carol," in mail.body


def test_closing_with_a_reply_is_one_mail(ticket, ana):
    tickets.reply(ticket, "<p>Done.</p>", actor=ana, close=True)
    assert len(mails()) == 1


@pytest.mark.parametrize("act", [tickets.close, tickets.mark_spam, tickets.delete, tickets.mark_important])
def test_acts_without_words_mail_nobody(act, ticket, ana):
    act(ticket, actor=ana)
    assert mails() == []


def test_a_note_mails_nobody(ticket, ana):
    tickets.add_note(ticket, "<p>secret</p>", actor=ana)
    assert mails() == []


def test_the_customer_who_closes_is_told_nothing(ticket, carol):
    tickets.close(ticket, actor=carol)
    assert mails() == []


def test_a_proven_address_gets_its_message_confirmed(ticket, carol):
    tickets.receive_message(ticket, "One & two\nthree", actor=carol)
    (mail,) = mails("confirmation")
    assert mail.subject == f"Confirmation - message received – {ticket.subject} [#{ticket.number}]"
    assert "Dear Carol," in mail.body
    assert '"One &amp; two<br>three"' in mail.body
    assert mail.automatic == "auto-replied"


def test_the_confirmation_can_be_switched_off(ticket, carol):
    EmailText.create(kind="confirmation", enabled=False)
    tickets.receive_message(ticket, "Hello?", actor=carol)
    assert recipients_of() == []


# --- An address that is not proven ----------------------------------------------------------------------------------


def open_as_stranger(billing, invoices, **values):
    values = {"first_name": "BUY", "last_name": "NOW", "subject": "PILLS", "body": "CHEAP", **values}
    return cast.open_ticket("victim@customer.example", billing, invoices, **values)


def test_an_unproven_address_gets_nothing_the_visitor_typed(ana, billing, invoices):
    ticket = open_as_stranger(billing, invoices)
    (mail,) = [row for row in mails() if row.to_email == "victim@customer.example"]
    assert not re.search("BUY|NOW|PILLS|CHEAP", mail.subject + mail.body + mail.from_name)
    assert ticket.number in mail.body
    assert mail.link_kind == "ticket"


def test_an_unproven_address_is_not_mailed_twice_an_hour(database, billing, invoices):
    open_as_stranger(billing, invoices)
    open_as_stranger(billing, invoices)
    assert recipients_of("received") == ["victim@customer.example"]


def test_an_unproven_address_is_mailed_again_an_hour_later(database, billing, invoices):
    with time_machine.travel("2026-03-01 10:00", tick=False) as traveller:
        open_as_stranger(billing, invoices)
        traveller.shift(timedelta(minutes=61))
        open_as_stranger(billing, invoices)
    assert len(recipients_of("received")) == 2


def test_who_used_the_link_gets_the_full_text(database, billing, invoices):
    ticket = open_as_stranger(billing, invoices)
    mails()
    ticket.address.proven_at = ticket.created_at
    ticket.address.save()
    guest = TicketGuest(ticket.customer, ticket.id, ticket.address)
    tickets.receive_message(ticket, "It is me.", actor=guest)
    assert "It is me." in mails("confirmation")[0].body


# --- Handing over -------------------------------------------------------------------------------------------------


def test_a_transfer_mails_its_target_with_the_note(ticket, ana, ben):
    tickets.transfer(ticket, ben, actor=ana, note="Yours, I think <b>")
    (mail,) = mails()
    assert (mail.kind, mail.to_email) == ("transfer", "ben@desk.example")
    assert "Yours, I think &lt;b&gt;" in mail.body


def test_a_transfer_without_a_note_ends_cleanly(ticket, ana, ben):
    tickets.transfer(ticket, ben, actor=ana)
    assert mails()[0].body == "A ticket has been transferred to you."


def test_a_transfer_to_a_team_mails_members_and_address_but_not_the_actor(ticket, ana, ben):
    tickets.transfer(ticket, cast.make_team("T", ana, ben, email="team@desk.example"), actor=ana)
    assert recipients_of("transfer") == ["ben@desk.example", "team@desk.example"]


def test_an_assignment_mails_the_other(ticket, ana, ben):
    tickets.assign(ticket, ben, actor=ana)
    assert recipients_of("assignment") == ["ben@desk.example"]


def test_assigning_to_oneself_and_taking_mail_nobody(ticket, ana):
    tickets.assign(ticket, ana, actor=ana)
    tickets.assign(ticket, None, actor=ana)
    tickets.take(ticket, actor=ana)
    assert mails() == []


def test_the_switch_of_assignments_spares_transfers(ticket, ana, ben):
    settings.save({"mail_on_assignment": False})
    tickets.assign(ticket, ben, actor=ana)
    assert mails() == []
    tickets.transfer(ticket, ben, actor=ana)
    assert recipients_of() == ["ben@desk.example"]


def test_a_move_tells_the_agents_there(ticket, ana, sales):
    cast.permit(cast.make_agent("Sam"), sales, notify=True)
    tickets.move(ticket, sales.id, None, actor=ana)
    assert recipients_of("move") == ["sam@desk.example"]


def test_a_bulk_assignment_is_one_mail(ticket, ana, ben, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices, subject="Another <b>")
    mails()
    with transaction(), notifications.one_mail(actor=ana):
        for one in (ticket, other):
            tickets.assign(one, ben, actor=ana)
    (mail,) = mails()
    assert mail.subject == "2 tickets assigned"
    assert ticket.number in mail.body
    assert "Another &lt;b&gt;" in mail.body


def test_a_bulk_assignment_of_one_ticket_is_the_usual_mail(ticket, ana, ben):
    with transaction(), notifications.one_mail(actor=ana):
        tickets.assign(ticket, ben, actor=ana)
    assert recipients_of("assignment") == ["ben@desk.example"]


def hand_out(ticket, root, *agents):
    """Assign a ticket to each agent in one act, each by a transaction of its own."""
    opened = (cast.open_ticket(ticket.customer, ticket.service, ticket.department) for _agent in agents[1:])
    given = [ticket, *opened]
    with notifications.one_mail(actor=root):
        for one, agent in zip(given, agents, strict=True):
            tickets.assign(one, agent, actor=root)


def test_the_mails_of_a_bulk_act_wake_the_deliverer(ticket, root, ana, ben, monkeypatch):
    seen = []
    monkeypatch.setattr(events, "after_commit", [lambda: seen.append(recipients_of("digest"))])
    hand_out(ticket, root, ana, ana, ben, ben)
    assert seen[-1] == ["ana@desk.example", "ben@desk.example"]


def test_the_mails_of_a_bulk_act_are_stored_all_or_none(ticket, root, ana, ben, monkeypatch):
    first = OutgoingEmail(kind="digest", to_email="ana@desk.example", from_email="x", created_at=clock.now())
    monkeypatch.setattr(outbox_rows, "new_email", Mock(side_effect=[first, ZeroDivisionError]))
    with pytest.raises(ZeroDivisionError):
        hand_out(ticket, root, ana, ana, ben, ben)
    assert mails("digest") == []


# --- The table ----------------------------------------------------------------------------------------------------


def test_every_kind_of_mail_stands_in_the_table():
    listed = {notice.kind for notices in notifications.TABLE.values() for notice in notices}
    # To an address that is not proven, these stand in for a confirmation, a notification of a copy, an announcement.
    assert listed | {"received", "copied", "closing"} == {*notifications.KINDS, *UNEDITABLE}


def test_what_listens_follows_from_the_table():
    listening = {kind for kind, listeners in events.listeners.items() if helpdesk.wiring.notify in listeners}
    assert listening == {kind for kind in notifications.TABLE if kind in set(events.EventKind)}


def test_an_occasion_is_called_as_no_event():
    assert not set(notifications.Occasion) & set(events.EventKind)


@pytest.mark.parametrize("locale", ["en", "fr"])
@pytest.mark.parametrize("kind", UNEDITABLE)
def test_a_fixed_mail_asks_for_no_word_that_nobody_fills_in(kind, locale):
    words = dict.fromkeys(("who", "number", "count", "reason", *contents.FROM_CAUSE), "x")
    assert all("%" not in text.text(locale) % words for text in (UNEDITABLE[kind].subject, UNEDITABLE[kind].body))


# --- Texts --------------------------------------------------------------------------------------------------------


def test_each_mail_is_in_the_language_of_its_reader(ana, carol, billing, invoices):
    ana.locale, carol.locale = "fr", "en"
    ana.save()
    carol.save()
    cast.open_ticket(carol, billing, invoices)
    subjects = {row.to_email: row.subject for row in mails()}
    assert subjects["ana@desk.example"].startswith("[Message reçu] A question")
    assert subjects["carol@customer.example"].startswith("Confirmation - message received – A question")


def test_the_owners_text_replaces_the_shipped_one_in_its_language(ticket, carol):
    EmailText.create(kind="confirmation", subject=Label(en="Got #{{prefixed_id}}"), sender_email="me@desk.example")
    tickets.receive_message(ticket, "Hello", actor=carol)
    (mail,) = mails("confirmation")
    assert (mail.subject, mail.from_email) == (f"Got #{ticket.number}", "me@desk.example")
    assert outbox_rows.text("confirmation", "fr").subject == "Confirmation - message reçu"


def test_without_a_sender_the_default_email_is_used(database):
    assert outbox_rows.text("confirmation", "en").sender_email == "support@localhost"
    settings.save({"site_url": "https://help.desk.example"})
    assert outbox_rows.text("confirmation", "en").sender_email == "support@help.desk.example"
    settings.save({"default_sender": "hello@desk.example"})
    assert outbox_rows.text("confirmation", "en").sender_email == "hello@desk.example"


@pytest.mark.parametrize("kind", notifications.KINDS)
def test_every_kind_has_its_texts_in_both_languages(kind):
    declared = notifications.KINDS[kind]
    for label in (declared.subject, declared.body, declared.sender_name):
        assert set(label) == {"en", "fr"}
    assert all(richtext.clean(body) == body.replace("\N{NO-BREAK SPACE}", "&nbsp;") for body in declared.body.values())


def test_a_subject_cannot_inject_a_header(ana, carol, billing, invoices):
    cast.open_ticket(carol, billing, invoices, subject="Hi\r\nBcc: all@x.example")
    assert "\n" not in mails("team_message")[0].subject


def test_mails_of_a_ticket_name_the_earlier_ones(ticket, ana, carol):
    tickets.reply(ticket, "<p>one</p>", actor=ana)
    tickets.reply(ticket, "<p>two</p>", actor=ana)
    one, two = mails("notification")
    assert two.in_reply_to == one.mail_id
    assert two.references.endswith(one.mail_id)
    assert one.mail_id.startswith(f"<{ticket.number}.{one.message_id}.")


def test_ten_earlier_mails_are_enough(ticket, ana):
    for number in range(14):
        tickets.reply(ticket, f"<p>{number}</p>", actor=ana)
    assert len(mails()[-1].references.split()) == 10


def test_a_rule_that_fails_owes_no_mail(ticket, carol):
    def write_and_fail():
        with transaction():
            tickets.receive_message(ticket, "Hello", actor=carol)
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        write_and_fail()
    assert mails() == []
    assert Ticket.get_by_id(ticket.id).messages.count() == 1


# --- Accounts -----------------------------------------------------------------------------------------------------


def test_a_sign_in_mail_holds_no_name_a_stranger_typed(database, billing, invoices):
    address = open_as_stranger(billing, invoices).address
    mail = notifications.send_account_mail("sign-in", address=address)
    assert "BUY" not in mail.body
    assert (mail.link_kind, mail.to_email) == ("sign-in", "victim@customer.example")


@pytest.mark.parametrize("kind", ["invitation", "reset"])
def test_an_agents_account_mail_is_in_their_language(kind, ana):
    ana.locale = "fr"
    mail = notifications.send_account_mail(kind, agent=ana)
    assert mail.body.startswith("Bonjour,")
    assert (mail.link_kind, mail.agent) == (kind, ana)
