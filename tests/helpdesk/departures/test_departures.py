"""When an agent leaves: what hangs on the account, to whom it goes, and what comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from playhouse.test_utils import count_queries

from helpdesk import access, clock, departures, events, journal, journal_listing, settings, tickets
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, StillInUse
from helpdesk.filters import running, saving
from helpdesk.journal_listing import Wanted
from helpdesk.journal_texts import HOLDING_NAMES
from helpdesk.lists import saved_views
from helpdesk.operations import upkeep
from helpdesk.outbox import claims
from helpdesk.people import agents, api_keys, permissions, sign_ins, teams
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses, drafts, undo_send
from models import (
    Agent,
    CannedResponse,
    Departure,
    DepartureChange,
    Draft,
    Filter,
    Message,
    OutgoingEmail,
    Permission,
    SavedView,
    Stamp,
    Team,
    Ticket,
    TicketEvent,
)
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


def to(agent):
    return departures.value_of(agent)


def give(ticket, agent, **values):
    """Assign a ticket without the mails of it."""
    Ticket.update(assignee=agent, team=None, **values).where(Ticket.id == ticket.id).execute()
    return Ticket.get_by_id(ticket.id)


def counts(agent):
    return {holding.key: count for holding, count in departures.overview(agent)}


def lines(ticket):
    return [events.describe(line) for line in ticket.events.order_by(TicketEvent.id)]


def journal_texts(**wanted):
    return [text for _row, _kind, text in journal.with_sentences(journal_listing.entries(Wanted(**wanted)))]


def moves(departure):
    return {move["holding"]: move for move in departure.moves}


@pytest.fixture
def lea(billing, root):
    """Somebody who has one of everything: an administrator, so that she may save filters and make keys."""
    return cast.make_agent("Lea", billing, is_admin=True)


@pytest.fixture
def everything(lea, ana, ben, ticket, billing, invoices, carol, root):
    """One of each kind that hangs on Lea."""
    give(ticket, lea)
    closed = cast.open_ticket(carol, billing, invoices, subject="Old")
    give(closed, lea, is_open=False)
    draft = cast.open_ticket(carol, billing, invoices, subject="Begun")
    drafts.save(draft, drafts.Writing("<p>Half a sentence</p>"), actor=lea)
    crew, second = cast.make_team("Crew", ana, lea), cast.make_team("Second line", ana, manager=lea)
    permission = Permission.get(Permission.agent == lea)
    permission.notify = True
    permission.save()
    values = {
        "name": "Invoices to Lea",
        "conditions": [{"field": "email", "operator": "is", "value": "lea@desk.example"}],
        "actions": [{"action": "transfer", "argument": str(lea.id)}],
    }
    rule = saving.save_filter(None, values, actor=lea)
    view = saved_views.save("Urgent", {"view": "open", "priority": "1"}, actor=lea)
    saved_views.change(view, {"name": "Urgent", "shared": True}, actor=lea)
    saved_views.save("Of Lea", {"assignee": str(lea.id)}, actor=ana)
    values = {"service": billing.id, "name": {"en": "Thanks"}, "body": {"en": "<p>Thanks</p>"}}
    response = canned_responses.save_canned_response(None, values, actor=lea)
    key, _secret = api_keys.make("Web shop", actor=lea)
    return {
        "ticket": ticket, "closed": closed, "draft": draft, "crew": crew, "second": second, "rule": rule,
        "view": view, "response": response, "key": key,
    }  # fmt: skip


# --- Before -------------------------------------------------------------------------------------------------------


def test_all_that_hangs_on_an_account_is_counted(everything, lea):
    assert counts(lea) == {
        "tickets": 1,
        "other_tickets": 1,
        "drafts": 1,
        "managed_teams": 1,
        "memberships": 1,
        "places": 1,
        "filters": 1,
        "filter_actions": 1,
        "filter_conditions": 1,
        "lists": 1,
        "lists_of_theirs": 1,
        "canned_responses": 1,
        "keys": 1,
    }


def test_a_reply_that_waits_is_counted_until_it_is_public(ticket, ana):
    settings.save({"undo_send_seconds": "30"})
    message = tickets.reply(ticket, "<p>Soon</p>", actor=ana)
    assert counts(ana)["replies"] == 1
    undo_send.send_reply_now(message, actor=ana)
    assert "replies" not in counts(ana)


def test_the_lists_of_others_are_named_only_when_they_are_shared(lea, ana, root):
    for name in ("Shared", "Private"):
        saved_views.save(name, {"assignee": str(lea.id)}, actor=ana)
    view = SavedView.get(SavedView.name == "Shared")
    saved_views.change(view, {"name": "Shared", "shared": True}, actor=ana)
    [holding] = [one for one in departures.HOLDINGS if one.key == "lists_of_theirs"]
    assert (holding.count(lea), holding.names(lea)) == (2, ["Shared"])


def test_every_holding_has_a_name_and_says_what_becomes_of_it(database):
    assert {holding.key for holding in departures.HOLDINGS} == set(HOLDING_NAMES)
    assert all(str(holding.otherwise) and holding.name for holding in departures.HOLDINGS)


def test_what_can_be_moved_can_come_back(database):
    one_way = {holding.key for holding in departures.HOLDINGS if holding.transfer and not holding.restore}
    assert one_way == {"replies"}


def test_places_that_are_left_to_nobody_are_named(lea, ana, billing, invoices):
    assert permissions.places_left_by(lea) == ([], [])
    Permission.delete().where(Permission.agent == ana).execute()
    Permission.update(notify=True).where(Permission.agent == lea).execute()
    lookups_again()
    unserved, unnotified = permissions.places_left_by(lea)
    assert [str(place) for place in unserved] == ["Billing, Invoices", "Billing, Refunds"]
    assert unnotified == unserved


def lookups_again():
    """Let the caches read again what a test wrote behind them."""
    Stamp.bump()


def test_the_number_of_statements_depends_on_nothing_they_have(everything, lea, ana, carol, billing, invoices):
    departures.overview(lea)
    with count_queries() as few:
        departures.overview(lea)
    for number in range(5):
        give(cast.open_ticket(carol, billing, invoices, subject=f"More {number}"), lea)
        saved_views.change(
            saved_views.save(f"List {number}", {}, actor=lea), {"name": f"L{number}", "shared": 1}, actor=lea
        )
    departures.overview(lea)
    with count_queries() as many:
        departures.overview(lea)
    assert few.count == many.count <= 13


# --- Leaving ------------------------------------------------------------------------------------------------------


def hand_everything_to(heir, leaver, actor):
    chosen = {**departures.proposed(leaver, to(heir)), "keys": "revoke"}
    return departures.leave(leaver, chosen, actor=actor)


def test_everything_goes_to_who_was_chosen(everything, lea, ben, root):
    ben.is_admin = True
    ben.save()
    token, _link = sign_ins.start_sign_in(lea), None
    departure = hand_everything_to(ben, lea, root)
    assert not Agent.get_by_id(lea.id).active
    assert sign_ins.person_of(token) is None
    assert {Ticket.get_by_id(everything[name].id).assignee_id for name in ("ticket", "closed")} == {ben.id}
    assert Draft.get().agent_id == ben.id
    assert Team.get_by_id(everything["second"].id).manager_id == ben.id
    assert ben.id in teams.members_of(everything["crew"])
    assert lea.id not in teams.members_of(everything["crew"])
    assert any(row.service_id and row.notify for row in lookups.permissions_of(ben.id))
    assert Filter.get().author_id == ben.id
    assert saving.actions_of(everything["rule"]) == [["transfer", str(ben.id)]]
    assert SavedView.get_by_id(everything["view"].id).owner_id == ben.id
    assert CannedResponse.get().author_id == ben.id
    assert everything["key"].get_by_id(everything["key"].id).revoked_at is not None
    assert {key: move["count"] for key, move in moves(departure).items()} == dict.fromkeys(
        (
            *("tickets", "other_tickets", "drafts", "managed_teams", "memberships", "places", "filters"),
            *("filter_actions", "lists", "canned_responses", "keys"),
        ),
        1,
    )
    # What is only told stays.
    assert counts(Agent.get_by_id(lea.id)).keys() == {"filter_conditions", "lists_of_theirs"}


def test_what_is_not_chosen_goes_to_nobody(everything, lea, root):
    departures.leave(lea, {}, actor=root)
    assert Ticket.select().where(Ticket.assignee.is_null(False)).count() == 0
    assert Draft.get().agent_id == lea.id
    assert Team.get_by_id(everything["second"].id).manager_id is None
    assert lea.id not in teams.members_of(everything["crew"])
    assert Filter.get().author_id == lea.id
    assert SavedView.get_by_id(everything["view"].id).owner_id == lea.id
    assert everything["key"].get_by_id(everything["key"].id).revoked_at is None


def test_history_and_journal_say_it(everything, lea, ana, root):
    departures.leave(lea, {"tickets": to(ana)}, actor=root)
    assert lines(everything["ticket"])[-1] == "Root assigned the ticket to Ana: Lea was disabled"
    assert lines(everything["closed"])[-1] == "Root unassigned the ticket: Lea was disabled"
    texts = journal_texts(kind="rights")
    assert "Root handed over from Lea to Ana: Open tickets (1)" in texts
    assert "Root took from Lea and gave to nobody: Tickets that are closed, spam or in the bin (1)" in texts
    assert "Root disabled the account of Lea" in texts


def test_a_team_gets_the_tickets(everything, lea, root, ana):
    crew = everything["crew"]
    departures.leave(lea, {"tickets": to(crew)}, actor=root)
    assert Ticket.get_by_id(everything["ticket"].id).team_id == crew.id
    assert lines(everything["ticket"])[-1] == "Root assigned the ticket to Crew: Lea was disabled"


@pytest.mark.parametrize(("number", "kind"), [(1, "assignment"), (3, "digest")])
def test_whoever_gets_tickets_is_mailed_once(lea, ana, root, carol, billing, invoices, number, kind):
    for subject in range(number):
        give(cast.open_ticket(carol, billing, invoices, subject=str(subject)), lea)
    OutgoingEmail.delete().execute()
    departures.leave(lea, {"tickets": to(ana)}, actor=root)
    [mail] = OutgoingEmail.select()
    assert (mail.kind, mail.to_email) == (kind, ana.email)
    assert number == 1 or "3" in mail.subject


def test_whoever_hands_over_to_themself_is_not_mailed(lea, root, ticket):
    give(ticket, lea)
    OutgoingEmail.delete().execute()
    departures.leave(lea, {"tickets": to(root)}, actor=root)
    assert OutgoingEmail.select().count() == 0


def test_an_heir_sees_what_they_are_given_and_no_more(ticket, lea, root, carol):
    eve = cast.make_agent("Eve", cast.make_service("Repairs"))
    give(ticket, lea)
    departures.leave(lea, {"tickets": to(eve)}, actor=root)
    assert [row.id for row in access.visible_tickets(eve)] == [ticket.id]


def test_drafts_go_only_where_the_heir_sees_the_ticket_and_has_none(lea, ana, root, carol, billing, invoices):
    hidden = cast.open_ticket(carol, cast.make_service("Repairs"), subject="Hidden")
    own = cast.open_ticket(carol, billing, invoices, subject="Both write")
    for ticket in (hidden, own):
        drafts.save(ticket, drafts.Writing("<p>Lea’s</p>"), actor=lea)
    drafts.save(own, drafts.Writing("<p>Ana’s</p>"), actor=ana)
    departures.leave(lea, {"drafts": to(ana)}, actor=root)
    assert Draft.select().where(Draft.agent == lea).count() == 2
    assert drafts.of(own, ana).body == "<p>Ana’s</p>"


def test_drafts_follow_the_places_that_go_to_the_same_heir(lea, root, ticket):
    eve = cast.make_agent("Eve", cast.make_service("Repairs"))
    drafts.save(ticket, drafts.Writing("<p>Half a sentence</p>"), actor=lea)
    departures.leave(lea, {"places": to(eve), "drafts": to(eve)}, actor=root)
    assert drafts.of(ticket, eve).body == "<p>Half a sentence</p>"


def test_drafts_that_went_on_to_somebody_else_stay_there(lea, ana, root, ticket):
    drafts.save(ticket, drafts.Writing("<p>Half a sentence</p>"), actor=lea)
    first = departures.leave(lea, {"drafts": to(ana)}, actor=root)
    second = departures.leave(ana, {"drafts": to(root)}, actor=root)
    assert moves(departures.undo(first, actor=root))["drafts"]["lost"] == 1
    departures.undo(second, actor=root)
    assert drafts.of(ticket, ana).body == "<p>Half a sentence</p>"


def test_a_reply_that_waits_goes_out_as_it_is_written(ticket, ana, carol, root):
    settings.save({"undo_send_seconds": "30"})
    message = tickets.reply(ticket, "<p>Not yet</p>", actor=ana)
    departures.leave(ana, {}, actor=root)
    assert Message.get_by_id(message.id).kind == "reply"
    owed = OutgoingEmail.get(OutgoingEmail.message == message.id)
    assert (owed.state, owed.to_email) == ("pending", carol.primary_address.email)
    OutgoingEmail.update(state="sent").where(OutgoingEmail.id != owed.id).execute()
    assert owed.id not in [row.id for row in claims.due_now()]
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        assert owed.id in [row.id for row in claims.due_now()]


def test_a_reply_that_waits_becomes_a_draft(ticket, ana, root):
    settings.save({"undo_send_seconds": "30"})
    tickets.reply(ticket, "<p>Not yet</p>", actor=ana)
    departure = departures.leave(ana, {"replies": "withdraw", "tickets": to(root), "drafts": to(root)}, actor=root)
    assert Message.select().where(Message.kind == "reply").count() == 0
    assert drafts.of(ticket, root).body == "<p>Not yet</p>"
    undone = departures.undo(departure, actor=root)
    assert moves(undone)["replies"]["lost"] == 1
    assert drafts.of(ticket, ana).body == "<p>Not yet</p>"


def test_a_list_of_a_name_that_is_taken_gets_another(everything, lea, ana, root):
    saved_views.save("Urgent", {}, actor=ana)
    departure = departures.leave(lea, {"lists": to(ana)}, actor=root)
    assert SavedView.get_by_id(everything["view"].id).name == "Urgent (2)"
    departures.undo(departure, actor=root)
    assert SavedView.get_by_id(everything["view"].id).name == "Urgent"


def test_filters_go_to_who_may_configure_and_run_in_their_sight(everything, lea, ana, root):
    with pytest.raises(InvalidInput) as caught:
        departures.leave(lea, {"filters": to(ana)}, actor=root)
    assert caught.value.field == "filters"
    departures.leave(lea, {"filters": to(root), "filter_actions": to(ana)}, actor=root)
    assert [row.author_id for row in running.enabled("arrives")] == [root.id]


@pytest.mark.parametrize("value", ["agent-0", "team-99", "agent-x", "agent-", "revoke", "'", "agent-" + "9" * 30])
def test_a_choice_that_is_none_is_refused_at_its_kind(everything, lea, root, value):
    with pytest.raises(InvalidInput) as caught:
        departures.leave(lea, {"tickets": value}, actor=root)
    assert caught.value.field == "tickets"
    assert Agent.get_by_id(lea.id).active
    assert Departure.select().count() == 0


def test_nothing_goes_to_who_leaves_or_is_disabled(everything, lea, ana, root):
    agents.disable_agent(ana, actor=root)
    for heir in (lea, ana):
        with pytest.raises(InvalidInput):
            departures.leave(lea, {"tickets": to(heir)}, actor=root)


def test_who_may_not_administer_closes_no_account(lea, ana, mona):
    for actor in (ana, mona):
        with pytest.raises(NotAllowed):
            departures.leave(lea, {}, actor=actor)


def test_the_last_administrator_stays_and_nothing_moves(ticket, root, ana):
    give(ticket, root)
    assert "last active administrator" in departures.refuse_last_administrator(root)
    with pytest.raises(StillInUse):
        departures.leave(root, {"tickets": to(ana)}, actor=root)
    assert Ticket.get().assignee_id == root.id
    assert Departure.select().count() == DepartureChange.select().count() == 0


def test_an_account_that_is_gone_is_not_closed(lea, root):
    agents.delete_agent(Agent.get_by_id(lea.id), actor=root)
    with pytest.raises(NotFound):
        departures.leave(lea, {}, actor=root)


def test_what_another_process_has_just_stored_stays(lea, ana, ben, root):
    team = cast.make_team("Second line", manager=lea)
    assert counts(lea)["managed_teams"] == 1
    # What this process holds in memory does not say so yet.
    Team.update(manager=ben.id).execute()
    Stamp.update(value=Stamp.value + 1).execute()
    departures.leave(lea, {"managed_teams": to(ana)}, actor=root)
    assert Team.get_by_id(team.id).manager_id == ben.id


def test_what_hangs_on_a_disabled_account_is_handed_over_later(everything, lea, root):
    agents.disable_agent(Agent.get_by_id(lea.id), actor=root)
    departure = departures.leave(Agent.get_by_id(lea.id), {"filters": to(root)}, actor=root)
    assert Filter.get().author_id == root.id
    departures.undo(departure, actor=root)
    assert Filter.get().author_id == root.id
    assert not Agent.get_by_id(lea.id).active
    assert Ticket.select().where(Ticket.assignee == lea).count() == 0


def test_a_second_click_stores_nothing_more(everything, lea, root):
    departure = departures.leave(lea, {}, actor=root)
    assert departures.leave(lea, {}, actor=root) is None
    assert departures.latest(lea) == departure


# --- The way back -------------------------------------------------------------------------------------------------


def everything_of(lea):
    """What hangs on somebody, and what they have a part in, as it is stored."""
    return (
        counts(lea),
        sorted(Ticket.select(Ticket.id, Ticket.assignee).tuples()),
        sorted(Permission.select(Permission.agent, Permission.service, Permission.notify).tuples(), key=str),
        [teams.members_of(team) for team in Team.select().order_by(Team.id)],
    )


def test_all_comes_back(everything, lea, ben, root):
    ben.is_admin = True
    ben.save()
    before = everything_of(lea)
    departure = hand_everything_to(ben, lea, root)
    assert everything_of(lea) != before
    undone = departures.undo(departure, actor=root)
    assert Agent.get_by_id(lea.id).active
    after = everything_of(lea)
    assert after[:3] == before[:3]
    assert [sorted(members) for members in after[3]] == [sorted(members) for members in before[3]]
    assert {(move["back"], move["lost"]) for move in undone.moves} == {(1, 0)}
    assert lines(everything["ticket"])[-1] == "Root assigned the ticket to Lea: the departure of Lea was undone"
    assert "Root undid the departure of Lea (given back: 11, changed since: 0)" in journal_texts(kind="rights")


def test_what_was_freed_comes_back_too(everything, lea, root):
    before = everything_of(lea)
    departures.undo(departures.leave(lea, {}, actor=root), actor=root)
    assert everything_of(lea)[0] == before[0]


def test_what_changed_since_stays_and_is_counted(everything, lea, ana, ben, root):
    ben.is_admin = True
    ben.save()
    departure = hand_everything_to(ben, lea, root)
    tickets.assign(Ticket.get_by_id(everything["ticket"].id), ana, actor=root)
    drafts.save(everything["draft"], drafts.Writing("<p>Ben goes on</p>"), actor=ben)
    teams.save_team(Team.get_by_id(everything["second"].id), {"manager": ana.id}, actor=root)
    teams.save_team(Team.get_by_id(everything["crew"].id), {"members": [ana.id]}, actor=root)
    Permission.update(notify=False).where(Permission.agent == ben).execute()
    saving.set_author(Filter.get(), root, actor=root)
    saving.set_arguments(Filter.get(), [str(ana.id)], actor=root)
    saved_views.change(SavedView.get_by_id(everything["view"].id), {"name": "Mine now", "shared": True}, actor=ben)
    canned_responses.set_author(CannedResponse.get(), ana, actor=root)
    api_keys.make("Web shop", actor=root)
    undone = departures.undo(departure, actor=root)
    assert {key for key, move in moves(undone).items() if move["back"]} == {"other_tickets"}
    assert sum(move["lost"] for move in undone.moves) == 10
    assert Ticket.get_by_id(everything["ticket"].id).assignee_id == ana.id


def test_a_ticket_that_was_taken_and_given_back_meanwhile_counts_as_changed(ticket, lea, ana, root):
    give(ticket, lea)
    departure = departures.leave(lea, {"tickets": to(ana)}, actor=root)
    tickets.assign(Ticket.get_by_id(ticket.id), root, actor=root)
    tickets.assign(Ticket.get_by_id(ticket.id), ana, actor=root)
    undone = departures.undo(departure, actor=root)
    assert moves(undone)["tickets"] == {"holding": "tickets", "count": 1, "to": to(ana), "back": 0, "lost": 1}


def test_a_row_that_is_gone_does_not_come_back(everything, lea, ana, root):
    departure = departures.leave(lea, {"tickets": to(ana), "lists": to(ana), "canned_responses": to(ana)}, actor=root)
    CannedResponse.delete().execute()
    SavedView.delete().execute()
    Team.delete().execute()
    Ticket.delete().where(Ticket.id == everything["ticket"].id).execute()
    undone = departures.undo(departure, actor=root)
    assert {key: (move["back"], move["lost"]) for key, move in moves(undone).items()} == {
        "tickets": (0, 1),
        "other_tickets": (1, 0),
        "managed_teams": (0, 1),
        "memberships": (0, 1),
        "lists": (0, 1),
        "canned_responses": (0, 1),
    }


def test_undo_cancels_the_mail_that_was_not_sent(ticket, lea, ana, root):
    give(ticket, lea)
    OutgoingEmail.delete().execute()
    departure = departures.leave(lea, {"tickets": to(ana)}, actor=root)
    departures.undo(departure, actor=root)
    assert [mail.state for mail in OutgoingEmail.select()] == ["cancelled"]


def test_undo_once_and_within_the_day(lea, root, ana):
    departure = departures.leave(lea, {}, actor=root)
    with pytest.raises(NotAllowed):
        departures.undo(departure, actor=ana)
    with (
        time_machine.travel(clock.now() + timedelta(hours=departures.HOURS, minutes=1)),
        pytest.raises(InvalidInput, match="more than a day"),
    ):
        departures.undo(departure, actor=root)
    departures.undo(departure, actor=root)
    with pytest.raises(InvalidInput, match="undone already"):
        departures.undo(departure, actor=root)


def test_a_departure_is_forgotten_after_a_day(everything, lea, root):
    departures.leave(lea, {}, actor=root)
    upkeep.run()
    assert departures.latest(lea) is not None
    with time_machine.travel(clock.now() + timedelta(hours=departures.HOURS, minutes=1)):
        assert departures.latest(lea) is None
        departures.purge()
    assert Departure.select().count() == DepartureChange.select().count() == 0


def test_deleting_the_account_ends_the_way_back(lea, root):
    departures.leave(lea, {}, actor=root)
    agents.delete_agent(Agent.get_by_id(lea.id), actor=root)
    assert Departure.select().count() == 0


def test_more_tickets_cost_no_more_statements(lea, ana, root, carol, billing, invoices):
    def cost(number):
        for subject in range(number):
            give(cast.open_ticket(carol, billing, invoices, subject=str(subject)), lea)
        with count_queries() as there:
            departure = departures.leave(Agent.get_by_id(lea.id), {"tickets": to(ana)}, actor=root)
        with count_queries() as back:
            departures.undo(departure, actor=root)
        return there.count, back.count

    cost(2)
    assert cost(2) == cost(8)
