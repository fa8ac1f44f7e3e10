"""Sending in Chromium: the split button, more time, a forgotten file, files that survive a reload."""

import pytest

from helpdesk import settings
from models import Draft, Message, Ticket
from tests.browser.test_composer import desk_page, write  # noqa: F401 — a fixture
from tests.support import attached, axe, cast, sqlite_only

pytestmark = [pytest.mark.browser, sqlite_only]


def test_the_split_button_is_worked_by_keyboard(desk_page, ticket):  # noqa: F811
    write(desk_page, ticket, "Solved")
    desk_page.focus(".split summary")
    for key in ("Enter", "Tab", "Tab", "Enter"):
        desk_page.keyboard.press(key)
    desk_page.get_by_text("Your message has been sent.").wait_for()
    assert Ticket.get_by_id(ticket.id).is_closed
    assert not desk_page.get_by_label("Close the ticket").is_checked()
    assert desk_page.inner_text("[data-submit]") == "Send"
    desk_page.get_by_label("Close the ticket").check()
    assert desk_page.inner_text("[data-submit]") == "Send and close"


def test_a_note_has_one_button(desk_page, ticket):  # noqa: F811
    write(desk_page, ticket, "")
    desk_page.locator(".composer").get_by_text("Internal note", exact=True).click()
    assert desk_page.inner_text("[data-submit]") == "Add the note"
    assert not desk_page.locator(".split summary").is_visible()


def test_more_time_is_asked_by_keyboard_alone(desk_page, ticket):  # noqa: F811
    settings.save({"undo_send_seconds": 30})
    write(desk_page, ticket, "Not so fast")
    desk_page.keyboard.press("Control+Enter")
    desk_page.locator(".is-sent:focus").wait_for()
    for key in ("Tab", "Tab", "Enter"):
        desk_page.keyboard.press(key)
    desk_page.locator(".is-sent:focus", has_text="Your message waits: it goes out at").wait_for()
    desk_page.keyboard.press("Tab")
    desk_page.keyboard.press("Enter")
    desk_page.get_by_text("it is a draft again").wait_for()
    assert Message.select().where(Message.kind == "reply").count() == 0


def test_a_forgotten_file_is_asked_about_in_the_page(desk_page, watcher, ticket):  # noqa: F811
    watcher.expected.append("409")
    write(desk_page, ticket, "You find it attached")
    desk_page.keyboard.press("Control+Enter")
    with desk_page.expect_file_chooser():
        desk_page.get_by_role("link", name="Attach a file").click()
    assert desk_page.inner_text("trix-editor").strip() == "You find it attached"
    desk_page.get_by_role("button", name="Send without a file").click()
    desk_page.get_by_text("Your message has been sent.").wait_for()


def test_a_file_survives_a_reload_and_is_sent(desk_page, ticket, no_files):  # noqa: F811
    write(desk_page, ticket, "Here it is attached")
    desk_page.set_input_files("#files", {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": attached.PDF})
    desk_page.get_by_text("“plan.pdf” is attached.").wait_for(state="attached")
    desk_page.get_by_text("Draft saved at").wait_for()
    desk_page.reload()
    desk_page.locator("[data-kept]", has_text="plan.pdf").wait_for()
    desk_page.locator("trix-editor").click()
    desk_page.keyboard.press("Control+Enter")
    desk_page.get_by_text("Your message has been sent.").wait_for()
    assert [file.name for file in Message.get(Message.kind == "reply").attachments] == ["plan.pdf"]


def test_a_lost_network_loses_no_reply(desk_page, watcher, ticket):  # noqa: F811
    watcher.expected.append("ERR_INTERNET_DISCONNECTED")
    write(desk_page, ticket, "Half")
    desk_page.get_by_text("Draft saved at").wait_for()
    desk_page.context.set_offline(True)
    desk_page.get_by_text("You are offline.").wait_for()
    desk_page.keyboard.type(" and whole")
    desk_page.keyboard.press("Control+Enter")
    desk_page.get_by_text("Nothing was sent: the desk cannot be reached.").wait_for()
    assert Message.select().where(Message.kind == "reply").count() == 0
    with desk_page.expect_response("**/draft"):
        desk_page.context.set_offline(False)
    desk_page.get_by_text("You are online again.").wait_for()
    assert Draft.get().body == "<div>Half and whole</div>"
    desk_page.locator("trix-editor").click()
    desk_page.keyboard.press("Control+Enter")
    desk_page.get_by_text("Your message has been sent.").wait_for()


def test_a_colleague_is_named_by_keyboard(desk_page, ticket, billing):  # noqa: F811
    for name in ("Léa Martin", "Leo Petit"):
        cast.make_agent(name, billing, email=f"{name[:3].lower()}@desk.example")
    write(desk_page, ticket, "")
    desk_page.locator(".composer").get_by_text("Internal note", exact=True).click()
    desk_page.locator("trix-editor").click()
    desk_page.keyboard.type("Look, @le")
    desk_page.locator("#colleagues", has_text="Leo Petit").wait_for()
    assert desk_page.locator("#colleagues li").all_inner_texts() == ["Léa Martin", "Leo Petit"]
    for key in ("ArrowDown", "ArrowUp", "Enter"):
        desk_page.keyboard.press(key)
    assert not desk_page.locator("#colleagues").is_visible()
    desk_page.keyboard.type("please")
    desk_page.keyboard.press("Control+Enter")
    desk_page.get_by_text("Ana named Léa Martin in a note").wait_for()
    assert "<strong>@Léa Martin</strong> please" in Message.get(Message.kind == "note").body


def test_escape_leaves_the_names_and_a_message_offers_none(desk_page, ticket, root):  # noqa: F811
    write(desk_page, ticket, "@")
    desk_page.wait_for_timeout(300)
    assert not desk_page.locator("#colleagues").is_visible()
    desk_page.locator(".composer").get_by_text("Internal note", exact=True).click()
    desk_page.locator("trix-editor").click()
    desk_page.keyboard.press("End")
    desk_page.keyboard.type(" @")
    desk_page.locator("#colleagues").wait_for()
    desk_page.keyboard.press("Escape")
    assert not desk_page.locator("#colleagues").is_visible()
    assert desk_page.evaluate("document.activeElement.tagName") == "TRIX-EDITOR"
    desk_page.keyboard.type("ro")
    desk_page.wait_for_timeout(300)
    assert not desk_page.locator("#colleagues").is_visible()
    desk_page.keyboard.type(" @ro")
    desk_page.locator("#colleagues", has_text="Root").wait_for()


# --- What opens is told to everybody ------------------------------------------------------------------------------


def split_menu(page, ticket):
    """The ways to send."""
    write(page, ticket, "Solved")
    page.locator(".split summary").click()
    return page.get_by_role("button", name="Send and close Status")


def waiting(page, ticket):
    """A reply that was given more time."""
    settings.save({"undo_send_seconds": 30})
    write(page, ticket, "Solved")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Two more minutes").click()
    return page.get_by_role("button", name="Send it now")


def forgotten(page, ticket):
    """The question about a file."""
    write(page, ticket, "It is attached")
    page.keyboard.press("Control+Enter")
    return page.get_by_role("button", name="Send without a file")


def colleagues(page, ticket):
    """The names of colleagues."""
    write(page, ticket, "")
    page.locator(".composer").get_by_text("Internal note", exact=True).click()
    page.locator("trix-editor").click()
    page.keyboard.type("@")
    return page.locator("#colleagues li").first


@pytest.mark.parametrize("opens", [split_menu, waiting, forgotten, colleagues])
def test_axe_finds_nothing_while_one_sends(desk_page, watcher, ticket, root, opens):  # noqa: F811
    watcher.expected.append("409")
    opens(desk_page, ticket).wait_for()
    assert axe.complaints(desk_page) == []
