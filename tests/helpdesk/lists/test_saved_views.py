"""Lists kept under a name, and what their addresses may say."""

from __future__ import annotations

import pytest

from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.lists import criteria, saved_views
from helpdesk.setup import ordering
from models import SavedView

pytestmark = pytest.mark.usefixtures("request_context")


def share(view):
    return saved_views.change(view, {"name": view.name, "shared": True}, actor=view.owner)


def rename(view, name, *, actor):
    return saved_views.change(view, {"name": name, "shared": view.shared}, actor=actor)


def names(agent):
    return [view.name for view in saved_views.offered(agent)]


def test_a_list_is_kept_for_its_owner(ana, ben):
    saved_views.save("  Late   ones ", {"priority": "3", "evil": "x"}, actor=ana)
    assert (names(ana), names(ben)) == (["Late ones"], [])
    assert saved_views.criteria_of(SavedView.get()) == {"priority": "3"}


def test_the_same_name_replaces(ana):
    saved_views.save("Late", {"priority": "3"}, actor=ana)
    saved_views.save("Late", {"priority": "4"}, actor=ana)
    assert [saved_views.criteria_of(view) for view in saved_views.offered(ana)] == [{"priority": "4"}]


@pytest.mark.parametrize("name", ["", "   ", "\0", "x" * 81])
def test_a_wrong_name_is_refused(ana, name):
    with pytest.raises(InvalidInput):
        saved_views.save(name, {}, actor=ana)


def test_a_search_too_long_for_its_address_is_refused(ana):
    with pytest.raises(InvalidInput, match="too long to be kept"):
        saved_views.save("Long", {"view": "search", "q": "é" * 200}, actor=ana)
    view = saved_views.save("Short", {"view": "search", "q": "é" * 60}, actor=ana)
    assert saved_views.criteria_of(SavedView.get_by_id(view.id))["q"] == "é" * 60


def test_a_shared_list_stands_after_ones_own(ana, ben):
    share(saved_views.save("Theirs", {}, actor=ana))
    saved_views.save("Own", {}, actor=ben)
    assert names(ben) == ["Own", "Theirs"]


def test_only_the_owner_or_an_administrator_changes_a_shared_list(ana, ben, root):
    view = saved_views.save("Late", {}, actor=ana)
    for agent in (ben, root):
        with pytest.raises(NotFound):
            rename(view, "Later", actor=agent)
    share(view)
    with pytest.raises(NotFound):
        saved_views.delete(view, actor=ben)
    rename(view, "Later", actor=root)
    assert names(ana) == ["Later"]


def test_two_lists_of_one_owner_have_two_names(ana):
    saved_views.save("One", {}, actor=ana)
    with pytest.raises(InvalidInput):
        rename(saved_views.save("Two", {}, actor=ana), "One", actor=ana)


def test_lists_move_up_and_down_and_stop_at_the_ends(ana, ben):
    saved_views.save("Theirs", {}, actor=ben)
    one, two, three = (saved_views.save(name, {}, actor=ana) for name in ("One", "Two", "Three"))
    ordering.move(three, "up", actor=ana)
    ordering.move(one, "down", actor=ana)
    ordering.move(two, "down", actor=ana)
    assert names(ana) == ["Three", "One", "Two"]


def test_only_the_owner_moves_a_list(ana, ben, root):
    saved_views.save("One", {}, actor=ana)
    two = share(saved_views.save("Two", {}, actor=ana))
    for agent in (ben, root):
        with pytest.raises(NotAllowed):
            ordering.move(two, "up", actor=agent)
    assert names(ana) == ["One", "Two"]


def test_there_is_a_limit(ana, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 1)
    saved_views.save("One", {}, actor=ana)
    with pytest.raises(InvalidInput):
        saved_views.save("Two", {}, actor=ana)


def test_a_shared_list_keeps_to_each_readers_sight(ticket, ana, ben):
    said = saved_views.criteria_of(saved_views.save("All", {"view": "all"}, actor=ana))
    seen = [len(criteria.listing_of(agent, said).page().rows) for agent in (ana, ben)]
    assert seen == [1, 0]


def test_its_number_keeps_to_what_its_reader_sees_now(ticket, ana):
    """Numbers are cached for a while, and not for longer than the rights they were counted with."""
    view = saved_views.save("Normal", {"view": "open", "priority": str(ticket.priority_id)}, actor=ana)
    assert saved_views.counts(ana, [view]) == {view.id: 1}
    for permission in list(ana.permissions):
        permission.delete_instance()
    assert saved_views.counts(ana, [view]) == {view.id: 0}


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({"view": "open", "status": "", "priority": "2"}, {"priority": "2"}),
        ({"view": "open"}, {"view": "open"}),
        ({"status": "x", "tag": "-1", "team": "9" * 30, "service": "²"}, {}),
        ({"assignee": "me", "team": "me"}, {"assignee": "me"}),
        ({"view": "open", "service": "1"}, {"service": "1"}),
        ({"view": "nowhere", "sort": "random", "scope": "everywhere", "waits": "2"}, {}),
        ({"q": " \0words  "}, {"q": "words"}),
    ],
)
def test_only_known_criteria_are_read(given, known):
    assert criteria.parse(given) == known


def test_chips_say_each_criterion_and_lead_to_the_list_without_it(database, ticket, billing, ana):
    said = {"view": "search", "service": str(billing.id), "assignee": "me", "q": "words"}
    chips = criteria.chips(said)
    assert [(chip.label, chip.value) for chip in chips] == [("Service", "Billing"), ("Assigned to", "Me")]
    assert chips[1].without == {"view": "search", "service": str(billing.id), "q": "words"}


def test_a_criterion_whose_row_is_gone_says_so(database):
    assert criteria.chips({"tag": "99"})[0].value == "no longer there"


def test_assigned_to_me_is_the_readers_own(ticket, ana, root):
    assert criteria.listing_of(ana, {"assignee": "me"}).assignee_id == ana.id
    assert criteria.listing_of(root, {"assignee": "me"}).assignee_id == root.id
