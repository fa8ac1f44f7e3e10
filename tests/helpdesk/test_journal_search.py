"""The journal is searched by the number of a ticket, a person and an address; what was deleted is a click away."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from playhouse.test_utils import count_queries

from helpdesk import clock, journal, journal_listing, tickets
from helpdesk.errors import InvalidInput
from helpdesk.journal_listing import Wanted
from helpdesk.journal_search import ABOUT, MOST, Subjects, subjects_of
from helpdesk.journal_texts import DELETED
from helpdesk.people import agents, invitations, permissions, sign_ins
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.tickets.spam_and_bin import BIN_DAYS
from models import JournalEntry, Permission, Role, Ticket
from tests.helpdesk.test_journal_listing import plan_of
from tests.support import cast, sqlite_only

pytestmark = pytest.mark.usefixtures("request_context")


def texts(text="", **wanted):
    lines = journal_listing.entries(Wanted(**wanted, subjects=subjects_of(text)))
    return [sentence for _row, _kind, sentence in journal.with_sentences(lines)]


# --- A ticket -----------------------------------------------------------------------------------------------------


def test_a_number_finds_the_history_of_its_ticket_and_no_other(ticket, ana, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices, subject="Another")
    for one in (ticket, other):
        tickets.close(one, actor=ana)
    for typed in (ticket.number, f"#{ticket.number}", f"  {ticket.number} "):
        assert texts(typed) == [
            f"Ticket {ticket.number}: Ana closed the ticket",
            f"Ticket {ticket.number}: Carol Jones opened the ticket",
        ]


def test_a_purged_ticket_is_found_by_its_number(ticket, root):
    tickets.delete(ticket, actor=root)
    with time_machine.travel(clock.now() + timedelta(days=BIN_DAYS + 1)):
        tickets.purge_bin()
        assert texts(ticket.number) == [
            f"Ticket {ticket.number} was deleted for good",
            f"Ticket {ticket.number}: Root moved the ticket to the bin",
        ]


def test_a_merged_ticket_is_found_by_both_numbers(ticket, ana, billing, invoices):
    twin = cast.open_ticket(ticket.customer, billing, invoices, subject="Twin")
    former = twin.number
    tickets.merge(twin, ticket, actor=ana)
    assert texts(former) == texts(ticket.number)
    assert sum(f"merged ticket {former}" in text for text in texts(former)) == 1


# --- A person -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Ana", "ana", "ANA", "  ána ", "ana@desk.example", "Ana@Desk.Example"])
def test_an_agent_is_found_by_name_and_address(ticket, ana, root, typed):
    tickets.close(ticket, actor=ana)
    tickets.reopen(Ticket.get(), actor=root)
    permissions.remove_from_support(ana, actor=root)
    assert texts(typed) == [
        "Root removed Ana from the support",
        f"Ticket {ticket.number}: Ana closed the ticket",
    ]


def test_a_permission_is_about_its_agent(ana, root, billing):
    permissions.delete_permission(Permission.get(Permission.agent == ana), actor=root)
    assert texts("ana") == ["Root deleted “Ana: Billing” (permission)"]


def test_an_invitation_and_its_link_are_about_who_is_invited(root):
    invitations.invite(root, "zoe@desk.example", "Zoé", Role.get())
    assert any("invited Zoé" in text for text in texts("zoe"))
    assert any("invited Zoé" in text for text in texts("zoe@desk.example"))


def test_who_is_gone_is_found_with_what_they_did(ticket, root):
    eve = cast.make_agent("Eve Smith", None)
    tickets.close(ticket, actor=eve)
    agents.delete_agent(eve, actor=root)
    for typed in ("Eve Smith", "eve smith"):
        assert texts(typed) == [
            "Root deleted “Eve Smith” (account)",
            f"Ticket {ticket.number}: Eve Smith closed the ticket",
        ]


@pytest.mark.parametrize("typed", ["Carol", "jones", "Carol Jones", "carol@customer.example"])
def test_a_customer_is_found_by_name_and_address(ticket, ana, dan, typed):
    tickets.close(ticket, actor=ana)
    assert texts(typed) == [f"Ticket {ticket.number}: Carol Jones opened the ticket"]


def test_an_address_finds_its_mails_and_its_refused_sign_ins(ana):
    with pytest.raises(InvalidInput):
        sign_ins.sign_in("nobody@else.example", "wrong", visitor=Visitor("192.0.2.1"))
    journal.record(journal.Act.MAIL_SENT, actor=None, subject="nobody@else.example", email="invitation")
    assert texts("nobody@else.example") == [
        "The e-mail “Invitation” was sent to nobody@else.example",
        "A sign-in was refused (nobody@else.example)",
    ]


def test_what_an_older_version_wrote_is_found_in_lower_case(ana):
    journal.record(journal.Act.EXPORTED, actor=ana, subject="Élodie")
    JournalEntry.update(about="Élodie", agent=None, actor_name="").execute()
    assert len(texts("Élodie")) == 1


# --- Nothing, and much ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["", "  ", "\0", "​"])
def test_an_empty_search_is_none(ticket, typed):
    assert subjects_of(typed) is None


@pytest.mark.parametrize("typed", ["%", "_", "'", '"', "*", "a" * 5_000, "9" * 300, "é\r\nx", "NEAR(", "🙂"])
def test_a_strange_search_finds_nothing(ticket, typed):
    assert texts(typed) == []


def test_a_search_is_bounded(ticket, billing, invoices):
    for number in range(MOST + 3):
        cast.make_agent(f"Max {number}", billing)
        cast.make_customer("Max", f"Mouse {number}", email=f"max{number}@customer.example")
    subjects = subjects_of("max")
    assert len(subjects.agents) == len(subjects.customers) == MOST
    assert len(subjects.about) <= ABOUT
    with count_queries() as counted:
        journal_listing.entries(Wanted(subjects=subjects))
    assert counted.count <= ABOUT + 4 * MOST + 4


def test_pages_of_a_search_hold_every_line_once(ticket, ana, root):
    for _time in range(3):
        tickets.close(Ticket.get(), actor=ana)
        tickets.reopen(Ticket.get(), actor=ana)
    permissions.remove_from_support(ana, actor=root)
    wanted = Wanted(subjects=subjects_of("ana"))
    whole = [journal_listing.key_of(line) for line in journal_listing.entries(wanted)]
    assert len(whole) == len(set(whole)) == 7
    paged, key = [], None
    while page := journal_listing.entries(wanted, before=key, limit=2):
        key = journal_listing.key_of(page[-1])
        paged += [journal_listing.key_of(line) for line in page]
    assert paged == whole


def test_a_search_keeps_to_kind_person_and_days(ticket, ana, root):
    tickets.close(ticket, actor=ana)
    permissions.remove_from_support(ana, actor=root)
    assert texts("ana", kind="rights") == ["Root removed Ana from the support"]
    assert texts("ana", agent_id=root.id) == ["Root removed Ana from the support"]
    assert texts("ana", until=clock.now() - timedelta(days=1)) == []


# --- What was deleted ---------------------------------------------------------------------------------------------


def test_who_deleted_what_is_one_list(ticket, ana, root, billing, invoices):
    note = tickets.add_note(ticket, "<p>Psst</p>", actor=ana)
    tickets.delete_note(note, actor=ana)
    eve = cast.make_agent("Eve", billing)
    agents.delete_agent(eve, actor=root)
    twin = cast.open_ticket(ticket.customer, billing, invoices, subject="Twin")
    tickets.merge(twin, ticket, actor=ana)
    tickets.close(Ticket.get_by_id(ticket.id), actor=ana)
    tickets.delete(Ticket.get_by_id(ticket.id), actor=root)
    read = texts(kind=DELETED)
    assert read == [
        f"Ticket {ticket.number}: Root moved the ticket to the bin",
        f"Ticket {ticket.number}: Ana merged ticket {twin.number}, “Twin”, into this one",
        "Root deleted “Eve” (account)",
        f"Ticket {ticket.number}: Ana deleted an internal note",
    ]
    assert texts(kind=DELETED, agent_id=ana.id) == [read[1], read[3]]
    assert texts(ticket.number, kind=DELETED) == [read[0], read[1], read[3]]
    assert texts("eve", kind=DELETED) == [read[2]]


# --- Indexes ------------------------------------------------------------------------------------------------------

KEY = (clock.now(), journal_listing.EVENT, 5)
OWN = [
    (Wanted(subjects=Subjects(about=("ana",))), "journal_entry_about_created_at_id"),
    (Wanted(subjects=Subjects(about=("ana",)), kind="rights"), "journal_entry_about_created_at_id"),
    (Wanted(subjects=Subjects(about=("ana",)), agent_id=2), "journal_entry_about_created_at_id"),
    (Wanted(subjects=Subjects(agents=(1,)), kind="rights"), "journal_entry_agent_id_kind_created_at_id"),
    (Wanted(agent_id=1, kind="rights"), "journal_entry_agent_id_kind_created_at_id"),
    (Wanted(subjects=Subjects(names=("Eve",))), "journal_former_actor"),
    (Wanted(kind=DELETED), "journal_deleted"),
    (Wanted(kind=DELETED, agent_id=1), "journal_deleted"),
]
HISTORIES = [
    (Wanted(subjects=Subjects(agents=(1,))), "ticket_event_agent_id_created_at_id"),
    (Wanted(subjects=Subjects(customers=(1,))), "ticket_event_customer_id_created_at_id"),
    (Wanted(subjects=Subjects(names=("Eve",))), "event_former_actor"),
    (Wanted(kind=DELETED), "event_note_deleted"),
]


def check(plan, index):
    assert index in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize(("wanted", "index"), OWN)
def test_own_lines_of_a_search_are_read_by_its_index(ticket, engine, database, wanted, index, key):
    for one in journal_listing._searches(journal_listing._of_entries, wanted):
        check(plan_of(journal_listing.own_lines(wanted, key, one).limit(51), engine, database), index)


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize(("wanted", "index"), HISTORIES)
def test_histories_of_a_search_are_read_by_its_index(ticket, engine, database, wanted, index, key):
    start, end = journal_listing.logged_times()[0]
    for one in journal_listing._searches(journal_listing._of_events, wanted):
        query = journal_listing.events_of(wanted, key, start, end, one).limit(51)
        check(plan_of(query, engine, database), index)


@sqlite_only
def test_the_history_of_one_ticket_is_read_by_its_index(ticket, engine, database):
    wanted = Wanted(subjects=Subjects(tickets=(ticket.id,)))
    (one,) = journal_listing._searches(journal_listing._of_events, wanted)
    query = journal_listing.events_of(wanted, None, *journal_listing.logged_times()[0], one).limit(51)
    # The lines of one ticket are few: they are sorted.
    assert "ticket_event_ticket_id_id" in plan_of(query, engine, database)
