"""Lists whose order is made by hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from database import database
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.settings import lookups
from helpdesk.setup import ordering
from models import CannedResponse, Department, Filter, Service, Status
from tests.support import cast, doors


def names(table, *conditions):
    query = table.select().order_by(table.position, table.id)
    return [str(row) for row in (query.where(*conditions) if conditions else query)]


@pytest.fixture
def three(database):
    return [cast.make_service(name) for name in ("A", "B", "C")]


@pytest.mark.parametrize(
    ("index", "direction", "order", "moved"),
    [
        (0, "up", "ABC", False),
        (0, "down", "BAC", True),
        (1, "up", "BAC", True),
        (2, "up", "ACB", True),
        (2, "down", "ABC", False),
    ],
)
def test_a_row_changes_places_with_its_neighbour(three, root, index, direction, order, moved):
    assert ordering.move(three[index], direction, actor=root) is moved
    assert names(Service) == list(order)


def test_departments_move_among_those_of_their_service(billing, root):
    other = cast.make_service("Other", "Left", "Right")
    ordering.move(Department.get(Department.position == 1, Department.service == other), "up", actor=root)
    assert names(Department, Department.service == other) == ["Other, Right", "Other, Left"]
    assert names(Department, Department.service == billing) == ["Billing, Invoices", "Billing, Refunds"]


def test_general_responses_move_among_themselves(billing, root):
    for service, name in ((None, "A"), (billing, "B"), (None, "C")):
        CannedResponse.create(service=service, name=name, body="<p>x</p>")
    ordering.move(CannedResponse.get(CannedResponse.name == "C"), "up", actor=root)
    assert names(CannedResponse, CannedResponse.service.is_null()) == ["C", "A"]


def test_whoever_may_not_configure_moves_nothing(three, ana):
    with pytest.raises(NotAllowed):
        ordering.move(three[0], "down", actor=ana)


def test_there_are_two_ways_only(three, root):
    with pytest.raises(InvalidInput):
        ordering.move(three[0], "sideways", actor=root)


@pytest.mark.parametrize("slug", ["services", "departments", "statuses", "canned-responses", "filters"])
def test_every_ordered_list_has_its_buttons(client_of, root, billing, slug):
    for name in "AB":
        CannedResponse.create(name=name, body="<p>x</p>")
        Filter.create(name=name)
    page = client_of(root).get(f"/admin/{slug}/").text
    assert f'action="/admin/{slug}/move/"' in page
    assert "Move down " in page
    # The first and the last have nowhere to go.
    assert page.count(" disabled") >= 2


def test_the_buttons_move_a_row_and_the_form_of_visitors_follows(client_of, root, three):
    client = client_of(root)
    answer = doors.post(client, "/admin/services/move/", {"id": three[2].id, "to": "up"})
    assert answer.location.endswith(f"/admin/services/#up-{three[2].id}")
    assert "“C” moved up." in doors.text_of(client.get("/admin/services/"))
    assert [str(row) for row in lookups.services()] == ["A", "C", "B"]
    form = client.get("/tickets/new").text
    assert form.index(">C<") < form.index(">B<")


@pytest.mark.parametrize("query", ["?search=A", "?sort=0"])
def test_a_list_in_another_order_is_not_moved(client_of, root, three, query):
    assert "/admin/services/move/" not in client_of(root).get(f"/admin/services/{query}").text


def test_an_agent_moves_no_canned_response(client_of, ana):
    row = CannedResponse.create(name="Mine", body="<p>x</p>", author=ana)
    client = client_of(ana)
    assert "/move/" not in client.get("/admin/canned-responses/").text
    assert doors.post(client, "/admin/canned-responses/move/", {"id": row.id, "to": "up"}).status_code == 403


def test_a_new_row_stands_last(client_of, root, three):
    doors.post(client_of(root), "/admin/services/new/", {"name-en": "D", "enabled": "y"})
    assert names(Service) == list("ABCD")


def test_statuses_are_offered_in_their_order(client_of, root):
    last = Status.select().order_by(Status.position.desc()).get()
    doors.post(client_of(root), "/admin/statuses/move/", {"id": last.id, "to": "up"})
    assert lookups.statuses()[-2].id == last.id


# --- Dragging -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "above", "below", "order", "place"),
    [(2, None, 0, "CAB", 1), (0, 2, None, "BCA", 3), (0, 1, 2, "BAC", 2), (1, None, 2, "ABC", 2)],
)
def test_a_row_is_put_between_two_others(three, root, index, above, below, order, place):
    ids = [row.id for row in three]
    beside = {name: ids[at] if at is not None else None for name, at in (("above", above), ("below", below))}
    assert ordering.place(three[index], **beside, actor=root) == (place, 3)
    assert names(Service) == list(order)


def test_a_department_is_not_put_into_another_service(billing, root):
    other = cast.make_service("Other", "Left", "Right")
    left = Department.get(Department.service == other)
    refunds = Department.get(Department.service == billing, Department.position == 1)
    with pytest.raises(InvalidInput):
        ordering.place(refunds, above=left.id, below=None, actor=root)
    # At the edge of the two it stands last of its own.
    invoices = Department.get(Department.service == billing)
    assert ordering.place(invoices, above=refunds.id, below=left.id, actor=root) == (2, 2)


def test_whoever_may_not_configure_drags_nothing(three, ana, client_of):
    with pytest.raises(NotAllowed):
        ordering.place(three[0], above=three[2].id, below=None, actor=ana)
    assert doors.post(client_of(ana), "/admin/services/place/", {"id": three[0].id}).status_code == 403


def test_the_answer_says_the_place_and_the_ends(client_of, root, three):
    data = {"id": three[0].id, "above": three[2].id, "below": ""}
    answer = doors.post(client_of(root), "/admin/services/place/", data)
    assert answer.json == {
        "message": "“A” is number 3 of 3.",
        "first": [three[1].id],
        "last": [three[0].id],
    }


def test_a_list_in_another_order_is_not_dragged(client_of, root, three):
    assert "data-drag" in client_of(root).get("/admin/services/").text
    assert "data-drag" not in client_of(root).get("/admin/services/?search=A").text


def test_rows_dragged_at_once_each_find_a_place(three, root):
    rows = [*three, *(cast.make_service(name) for name in "DEFGH")]

    def place(row):
        with database.connection_context():
            return ordering.place(row, above=None, below=rows[row == rows[0]].id, actor=root)

    with ThreadPoolExecutor(len(rows)) as pool:
        assert len(list(pool.map(place, rows))) == len(rows)
    assert sorted(row.position for row in Service.select()) == list(range(len(rows)))
