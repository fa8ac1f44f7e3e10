"""Filters on new tickets."""

from __future__ import annotations

import io

import pytest

from database import Label
from helpdesk import filters, settings
from helpdesk.access import SYSTEM
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.events import describe
from helpdesk.files import file_store
from helpdesk.filters.conditions import MB
from helpdesk.people import agents, permissions
from helpdesk.tickets import canned_responses
from models import (
    ARRIVES,
    CannedResponse,
    Department,
    Filter,
    FilterAction,
    FilterCondition,
    Message,
    Permission,
    Priority,
    Service,
    Status,
    Ticket,
    TicketEvent,
)
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


def make_filter(*actions, field="subject", operator="contains", value="invoice", **values):
    author = values.pop("author", None) or cast.owner()
    values = {"name": "A filter", "author_id": author.id, **values}
    rule = Filter.create(**values)
    FilterCondition.create(rule=rule, field=field, operator=operator, value=value)
    for action, argument in actions:
        FilterAction.create(rule=rule, action=action, argument=str(argument))
    return rule


#: What a fresh ticket of Carol says, and whether each operator finds it.
SUBJECT = "Réclamation : ma facture"
CASES = [
    ("contains", "FACTURE", True),
    ("contains", "reclamation", True),
    ("contains", "colis", False),
    ("not_contains", "colis", True),
    ("is", "reclamation : ma facture", True),
    ("is_not", "autre", True),
    ("starts_with", "réclam", True),
    ("ends_with", "facture", True),
    ("one_of", "autre, reclamation : ma facture", True),
    ("one_of", "facture", False),
]


@pytest.mark.parametrize(("operator", "value", "expected"), CASES)
def test_conditions_look_past_case_and_accents(carol, sales, operator, value, expected):
    make_filter(("tag", "hit"), operator=operator, value=value)
    ticket = cast.open_ticket(carol, sales, subject=SUBJECT)
    assert (ticket.ticket_tags.count() == 1) is expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "carol@customer.example"),
        ("domain", "customer.example"),
        ("name", "carol jones"),
        ("content", "looks wrong"),
        ("place", "sales"),
    ],
)
def test_every_element_can_be_looked_at(carol, sales, field, value):
    make_filter(("tag", "hit"), field=field, value=value)
    assert cast.open_ticket(carol, sales).ticket_tags.count() == 1


def test_all_conditions_or_any(carol, sales):
    for mode in ("all", "any"):
        rule = make_filter(("tag", mode), mode=mode)
        FilterCondition.create(rule=rule, field="subject", operator="contains", value="nowhere")
    ticket = cast.open_ticket(carol, sales)
    assert [row.tag.name for row in ticket.ticket_tags] == ["any"]


def actions(sales, ana, team):
    """Each action with an argument, and what it leaves on the ticket."""
    canned = CannedResponse.create(name="Thanks", body="<p>Thank you.</p>")
    hold = Status.get(Status.identifier == "on hold")
    return {
        "transfer": (ana.id, lambda t: t.assignee == ana),
        "in_turn": ("all", lambda t: t.assignee == ana),
        "assign_team": (team.id, lambda t: t.team == team),
        "set_priority": (cast_priority().id, lambda t: t.priority.identifier == "high"),
        "set_status": (hold.id, lambda t: t.status == hold),
        "tag": ("vip", lambda t: t.ticket_tags.count() == 1),
        "move": (sales.id, lambda t: t.service == sales),
        "reply": (canned.id, lambda t: Message.get(Message.kind == "reply").body == "<p>Thank you.</p>"),
        "silent": ("", lambda t: t.events.order_by(t.events.model.id).first().data.get("silent")),
        "spam": ("", lambda t: t.is_spam),
        "delete": ("", lambda t: t.in_bin and t.hidden_from_customer),
        "stop": ("", lambda t: t.is_open),
    }


def cast_priority():
    return Priority.get(Priority.identifier == "high")


@pytest.mark.parametrize("action", sorted(key for key, act in filters.ACTIONS.items() if ARRIVES in act.beginnings))
def test_every_action_does_what_it_says(carol, billing, invoices, sales, ana, team, action):
    argument, holds = actions(sales, ana, team)[action]
    make_filter((action, argument))
    ticket = cast.open_ticket(carol, billing, invoices)
    assert holds(Ticket.get_by_id(ticket.id))


@pytest.mark.parametrize("flag", ["silences", "ends_run"])
def test_an_action_is_handled_by_its_flags_whatever_its_name(carol, sales, monkeypatch, flag):
    new = filters.actions.Action("new", lambda _ticket, _argument: None, **{flag: True})
    monkeypatch.setitem(filters.ACTIONS, "new", new)
    make_filter(("new", ""))
    make_filter(("tag", "later"), position=1)
    ticket = cast.open_ticket(carol, sales)
    opened = next(event for event in ticket.events if event.kind == "opened")
    assert (bool(opened.data.get("silent")), ticket.ticket_tags.count()) == (new.silences, int(not new.ends_run))


def test_the_history_names_the_filter_and_the_filter_counts(carol, sales):
    rule = make_filter(("tag", "x"), name="Invoices")
    ticket = cast.open_ticket(carol, sales)
    assert [event.data["name"] for event in ticket.events if event.kind == "filtered"] == ["Invoices"]
    stored = Filter.get_by_id(rule.id)
    assert (stored.hits, stored.last_hit_at is not None) == (1, True)


def test_the_history_says_which_filter_acted(carol, sales, ana):
    make_filter(("transfer", ana.id), ("tag", "x"), name="Invoices")
    ticket = cast.open_ticket(carol, sales)
    lines = [describe(event) for event in ticket.events.order_by(TicketEvent.id) if event.kind != "opened"]
    assert [line for line in lines if line.startswith("The desk")] == []
    assert [line for line in lines if line.startswith("The filter “Invoices” transferred")] != []


def test_later_filters_override_earlier_ones(carol, sales, ana, ben):
    make_filter(("transfer", ana.id), position=2)
    make_filter(("transfer", ben.id), position=1)
    assert Ticket.get_by_id(cast.open_ticket(carol, sales).id).assignee == ana


@pytest.mark.parametrize("action", ["delete", "spam", "stop"])
def test_delete_spam_and_stop_end_the_run(carol, sales, action):
    make_filter((action, ""), position=1)
    make_filter(("tag", "late"), position=2)
    assert cast.open_ticket(carol, sales).ticket_tags.count() == 0


def test_a_filter_whose_target_is_gone_says_so_and_stops_nothing(carol, sales):
    make_filter(("transfer", 999), ("tag", "still"))
    ticket = cast.open_ticket(carol, sales)
    assert ticket.ticket_tags.count() == 1
    assert "filter-skipped" in [event.kind for event in ticket.events]


def test_a_disabled_filter_rests(carol, sales):
    make_filter(("tag", "x"), enabled=False)
    assert cast.open_ticket(carol, sales).ticket_tags.count() == 0


def test_a_blocked_authors_ticket_runs_no_filter(carol, sales):
    carol.blocked_at = carol.created_at
    carol.save()
    make_filter(("tag", "x"))
    assert cast.open_ticket(carol, sales).ticket_tags.count() == 0


GOOD = {
    "name": "New",
    "conditions": [{"field": "subject", "operator": "is", "value": "x"}],
    "actions": [{"action": "delete", "argument": ""}],
}


def test_saving_replaces_conditions_and_actions(root):
    rule = filters.save_filter(None, GOOD, actor=root)
    filters.save_filter(rule, {**GOOD, "name": "Old"}, actor=root)
    assert (Filter.get().name, rule.conditions.count(), rule.actions.count()) == ("Old", 1, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"conditions": []}, "conditions"),
        ({"conditions": [{"field": "subject", "operator": "is", "value": " "}]}, "conditions-0"),
        ({"conditions": [{"field": "password", "operator": "is", "value": "x"}]}, "conditions-0"),
        ({"conditions": [{"field": "size", "operator": "contains", "value": "3"}]}, "conditions-0"),
        ({"conditions": [{"field": "size", "operator": "more_than", "value": "-3"}]}, "conditions-0"),
        ({"conditions": [{"field": "subject", "operator": "by_program", "value": "3"}]}, "conditions-0"),
        ({"actions": []}, "actions"),
        ({"actions": [{"action": "transfer", "argument": ""}]}, "actions-0"),
        ({"actions": [{"action": "transfer", "argument": "999"}]}, "actions-0"),
        ({"actions": [{"action": "explode", "argument": ""}]}, "actions-0"),
    ],
)
def test_what_cannot_work_is_not_saved(root, change, field):
    with pytest.raises(InvalidInput) as refusal:
        filters.save_filter(None, {**GOOD, **change}, actor=root)
    assert (refusal.value.field, Filter.select().count()) == (field, 0)


def test_everything_wrong_is_said_at_once():
    found = filters.problems({"name": "", "conditions": [{}], "actions": [{}]}, actor=SYSTEM)
    assert set(found) == {"name", "conditions-0", "actions-0"}


def test_a_new_filter_stands_last(root):
    rules = [filters.save_filter(None, GOOD, actor=root) for _ in range(2)]
    assert rules[0].position < rules[1].position


def test_an_agent_may_not_save_filters(ana):
    with pytest.raises(NotAllowed):
        filters.save_filter(None, GOOD, actor=ana)


def test_what_may_be_chosen_is_what_exists(billing, invoices, sales, ana):
    assert (str(ana.id), "Ana") in filters.choices("agent", actor=cast.owner())
    assert {value for value, _label in filters.choices("place", actor=cast.owner())} >= {
        str(sales.id),
        f"{billing.id}/{invoices.id}",
    }
    assert Service.select().count() == 2
    assert Label(en="x").text("fr", "en") == "x"


@pytest.mark.parametrize(("operator", "value"), [("is", "billing"), ("is", "invoices"), ("starts_with", "INV")])
def test_a_place_is_the_service_or_the_department(carol, billing, invoices, operator, value):
    make_filter(("tag", "hit"), field="place", operator=operator, value=value)
    assert cast.open_ticket(carol, billing, invoices).ticket_tags.count() == 1


def test_a_denial_speaks_of_all_that_is_said(carol, billing, invoices):
    make_filter(("tag", "hit"), field="place", operator="is_not", value="invoices")
    assert cast.open_ticket(carol, billing, invoices).ticket_tags.count() == 0


def test_a_filter_without_conditions_does_nothing(carol, sales):
    FilterAction.create(rule=Filter.create(name="Empty"), action="tag", argument="x")
    assert cast.open_ticket(carol, sales).ticket_tags.count() == 0


def test_a_canned_reply_is_filled_in(carol, sales):
    canned = CannedResponse.create(name="Thanks", body="<p>Hello {{customer_firstname}}.</p>")
    make_filter(("reply", canned.id))
    cast.open_ticket(carol, sales)
    assert Message.get(Message.kind == "reply").body == "<p>Hello Carol.</p>"


def test_the_sentence_of_a_filter(ana):
    rule = make_filter(("transfer", ana.id), ("tag", "vip"), mode="any")
    FilterCondition.create(rule=rule, field="content", operator="is_not", value="x")
    assert filters.sentence(rule) == (
        "If the subject contains “invoice” or the content is not “x”, then transfer to Ana, then add the tag “vip”."
    )


def test_a_gone_target_is_known(ana):
    fine, gone = make_filter(("transfer", ana.id)), make_filter(("transfer", 999))
    assert filters.broken([fine, gone]) == {gone.id}
    assert "[?]" in filters.sentence(gone)


@pytest.fixture
def enclosed(carol, sales, data_dir):
    """Open a ticket that carries these files."""

    def open_with(*names):
        files = tuple(file_store.receive(io.BytesIO(b"total"), name) for name in names)
        return cast.open_ticket(carol, sales, files=files)

    settings.save({"allowed_extensions": "txt,csv"})
    return open_with


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("ends_with", ".CSV", True),
        ("is", "invoice.txt", True),
        ("contains", "pdf", False),
        ("not_contains", "txt", False),
    ],
)
def test_the_name_of_any_file_counts(enclosed, operator, value, expected):
    make_filter(("tag", "hit"), field="attachment", operator=operator, value=value)
    assert (enclosed("invoice.txt", "lines.csv").ticket_tags.count() == 1) is expected


def test_a_ticket_without_files_is_denied_any_name(carol, sales):
    make_filter(("tag", "hit"), field="attachment", operator="not_contains", value="txt")
    assert cast.open_ticket(carol, sales).ticket_tags.count() == 1


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [("more_than", "0.5", True), ("more_than", "0,6", False), ("less_than", "1", True), ("less_than", "0.5", False)],
)
def test_the_files_of_a_ticket_are_weighed_together(carol, sales, data_dir, root, operator, value, expected):
    settings.save({"allowed_extensions": "txt"})
    make_filter(("tag", "hit"), field="size", operator=operator, value=value)
    half = b"x" * (MB // 4 + 100)
    files = tuple(file_store.receive(io.BytesIO(half), name) for name in ("one.txt", "two.txt"))
    ticket = cast.open_ticket(carol, sales, files=files)
    assert (ticket.ticket_tags.count() == 1) is expected
    matches = filters.try_out([filters.Condition("size", operator, value)], "all", actor=root)
    assert [match.excerpts[0].hit for match in matches] == ["512 KB"] * expected


def test_a_ticket_of_the_form_is_no_mail(carol, sales):
    make_filter(("tag", "hit"), field="mailbox", operator="contains", value="support")
    make_filter(("tag", "program"), field="origin", operator="by_program", value="")
    make_filter(("tag", "elsewhere"), field="recipient", operator="not_contains", value="sales@")
    make_filter(("tag", "person"), field="origin", operator="by_person", value="")
    assert {row.tag.name for row in cast.open_ticket(carol, sales).ticket_tags} == {"elsewhere", "person"}


def test_trying_looks_at_the_names_of_files(enclosed, root):
    ticket = enclosed("invoice.txt")
    (match,) = filters.try_out([filters.Condition("attachment", "contains", "voice")], "all", actor=root)
    assert (match.ticket.id, match.excerpts[0].hit) == (ticket.id, "voice")


# --- Trying -------------------------------------------------------------------------------------------------------


def tried(actor, operator, value, field="subject"):
    return filters.try_out([filters.Condition(field, operator, value)], "all", actor=actor)


@pytest.mark.parametrize(
    ("operator", "value", "hit"),
    [
        ("contains", "FACTURE", "facture"),
        ("starts_with", "reclam", "Réclam"),
        ("ends_with", "Facture", "facture"),
        ("is", "reclamation : ma facture", SUBJECT),
        ("one_of", "a, reclamation : ma facture", SUBJECT),
    ],
)
def test_trying_marks_the_words_as_they_were_written(carol, sales, root, operator, value, hit):
    cast.open_ticket(carol, sales, subject=SUBJECT)
    assert tried(root, operator, value)[0].excerpts[0].hit == hit


def test_trying_marks_nothing_for_a_denial(carol, sales, root):
    cast.open_ticket(carol, sales)
    assert [match.excerpts for match in tried(root, "not_contains", "parcel")] == [[]]


def test_trying_reads_the_first_message(carol, sales, root):
    ticket = cast.open_ticket(carol, sales, body="My parcel, my parcel!")
    assert [match.ticket.id for match in tried(root, "contains", "parcel", field="content")] == [ticket.id]


def test_trying_changes_nothing(carol, sales, root, ticket):
    before = list(Ticket.select().tuples())
    assert tried(root, "contains", "invoice")
    assert list(Ticket.select().tuples()) == before


def test_trying_keeps_to_what_one_sees(carol, sales, ticket, ben):
    ben.role = cast.make_role("Keeper", can_configure=True)
    mine = cast.open_ticket(carol, sales)
    assert [match.ticket.id for match in tried(ben, "contains", "invoice")] == [mine.id]


def test_whoever_may_not_configure_tries_nothing(ana):
    with pytest.raises(NotAllowed):
        tried(ana, "contains", "invoice")


def test_a_filter_does_not_name_who_came_after_the_one_it_named(carol, sales, billing, root):
    zoe = cast.make_agent("Zoe", sales)
    refund = canned_responses.save_canned_response(
        None, {"name": {"en": "Refund"}, "body": {"en": "We have your mail."}}, actor=root
    )
    make_filter(("transfer", zoe.id), ("reply", refund.id))
    agents.delete_agent(zoe, actor=root)
    refund.delete_instance()
    cast.make_agent("Max", billing)
    canned_responses.save_canned_response(
        None, {"name": {"en": "Internal"}, "body": {"en": "You owe us 900 EUR."}}, actor=root
    )
    ticket = Ticket.get_by_id(cast.open_ticket(carol, sales, subject="My invoice").id)
    assert ticket.assignee is None
    assert not ticket.messages.where(Message.kind == "reply").exists()


def broken(*actions):
    rule = make_filter(*actions, name=str(actions))
    return filters.broken(filters.with_parts([rule])) == {rule.id}


def test_a_filter_is_flagged_once_its_agent_left_support(sales, ana, root):
    zoe = cast.make_agent("Zoe", sales)
    rule = make_filter(("transfer", zoe.id))
    assert not filters.broken(filters.with_parts([rule]))
    zoe.permissions.get().delete_instance()
    assert filters.broken(filters.with_parts([rule])) == {rule.id}
    assert "Zoe" in filters.sentence(filters.with_parts([rule])[0])
    assert str(zoe.id) not in dict(filters.choices("agent", actor=cast.owner()))


def test_a_filter_is_flagged_once_its_place_no_longer_takes_tickets(sales, billing, invoices):
    assert not broken(("move", sales.id))
    assert not broken(("move", f"{billing.id}/{invoices.id}"))
    Department.create(service=sales, name=Label(en="Offers"))
    assert broken(("move", sales.id))
    assert broken(("move", f"{sales.id}/{invoices.id}"))
    assert filters.problems({"name": "x", "actions": [{"action": "move", "argument": str(sales.id)}]}, actor=SYSTEM)[
        "actions-0"
    ]


# --- Whose it is (RULES 49) ---------------------------------------------------------------------------------------


def keeper(name, *scopes):
    """Somebody who may write filters and covers these places."""
    return cast.make_agent(name, *scopes, role=cast.make_role("Keeper", can_configure=True))


def test_a_filter_acts_only_on_tickets_its_author_may_see(carol, billing, invoices, sales):
    eve = keeper("Eve", sales)
    make_filter(("transfer", eve.id), author=eve)
    foreign, own = cast.open_ticket(carol, billing, invoices), cast.open_ticket(carol, sales)
    assert [Ticket.get_by_id(row.id).assignee for row in (foreign, own)] == [None, eve]
    assert not [event for event in foreign.events if event.kind == "filtered"]


def test_what_the_author_sees_counts_when_it_runs(carol, billing, invoices, sales, root):
    eve = keeper("Eve", sales, billing)
    make_filter(("tag", "x"), author=eve)
    row = eve.permissions.where(Permission.service == billing).get()
    permissions.delete_permission(row, actor=root)
    assert cast.open_ticket(carol, billing, invoices).ticket_tags.count() == 0
    assert cast.open_ticket(carol, sales).ticket_tags.count() == 1


def test_a_filter_that_moves_a_ticket_out_of_sight_ends_what_its_author_may_do(carol, billing, invoices, sales):
    eve = keeper("Eve", sales)
    make_filter(("move", f"{billing.id}/{invoices.id}"), author=eve)
    make_filter(("transfer", eve.id), author=eve, position=1)
    ticket = Ticket.get_by_id(cast.open_ticket(carol, sales).id)
    assert (ticket.service, ticket.assignee) == (billing, None)


@pytest.mark.parametrize("end", ["deleted", "disabled", "without a place"])
def test_a_filter_whose_author_sees_nothing_any_more_rests_and_is_listed(carol, sales, root, end):
    eve = keeper("Eve", sales)
    rule = make_filter(("tag", "x"), author=eve)
    assert filters.resting() == []
    ends = {
        "deleted": agents.delete_agent,
        "disabled": agents.disable_agent,
        "without a place": permissions.remove_from_support,
    }
    ends[end](eve, actor=root)
    assert filters.resting() == [rule]
    assert cast.open_ticket(carol, sales).ticket_tags.count() == 0


def test_who_saves_a_filter_makes_it_theirs(root, sales):
    rule = filters.save_filter(None, GOOD, actor=root)
    eve = keeper("Eve", sales)
    filters.save_filter(rule, {**GOOD, "name": "Hers"}, actor=eve)
    assert Filter.get_by_id(rule.id).author_id == eve.id
    filters.switch(rule, False, actor=root)
    assert Filter.get_by_id(rule.id).author_id == eve.id


def test_a_filter_answers_with_no_response_that_its_author_does_not_read(billing, sales):
    hidden = CannedResponse.create(name="Hidden", body="<p>Secret.</p>", service=billing)
    eve = keeper("Eve", sales)
    values = {**GOOD, "actions": [{"action": "reply", "argument": str(hidden.id)}]}
    with pytest.raises(InvalidInput) as refused:
        filters.save_filter(None, values, actor=eve)
    assert refused.value.field == "actions-0"
    assert str(hidden.id) not in dict(filters.choices("canned", actor=eve))
