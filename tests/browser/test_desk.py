"""The desk in Chromium: no page complains, fits a telephone, and forms travel over https."""

from dataclasses import replace

import pytest

from helpdesk.settings import environment
from models import Agent, Message
from tests.support import browsing, cast, sqlite_only
from tests.support.cast import PASSWORD

pytestmark = [pytest.mark.browser, sqlite_only]

SCREENS = (
    *("services", "departments", "canned-responses", "filters", "users", "teams", "roles", "my-settings"),
    *("statuses", "priorities", "tags", "customers", "configuration", "emails", "outbox", "health"),
)


def sign_in(page, agent: Agent) -> None:
    page.goto("/admin/sign-in")
    page.fill("input[name=email]", agent.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/admin/**")


def width(page) -> int:
    return page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_public_pages_are_at_peace(page, billing, scheme):
    page.emulate_media(color_scheme=scheme)
    for path in ("/", "/sign-in", "/links/new", "/admin/sign-in"):
        assert page.goto(path).status == 200
        assert page.locator("h1").count() == 1


def test_a_policy_violation_would_fail_the_test(page, watcher, billing):
    page.goto("/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    assert any("style" in complaint for complaint in watcher.complaints)
    watcher.expected.append("style")


def test_an_agent_reads_and_answers(page, ticket, ana):
    sign_in(page, ana)
    page.goto("/admin/tickets/")
    page.click(f"text={ticket.subject}")
    page.wait_for_url(f"**/admin/tickets/{ticket.number}*")
    editor = page.locator("trix-editor, textarea[name=body]").first
    editor.click()
    page.keyboard.type("The total is right: it holds the delivery.")
    page.locator("form[data-composer] [data-submit]").click()
    page.locator(".msg.is-reply", has_text="it holds the delivery").wait_for()
    assert Message.get(Message.kind == "reply").agent == ana


def test_every_screen_of_set_up_is_at_peace(page, ticket, root):
    sign_in(page, root)
    for slug in SCREENS:
        assert page.goto(f"/admin/{slug}/").status == 200, slug
        assert page.locator("h1").count() == 1, slug


def test_every_form_of_set_up_is_at_peace(page, ticket, root):
    sign_in(page, root)
    for slug in SCREENS[:7] + SCREENS[8:11]:
        assert page.goto(f"/admin/{slug}/new/").status == 200, slug


def test_pages_fit_a_telephone(page, ticket, root):
    sign_in(page, root)
    page.set_viewport_size({"width": 390, "height": 844})
    paths = ["/", "/admin/tickets/", f"/admin/tickets/{ticket.number}", *(f"/admin/{slug}/" for slug in SCREENS)]
    wide = {path: width(page) for path in paths if page.goto(path) and width(page) > 390}
    assert wide == {}


@pytest.mark.parametrize("height", [420, 650, 1000])
def test_the_foot_of_the_menu_is_always_in_sight(page, root, height):
    for number in range(40):
        cast.make_service(f"Service {number}", "First", "Second")
    sign_in(page, root)
    page.set_viewport_size({"width": 1366, "height": height})
    page.goto("/admin/tickets/")
    if height < 480:
        # Where the foot would take half the height, everything scrolls.
        assert page.locator(".side").evaluate("node => node.scrollHeight > node.clientHeight")
        return
    foot = page.locator(".side-foot").bounding_box()
    assert foot["y"] + foot["height"] <= height
    assert page.locator(".side-body").evaluate("node => node.scrollHeight > node.clientHeight")


def test_forms_are_taken_over_https(app, browser, ana, tmp_path):
    server = browsing.LiveServer(app, browsing.certificate(tmp_path)).start()
    environment.use(replace(environment.current(), site_url=server.url))
    context = browser.new_context(base_url=server.url, ignore_https_errors=True, locale="en-GB")
    try:
        page = context.new_page()
        sign_in(page, ana)
        cookies = [cookie for cookie in context.cookies() if cookie["httpOnly"]]
        assert cookies
        assert all(cookie["secure"] and cookie["name"].startswith("__Host-") for cookie in cookies)
    finally:
        context.close()
        server.stop()


def test_back_to_a_refused_form_is_no_error_page(page, watcher, root):
    sign_in(page, root)
    watcher.expected.append("422")
    page.goto("/admin/tags/new/")
    page.fill("[name=name]", "a, b")
    page.click("form.desk-form button[type=submit], main form button[type=submit] >> nth=0")
    page.get_by_text("Use a word or a few, without a comma.").first.wait_for()
    # The next cookie carries another second.
    page.wait_for_timeout(1100)
    page.goto("/admin/tickets/")
    page.go_back()
    assert page.input_value("[name=name]") == "a, b"
