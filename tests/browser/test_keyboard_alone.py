"""The keyboard alone does every task: setting the desk up, working through tickets, asking and answering."""

import pytest

from helpdesk import settings
from helpdesk.lists import counting
from models import Attachment, Department, Filter, FilterAction, Message, Permission, Status, Ticket, TicketTag
from tests.public.filling import answer_of, open_form
from tests.support import attached, cast, sqlite_only
from tests.support.browsing import enter

pytestmark = [pytest.mark.browser, sqlite_only, pytest.mark.usefixtures("no_files")]

#: Key presses after which one has walked through the whole page.
ROUND = 150
#: What a screen reader would call the control that has the focus, and whether one sees that it has it.
FOCUSED = """() => {
  const node = document.activeElement;
  const named = node.getAttribute("aria-labelledby");
  const words = node.getAttribute("aria-label") || (named && document.getElementById(named)?.textContent)
    || [...(node.labels ?? [])].map((label) => label.textContent).join(" ") || node.textContent;
  return [words.replace(/\\s+/g, " ").trim(), node.matches(":focus-visible, [type=file]")];
}"""


def reach(page, name):
    """Press Tab until the focus stands on the control whose name begins with these words."""
    for _press in range(ROUND):
        page.keyboard.press("Tab")
        words, is_seen = page.evaluate(FOCUSED)
        if f"{words} ".startswith((f"{name} ", f"{name},", f"{name}:")):
            assert is_seen, f"{name} does not show that it has the focus"
            return
    raise AssertionError(f"no Tab reaches “{name}”")


def press(page, name, key="Enter"):
    reach(page, name)
    page.keyboard.press(key)


def write(page, name, text):
    """Fill a field, or choose in a list by its first letters."""
    reach(page, name)
    if page.evaluate("document.activeElement.matches('input')"):
        page.keyboard.press("Control+a")
    page.keyboard.type(text)


def find(page, screen):
    """Go to a screen through the box that finds anything."""
    page.keyboard.press("Control+k")
    page.get_by_role("dialog", name="Find anything").wait_for()
    page.keyboard.type(screen)
    page.locator(".finder-list [aria-selected=true]", has_text=screen).wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=screen, level=1, exact=True).wait_for()


def titled(page, title):
    page.get_by_role("heading", name=title, level=1).wait_for()


@pytest.fixture
def setting_up(page, billing, root):
    """Root, signed in."""
    enter(page, root)
    page.goto("/admin/")
    return page


@pytest.fixture
def working(page, ticket, carol, billing, invoices, ana):
    """Ana, signed in, on the page of a ticket of Carol, who has opened another one."""
    cast.open_ticket(carol, billing, invoices, subject="Again about my invoice")
    counting.forget_counts()
    enter(page, ana)
    page.goto(f"/admin/tickets/{ticket.number}")
    page.locator("trix-editor").wait_for()
    return page


# --- An administrator ---------------------------------------------------------------------------------------------


def test_a_service_with_a_department(setting_up):
    find(setting_up, "Services")
    press(setting_up, "Add a service")
    titled(setting_up, "Add a service")
    write(setting_up, "Name, in English", "Workshop\n")
    titled(setting_up, "Services")
    find(setting_up, "Departments")
    press(setting_up, "Add a department")
    titled(setting_up, "Add a department")
    write(setting_up, "Service", "Workshop")
    write(setting_up, "Name, in English", "Repairs\n")
    titled(setting_up, "Departments")
    assert str(Department.get(Department.name.contains("Repairs"))) == "Workshop, Repairs"


def test_an_agent_with_a_permission(setting_up):
    find(setting_up, "Users")
    press(setting_up, "Add an administrator")
    titled(setting_up, "Add an administrator")
    write(setting_up, "Name", "Zoe")
    write(setting_up, "E-mail", "zoe@desk.example\n")
    setting_up.wait_for_url("**/invitation/**")
    find(setting_up, "Users")
    press(setting_up, "Zoe")
    titled(setting_up, "Zoe")
    press(setting_up, "Add")
    setting_up.keyboard.type("Billing")
    press(setting_up, "Save")
    titled(setting_up, "Users")
    assert [(row.agent.name, str(row.service)) for row in Permission.select()] == [("Zoe", "Billing")]


def test_a_filter_as_a_sentence(setting_up):
    find(setting_up, "Filters")
    press(setting_up, "Add a filter")
    titled(setting_up, "Add a filter")
    write(setting_up, "Name", "Invoices")
    write(setting_up, "Words looked for", "invoice")
    write(setting_up, "Action", "mark")
    press(setting_up, "Test")
    setting_up.get_by_text("none of them would have matched").wait_for()
    press(setting_up, "Save")
    titled(setting_up, "Filters")
    assert (Filter.get().name, FilterAction.get().action) == ("Invoices", "spam")


def test_a_colour(setting_up):
    find(setting_up, "Statuses")
    press(setting_up, "Pending")
    titled(setting_up, "Pending")
    write(setting_up, "Background colour", "#004488\n")
    titled(setting_up, "Statuses")
    assert Status.get(Status.identifier == "pending").background_color == "#004488"


def test_a_setting(setting_up):
    find(setting_up, "Configuration")
    write(setting_up, "Seconds to undo a reply", "20")
    press(setting_up, "Save")
    setting_up.locator(".flash.is-success, .flash").first.wait_for()
    assert settings.get("undo_send_seconds") == 20


# --- An agent -----------------------------------------------------------------------------------------------------


def test_a_ticket_is_assigned(working, ticket, ana):
    write(working, "Assigned to", "Ana")
    # A choice counts once its list is left.
    working.keyboard.press("Tab")
    working.get_by_text("The ticket parameters have been updated.").wait_for()
    assert Ticket.get_by_id(ticket.id).assignee == ana


def test_a_ticket_is_transferred_with_a_note(root, working, ticket):
    press(working, "Transfer")
    write(working, "Transfer to", "Root")
    write(working, "Note for them", "Please look at it.")
    press(working, "Transfer")
    working.get_by_text("The ticket has been transferred to Root.").wait_for()
    assert Message.get(Message.kind == "note").ticket == ticket


def test_many_tickets_are_tagged(working):
    working.keyboard.press("g")
    working.keyboard.press("i")
    titled(working, "Open tickets")
    for key in "jxjx":
        working.keyboard.press(key)
    press(working, "Tags")
    write(working, "New tag", "refund\n")
    working.get_by_text("2 tickets have been updated.").wait_for()
    assert TicketTag.select().count() == 2


def test_two_tickets_are_merged(working, ticket):
    press(working, "Merge")
    titled(working, f"Merge ticket {ticket.number}")
    press(working, "Again about my invoice", "Space")
    press(working, "Continue")
    working.get_by_text("It can be undone for 30 days").wait_for()
    press(working, "Merge")
    working.get_by_text(f"Ticket {ticket.number} is part of this one now.").wait_for()
    assert (Ticket.get().subject, Message.select().count()) == ("Again about my invoice", 2)


def test_a_subject_is_changed(working, ticket):
    press(working, "Change the subject")
    write(working, "Subject", "Wrong total\n")
    titled(working, "Wrong total")


# --- A visitor and a customer -------------------------------------------------------------------------------------


def attach(page):
    """Choose a file in the dialog that the key opens; the browser is told early that somebody will answer it."""
    photo = {"name": "photo.png", "mimeType": "image/png", "buffer": attached.png()}
    page.once("filechooser", lambda asked: asked.set_files([photo]))
    press(page, "Files")
    page.locator("[data-kept] li:has(progress[hidden])").wait_for()


def test_a_visitor_opens_a_ticket_with_a_file(page, sales):
    open_form(page)
    write(page, "E-mail address", "vera@visitor.example")
    write(page, "Last name", "Vis")
    write(page, "Subject", "A question")
    write(page, "Message", "Are there places in March?")
    attach(page)
    write(page, "Security code", answer_of(page.locator("[name=code_token]").input_value()))
    press(page, "Send")
    page.wait_for_url("**/tickets/sent")
    assert Attachment.get().message.ticket.subject == "A question"


def test_a_customer_answers_with_a_file(page, ticket, carol):
    page.goto("/sign-in")
    write(page, "E-mail", "carol@customer.example")
    write(page, "Password", f"{cast.PASSWORD}\n")
    page.wait_for_url("**/tickets")
    press(page, ticket.subject)
    titled(page, ticket.subject)
    write(page, "Your message", "Here is the picture.")
    attach(page)
    press(page, "Send")
    page.get_by_text("Your message has been sent.").wait_for()
    assert Attachment.get().message.body == "<p>Here is the picture.</p>"
