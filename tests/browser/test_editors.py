"""The editors of set-up in Chromium: a filter's sentence, variables at the caret, the living preview, the order."""

from __future__ import annotations

import pytest

from helpdesk import filters
from models import CannedResponse, EmailText, Filter, Priority
from tests.support import cast, sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only]

PASTED = '<p style="color:red"><b>Bold</b> and <font size="7">big</font></p><script>x()</script>'
COPY = (
    """html => navigator.clipboard.write([new ClipboardItem({"text/html": new Blob([html], {type: "text/html"})})])"""
)


@pytest.fixture
def screen(page, root):
    """An administrator's browser."""
    enter(page, root)
    return page


def clause(page, kind, number):
    return page.locator(f"[data-rows={kind}] [data-row]").nth(number)


# --- The sentence of a filter -------------------------------------------------------------------------------------


def test_a_filter_is_written_as_a_sentence(screen, ana):
    screen.goto("/admin/filters/new/")
    screen.fill("#name", "Watches")
    clause(screen, "conditions", 0).get_by_label("Words looked for").fill("watch")
    screen.get_by_role("button", name="Condition", exact=True).click()
    second = clause(screen, "conditions", 1)
    second.get_by_label("And, or").select_option("any")
    second.get_by_label("Element").select_option("content")
    second.get_by_label("Words looked for").fill("cheap")
    clause(screen, "actions", 0).locator("[data-argument] select").select_option(label="Ana")
    screen.get_by_role("button", name="Save").last.click()
    screen.get_by_text("The filter was saved.").wait_for()
    assert filters.sentence(Filter.get()) == (
        "If the subject contains “watch” or the content contains “cheap”, then transfer to Ana."
    )


def test_an_element_offers_the_comparisons_of_its_kind(screen):
    screen.goto("/admin/filters/new/")
    screen.fill("#name", "Programs")
    row = clause(screen, "conditions", 0)
    comparison, words = row.get_by_label("Comparison"), row.locator("[data-value]")
    shown = "select => [...select.options].filter(one => !one.hidden).map(one => one.value)"
    assert "more_than" not in comparison.evaluate(shown)
    row.get_by_label("Element").select_option("size")
    assert comparison.evaluate(shown) == ["more_than", "less_than"]
    assert row.get_by_text("MB", exact=True).is_visible()
    row.get_by_label("Element").select_option("origin")
    assert comparison.evaluate(shown) == ["by_program", "by_person"]
    assert not words.is_visible()
    clause(screen, "actions", 0).get_by_label("Action").select_option("spam")
    screen.get_by_role("button", name="Save").last.click()
    screen.get_by_text("The filter was saved.").wait_for()
    assert filters.sentence(Filter.get()) == "If the message was written by a program, then mark as spam."


def test_the_control_follows_the_action(screen, ana, billing, team):
    screen.goto("/admin/filters/new/")
    row = clause(screen, "actions", 0)
    high = Priority.get(Priority.identifier == "high")
    chosen = {"set_priority": str(high.label), "assign_team": "Night watch", "move": "Billing, Invoices"}
    for action, label in chosen.items():
        row.get_by_label("Action").select_option(action)
        row.locator("[data-argument] select").select_option(label=label)
    row.get_by_label("Action").select_option("tag")
    row.get_by_label("Tag").fill("vip")
    row.get_by_label("Action").select_option("spam")
    assert row.locator("[data-argument] *").count() == 0


def test_clauses_are_moved_and_removed_in_place(screen):
    screen.goto("/admin/filters/new/")
    screen.fill("#name", "Order")
    clause(screen, "conditions", 0).get_by_label("Words looked for").fill("x")
    for action in ("silent", "spam", "delete"):
        clause(screen, "actions", -1).get_by_label("Action").select_option(action)
        screen.get_by_role("button", name="Action", exact=True).click()
    clause(screen, "actions", 3).get_by_role("button", name="Remove").click()
    clause(screen, "actions", 2).get_by_role("button", name="Move up").click()
    clause(screen, "actions", 0).get_by_role("button", name="Move down").click()
    screen.get_by_role("button", name="Save").last.click()
    screen.get_by_text("The filter was saved.").wait_for()
    assert [row.action for row in filters.actions_of(Filter.get())] == ["delete", "silent", "spam"]


def test_a_filter_is_tried_and_the_result_takes_the_focus(screen, ticket):
    screen.goto("/admin/filters/new/")
    clause(screen, "conditions", 0).get_by_label("Words looked for").fill("INVOICE")
    screen.get_by_role("button", name="Test").click()
    screen.locator("mark", has_text="invoice").wait_for()
    screen.wait_for_function("document.activeElement.id === 'try-title'")
    assert clause(screen, "conditions", 0).get_by_label("Words looked for").input_value() == "INVOICE"


def test_the_sentence_fits_a_telephone(screen):
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.goto("/admin/filters/new/")
    assert screen.evaluate("document.documentElement.scrollWidth") == 390


# --- E-mails and canned responses ---------------------------------------------------------------------------------


def preview_text(page):
    return page.frame_locator("iframe[name=preview]").locator("body > :not(details)")


def test_the_preview_follows_what_is_typed(screen, ticket):
    screen.goto("/admin/emails/notification")
    preview_text(screen).get_by_text("Hello Carol,").wait_for()
    steps = screen.evaluate("history.length")
    screen.locator("trix-editor").first.click()
    screen.keyboard.press("Control+End")
    screen.keyboard.type(" See you soon, ")
    screen.locator("[data-variable='{{customer_lastname}}']").click()
    preview_text(screen).get_by_text("See you soon, Jones").wait_for()
    assert screen.evaluate("history.length") == steps
    assert EmailText.select().count() == 0


def test_a_variable_goes_in_at_the_caret_of_a_subject(screen, ticket):
    screen.goto("/admin/emails/notification")
    subject = screen.locator("#subject-en")
    subject.fill("About your ticket")
    subject.evaluate("node => node.setSelectionRange(6, 6)")
    screen.locator("[data-variable='{{prefixed_id}}']").click()
    assert subject.input_value() == "About {{prefixed_id}}your ticket"
    preview_text(screen).get_by_text(f"About {ticket.number}your ticket").wait_for()


def test_the_preview_names_an_unknown_variable(screen, ticket):
    screen.goto("/admin/emails/notification")
    screen.fill("#subject-en", "Hello {{secret}}")
    preview_text(screen).get_by_text("cannot be used here: {{secret}}").wait_for()


def test_restoring_asks_in_a_dialog(screen):
    EmailText.create(kind="notification", subject={"en": "Mine"})
    screen.goto("/admin/emails/notification")
    screen.get_by_role("button", name="Restore the original").click()
    screen.locator("dialog").get_by_role("button", name="Restore the original").click()
    screen.get_by_text("The original text is back.").wait_for()
    assert EmailText.select().count() == 0


def test_pasting_leaves_foreign_styles_behind(screen, watcher):
    screen.goto("/admin/canned-responses/new/")
    screen.fill("#name-en", "Pasted")
    # The browser says that it did not apply the styles of what was pasted.
    watcher.expected.append("Applying inline style")
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.locator("trix-editor").first.click()
    screen.evaluate(COPY, PASTED)
    screen.keyboard.press("Control+V")
    screen.get_by_text("Bold and big").wait_for()
    screen.locator("[data-variable='{{customer_firstname}}']").click()
    screen.get_by_role("button", name="Save", exact=True).click()
    screen.wait_for_url("**/admin/canned-responses/")
    body = CannedResponse.get().body["en"]
    assert "<strong>Bold</strong> and big" in body
    assert "{{customer_firstname}}" in body
    assert not any(word in body for word in ("style", "font", "script"))


def test_the_buttons_of_the_editor_speak_the_reader_s_language(screen, root):
    root.locale = "fr"
    root.save()
    screen.goto("/admin/emails/notification")
    assert screen.locator("trix-toolbar button[data-trix-attribute=bold]").first.get_attribute("title") == "Gras"


# --- Lists --------------------------------------------------------------------------------------------------------


def test_a_row_moves_and_keeps_the_focus(screen):
    for name in "ABC":
        cast.make_service(name)
    screen.goto("/admin/services/")
    screen.get_by_role("button", name="Move up C").click()
    screen.get_by_text("“C” moved up.").wait_for()
    assert screen.locator("tbody .row-link").all_inner_texts() == ["A", "C", "B"]
    screen.keyboard.press("Tab")
    assert "C" in screen.evaluate("document.activeElement.textContent")


def test_lists_fit_their_page(screen, ana, billing, invoices):
    for number in range(3):
        cast.make_agent(f"Somebodywithalongname{number}", invoices, email=f"{'long' * 12}{number}@desk.example")
    for slug in ("users", "filters", "customers", "outbox", "teams", "departments"):
        screen.goto(f"/admin/{slug}/")
        assert screen.evaluate("document.documentElement.scrollWidth") == 1280, slug


# --- The switch of a new permission -------------------------------------------------------------------------------


def test_the_switch_of_a_new_permission_follows_the_place_until_one_decides(screen, root, billing, sales):
    cast.permit(root, None, notify=True)
    cast.permit(root, billing)
    screen.goto("/admin/my-settings/new/")
    place, switch = screen.locator("#place"), screen.get_by_role("switch", name="Notify by e-mail")
    found = []
    for value in (f"{billing.id}/{billing.departments.get().id}", str(sales.id)):
        place.select_option(value)
        found.append(switch.is_checked())
    switch.uncheck()
    place.select_option(str(sales.id))
    assert [*found, switch.is_checked()] == [False, True, False]
