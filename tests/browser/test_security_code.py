"""The security code in a browser: another one, its sound, and doing without it by a mailed link."""

from __future__ import annotations

import re

import pytest

from helpdesk import outbox
from models import Ticket, UnconfirmedRequest
from tests.public.filling import answer_of, open_form
from tests.support import sqlite_only
from tests.support.mailbox import text_of

pytestmark = [pytest.mark.browser, sqlite_only]

#: Notes that a sound of the page plays.
LISTENED = """() => {
  window.Audio = class extends Audio {
    play() { this.addEventListener("playing", () => (window.played = true)); return super.play(); }
  };
}"""


def type_message(page):
    page.get_by_label("E-mail address").fill("vera@visitor.example")
    page.get_by_label("Subject").fill("A question")
    page.get_by_label("Message").fill("Are there places in March?")


def test_the_code_is_heard_without_leaving_the_page(page, sales):
    page.goto("/")
    type_message(page)
    page.evaluate(LISTENED)
    with page.expect_response("**/*.wav") as heard:
        page.get_by_role("link", name="Listen").click()
    assert heard.value.status in (200, 206)
    page.wait_for_function("() => window.played")
    assert page.get_by_label("Subject").input_value() == "A question"


def test_another_code_has_its_own_sound(page, sales):
    page.goto("/")
    before = page.get_by_role("link", name="Listen").get_attribute("href")
    with page.expect_response("**/security-code"):
        page.get_by_role("button", name="Another code").click()
    page.wait_for_function("old => document.querySelector('[data-listen]').getAttribute('href') !== old", arg=before)
    token = page.locator("[name=code_token]").input_value()
    assert page.get_by_role("link", name="Listen").get_attribute("href") == f"/security-code/{token}.wav"


def test_enter_sends_the_form(page, sales):
    open_form(page)
    type_message(page)
    page.get_by_label("Security code").fill(answer_of(page.locator("[name=code_token]").input_value()))
    page.get_by_label("Subject").press("Enter")
    page.wait_for_url("**/tickets/sent")


def test_who_cannot_read_the_code_confirms_by_mail(page, sales, smtp):
    open_form(page)
    type_message(page)
    page.get_by_role("button", name="I cannot read the code").click()
    page.wait_for_url("**/tickets/waiting")
    outbox.deliver_due()
    page.goto(re.search(r"/confirm/[\w-]+", text_of(smtp.messages[0]))[0])
    page.get_by_role("button", name="Send my message").click()
    page.wait_for_url("**/tickets/sent")
    assert Ticket.get().number in page.locator("main").inner_text()


def test_it_works_without_script(browser, live_server, sales, smtp):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    open_form(page)
    type_message(page)
    assert page.get_by_role("link", name="Listen").get_attribute("target") == "_blank"
    page.get_by_role("button", name="I cannot read the code").click()
    page.get_by_role("heading", name="Please confirm your message").wait_for()
    assert UnconfirmedRequest.select().count() == 1
    context.close()


def test_a_french_reader_is_not_offered_the_english_voice(browser, live_server, sales):
    context = browser.new_context(base_url=live_server.url, locale="fr-FR")
    page = context.new_page()
    page.goto("/")
    page.locator("[name=again]").wait_for()
    assert page.locator("[data-listen]").count() == 0
    context.close()
