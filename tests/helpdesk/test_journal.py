"""The journal: what is noted of which act, by whom, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from admin_views import PAGES
from admin_views.base import DeskView
from helpdesk import clock, journal, journal_listing, outbox, settings, tickets
from helpdesk.errors import InvalidInput
from helpdesk.imports import confirmation, formats
from helpdesk.journal_acts import Act
from helpdesk.journal_fields import FIELD_NAMES, SILENT
from helpdesk.journal_texts import SENTENCES, SETUP, TABLE_NAMES
from helpdesk.notifications import email_texts
from helpdesk.operations import upkeep
from helpdesk.people import agents, permissions, sign_ins, teams
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.settings.email_kinds import KINDS
from models import Agent, JournalEntry, OutgoingEmail, Permission, Role
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


def sentences(**wanted):
    return [
        text for _row, _kind, text in journal.with_sentences(journal_listing.entries(journal_listing.Wanted(**wanted)))
    ]


def test_a_sign_in_keeps_the_address_it_came_from(ana):
    sign_ins.start_sign_in(ana, network="192.0.2.7")
    row = journal_listing.entries(journal_listing.Wanted(kind="sign-ins"))[0]
    assert (row.agent, row.network) == (ana, "192.0.2.7")
    assert journal.describe(row) == "Ana signed in (ana@desk.example)"


def test_a_refused_sign_in_is_noted_without_what_is_no_address(ana):
    for typed in ("ana@desk.example", "my secret password"):
        with pytest.raises(InvalidInput):
            sign_ins.sign_in(typed, "wrong", visitor=Visitor("192.0.2.7"))
    assert sentences(kind="sign-ins") == ["A sign-in was refused (?)", "A sign-in was refused (ana@desk.example)"]


def test_a_customers_sign_in_and_out_are_noted(carol):
    sign_ins.end_sign_in(sign_ins.start_sign_in(carol))
    assert sentences(kind="sign-ins") == ["Carol Jones signed out", "Carol Jones signed in (carol@customer.example)"]


def test_a_new_password_is_noted(ana):
    sign_ins.change_password(ana, cast.PASSWORD, "another horse battery staple", keep_token=None)
    assert sentences() == ["Ana chose a new password"]


def test_accounts_and_rights_are_noted(root, ana, sales):
    permissions.save_permission(ana, {"service": sales.id, "notify": True}, actor=root)
    agents.save_agent(ana, {"is_admin": True}, actor=root)
    agents.disable_agent(ana, actor=root)
    assert sentences(kind="rights") == [
        "Root changed “Ana” (account): active",
        "Root disabled the account of Ana",
        "Root changed “Ana” (account): administrator",
        "Root added “Ana: Sales” (permission)",
    ]


def test_what_did_not_change_is_not_noted(root, ana):
    permission = Permission.get(agent=ana)
    permissions.save_permission(ana, {"service": permission.service_id}, actor=root, permission=permission)
    agents.save_agent(ana, {"name": ana.name}, actor=root)
    assert sentences() == []


def test_roles_and_teams_are_noted(root, ana, team):
    role = permissions.save_role(Role(), {"name": {"en": "Reader"}}, actor=root)
    permissions.delete_role(role, actor=root)
    teams.save_team(team, {"members": [ana.id]}, actor=root)
    assert sentences() == [
        "Root changed “Night watch” (team): members",
        "Root deleted “Reader” (role)",
        "Root added “Reader” (role)",
    ]


def test_removing_from_support_and_deleting_are_noted(root, ana):
    permissions.remove_from_support(ana, actor=root)
    agents.delete_agent(ana, actor=root)
    assert sentences() == ["Root deleted “Ana” (account)", "Root removed Ana from the support"]


def test_who_deletes_their_own_account_still_signs_the_line(root, database):
    cast.make_agent("Second", is_admin=True)
    agents.delete_agent(root, actor=root)
    row = JournalEntry.get()
    assert (row.actor_name, row.agent_id) == ("Root", None)


def test_a_setting_is_noted_with_the_old_and_the_new_value(root):
    settings.save({"desk_enabled": False, "closure_notice": {"en": "Until May"}}, actor=root)
    assert set(sentences(kind="settings")) == {
        "Root set “Help desk enabled”: on → off",
        "Root set “Closure notice”: empty → Until May",
    }


def test_a_setting_of_none_at_all_is_noted_as_0_and_not_as_empty(root):
    settings.save({"erasure_days": 0}, actor=root)
    assert sentences(kind="settings")[0].endswith(": 7 → 0")


def test_a_secret_setting_is_noted_without_its_value(root):
    settings.save({"mail_password": "hunter2 and more"}, actor=root)
    assert sentences() == ["Root set “Password” (the value is not kept)"]
    assert JournalEntry.get().data == {}


def test_an_e_mail_text_is_noted(root):
    kind = KINDS["confirmation"]
    email_texts.save_text(kind, {"enabled": False, "subject": {"en": "Hello"}}, actor=root)
    email_texts.restore_original(kind, actor=root)
    first, second = sentences()
    assert first == "Root changed the e-mail “Confirmation e-mail”: back to the original"
    assert "enabled" in second
    assert "subject" in second


def test_what_happens_to_a_ticket_is_activity(ticket, ana):
    tickets.close(ticket, actor=ana)
    assert sentences(kind="activity")[0] == f"Ticket {ticket.number}: Ana closed the ticket"


def test_mails_are_noted_when_sent_and_when_given_up(ticket, smtp):
    smtp.refuse = "550 no"
    outbox.deliver_due()
    assert "was given up" in sentences(kind="mail")[0]
    smtp.refuse = ""
    OutgoingEmail.update(state="pending", attempts=0).execute()
    outbox.deliver_due()
    assert sentences(kind="mail")[0] == "The e-mail “Confirmation e-mail” was sent to carol@customer.example"


@pytest.mark.parametrize("kind", ["received", "confirm", "digest", "test"])
def test_mails_of_a_fixed_text_are_called_by_a_name(database, kind):
    journal.record(Act.MAIL_SENT, actor=None, subject="carol@customer.example", email=kind)
    assert f"“{kind}”" not in sentences(kind="mail")[0]


def test_without_the_log_only_activity_is_left_out(root, ticket):
    settings.save({"log_enabled": False}, actor=root)
    JournalEntry.delete().execute()
    tickets.close(ticket, actor=root)
    sign_ins.start_sign_in(root)
    settings.save({"log_enabled": True}, actor=root)
    assert {row.kind for row in JournalEntry.select()} == {"sign-ins", "settings"}


def test_no_line_can_be_forged(root):
    journal.record(Act.IMPORTED, actor=root, subject="a\r\nRoot signed in\x00\x1b[31m", count=["1\n2"])
    row = JournalEntry.get()
    assert not any(letter in journal.describe(row) for letter in "\r\n\x00\x1b")
    assert row.data == {"count": ["1 2"]}


def test_an_act_that_is_taken_back_leaves_no_line(root, ana, database):
    with database.atomic() as act:
        permissions.remove_from_support(ana, actor=root)
        act.rollback()
    assert sentences() == []


def test_pages_kinds_people_and_days(root, ana):
    start = clock.now()
    with time_machine.travel(start - timedelta(days=3), tick=False):
        sign_ins.start_sign_in(ana)
    sign_ins.start_sign_in(root)
    settings.save({"desk_name": "Here"}, actor=root)
    newest = journal_listing.entries(journal_listing.Wanted(), limit=1)
    assert len(journal_listing.entries(journal_listing.Wanted(), before=journal_listing.key_of(newest[0]))) == 2
    assert sentences(agent_id=ana.id, kind="sign-ins") == ["Ana signed in (ana@desk.example)"]
    assert sentences(until=start - timedelta(days=1)) == ["Ana signed in (ana@desk.example)"]
    assert len(sentences(since=start - timedelta(days=1))) == 2
    assert sentences(since=start + timedelta(days=1)) == []


def test_old_lines_are_forgotten(root, ana):
    settings.save({"journal_days": "30"}, actor=root)
    with time_machine.travel(clock.now() - timedelta(days=31)):
        sign_ins.start_sign_in(ana)
    upkeep.run()
    assert [row.act for row in JournalEntry.select()] == ["setting"]


@pytest.mark.parametrize("days", ["0", "-1", "3651", "x", "", "٣"])
def test_a_bad_number_of_days_is_refused(database, days):
    with pytest.raises(InvalidInput, match="number of days"):
        settings.save({"journal_days": days})


def test_every_act_has_a_sentence_and_every_field_a_name():
    views = [page for page in PAGES if issubclass(page, DeskView) and page.table.__name__ in TABLE_NAMES]
    columns = {name for view in views for name in view.table._meta.fields}
    unnamed = columns - set(FIELD_NAMES) - SILENT
    assert set(SENTENCES) == set(Act)
    assert unnamed == set()
    assert any(TABLE_NAMES[view.table.__name__][0] == SETUP for view in views)


def test_who_is_deleted_keeps_the_name_on_the_line(root, ana):
    sign_ins.start_sign_in(ana)
    Agent.delete().where(Agent.id == ana.id).execute()
    assert "Ana signed in (ana@desk.example)" in sentences()


def test_an_import_is_noted(root, database):
    key = confirmation.keep(formats.MEMBERS, b"e-mail\nvera@visitor.example\nno address\n", actor=root)
    confirmation.run(formats.MEMBERS, key, actor=root)
    assert sentences(kind="data") == ["Root imported “Customers” (rows: 1)"]
