"""The screen of filters: its sentences, its editor without script, its trial, its order."""

from __future__ import annotations

import re

import pytest
from playhouse.test_utils import count_queries

from helpdesk import filters
from models import Filter, FilterAction, FilterCondition, Ticket
from tests.support import cast, doors

NEW = "/admin/filters/new/"
FORM = {
    "name": "Certificates", "enabled": "y", "mode-was": "all", "mode": "all",
    "conditions-0-field": "subject", "conditions-0-operator": "contains", "conditions-0-value": "invoice",
    "actions-0-action": "tag", "actions-0-kind": "text", "actions-0-argument": "certificate",
}  # fmt: skip
MORE = {
    "mode": ["all", "all"],
    "conditions-1-field": "content",
    "conditions-1-operator": "is_not",
    "conditions-1-value": "x",
    "actions-1-action": "spam",
    "actions-1-kind": "",
}


def make(root, name="Invoices", **changes):
    return filters.save_filter(
        None,
        {
            "name": name,
            "conditions": [{"field": "subject", "operator": "contains", "value": "invoice"}],
            "actions": [{"action": "tag", "argument": "x"}],
            **changes,
        },
        actor=root,
    )


# --- Writing ------------------------------------------------------------------------------------------------------


def test_a_filter_is_stored_with_its_conditions_and_actions(client_of, root):
    client = client_of(root)
    doors.post(client, NEW, {**FORM, **MORE, "stop": "y"})
    rule = Filter.get()
    assert [row.field for row in filters.conditions_of(rule)] == ["subject", "content"]
    assert [row.action for row in filters.actions_of(rule)] == ["tag", "spam", "stop"]
    page = client.get(f"/admin/filters/edit/?id={rule.id}").text
    assert 'value="certificate"' in page
    assert 'name="stop" value="y" checked' in page


def test_an_action_of_an_earlier_version_ticks_no_box(client_of, root):
    rule = make(root)
    FilterAction.create(rule=rule, action="gone", argument="")
    assert 'name="stop" value="y">' in client_of(root).get(f"/admin/filters/edit/?id={rule.id}").text


def test_a_filter_transfers_to_the_chosen_agent(client_of, root, ana):
    chosen = {"actions-0-action": "transfer", "actions-0-kind": "agent", "actions-0-argument": str(ana.id)}
    doors.post(client_of(root), NEW, {**FORM, **chosen})
    assert Filter.get().actions.get().argument == str(ana.id)


def test_the_size_of_files_is_asked_for_in_megabytes(client_of, root):
    client = client_of(root)
    size = {"conditions-0-field": "size", "conditions-0-operator": "more_than", "conditions-0-value": "a lot"}
    page = doors.post(client, NEW, {**FORM, **size})
    assert "Give a number of megabytes." in page.text
    assert 'value="a lot"' in page.text
    doors.post(client, NEW, {**FORM, **size, "conditions-0-value": "2,5"})
    rule = Filter.get()
    assert "If the size of all attached files is more than 2,5 MB, then" in filters.sentence(rule)
    assert '<span data-unit="size">MB</span>' in client.get(f"/admin/filters/edit/?id={rule.id}").text


def test_everything_wrong_is_said_at_its_place_and_what_was_typed_is_kept(client_of, root):
    wrong = {"name": "", "conditions-0-value": "", "actions-0-argument": ""}
    page = doors.post(client_of(root), NEW, {**FORM, **wrong, "conditions-0-operator": "ends_with"})
    assert "3 points to put right" in doors.text_of(page)
    assert page.text.count('aria-invalid="true"') == 3
    assert re.search(r'<option value="ends_with"[^>]* selected', page.text)
    assert Filter.select().count() == 0


def test_an_argument_of_another_action_is_not_taken(client_of, root, ana):
    chosen = {"actions-0-action": "transfer", "actions-0-kind": "text", "actions-0-argument": str(ana.id)}
    page = doors.post(client_of(root), NEW, {**FORM, **chosen})
    assert "to whom or what" in doors.text_of(page)
    assert f'<option value="{ana.id}">Ana' in page.text


@pytest.mark.parametrize(("modes", "stored"), [(["all", "any"], "any"), (["any", "all"], "any"), (["all"], "all")])
def test_the_link_that_was_changed_holds_for_all(client_of, root, modes, stored):
    doors.post(client_of(root), NEW, {**FORM, **MORE, "mode": modes})
    assert Filter.get().mode == stored


def test_rows_keep_the_order_of_the_page(client_of, root):
    swapped = {**FORM, **MORE}
    first = {key: swapped.pop(key) for key in list(swapped) if key.startswith("actions-1")}
    doors.post(client_of(root), NEW, {**first, **swapped})
    assert [row.action for row in filters.actions_of(Filter.get())] == ["spam", "tag"]


def rows(page, kind):
    return page.text.partition("<template")[0].count(f'aria-label="{kind}"><div')


@pytest.mark.parametrize(
    ("deed", "conditions", "actions"),
    [
        ("conditions-add", 3, 2),
        ("actions-add", 2, 3),
        ("conditions-1-remove", 1, 2),
        ("actions-0-remove", 2, 1),
        ("actions-9-remove", 2, 2),
        ("nonsense", 2, 2),
    ],
)
def test_the_buttons_work_without_script(client_of, root, deed, conditions, actions):
    page = doors.post(client_of(root), NEW, {**FORM, **MORE, "do": deed})
    assert (rows(page, "Condition"), rows(page, "Action")) == (conditions, actions)
    assert Filter.select().count() == 0


@pytest.mark.parametrize(("deed", "order"), [("actions-1-up", "spam tag"), ("actions-0-up", "tag spam")])
def test_rows_move_without_script(client_of, root, deed, order):
    page = doors.post(client_of(root), NEW, {**FORM, **MORE, "do": deed}).text
    first, second = order.split()
    assert page.index(f'<option value="{first}" data-kind="text" selected' if first == "tag" else '<option value="spam" data-kind="" selected') < page.index('<option value="spam" data-kind="" selected' if second == "spam" else '<option value="tag" data-kind="text" selected')  # fmt: skip  # noqa: E501


# --- Trying -------------------------------------------------------------------------------------------------------


def test_a_filter_is_tried_before_it_is_saved(client_of, root, ticket):
    page = doors.post(client_of(root), NEW, {**FORM, "conditions-0-value": "INVOICE", "test": "1"})
    assert "<mark>invoice</mark>" in page.text
    assert f"/admin/tickets/{ticket.number}" in page.text
    assert "this ticket would have matched" in doors.text_of(page)
    assert Filter.select().count() == 0
    assert Ticket.get_by_id(ticket.id).ticket_tags.count() == 0


def test_a_filter_that_matches_nothing_says_so(client_of, root, ticket):
    page = doors.post(client_of(root), NEW, {**FORM, "conditions-0-value": "zebra", "test": "1"})
    assert "none of them would have matched" in doors.text_of(page)


def test_trying_asks_for_a_condition(client_of, root):
    page = doors.post(client_of(root), NEW, {**FORM, "conditions-0-value": "", "test": "1"})
    assert "Say what the condition looks for" in doors.text_of(page)


def test_trying_shows_no_ticket_of_others(client_of, ben, ticket):
    ben.role = cast.make_role("Keeper", can_configure=True)
    ben.save()
    page = doors.post(client_of(ben), NEW, {**FORM, "test": "1"})
    assert ticket.number not in page.text


# --- The list -----------------------------------------------------------------------------------------------------


def test_the_list_reads_as_sentences_and_counts(client_of, root, carol, sales):
    make(root)
    cast.open_ticket(carol, sales)
    page = doors.text_of(client_of(root).get("/admin/filters/"))
    assert "If the subject contains “invoice”, then add the tag “x”. Root 1" in page


def test_a_filter_whose_target_is_gone_is_flagged(client_of, root, ana):
    rule = make(root, actions=[{"action": "transfer", "argument": str(ana.id)}])
    client = client_of(root)
    assert "Target gone" not in client.get("/admin/filters/").text
    ana.active = False
    ana.save()
    assert "Target gone" in client.get("/admin/filters/").text
    assert "it is skipped" in doors.text_of(client.get(f"/admin/filters/edit/?id={rule.id}"))


def test_a_filter_is_switched_off_and_on(client_of, root):
    rule, client = make(root), client_of(root)
    assert 'aria-checked="true"' in client.get("/admin/filters/").text
    for state in (False, True):
        doors.post(client, "/admin/filters/switch/", {"id": rule.id})
        assert Filter.get_by_id(rule.id).enabled is state


def test_the_list_asks_no_more_for_many_than_for_one(client_of, root):
    client = client_of(root)
    counts = []
    for number in range(2):
        for name in range(1 + 9 * number):
            make(root, name=f"Filter {name}")
        client.get("/admin/filters/")
        with count_queries() as counter:
            client.get("/admin/filters/")
        counts.append(counter.count)
    assert counts[0] == counts[1]


def test_broken_parts_of_an_old_filter_do_not_break_the_screen(client_of, root):
    rule = Filter.create(name="Old")
    FilterAction.create(rule=rule, action="explode", argument="")
    FilterCondition.create(rule=rule, field="moon", operator="is", value="full")
    client = client_of(root)
    assert client.get("/admin/filters/").status_code == 200
    assert client.get(f"/admin/filters/edit/?id={rule.id}").status_code == 200
