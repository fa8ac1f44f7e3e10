"""What collides with somebody else's act is tried once more; what it refers to may be gone, and is told in words."""

from __future__ import annotations

import io
import logging
import threading
from typing import Any

import psycopg
import pytest

from helpdesk import outbox, tickets
from helpdesk.errors import NotAllowed
from helpdesk.operations import doctor
from helpdesk.outbox import claims
from helpdesk.people import teams
from helpdesk.settings import environment
from models import Agent, Attachment, Message, OutgoingEmail, Team, Ticket, TicketEvent, Upload
from tests.support import attached, cast, doors, postgresql_only
from tests.support.doors import post, signed_in
from tests.support.waiting import PATIENCE, wait_until

DESK = "/admin/tickets/"


WAITS_FOR_ME = "SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"


@postgresql_only
def test_a_deadlock_is_tried_once_more_and_nobody_hears_of_it(
    app: Any, ana: Agent, ticket: Ticket, carol: Any, billing: Any, invoices: Any, caplog: Any
) -> None:
    other = cast.open_ticket(carol, billing, invoices)
    browser, codes = signed_in(app, ana), []
    lock = "SELECT 1 FROM ticket WHERE id = %s FOR UPDATE"
    with psycopg.connect(environment.current().database_url) as rival:
        # PostgreSQL ends who looks first whether both wait for each other: the page. (Only its owner may set that.)
        rival.execute(
            "SELECT set_config('deadlock_timeout', '60s', false) WHERE current_setting('is_superuser') = 'on'"
        )
        rival.execute(lock, (other.id,))
        form = {"into": other.number, "confirmed": "1"}
        sending = threading.Thread(
            target=lambda: codes.append(post(browser, f"{DESK}{ticket.number}/merge", form).status_code)
        )
        sending.start()
        # The page has the first ticket and waits for the second.
        wait_until(lambda: rival.execute(WAITS_FOR_ME).fetchone())
        rival.execute(lock, (ticket.id,))
        rival.commit()
    sending.join(PATIENCE)
    assert codes == [302]
    assert "tried once more" in caplog.text
    assert not Ticket.select().where(Ticket.id == ticket.id).exists()


# --- What ended leaves nothing behind -----------------------------------------------------------------------------


def test_tickets_of_accounts_and_teams_that_ended_are_freed_once_a_day(
    app: Any, ticket: Ticket, ana: Agent, team: Team
) -> None:
    with_team = cast.open_ticket(ticket.customer, ticket.service, ticket.department)
    Ticket.update(assignee=ana).where(Ticket.id == ticket.id).execute()
    Ticket.update(team=team).where(Ticket.id == with_team.id).execute()
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    Team.update(enabled=False).where(Team.id == team.id).execute()
    with app.test_request_context():
        found = next(check for check in doctor.checks(deep=False) if check.name == "Assigned tickets")
    assert (found.ok, found.text[:9]) == (False, "2 tickets")
    assert teams.free_leftovers() == 2
    assert not any(Ticket.get_by_id(row.id).is_assigned for row in (ticket, with_team))
    assert TicketEvent.select().where(TicketEvent.kind == "unassigned").count() == 2
    assert teams.free_leftovers() == 0


def test_who_was_disabled_meanwhile_acts_no_more(ticket: Ticket, ana: Agent) -> None:
    before = Agent.get_by_id(ana.id)
    Agent.update(active=False).where(Agent.id == ana.id).execute()
    with pytest.raises(NotAllowed, match="disabled"):
        tickets.reply(ticket, "<p>Still here</p>", actor=before)
    assert Message.select().count() == 1


# --- Who assigns second is told -----------------------------------------------------------------------------------


def state_of(page: str) -> str:
    return page.split('name="known" value="', 1)[1].split('"', 1)[0]


@pytest.mark.parametrize(
    ("act", "form"), [("update", {"assignee": "agent-{root}"}), ("transfer", {"to": "agent-{root}"}), ("take", {})]
)
def test_who_assigns_a_ticket_that_somebody_just_got_is_told(
    app: Any, ticket: Ticket, ana: Agent, root: Agent, act: str, form: dict[str, str]
) -> None:
    browser = signed_in(app, ana)
    page = browser.get(DESK + ticket.number).get_data(as_text=True)
    ben = cast.make_agent("Ben", None)
    tickets.assign(ticket, ben, actor=root)
    values = {name: value.format(root=root.id) for name, value in form.items()}
    answer = post(browser, f"{DESK}{ticket.number}/{act}", {"known": state_of(page), **values}, follow_redirects=True)
    assert "Meanwhile it has been assigned to Ben" in doors.text_of(answer)
    assert Ticket.get_by_id(ticket.id).assignee == ben
    # The page that came back knows: the same again is what one wants.
    values["known"] = state_of(answer.get_data(as_text=True))
    post(browser, f"{DESK}{ticket.number}/{act}", values)
    assert Ticket.get_by_id(ticket.id).assignee == (ana if act == "take" else root)


def test_many_are_assigned_but_those_that_somebody_just_got(app: Any, ticket: Ticket, ana: Agent, root: Agent) -> None:
    other = cast.open_ticket(ticket.customer, ticket.service, ticket.department)
    browser = signed_in(app, root)
    made = browser.get(DESK).get_data(as_text=True).split('name="made" value="', 1)[1].split('"', 1)[0]
    tickets.take(ticket, actor=ana)
    form = {"number": [ticket.number, other.number], "value": f"agent-{root.id}", "made": made}
    answer = post(browser, "/admin/bulk/assign", form, follow_redirects=True)
    assert "1 ticket was refused: Meanwhile it has been assigned to Ana" in doors.text_of(answer)
    assert [Ticket.get_by_id(row.id).assignee for row in (ticket, other)] == [ana, root]


def test_what_the_page_left_as_it_was_undoes_nothing(app: Any, ticket: Ticket, ana: Agent, root: Agent) -> None:
    browser = signed_in(app, root)
    page = browser.get(DESK + ticket.number).get_data(as_text=True)
    tickets.take(ticket, actor=ana)
    tickets.set_tags(ticket, ["urgent"], actor=ana)
    panel = page.partition('id="details"')[2].partition("</form>")[0]
    shown = {name: panel.split(f'name="shown_{name}" value="', 1)[1].split('"', 1)[0]
             for name in ("assignee", "status", "priority", "tags")}  # fmt: skip
    closed = next(value for value in ("2", "3") if value != shown["status"])
    form = {**shown, **{f"shown_{name}": value for name, value in shown.items()}, "status": closed}
    assert post(browser, f"{DESK}{ticket.number}/update", {**form, "known": state_of(page)}).status_code == 302
    now = Ticket.get_by_id(ticket.id)
    assert (now.assignee, str(now.status_id)) == (ana, closed)
    assert [row.tag.name for row in now.ticket_tags] == ["urgent"]


# --- Files of one form, sent by two pages -------------------------------------------------------------------------


def reply(browser: Any, ticket: Ticket, **form: Any) -> Any:
    return post(browser, f"{DESK}{ticket.number}/reply", {"body": "See the file", "kind": "note", **form})


def test_two_answers_of_one_key_take_each_its_own_file(app: Any, ticket: Ticket, ana: Agent) -> None:
    browser = signed_in(app, ana)
    key = attached.files_key(browser.get(DESK + ticket.number).get_data(as_text=True))
    waiting = post(browser, "/admin/files/upload", {"files_key": key, "files": (io.BytesIO(attached.PDF), "b.pdf")})
    form = {"files_key": key, "form_key": "a", "files_shown": "", "files": (io.BytesIO(attached.PDF), "a.pdf")}
    assert reply(browser, ticket, **form).status_code == 302
    form = {"files_key": key, "form_key": "b", "files_shown": waiting.json["id"], "body": "Another"}
    assert reply(browser, ticket, **form).status_code == 302
    files = {row.message.form_key: row.name for row in Attachment.select()}
    assert files == {"a": "a.pdf", "b": "b.pdf"}


def test_a_file_that_another_answer_took_is_told_and_the_text_stays(app: Any, ticket: Ticket, ana: Agent) -> None:
    browser = signed_in(app, ana)
    key = attached.files_key(browser.get(DESK + ticket.number).get_data(as_text=True))
    post(browser, "/admin/files/upload", {"files_key": key, "files": (io.BytesIO(attached.PDF), "one.pdf")})
    form = {"files_key": key, "files_shown": str(Upload.get().id)}
    assert reply(browser, ticket, form_key="a", **form).status_code == 302
    again = reply(browser, ticket, form_key="b", body="My second answer", **form)
    assert (again.status_code, "A file is not here any more" in doors.text_of(again)) == (422, True)
    assert "My second answer" in again.get_data(as_text=True)
    # The page that came back shows no file: sending it once more goes through.
    assert (
        reply(browser, ticket, form_key="b", body="My second answer", files_key=key, files_shown="").status_code == 302
    )


# --- A merge while a mail goes out --------------------------------------------------------------------------------


def test_a_merge_beside_the_delivery_is_nobodys_error(
    app: Any, smtp: Any, ticket: Ticket, root: Agent, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    target, real = cast.open_ticket(ticket.customer, ticket.service, ticket.department), claims.claim

    def claim_beside_merge(count: int = 1) -> list[OutgoingEmail]:
        claimed = real(count)
        if Ticket.select().where(Ticket.id == ticket.id).exists():
            tickets.merge(Ticket.get_by_id(ticket.id), Ticket.get_by_id(target.id), actor=root)
        return claimed

    monkeypatch.setattr(claims, "claim", claim_beside_merge)
    count = OutgoingEmail.select().count()
    with caplog.at_level(logging.WARNING):
        while outbox.deliver_due():
            pass
    assert caplog.records == []
    assert len(smtp.messages) == count == OutgoingEmail.select().where(OutgoingEmail.state == "sent").count()
