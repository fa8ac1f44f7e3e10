"""The composer in Chromium: drafts, canned responses, notes, the keyboard, what is pasted."""

import pytest

from helpdesk import settings, tickets
from models import CannedAct, CannedResponse, Draft, Message, SignIn, Ticket
from tests.browser.test_desk import sign_in
from tests.support import sqlite_only
from tests.support.browsing import enter, settle, stop_clock

pytestmark = [pytest.mark.browser, sqlite_only]

STATUS = "[data-draft-status]"


def write(page, ticket, text):
    page.goto(f"/admin/tickets/{ticket.number}")
    page.locator("trix-editor").click()
    page.keyboard.type(text)
    settle(page)


@pytest.fixture
def desk_page(page, ana):
    """Ana's browser, signed in."""
    enter(page, ana)
    return page


def test_a_draft_is_saved_within_three_seconds_and_comes_back(desk_page, ticket):
    desk_page.clock.install()
    write(desk_page, ticket, "Half a sentence")
    stop_clock(desk_page)
    desk_page.clock.run_for(2_000)
    desk_page.get_by_text("Draft saved at ").wait_for()
    desk_page.clock.resume()
    desk_page.goto(f"/admin/tickets/{ticket.number}")
    assert desk_page.inner_text("trix-editor").strip() == "Half a sentence"
    assert "is back" in desk_page.inner_text(STATUS)


def test_a_sent_draft_is_gone(desk_page, ticket):
    write(desk_page, ticket, "Done")
    desk_page.get_by_text("Draft saved at").wait_for()
    desk_page.keyboard.press("Control+Enter")
    desk_page.get_by_text("Your message has been sent.").wait_for()
    assert desk_page.inner_text("trix-editor").strip() == ""
    assert not desk_page.locator("[data-offer]").is_visible()
    assert Draft.select().count() == 0


def test_a_discarded_draft_is_gone(desk_page, ticket):
    write(desk_page, ticket, "No, not this")
    desk_page.get_by_text("Draft saved at").wait_for()
    desk_page.get_by_role("button", name="Discard the draft").click()
    desk_page.get_by_text("The draft has been discarded.").wait_for()
    assert desk_page.inner_text("trix-editor").strip() == ""


def test_a_draft_survives_a_sign_in_that_ended(desk_page, watcher, ticket, ana):
    desk_page.goto(f"/admin/tickets/{ticket.number}")
    SignIn.delete().execute()
    watcher.expected.append("401")
    desk_page.locator("trix-editor").click()
    desk_page.keyboard.type("Kept in the browser")
    desk_page.get_by_text("you are signed out").wait_for()
    desk_page.once("dialog", lambda dialog: dialog.accept())
    sign_in(desk_page, ana)
    desk_page.goto(f"/admin/tickets/{ticket.number}")
    desk_page.get_by_role("button", name="Put it back").click()
    assert desk_page.inner_text("trix-editor").strip() == "Kept in the browser"


def test_a_reply_sent_after_ones_sign_in_ended_is_shown_and_offered(desk_page, watcher, ticket, ana):
    write(desk_page, ticket, "Sent too late")
    SignIn.delete().execute()
    watcher.expected.append("401")
    desk_page.keyboard.press("Control+Enter")
    assert desk_page.get_by_label("What you wrote").input_value() == "Sent too late"
    sign_in(desk_page, ana)
    desk_page.goto(f"/admin/tickets/{ticket.number}")
    desk_page.get_by_role("button", name="Put it back").wait_for()


def test_leaving_with_unsaved_text_warns(desk_page, ticket):
    write(desk_page, ticket, "Not saved yet")
    asked = []
    desk_page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    desk_page.goto("/admin/tickets/")
    assert asked == ["beforeunload"]


def test_a_canned_response_goes_in_at_the_caret(desk_page, ticket):
    CannedResponse.create(name="Hours", body="<p>we open at nine</p>", service=ticket.service)
    CannedResponse.create(name="Other", body="<p>no</p>", service=ticket.service)
    write(desk_page, ticket, "Hello,  bye")
    desk_page.evaluate("document.querySelector('trix-editor').editor.setSelectedRange(7)")
    settle(desk_page)
    desk_page.get_by_text("Canned responses").click()
    desk_page.keyboard.type("NINE")
    assert not desk_page.get_by_role("button", name="Other").is_visible()
    desk_page.keyboard.press("Enter")
    desk_page.locator("trix-editor", has_text="nine").wait_for()
    text = " ".join(desk_page.inner_text("trix-editor").split())
    assert text == "Hello, we open at nine bye"


def test_a_slash_and_a_shortcut_insert_a_macro_and_show_what_it_does(desk_page, ticket):
    row = CannedResponse.create(name="Bye", body="<p>Goodbye</p>", service=ticket.service, shortcut="bye")
    CannedAct.create(response=row, act="status", argument="close")
    CannedResponse.create(name="Bye bye", body="<p>no</p>", service=ticket.service, position=-1)
    desk_page.goto(f"/admin/tickets/{ticket.number}")
    desk_page.locator("trix-editor").click()
    desk_page.keyboard.type("/bye")
    desk_page.keyboard.press("Enter")
    desk_page.locator("[data-macro]").get_by_text("The ticket is closed.").wait_for()
    assert desk_page.inner_text("trix-editor").strip() == "Goodbye"
    desk_page.get_by_role("button", name="Send", exact=True).click()
    desk_page.get_by_text("Your message").first.wait_for()
    assert Ticket.get().is_closed
    assert CannedResponse.get_by_id(row.id).uses == 1


def test_an_empty_variable_is_named(desk_page, ticket, carol):
    carol.last_name = ""
    carol.save()
    CannedResponse.create(name="Dear", body="<p>Dear {{customer_lastname}}</p>", service=ticket.service)
    desk_page.goto(f"/admin/tickets/{ticket.number}")
    desk_page.get_by_text("Canned responses").click()
    desk_page.keyboard.press("ArrowDown")
    desk_page.keyboard.press("Enter")
    desk_page.get_by_text("{{customer_lastname}} is empty.").wait_for()


def test_a_note_looks_different_and_so_does_its_button(desk_page, ticket):
    write(desk_page, ticket, "Careful with her")
    before = desk_page.eval_on_selector(".composer", "node => getComputedStyle(node).backgroundColor")
    desk_page.locator(".composer").get_by_text("Internal note", exact=True).click()
    assert desk_page.eval_on_selector(".composer", "node => getComputedStyle(node).backgroundColor") != before
    assert not desk_page.get_by_label("Close the ticket").is_visible()
    desk_page.get_by_role("button", name="Add the note").click()
    desk_page.get_by_text("Your note has been saved.").wait_for()
    assert Message.get(Message.kind == "note").ticket == ticket


def test_on_a_telephone_the_title_follows_the_kind(desk_page, ticket):
    desk_page.set_viewport_size({"width": 390, "height": 844})
    desk_page.goto(f"/admin/tickets/{ticket.number}#reply")
    title = desk_page.locator(".compose-screen .bar-title:visible")
    assert title.inner_text() == "Reply to Carol Jones"
    desk_page.locator(".composer").get_by_text("Internal note", exact=True).click()
    assert title.inner_text() == "Internal note"


def test_one_answers_with_the_keyboard_alone(desk_page, ticket):
    desk_page.goto(f"/admin/tickets/{ticket.number}")
    desk_page.focus("[name=kind]:checked")
    seen = []
    while "Bold" not in seen or desk_page.evaluate("document.activeElement.tagName") != "TRIX-EDITOR":
        desk_page.keyboard.press("Tab")
        seen.append(desk_page.evaluate("document.activeElement.title"))
        assert len(seen) < 40
    desk_page.keyboard.type("By hand")
    desk_page.keyboard.press("Control+Enter")
    desk_page.get_by_text("Your message has been sent.").wait_for()


def test_foreign_styles_are_left_behind_on_paste(desk_page, watcher, ticket):
    # The browser says that it did not apply the styles of what was pasted.
    watcher.expected.append("Applying inline style")
    write(desk_page, ticket, "")
    desk_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk_page.evaluate(
        """html => navigator.clipboard.write(
            [new ClipboardItem({"text/html": new Blob([html], {type: "text/html"})})])""",
        "<p style='color:red'><font size=7><b>Bold</b> text</font></p>",
    )
    desk_page.keyboard.press("Control+V")
    desk_page.get_by_text("Bold text").wait_for()
    html = desk_page.input_value("#body-html")
    assert "<strong>Bold</strong> text" in html
    assert not any(word in html for word in ("style", "font", "red"))


def test_what_came_in_meanwhile_is_told_while_one_writes(desk_page, ticket, carol):
    desk_page.goto(f"/admin/tickets/{ticket.number}")
    tickets.receive_message(ticket, "One more thing.", actor=carol)
    desk_page.locator("trix-editor").click()
    desk_page.keyboard.type("We are on it")
    desk_page.get_by_text("1 new message — read, then send").wait_for()
    desk_page.keyboard.press("Control+Enter")
    desk_page.watcher.expected.append("409")
    desk_page.get_by_role("button", name="Send anyway").wait_for()
    assert "One more thing." in desk_page.inner_text("#compose-held")
    desk_page.get_by_role("button", name="Send anyway").click()
    desk_page.get_by_text("Your message has been sent.").wait_for()
    assert "We are on it" in Message.get(Message.kind == "reply").body


def test_two_clicks_send_one_message(desk_page, ticket):
    write(desk_page, ticket, "Once")
    desk_page.get_by_role("button", name="Send").dblclick(no_wait_after=True)
    desk_page.get_by_text("Your message has been sent.").wait_for()
    assert Message.select().where(Message.kind == "reply").count() == 1


def test_what_was_refused_is_in_sight_on_a_telephone(desk_page, watcher, ticket):
    watcher.expected.append("422")
    desk_page.set_viewport_size({"width": 390, "height": 844})
    desk_page.goto(f"/admin/tickets/{ticket.number}#reply")
    desk_page.locator("trix-editor").click()
    desk_page.keyboard.type("We open at nine")
    desk_page.get_by_label("Save as canned response").check()
    desk_page.get_by_role("button", name="Send", exact=True).click()
    desk_page.get_by_text("Give the response a name of 1 to 120 characters.").wait_for()
    desk_page.locator("trix-editor").wait_for()
    assert desk_page.inner_text("trix-editor").strip() == "We open at nine"


def test_a_reply_is_taken_back_by_keyboard(desk_page, ticket):
    settings.save({"undo_send_seconds": 30})
    write(desk_page, ticket, "Too soon")
    desk_page.keyboard.press("Control+Enter")
    button = desk_page.get_by_role("button", name="Undo sending")
    button.focus()
    desk_page.keyboard.press("Enter")
    desk_page.get_by_text("it is a draft again").wait_for()
    assert desk_page.inner_text("trix-editor").strip() == "Too soon"


def test_the_offer_to_take_it_back_leaves_in_time(desk_page, ticket):
    settings.save({"undo_send_seconds": 1})
    write(desk_page, ticket, "Fine as it is")
    desk_page.keyboard.press("Control+Enter")
    desk_page.get_by_text("Your message has been sent.").wait_for()
    desk_page.get_by_role("button", name="Undo sending").wait_for(state="hidden")


def test_enter_again_and_again_leaves_one_empty_line(desk_page, ticket):
    write(desk_page, ticket, "One")
    for _time in range(4):
        desk_page.keyboard.press("Enter")
    desk_page.keyboard.type("Two")
    desk_page.keyboard.press("Control+Enter")
    desk_page.get_by_text("Your message has been sent.").wait_for()
    body = Message.select().where(Message.kind == "reply").get().body
    assert body == "<div>One<br><br>Two</div>"


def test_enter_twice_still_ends_a_list(desk_page, ticket):
    write(desk_page, ticket, "")
    desk_page.locator("[data-trix-attribute=bullet]").click()
    desk_page.keyboard.type("Item")
    for _time in range(2):
        desk_page.keyboard.press("Enter")
    desk_page.keyboard.type("After")
    desk_page.wait_for_function("document.querySelector('#body-html').value.includes('After')")
    assert desk_page.input_value("#body-html") == "<ul><li>Item</li></ul><div>After</div>"
