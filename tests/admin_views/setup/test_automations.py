"""The screen of rules: the filters' editor with two more beginnings (D4 to D6)."""

from __future__ import annotations

from datetime import timedelta

import time_machine

from helpdesk import clock, filters, journal, tickets
from helpdesk.rules import forecast
from models import Filter, JournalEntry, Priority, Ticket
from tests.support import cast, doors

NEW = "/admin/automations/new/"
FORM = {
    "name": "Late", "enabled": "y", "mode-was": "all",
    "trigger": "unanswered", "length": "2", "unit": "days", "frequency": "once",
    "actions-0-action": "remind", "actions-0-kind": "",
}  # fmt: skip


def high() -> Priority:
    return Priority.get(Priority.identifier == "high")


def test_a_rule_is_written_shown_and_changed(client_of, root):
    client = client_of(root)
    condition = {"conditions-0-field": "priority", "conditions-0-operator": "is_one", "conditions-0-kind": "priority"}
    doors.post(client, NEW, {**FORM, **condition, "conditions-0-value": str(high().id)})
    rule = Filter.get()
    assert (rule.beginning, rule.trigger, rule.hours, rule.frequency) == ("passed", "unanswered", 48, "once")
    sentence = "When a ticket has been without reply for 2 days, if the priority is “High”, then remind the assignee."
    page = client.get("/admin/automations/").text
    assert sentence in page
    assert "Late" not in client.get("/admin/filters/").text
    page = client.get(f"/admin/automations/edit/?id={rule.id}").text
    assert '<option value="unanswered" data-passed selected>' in page
    doors.post(client, f"/admin/automations/edit/?id={rule.id}", {**FORM, "trigger": "rated", "frequency": "each"})
    rule = Filter.get()
    assert (rule.beginning, rule.trigger, rule.hours, rule.frequency) == ("happens", "rated", None, "each")
    entry = JournalEntry.select().order_by(JournalEntry.id.desc()).get()
    assert sentence in journal.describe(entry)


def test_the_screens_keep_to_their_own_rules(client_of, root):
    client = client_of(root)
    doors.post(client, NEW, FORM)
    rule = Filter.get()
    assert client.get(f"/admin/filters/edit/?id={rule.id}").status_code == 404
    # A form that does not say what happens makes no filter of it.
    form = {key: value for key, value in FORM.items() if key != "trigger"}
    assert "Choose one from the list." in doors.post(client, NEW, form).text
    assert Filter.select().count() == 1


def test_bad_input_is_answered_at_its_field_with_what_was_typed(client_of, root):
    client = client_of(root)
    page = doors.post(client, NEW, {**FORM, "length": "soon"}).text
    assert "Give a whole number: at least an hour, and at most a year." in page
    assert 'value="soon"' in page
    page = doors.post(client, NEW, {**FORM, "frequency": "each"}).text
    assert "it could act on the same ticket for ever" in page
    odd = {"conditions-0-field": "status", "conditions-0-operator": "is_one", "conditions-0-value": "x"}
    assert "Choose one from the list." in doors.post(client, NEW, {**FORM, **odd, "conditions-0-kind": "status"}).text
    assert Filter.select().count() == 0


def test_without_script_an_element_gets_its_values(client_of, root):
    changed = {"conditions-0-field": "status", "conditions-0-operator": "is_one", "conditions-0-kind": ""}
    page = doors.post(client_of(root), NEW, {**FORM, **changed, "conditions-0-value": "typed", "do": "follow"}).text
    assert '<select class="word form-select" name="conditions-0-value"' in page
    assert "typed" not in page


def test_a_rule_of_passed_time_says_how_often_it_would_have_acted(client_of, root, ana, carol, billing, invoices):
    client = client_of(root)
    with time_machine.travel("2026-11-20T09:00:00+00:00", tick=False) as now:
        old = cast.open_ticket(carol, billing, invoices, subject="Too old")
        now.shift(timedelta(days=6))
        late, answered = (
            cast.open_ticket(carol, billing, invoices, subject=name) for name in ("Slow one", "Quick one")
        )
        now.shift(timedelta(hours=5))
        tickets.reply(Ticket.get_by_id(answered.id), "<p>Yes.</p>", actor=ana)
        now.shift(timedelta(days=4))
        matches = forecast.try_out("unanswered", 48, [], "all", actor=root)
        assert [(match.ticket.id, match.at) for match in matches] == [
            (late.id, clock.now() - timedelta(days=2, hours=5))
        ]
        page = doors.post(client, NEW, {**FORM, "test": "1"}).text
    assert "it would have acted 1 time these 7 days" in page
    assert "Slow one" in page
    assert "Quick one" not in page
    assert "Too old" not in page
    assert old.id != late.id


def test_a_rule_for_what_happens_is_tried_on_the_newest_tickets(client_of, root, ticket, carol, sales):
    cast.open_ticket(carol, sales, subject="Elsewhere")
    client = client_of(root)
    condition = {
        "conditions-0-field": "place", "conditions-0-operator": "is", "conditions-0-value": "sales",
        "conditions-1-field": "first", "conditions-1-operator": "is_later", "conditions-1-value": "",
    }  # fmt: skip
    page = doors.post(client, NEW, {**FORM, **condition, "trigger": "status", "test": "1"}).text
    assert "this ticket would have matched" in page
    assert "Elsewhere" in page


def test_a_later_rule_that_changes_the_same_is_named(client_of, root):
    for name, priority in (("First", 1), ("Guarantee", high().id)):
        acts = [{"action": "set_priority", "argument": str(priority)}]
        values = {"name": name, "beginning": "happens", "trigger": "rated", "conditions": [], "actions": acts}
        filters.save_filter(None, values, actor=root)
    page = client_of(root).get("/admin/automations/").text
    assert page.count("Further down, “Guarantee” changes this too: the priority") == 1
