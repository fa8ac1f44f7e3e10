"""Errors are pages of the desk, in the reader's language, with a way on; and what was typed is given back."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import suppress
from datetime import timedelta
from html import unescape
from pathlib import Path

import psycopg
import pytest
from peewee import OperationalError

from admin_views.setup.workflow import TagsView
from database import Stamp
from engines import open_database
from helpdesk import settings
from helpdesk.errors import TooMany
from helpdesk.lib import throttle
from helpdesk.operations import readiness, workers
from helpdesk.people import agents
from models import Agent, Customer, Message, Tag, Ticket
from tests.public.filling import fill, send
from tests.support import cast, doors, sqlite_only
from web import errors, sessions

pytestmark = sqlite_only

OURS = {"Origin": "http://localhost"}
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def given_back(answer) -> dict[str, str]:
    """Return the fields that a page offers to send again."""
    form = answer.get_data(as_text=True).partition("Send again")[0].rpartition("<form")[2]
    return {name: unescape(value) for name, value in FIELD.findall(form)}


def send_again(client, answer):
    return client.post(answer.request.path, data=given_back(answer), headers=OURS)


def test_an_expired_form_is_sent_again_with_all_that_was_typed(client_of, root):
    client = client_of(root)
    answer = client.post("/admin/tags/new/", data={"name": "späte Post", "csrf_token": "old"}, headers=OURS)
    assert answer.status_code == 400
    assert "Send again" in doors.text_of(answer)
    assert send_again(client, answer).status_code == 302
    assert Tag.get().name == "späte Post"


def test_a_lost_session_keeps_the_form_of_a_visitor(client, billing, invoices):
    typed = {"email": "zoe@customer.example", "subject": "A bell", "message": "Line one\r\nLine “two” <b>"}
    answer = client.post("/tickets/new", data=typed, headers=OURS)
    assert typed.items() <= given_back(answer).items()
    assert "Line “two” <b>" in doors.text_of(send_again(client, answer))


def test_a_sign_in_that_ended_gives_the_form_back(app, client_of, root):
    client = app.test_client()
    answer = doors.post(client, "/admin/tags/new/", {"name": "late"}, headers=OURS)
    assert (answer.status_code, Tag.select().count()) == (401, 0)
    doors.post(client, "/admin/sign-in", {"email": root.email, "password": cast.PASSWORD})
    assert send_again(client, answer).status_code == 302
    assert Tag.get().name == "late"


@pytest.mark.parametrize("who", ["agent", "customer"])
def test_what_was_written_is_sent_with_one_click_after_signing_in(client, root, carol, ticket, who):
    Customer.update(password_hash=cast.password_hash()).execute()
    doors_of = {
        "agent": (root.email, "/admin/sign-in", f"/admin/tickets/{ticket.number}/reply", "body"),
        "customer": ("carol@customer.example", "/sign-in", f"/tickets/{ticket.number}", "message"),
    }
    email, door, page, name = doors_of[who]
    text = "Line one\r\nLine “two” & more"
    answer = doors.post(client, page, {name: text, "form_key": "a key of this form"}, headers=OURS)
    assert (answer.status_code, Message.select().count()) == ({"agent": 401, "customer": 404}[who], 1)
    doors.post(client, door, {"email": email, "password": cast.PASSWORD, "enter": "1"})
    assert send_again(client, answer).status_code in {302, 303}
    assert "Line “two” &amp; more" in Message.select().order_by(Message.id.desc()).get().body


@pytest.mark.parametrize("change", ["field", "address", "browser", "site"])
def test_a_given_back_form_is_good_for_what_was_typed_there_alone(app, client_of, root, change):
    client, headers = app.test_client(), OURS
    answer = doors.post(client, "/admin/tags/new/", {"name": "late"}, headers=OURS)
    doors.post(client, "/admin/sign-in", {"email": root.email, "password": cast.PASSWORD})
    sent, path = given_back(answer), answer.request.path
    if change == "field":
        sent["name"] = "another"
    if change == "address":
        path = "/admin/statuses/new/"
    if change == "browser":
        client = client_of(root)
    if change == "site":
        headers = {"Origin": "https://evil.example"}
    assert client.post(path, data=sent, headers=headers).status_code == 400
    assert not Tag.select().exists()


@pytest.mark.parametrize("origin", ["http://[", "null", "https://evil.example", "http://localhost.evil.example"])
def test_a_form_of_nobody_or_of_another_site_is_not_given_back(client_of, root, origin):
    answer = client_of(root).post("/admin/tags/new/", data={"name": "planted"}, headers={"Origin": origin})
    assert answer.status_code == 400
    assert "planted" not in answer.text


def test_who_typed_nothing_is_led_to_sign_in(client, database):
    answer = doors.post(client, "/admin/tags/delete/", {"id": "1"}, headers=OURS)
    assert answer.location == "/admin/sign-in"


def test_no_password_is_given_back(client, root):
    typed = {"email": root.email, "password": cast.PASSWORD, "csrf_token": "old"}
    answer = client.post("/admin/sign-in", data=typed, headers=OURS)
    assert given_back(answer)["email"] == root.email
    assert cast.PASSWORD not in answer.get_data(as_text=True)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_another_site_puts_no_words_on_our_page(client, database, origin):
    headers = {"Origin": origin} if origin else {}
    answer = client.post("/tickets/new", data={"message": "Give me your money"}, headers=headers)
    assert answer.status_code == 400
    assert "money" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/tickets/new", "/nowhere"])
@pytest.mark.parametrize("piece", ["<a ", '<a b="', "<!--", "&#" + "9" * 5000 + ";<"])
def test_a_hostile_text_is_given_back_within_a_moment(client, database, path, piece):
    text = ("<p>" + piece * 160_000)[:480_000]
    for length in (90_000, 480_000):
        started = time.process_time()
        answer = client.post(path, data={"message": text[:length]}, headers=OURS)
        assert time.process_time() - started < 5
        assert answer.status_code in {400, 404}
        assert given_back(answer)["message"] == text[:length]


def test_a_text_of_an_editor_is_given_back_to_be_read(client, database):
    typed = {"body": "<div>One line of an answer</div><ul><li>and a point of it</li></ul>"}
    answer = client.post("/nowhere", data=typed, headers=OURS)
    assert "One line of an answer\n\n- and a point of it" in unescape(answer.text)


def test_an_answer_to_a_ticket_that_went_out_of_reach_is_given_back(client, ticket):
    text = "I have looked again and the total is still wrong, sorry."
    answer = doors.post(client, f"/tickets/{ticket.number}/answer", {"message": text}, headers=OURS)
    assert answer.status_code == 404
    assert text in doors.text_of(answer)


def test_too_large_names_the_limits(client, database):
    body = b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\n' + b"x" * 2_200_000 + b"\r\n--x--\r\n"
    answer = client.post("/tickets/new", data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "32 MB at most, its text 2 MB" in doors.text_of(answer)


def test_too_many_tries_tells_the_wait(app, client, database, monkeypatch):
    def refuse():
        raise TooMany(wait=150)

    monkeypatch.setitem(app.view_functions, "public.health", refuse)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "150")
    assert "Try again in 3 minutes" in doors.text_of(answer)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_refusal_looks_like_the_desk(app, client, client_of, ana, language, monkeypatch):
    def broken():
        raise ZeroDivisionError

    monkeypatch.setitem(app.view_functions, "public.health", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    ana.locale = language
    ana.save()
    signed_in, headers = client_of(ana), {"Accept-Language": language}
    answers = {
        400: client.post("/tickets/new", headers=headers), 404: client.get("/nothing", headers=headers),
        405: client.get("/language", headers=headers), 403: signed_in.get("/admin/configuration/"),
        500: client.get("/healthz", headers=headers),
    }  # fmt: skip
    for code, answer in answers.items():
        page = answer.get_data(as_text=True)
        assert answer.status_code == code
        assert f'<html lang="{language}"' in page
        assert re.search(r"(desk|public)\.css", page)
        assert 'class="btn' in page
        assert "Traceback" not in page


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_lost_database_is_told_on_a_page_of_the_desk(app, client, database, language):
    database.close_all()
    database.initialize(open_database("postgresql://nobody@127.0.0.1:1/none"))
    answer = client.get("/sign-in", headers={"Accept-Language": language})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "script-src 'self' 'nonce-" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert f'<html lang="{language}"' in page
    assert re.search(r"(desk|public)\.css", page)


def test_a_lost_database_is_told_in_the_language_of_the_switch(app, client, database):
    client.set_cookie("language", "fr")
    database.close_all()
    database.initialize(open_database("postgresql://nobody@127.0.0.1:1/none"))
    answer = client.get("/sign-in", headers={"Accept-Language": "en"})
    assert '<html lang="fr"' in answer.get_data(as_text=True)


def test_a_full_disk_is_told_in_the_language_of_the_account(app, client_of, ana, monkeypatch):
    client = client_of(ana)
    agents.save_profile(Agent.get_by_id(ana.id), {"locale": "fr"})

    def speak():
        assert sessions.current_person() == ana
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setitem(app.view_functions, "public.sign_in", speak)
    answer = client.get("/sign-in", headers={"Accept-Language": "en"})
    assert (answer.status_code, '<html lang="fr"' in answer.get_data(as_text=True)) == (503, True)


def test_a_full_disk_is_told_and_gives_back_what_was_typed(app, database, sales):
    client = app.test_client()
    form = fill(client, message="A long story. " * 20)
    pages = database.execute_sql("PRAGMA page_count").fetchone()[0]
    database.execute_sql(f"PRAGMA max_page_count = {pages}")
    message = "A very long story, longer than what is left on the disk. " * 1_500
    answer = doors.post(client, "/tickets/new", {**form, "message": message}, headers={"Origin": "http://localhost"})
    assert answer.status_code == 503
    assert "The disk of its server is full" in doors.text_of(answer)
    assert "longer than what is left on the disk" in answer.get_data(as_text=True)
    assert not Ticket.select().exists()
    database.execute_sql("PRAGMA max_page_count = 1073741823")
    assert send(client, {**form, "message": message}).status_code == 303


def test_a_watching_program_hears_of_a_disk_without_room(client, database, monkeypatch):
    monkeypatch.setattr(readiness, "LEAST_ROOM", 2**62)
    workers.beat()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "To mend: Disk\n")


@pytest.mark.parametrize(
    ("path", "code"), [("/admin/nowhere", 404), ("/admin/users/", 403), ("/admin/tickets/999", 404)]
)
def test_an_agent_who_is_refused_keeps_the_menu(client_of, ana, path, code):
    answer = client_of(ana).get(path)
    page = answer.get_data(as_text=True)
    assert answer.status_code == code
    assert 'class="side"' in page
    assert "My tickets" in doors.text_of(answer)
    assert '<a class="btn btn-plain" href="/admin/tickets/">' in page
    assert 'href="/admin/dashboard/">Go to the dashboard' in page


def test_a_stranger_and_a_customer_meet_no_menu_of_the_desk(app, client_of, carol):
    for client in (app.test_client(), client_of(carol)):
        assert 'class="side"' not in client.get("/admin/nowhere").get_data(as_text=True)


def test_a_failure_of_ours_asks_for_no_menu(app, client_of, root, monkeypatch):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(TagsView, "get_query", lambda _view: 1 // 0)
    answer = client_of(root).get("/admin/tags/")
    assert answer.status_code == 500
    assert 'class="side"' not in answer.get_data(as_text=True)


def test_a_menu_that_the_database_refuses_leaves_the_plain_page(app, client_of, ana, monkeypatch):
    def lost():
        raise OperationalError

    monkeypatch.setitem(app.extensions, errors.FRAME, lost)
    answer = client_of(ana).get("/admin/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here" in doors.text_of(answer)
    assert 'class="side"' not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("who", "url", "values"),
    [
        ("client", "/sign-in", {"email": "a@b.example", "password": "guess"}),
        ("client", "/sign-in", {"email": "a@b.example", "link": "1"}),
        ("client", "/links/new", {"email": "a@b.example"}),
        ("client", "/admin/sign-in", {"email": "a@b.example", "password": "guess"}),
        ("client", "/admin/forgotten", {"email": "a@b.example"}),
        ("carol", "/tickets/{number}", {"message": "Are you there?"}),
        ("ana", "/admin/profile/password", {"current": "guess", "password": "a new password", "repeat": "x"}),
    ],
)
def test_a_form_tried_too_often_tells_programs_the_wait(request, client_of, ticket, monkeypatch, who, url, values):
    def refuse(*_words, **_limits):
        raise throttle.too_many_error(timedelta(seconds=150))

    settings.save({"mail_host": "smtp.example.org"})
    monkeypatch.setattr(throttle, "hit", refuse)
    person = request.getfixturevalue(who)
    answer = doors.post(person if who == "client" else client_of(person), url.format(number=ticket.number), values)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, "150")
    assert "Try again in 3 minutes" in doors.text_of(answer)


def test_a_full_disk_is_told_to_who_signs_in(app, database, ana):
    pages = database.execute_sql("PRAGMA page_count").fetchone()[0]
    database.execute_sql(f"PRAGMA max_page_count = {pages}")
    client = app.test_client()
    with suppress(OperationalError):  # until nothing fits any more
        for number in range(2_000):
            Stamp.insert(id=1_000 + number, value=0).execute()
    form = {"email": ana.email, "password": cast.PASSWORD}
    answers = {doors.post(client, "/admin/sign-in", form, headers=OURS).status_code for _ in range(60)}
    assert 503 in answers
    assert answers <= {302, 303, 503}


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("database or disk is full"), psycopg.errors.DiskFull("no room left")]
)
def test_what_a_driver_says_by_itself_is_told_on_a_page(app, client, error, monkeypatch):
    def speak():
        raise error

    monkeypatch.setitem(app.view_functions, "public.sign_in", speak)
    answer = client.get("/sign-in")
    assert answer.status_code == 503
    assert "The disk of its server is full" in doors.text_of(answer)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_file_that_is_not_the_desks_is_told(app, database, ana, language):
    client = app.test_client()
    file = Path(database.database)
    database.close_all()
    file.rename(file.with_suffix(".aside"))
    try:
        answer = client.get("/sign-in", headers={"Accept-Language": language})
        assert answer.status_code == 503
        words = {"en": "The desk has lost its database", "fr": "Le support a perdu sa base de données"}[language]
        assert words in doors.text_of(answer)
        assert not file.exists()
    finally:
        file.with_suffix(".aside").rename(file)
    assert client.get("/sign-in").status_code == 200


def test_what_a_form_answers_may_be_had_again_by_back(client, client_of, root, billing, invoices):
    """A browser takes the answer of a POST from its own store only: *no-store* there ends in its error page."""
    refused = doors.post(client_of(root), "/admin/tags/new/", {"name": ""})
    assert (refused.headers["Cache-Control"], refused.vary.to_header()) == ("private, no-cache", "")
    refused = doors.post(client, "/tickets/new", {"subject": "x"})
    assert (refused.status_code, refused.headers["Cache-Control"]) == (422, "private, no-cache")
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert doors.post(client_of(root), "/admin/sign-out").headers["Clear-Site-Data"] == '"cache"'


@pytest.mark.parametrize("path", ["/admin/tickets/%s/reply", "/admin/priorities/new/", "/admin/profile"])
def test_who_is_signed_out_is_told_so_at_once_and_not_that_a_form_has_expired(app, ticket, path):
    typed = {"body": "<p>We are on it.</p>", "name": "Somebody", "csrf_token": "of a session that has ended"}
    answer = app.test_client().post(path.replace("%s", ticket.number), data=typed, headers=OURS)
    assert answer.status_code == 401
    assert "You are signed out" in doors.text_of(answer)
    assert "This form has expired" not in doors.text_of(answer)
    assert 'value="Somebody"' in answer.text


def test_the_form_to_sign_in_expires_as_any_other(app):
    typed = {"email": "ana@example.com", "csrf_token": "of a session that has ended"}
    answer = app.test_client().post("/admin/sign-in", data=typed, headers=OURS)
    assert answer.status_code == 400
    assert "This form has expired" in doors.text_of(answer)
