"""Files in Chromium: chosen, dropped, pasted, refused, removed; and what a served file may do."""

import base64

import pytest

from helpdesk import settings, tickets
from models import Attachment, Ticket, Upload
from tests.support import attached, sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only, pytest.mark.usefixtures("no_files")]

#: Hands a file to the page as the desktop or the clipboard would.
GIVE = """([selector, kind, name, type, data, extra]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const carrier = new DataTransfer();
  carrier.items.add(new File([bytes], name, { type }));
  if (extra) carrier.setData("text/plain", extra);
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste" ? new ClipboardEvent(kind, { ...options, clipboardData: carrier })
    : new DragEvent(kind, { ...options, dataTransfer: carrier });
  document.querySelector(selector).dispatchEvent(event);
}"""


def give(page, selector, kind, content=None, name="photo.png", extra=""):
    data = base64.b64encode(content or attached.png()).decode()
    page.evaluate(GIVE, [selector, kind, name, "image/png", data, extra])


def choose(page, *files):
    page.set_input_files("#files", [{"name": n, "mimeType": "x/y", "buffer": content} for n, content in files])


def file_names(page, count):
    """Wait until the form holds this many files; return their names."""
    rows = page.locator("[data-kept] li:has(progress[hidden])")
    rows.nth(count - 1).wait_for() if count else page.locator("[data-kept]:not(:has(li))").wait_for(state="attached")
    return page.locator("[data-kept] .file-name").all_inner_texts()


@pytest.fixture
def form(page, sales):
    page.goto("/")
    return page


@pytest.fixture
def composer(page, ticket, ana):
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    page.locator("trix-editor").wait_for()
    return page


def test_chosen_files_are_sent_ahead_with_their_sizes(form):
    choose(form, ("photo.png", attached.png()), ("a long list.pdf", attached.pdf(3_000)))
    assert file_names(form, 2) == ["photo.png", "a long list.pdf"]
    assert "2.9 KB" in form.locator("[data-kept]").inner_text()
    assert Upload.select().count() == 2


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_visitor_drops_or_pastes_a_file(form, kind):
    give(form, "#message", kind)
    assert file_names(form, 1) == ["photo.png"]


def test_a_pasted_text_with_its_picture_stays_text(form):
    give(form, "#message", "paste", extra="Words from a word processor")
    give(form, "#message", "paste", name="screenshot.png")
    assert file_names(form, 1) == ["screenshot.png"]


def test_a_removed_file_is_gone_here_and_there(form):
    choose(form, ("photo.png", attached.png()))
    file_names(form, 1)
    form.get_by_role("button", name="Remove photo.png").click()
    assert file_names(form, 0) == []
    assert (Upload.select().count(), attached.stored()) == (0, [])
    assert form.locator("#files").evaluate("field => field === document.activeElement")


def test_a_refused_file_says_why_and_the_others_stay(form, watcher):
    watcher.expected.append("422")
    choose(form, ("photo.png", attached.png()), ("drawing.png", attached.SVG))
    form.get_by_text("“drawing.png” does not hold what its extension “png” says.").wait_for()
    assert file_names(form, 1) == ["photo.png"]


def test_a_file_that_is_too_large_is_not_even_sent(form):
    choose(form, ("big.pdf", attached.pdf((2 << 20) + 1)))
    form.get_by_text("“big.pdf” is larger than 2 MB, the most for one file.").wait_for()
    assert file_names(form, 0) == []


def test_a_form_sent_in_haste_waits_for_its_files(page, carol, sales):
    page.goto("/sign-in")
    page.fill("#email", carol.primary_address.email)
    page.fill("#password", "correct horse battery staple")
    page.press("#password", "Enter")
    page.wait_for_url("**/tickets")
    page.goto("/tickets/new")
    page.fill("#subject", "In haste")
    page.fill("#message", "See the file.")
    page.route("**/uploads", lambda route: (page.wait_for_timeout(300), route.continue_()))
    choose(page, ("photo.png", attached.png()))
    page.click("form[data-ticket-form] > .btn-primary")
    page.wait_for_url("**/tickets/sent")
    assert Attachment.get().message.ticket == Ticket.get()


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_given_to_the_editor_stands_in_the_text_and_is_sent_there(composer, kind):
    composer.locator("trix-editor").click()
    composer.keyboard.type("There it is: ")
    give(composer, "trix-editor", kind)
    assert file_names(composer, 1) == ["photo.png"]
    composer.locator("trix-editor img").wait_for()
    # Nothing is written under it: it would not be sent.
    assert composer.locator("trix-editor figcaption:visible").count() == 0
    composer.click("[data-submit]")
    composer.get_by_text("Your message has been sent.").wait_for()
    picture = composer.locator(".msg.is-reply .msg-body img")
    assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 8
    assert picture.get_attribute("alt") == "photo.png"
    assert composer.locator(".file-shot").count() == 0
    assert Attachment.get().message.kind == "reply"


def test_a_picture_taken_out_of_the_text_is_not_sent_and_one_taken_out_of_the_files_leaves_the_text(composer):
    editor = composer.locator("trix-editor")
    editor.click()
    give(composer, "trix-editor", "paste", name="image.png")
    editor.locator("img").wait_for()
    editor.click()
    composer.keyboard.press("Control+a")
    composer.keyboard.press("Delete")
    assert file_names(composer, 0) == []
    assert Upload.select().count() == 0
    give(composer, "trix-editor", "paste", name="image.png")
    editor.locator("img").wait_for()
    composer.locator("[data-kept] button").click()
    editor.locator("img").wait_for(state="detached")


#: What pasting the layout of a page comes to.
PASTE_HTML = "(html) => document.querySelector('trix-editor').editor.insertHTML(html)"


def test_a_picture_of_a_web_page_goes_at_once_and_that_is_said(composer):
    composer.locator("trix-editor").click()
    composer.evaluate(PASTE_HTML, "<p>Words <img src='/static/favicon.svg'> and more</p>")
    composer.get_by_text("A picture of a web page cannot be kept here.").wait_for()
    assert composer.locator("trix-editor figure, trix-editor img").count() == 0
    assert "Words" in composer.locator("trix-editor").inner_text()
    # What a word processor writes into its text is a file as any other.
    data = base64.b64encode(attached.png()).decode()
    composer.evaluate(PASTE_HTML, f"<p>Chart <img src='data:image/png;base64,{data}'></p>")
    assert file_names(composer, 1) == ["image.png"]
    composer.locator("trix-editor img").wait_for()


def test_a_script_in_a_served_file_does_not_run(page, watcher, ticket, ana):
    settings.save({"allowed_extensions": "html"})
    note = tickets.add_note(ticket, "<p>x</p>", actor=ana, files=[attached.received(attached.HTML, "a.html")])
    enter(page, ana)
    page.goto("/admin/")
    with page.expect_download() as download:
        page.evaluate(f"location.href = '/admin/files/{Attachment.get(message=note).id}/a.html?inline=1'")
    assert download.value.suggested_filename == "a.html"


def test_the_limits_are_shown_only_when_files_may_be_attached(page, root):
    enter(page, root)
    page.goto("/admin/configuration/")
    fields = page.locator("#allowed_extensions, #attachment_folder, #max_file_size, #max_total_size")
    assert [field.is_visible() for field in fields.all()] == [True] * 4
    page.uncheck("#allow_attachments")
    assert [field.is_visible() for field in fields.all()] == [False] * 4
