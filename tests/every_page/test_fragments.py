"""Parts of pages that are rendered once for many readers hold nothing of one reader, and nothing outdated."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, UndefinedError

from admin_views.tickets import canned_menu
from admin_views.tickets.sidebar import desk_menu
from database import Label
from helpdesk import clock, tickets
from helpdesk.corrections import correcting, masked_text, masking
from helpdesk.lib import cache
from helpdesk.outbox import outbox_health
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses
from models import CannedResponse, Message, Role, SavedView, Status, Ticket
from tests.support import cast, doors
from web import fragments
from web.side_menu import side_menu

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
#: What differs at each request without being anybody's: keys of forms, tokens, the moment.
FRESH = re.compile(
    r'name="(csrf_token|form_key|files_key|code_token|made|known|csp-nonce)" (value|content)="[^"]*"|nonce="[^"]*"'
    r"|security-code/[\w-]+"
)


@pytest.fixture
def readers(app: Any, billing, invoices, sales, ticket, dan, ana, ben, mona, root) -> list[Any]:
    """People of other rights, places and languages, with a ticket each that they see."""
    ben.locale, mona.locale = "fr", "fr"
    for agent in (ben, mona):
        agent.save()
    cast.open_ticket(dan, sales)
    reader = cast.make_agent("Rita", billing, role=cast.make_role("Reader", **dict.fromkeys(CAPABILITIES, False)))
    return [doors.signed_in(app, person) for person in (root, ana, ben, mona, reader)]


#: The button of the bar that deletes ticked tickets.
DELETE = re.compile(r'formaction="[^"]*/delete"')
CAPABILITIES = ("can_set_status", "can_set_priority", "can_tag", "can_assign", "can_delete")


def paths(number: str) -> tuple[str, ...]:
    return (
        "/admin/tickets/",
        "/admin/tickets/?view=search&q=Zanzibar",
        "/admin/tickets/?view=bin",
        "/admin/tickets/?service=1&waits=1",
        "/admin/tickets/?view=search&assignee=me",
        f"/admin/tickets/{number}",
        f"/admin/tickets/{number}?view=closed&kind=note",
    )


def page_of(client: Any, path: str, *, anew: bool = False) -> tuple[int, str]:
    """Return a page without what each request makes anew; `anew`: as if no fragment had been rendered before."""
    if anew:
        fragments.forget()
    response = client.get(path)
    return response.status_code, FRESH.sub("", response.get_data(as_text=True))


def test_each_reader_sees_the_page_as_it_would_be_made_for_them_alone(readers, ticket):
    every = [(place, path) for place in range(len(readers)) for path in paths(ticket.number)]
    alone = {(place, path): page_of(readers[place], path, anew=True) for place, path in every}
    fragments.forget()
    for _turn in range(2):
        for place, path in alone:
            assert page_of(readers[place], path) == alone[place, path], path


def test_a_fragment_holds_no_token_and_nobody_who_asked(readers, ticket, root, ana):
    fragments.forget()
    tokens = {doors.printed_token(one.get(path).text) for one in readers for path in paths(ticket.number)[:1]}
    for one in readers:
        for path in paths(ticket.number):
            one.get(path)
    held = "".join(text for texts, _names in fragments.cached_pieces() for text in texts)
    assert "formaction" in held
    for token in tokens:
        assert token not in held
    assert 'name="csrf_token" value="' not in held
    assert "Zanzibar" not in held
    # The rows of lists hold their tickets' looks, not their words.
    assert 'class="c-subject"' in held
    assert ticket.customer.full_name not in held
    # Names of colleagues stand in the menus of whom to assign to, and nowhere as the one who reads.
    assert "side-name" in held
    assert f'"side-name" href="/admin/profile">{root.name}' not in held


@pytest.fixture
def writers(app: Any, sales: Any, carol: Any, dan: Any) -> list[Any]:
    """Visitors and customers, each in both languages."""
    dan.locale = "fr"
    dan.save()
    visitors = [app.test_client(), app.test_client()]
    visitors[1].set_cookie("language", "fr")
    return [*visitors, *(doors.signed_in(app, person) for person in (carol, dan))]


def test_everybody_gets_the_form_as_it_would_be_made_for_them_alone(writers, sales, billing, invoices):
    links = ("/", f"/tickets/new?service={billing.id}", f"/tickets/new?service={sales.id}", "/tickets/new?service=0")
    every = [(place, path) for place in range(len(writers)) for path in links]
    alone = {(place, path): page_of(writers[place], path, anew=True) for place, path in every}
    fragments.forget()
    for _turn in range(2):
        for place, path in every:
            assert page_of(writers[place], path) == alone[place, path], path


def test_the_fragment_of_the_form_holds_no_key_and_nobody(writers, sales, carol, dan):
    pages = [one.get("/").text for one in writers]
    held = "".join(text for texts, _names in fragments.cached_pieces() for text in texts)
    assert 'id="subject"' in held
    fresh = re.compile(r'(?:name="(?:form_key|files_key|csrf_token|code_token)" value|data-draft)="([^"]+)"')
    for page in pages:
        keys = fresh.findall(page)
        assert len(set(keys)) > 2
        assert not [key for key in keys if key in held]
    for customer in (carol, dan):
        assert customer.first_name not in held
        assert customer.primary_address.email not in held


def test_what_was_written_is_in_no_other_page(client, sales):
    before = client.get("/").text
    form = {"csrf_token": doors.printed_token(before), "subject": "Zanzibar", "email": "nobody", "unit": "s0"}
    refused = client.post("/tickets/new", data=form)
    assert refused.status_code == 422
    assert "Zanzibar" in refused.text
    assert FRESH.sub("", client.get("/").text) == FRESH.sub("", before)


def test_a_right_taken_away_is_gone_from_the_next_page(app, billing, ana, ticket):
    client = doors.signed_in(app, ana)
    paths_of = ("/admin/tickets/", f"/admin/tickets/{ticket.number}")
    before = [client.get(path).text for path in paths_of]
    assert DELETE.search(before[0])
    assert f"{ticket.number}/delete" in before[1]
    role = Role.get_by_id(ana.role_id)
    role.can_delete = False
    role.save()
    after = [client.get(path).text for path in paths_of]
    assert not DELETE.search(after[0])
    assert f"{ticket.number}/delete" not in after[1]


def test_a_changed_name_stands_on_the_next_page(app, root, ticket):
    client = doors.signed_in(app, root)
    client.get("/admin/tickets/")
    tickets.tag(ticket, "brass", actor=root)
    status = Status.get_by_id(ticket.status_id)
    status.label = Label(en="Under way")
    status.save()
    root.name = "Rosa"
    root.save()
    page = client.get("/admin/tickets/").text
    assert all(text in page for text in ("brass", "Under way", "Rosa"))
    assert ">Root<" not in page


def test_a_thread_and_canned_responses_are_the_tickets_own_and_of_now(app, root, ana, ticket, dan, billing, invoices):
    """What is filled into the fragments of a thread is read each time: nothing of it outlasts a change."""
    body = "<p>Hello {{customer_firstname}}, we look into it.</p>"
    canned_responses.save_from_reply(ticket, "Greeting", body, actor=root)
    canned_responses.save_from_reply(ticket, "Apart", "<p>Yes, {<em>{customer_firstname}}</em></p>", actor=root)
    other = cast.open_ticket(dan, billing, invoices)
    for one, agent in ((ticket, ana), (other, root), (ticket, root)):
        tickets.add_note(Ticket.get_by_id(one.id), f"<p>Zanzibar of {one.number} by {agent.name}</p>", actor=agent)
    clients = [doors.signed_in(app, agent) for agent in (root, ana)]
    for _turn in range(2):
        for client in clients:
            pages = [client.get(f"/admin/tickets/{one.number}").text for one in (ticket, other)]
            for page, one, another in zip(pages, (ticket, other), (other, ticket), strict=True):
                assert f"Hello {one.customer.first_name}" in page
                assert f"Hello {another.customer.first_name}" not in page
                assert f"Yes, {one.customer.first_name}" in page
                assert f"Zanzibar of {another.number}" not in page
    note = Message.get(Message.agent == ana.id)
    correcting.correct(note, correcting.Correction("<p>Timbuktu</p>", correcting.state_of(note, [])), actor=ana)
    shown = [client.get(f"/admin/tickets/{ticket.number}").text for client in clients]
    assert all("Timbuktu" in page and f"{ticket.number} by {ana.name}" not in page for page in shown)
    masking.mask(Message.get_by_id(note.id), masked_text.passage_of("Timbuktu"), everywhere=True, actor=root)
    assert not any("Timbuktu" in client.get(f"/admin/tickets/{ticket.number}").text for client in clients)


def test_what_a_request_read_before_a_change_does_not_outlast_it(app, root, ticket, monkeypatch):
    """The stamp is the process's: while a page is made, another request may read that it moved."""
    written = canned_responses.save_from_reply(ticket, "Zanzibar", "<p>We look into it.</p>", actor=root)
    client, path = doors.signed_in(app, root), f"/admin/tickets/{ticket.number}"

    def menu_after_a_change(*arguments: Any) -> Any:
        row = CannedResponse.get_by_id(written.id)
        row.name = Label(en="Timbuktu")
        row.save()
        cache.refresh()
        return menu(*arguments)

    menu = canned_menu.menu
    with monkeypatch.context() as patch:
        patch.setattr(canned_menu, "menu", menu_after_a_change)
        assert "Zanzibar" in client.get(path).text
    page = client.get(path).text
    assert "Timbuktu" in page
    assert "Zanzibar" not in page


@pytest.mark.parametrize(
    "asks",
    [
        *("{{ request.path }}", "{{ session.get('x') }}", "{{ g.x }}", "{{ theme() }}", "{{ csp_nonce() }}"),
        *("{{ get_flashed_messages() }}", "{{ keys_help() }}", "{{ moment|ago }}", "{{ moment|at }}"),
        *("{{ moment|waits }}", "{{ moment|day }}", "{{ moment|datetime }}"),
    ],
)
def test_neither_a_fragment_nor_a_macro_it_imports_gets_what_differs(app: Any, asks: str, monkeypatch: Any) -> None:
    """Imported macros see the globals of all templates, and none of what a fragment is rendered with."""
    pages = {
        "macros.html": f"{{% macro shown(moment) %}}{asks}{{% endmacro %}}",
        "imports.html": "{% import 'macros.html' as macros %}{{ macros.shown(moment) }}",
        "asks.html": asks,
    }
    environment = app.jinja_env.overlay(loader=DictLoader(pages))
    with app.test_request_context("/"):
        assert environment.get_template("imports.html").render(moment=clock.now()) is not None
        monkeypatch.setattr(app, "jinja_env", environment)
        for name in ("asks.html", "imports.html"):
            with pytest.raises(UndefinedError):
                fragments.fragment(name, lambda: {"moment": clock.now()})


def test_a_fragment_cannot_ask_who_reads():
    """A template of a fragment names nothing of the request, and no time: it would stand there for good."""
    used = set()
    for path in (TEMPLATES.parent / "admin_views").rglob("*.py"):
        used |= set(re.findall(r'(?:fragment|pieces_of)\(\s*"([^"]+)"', path.read_text()))
    for path in TEMPLATES.rglob("*.html"):
        used |= set(re.findall(r"fragment\(\s*'([^']+)'", path.read_text()))
    used |= {"admin/menu.html"}
    assert len(used) >= 5
    forbidden = re.compile(r"\b(?:request|session|g|current_person|me)\.|\btheme\(|csp_nonce|get_flashed")
    times = re.compile(r"\|\s*(?:ago|at|waits|day|datetime)\b")
    for name in sorted(used):
        source = re.sub(r"(?s)\{#.*?#\}", "", (TEMPLATES / name).read_text())
        for piece in re.findall(r"(?s)\{[{%].*?[%}]\}", source):
            assert not forbidden.search(piece), name
            assert not times.search(piece), name


def menu_of(agent: Any) -> Any:
    """Return what a page of this agent reads for its menu, which is written later."""
    return desk_menu(agent, {})


def written(menu: Any) -> str:
    """Return the menu as its page shows it."""
    return str(side_menu(menu, None, "", "light"))


def test_a_menu_that_is_written_after_a_change_is_nobody_elses(app, billing, sales, ana, root):
    view = SavedView.create(owner=root, name="Layoffs", query="view=closed", shared=True)
    ana.is_admin = True
    ana.save()
    with app.test_request_context("/admin/tickets/"):
        slow = menu_of(lookups.own_agent(ana.id))
        view.name, ana.is_admin = "Moves", False
        view.save()
        ana.save()
        late = written(slow)
        now = written(menu_of(lookups.own_agent(ana.id)))
    assert "Layoffs" in late
    assert "Moves" in now
    assert "Layoffs" not in now
    assert str(sales) in late
    assert str(sales) not in now


def test_a_menu_says_of_the_mail_server_what_was_read_for_it(app, ana, root, monkeypatch):
    with app.test_request_context("/admin/tickets/"):
        slow = menu_of(root)
        monkeypatch.setattr(outbox_health, "_kept", (time.monotonic(), 0, True))
        texts = [written(slow), written(menu_of(root)), written(menu_of(ana))]
    assert ["No mail leaves" in text for text in texts] == [False, True, False]
