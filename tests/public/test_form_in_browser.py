"""What script adds to the form, and that the form does without."""

from __future__ import annotations

import pytest

from helpdesk import settings
from models import Ticket
from tests.public.filling import answer_of, open_form
from tests.support import sqlite_only

pytestmark = [pytest.mark.browser, sqlite_only]


def type_ticket(page, email="vera@visitor.example"):
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Subject").fill("A question")
    page.get_by_label("Message").fill("Are there places in March?")
    page.get_by_label("Security code").fill(answer_of(page.locator("[name=code_token]").input_value()))


def test_names_appear_for_an_unknown_address_only(page, carol, sales):
    page.goto("/")
    assert page.get_by_label("Last name").is_hidden()
    page.get_by_label("E-mail address").fill("carol@customer.example")
    with page.expect_response("**/tickets/known"):
        page.get_by_label("Subject").focus()
    assert page.get_by_label("Last name").is_hidden()
    page.get_by_label("E-mail address").fill("nobody@visitor.example")
    page.get_by_label("Last name").wait_for()


def test_a_desk_that_always_asks_for_a_name_never_asks_who_is_known(page, carol, sales):
    settings.save({"always_ask_name": True})
    page.clock.install()
    asked = []
    page.on("request", lambda request: "/tickets/known" in request.url and asked.append(request.url))
    page.goto("/")
    page.get_by_label("Last name").wait_for()
    page.get_by_label("E-mail address").fill("carol@customer.example")
    page.get_by_label("Subject").focus()
    page.clock.run_for(900)
    page.wait_for_load_state("networkidle")
    page.get_by_label("Last name").wait_for()
    assert asked == []


def test_departments_follow_the_service(page, billing, sales):
    open_form(page)
    page.get_by_label("Service").select_option("Billing")
    page.get_by_label("Department").select_option("Refunds")
    type_ticket(page)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/sent")
    assert str(Ticket.get().department) == "Billing, Refunds"


def test_a_service_without_departments_shows_no_second_list(page, billing, sales):
    page.goto("/")
    page.get_by_label("Service").select_option("Billing")
    page.get_by_label("Service").select_option("Sales")
    assert page.get_by_label("Department").is_hidden()
    assert page.locator("[name=unit]").input_value() == f"s{sales.id}"


def test_another_code_comes_without_leaving(page, sales):
    page.goto("/")
    page.get_by_label("Subject").fill("Kept")
    before = page.locator("[name=code_token]").input_value()
    with page.expect_response("**/security-code"):
        page.get_by_role("button", name="Another code").click()
    page.wait_for_function("old => document.querySelector('[name=code_token]').value !== old", arg=before)
    assert page.get_by_label("Subject").input_value() == "Kept"


def test_a_double_click_makes_one_ticket(page, sales):
    open_form(page)
    type_ticket(page)
    page.get_by_role("button", name="Send").dblclick()
    page.wait_for_url("**/tickets/sent")
    assert Ticket.select().count() == 1


def test_errors_take_the_focus(page, watcher, sales):
    watcher.expected.append("422")
    page.goto("/")
    page.get_by_role("button", name="Send").click()
    page.locator("#errors:focus").wait_for()
    assert page.title().startswith("Error:")


def test_a_ticket_is_opened_without_script(browser, live_server, billing, sales):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    open_form(page)
    page.get_by_label("Service and department").select_option("Refunds")
    type_ticket(page)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("link", name="See the ticket").click()
    page.get_by_role("heading", name="A question").wait_for()
    context.close()
