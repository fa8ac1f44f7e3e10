"""Rows dragged into another place, by mouse and by finger."""

from __future__ import annotations

import pytest

from models import Department, Service
from tests.support import cast, sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only]

ORDER = "[...document.querySelectorAll('tbody tr td.is-first')].map(cell => cell.innerText.trim())"


@pytest.fixture
def services(page, root):
    """The list of three services, open in a browser."""
    made = [cast.make_service(name) for name in "ABC"]
    enter(page, root)
    page.goto("/admin/services/")
    return made


def stored() -> list[str]:
    return [str(row) for row in Service.select().order_by(Service.position, Service.id)]


def middle(page, row) -> tuple[float, float]:
    box = page.locator(f"[data-drag='{row.id}']").bounding_box()
    assert box["width"] >= 24
    assert box["height"] >= 24
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, row, to_y: float, *, drop: bool = True) -> None:
    x, y = middle(page, row)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, (y + to_y) / 2, steps=4)
    page.mouse.move(x, to_y, steps=4)
    if drop:
        page.mouse.up()


def test_a_row_is_dragged_to_the_top(page, services):
    drag(page, services[2], middle(page, services[0])[1] - 15)
    page.get_by_text("“C” is number 1 of 3.").wait_for(state="attached")
    assert page.evaluate(ORDER) == stored() == ["C", "A", "B"]
    assert page.locator(f"#up-{services[2].id}").is_disabled()
    assert page.locator(f"#up-{services[0].id}").is_enabled()
    assert page.locator(f"#down-{services[1].id}").is_disabled()


def test_the_buttons_go_on_from_there(page, services):
    drag(page, services[0], middle(page, services[2])[1] + 15)
    page.get_by_text("“A” is number 3 of 3.").wait_for(state="attached")
    page.locator(f"#up-{services[0].id}").click()
    page.get_by_text("“A” moved up.").wait_for()
    assert stored() == ["B", "A", "C"]


def test_escape_puts_a_row_back(page, services):
    drag(page, services[2], middle(page, services[0])[1] - 15, drop=False)
    assert page.evaluate(ORDER) == ["C", "A", "B"]
    page.keyboard.press("Escape")
    page.mouse.up()
    assert page.evaluate(ORDER) == stored() == ["A", "B", "C"]


def test_what_is_refused_goes_back_and_says_why(page, watcher, billing, root):
    other = cast.make_service("Other", "Left", "Middle", "Right", position=1)
    enter(page, root)
    page.goto("/admin/departments/")
    watcher.expected.append("422")
    before = page.evaluate(ORDER)
    invoices = Department.get(Department.service == billing)
    drag(page, invoices, middle(page, Department.get(Department.service == other, Department.position == 1))[1] + 15)
    page.get_by_text("It can only be moved among those it belongs to.").wait_for()
    assert page.evaluate(ORDER) == before


def test_a_finger_drags_a_row(page, services):
    page.set_viewport_size({"width": 390, "height": 800})
    touch = page.context.new_cdp_session(page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    x, y = middle(page, services[0])
    end = middle(page, services[2])[1] + 30
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        points = [{"x": x, "y": y + (end - y) * step / 8}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.get_by_text("“A” is number 3 of 3.").wait_for(state="attached")
    assert stored() == ["B", "C", "A"]
