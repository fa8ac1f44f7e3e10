"""What is not the person’s stays: longer addresses, who writes meanwhile, an agent’s own mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import pytest
import time_machine

from helpdesk import clock, journal, settings
from helpdesk.erasing import carrying_out, erasure_log, requests, restoring, vacuuming
from helpdesk.erasing.erasure_log import Entry, row_text
from helpdesk.erasing.person import alone
from helpdesk.errors import StillInUse
from helpdesk.people import customers
from helpdesk.settings.desk import desk_id
from helpdesk.suppression import hash_of
from helpdesk.tickets import customer_change, thread
from models import (
    Agent,
    Customer,
    CustomerAddress,
    Erasure,
    Filter,
    FilterCondition,
    IncomingMail,
    JournalEntry,
    Mailbox,
    MailRecipient,
    OutgoingEmail,
    SavedView,
    SenderRule,
    Service,
    Tag,
    Ticket,
    TicketEvent,
    TicketTag,
    UnconfirmedRequest,
)
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context", "no_files")

ANN, JOANN = "ann@x.example", "joann@x.example"


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests: the numbers of their desks begin again."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


@pytest.fixture
def ann() -> Customer:
    return cast.make_customer("Ann", "Lee", email=ANN)


def plan(customer: Customer, actor: Agent, kind: str = "anonymise") -> Erasure:
    """Let somebody be erased at once."""
    settings.save({"erasure_days": 0})
    return requests.request(customer, kind=kind, word="erase", actor=actor)


def traces(email: str, agent: Agent, service: Service) -> dict[str, Any]:
    """Leave rows that hold an address, and return them by their names."""
    now = clock.now()
    mailbox = Mailbox.get_or_none() or Mailbox.create(name="S", address="support@desk.example", service=service)
    rule = Filter.create(name=f"Of {email}")
    outgoing = {"from_email": "d@desk.example", "locale": "en", "subject": "Hello", "due_at": now, "created_at": now}
    held = IncomingMail.create(
        mailbox=mailbox, sha256=f"{email} {now}", size=1, received_at=now, state="held", from_email=email,
        subject="Held", explanation={"read": {"from": email}},
    )  # fmt: skip
    MailRecipient.create(mail=held, email=email)
    return {
        "held": held,
        "mail": OutgoingEmail.create(
            kind="sign-in", to_email=email, body=f"<p>For {email}.</p>", mail_id=f"<{email}{now}>", **outgoing
        ),
        "request": UnconfirmedRequest.create(
            nonce="n",
            token_hash=f"{email} {now}",
            request={"email": email},
            created_at=now,
            expires_at=now + timedelta(days=1),
        ),
        "view": SavedView.create(owner=agent, name=str(now), query=f"q={quote_plus(email)}&view=search"),
        "filter": FilterCondition.create(rule=rule, field="email", operator="is", value=email),
        "sender": SenderRule.get_or_none(pattern=email) or SenderRule.create(pattern=email),
    }


def values(row: Any) -> dict[str, Any] | None:
    """Return what is stored of a row; None once it is gone."""
    stored = type(row).get_or_none(id=row.id)
    return dict(stored.__data__) if stored is not None else None


@pytest.mark.parametrize("kind", ["anonymise", "delete"])
def test_a_longer_address_that_holds_it_is_somebody_elses(
    kind: str, ann: Customer, sales: Service, ben: Agent, root: Agent
) -> None:
    longer = (JOANN, "jo.ann@x.example", "jo+ann@x.example", "jo-ann@x.example", f"{ANN}.org")
    kept = [row for email in longer for row in traces(email, ben, sales).values()]
    journal.record(journal.Act.PERSON_EXPORTED, actor=ben, subject=JOANN)
    before = [values(row) for row in kept]
    theirs = traces(ANN, ben, sales)
    plan(ann, root, kind)
    assert carrying_out.run_due() == 1
    assert [values(row) for row in kept] == before
    assert JournalEntry.select().where(JournalEntry.subject == JOANN).exists()
    assert [name for name, row in theirs.items() if values(row) is not None] == ["held", "filter"]
    assert IncomingMail.get_by_id(theirs["held"].id).reason == "forgotten"


@pytest.mark.parametrize(
    ("text", "is_theirs"),
    [
        ("ann@x.example", True), ("<ANN@X.example>", True), ("mailto:ann@x.example.", True),
        ("…ann@x.example, and", True), ("q=%22ann%40x.example%22", True), ("q=from%3Aann%40x.example", True),
        ("q=open+ann%40x.example", True), ("Well...ann@x.example", True), ("joann@x.example", False),
        ("q=joann%40x.example", False), ("q=jo%2Bann%40x.example", False), ("jo.ann@x.example", False),
        ("ann@x.example.fr", False), ("ann@x.example-shop.fr", False), ("_ann@x.example", False),
    ],
)  # fmt: skip
def test_an_address_is_found_by_itself(text: str, is_theirs: bool) -> None:
    assert bool(alone(ANN).search(text)) is is_theirs


def test_who_writes_while_it_is_carried_out_loses_nothing(
    ann: Customer, sales: Service, ben: Agent, root: Agent
) -> None:
    row = plan(ann, root)
    assert carrying_out._begin(row.id)
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        left = traces(ANN, ben, sales)
        new = {name: left[name] for name in ("held", "mail", "request")}
        before = {name: values(one) for name, one in new.items()}
        assert carrying_out.carry_out(row.id)
        assert {name: values(one) for name, one in new.items()} == before


def test_the_mail_and_the_sign_ins_of_an_agent_with_the_same_address_stay(
    sales: Service, ben: Agent, root: Agent
) -> None:
    customer = cast.make_customer("Ben", "Ogden", email=ben.email)
    ticket = cast.open_ticket(customer, sales)
    rows = traces(ben.email, ben, sales)
    before = {name: values(row) for name, row in rows.items()}
    journal.record(journal.Act.SIGNED_IN, actor=ben, subject=ben.email, network="192.0.2.1")
    plan(customer, root)
    assert carrying_out.run_due() == 1
    assert {name: values(row) for name, row in rows.items()} == before
    assert JournalEntry.get(JournalEntry.subject == ben.email).network == "192.0.2.1"
    assert Ticket.get_by_id(ticket.id).subject == "[[erased]]"
    assert not CustomerAddress.select().where(CustomerAddress.email == ben.email).exists()


def test_the_name_goes_from_a_ticket_that_was_theirs(ann: Customer, sales: Service, ben: Agent, root: Agent) -> None:
    ticket = cast.open_ticket(ann, sales)
    customer_change.change_customer(ticket, "new@x.example", actor=root, seen=thread.newest_id(ticket))
    row = plan(ann, root)
    assert carrying_out.run_due() == 1
    texts = [str(one.data) for one in TicketEvent.select().where(TicketEvent.ticket == ticket.id)]
    texts += [f"{one.subject} {one.data}" for one in JournalEntry.select()]
    assert not [text for text in texts if "Ann Lee" in text]
    assert any(f"[[erased:{row.id}]]" in text for text in texts)


def test_who_waits_to_be_erased_is_not_deleted(ann: Customer, root: Agent) -> None:
    row = requests.request(ann, kind="delete", word="ERASE", actor=root)
    with pytest.raises(StillInUse, match="about to be erased"):
        customers.delete_customer(ann, actor=root)
    assert Erasure.get_by_id(row.id).customer_id == ann.id


def test_whoever_a_tag_keeps_takes_nobodys_turn(
    ann: Customer, dan: Customer, sales: Service, root: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, other = plan(ann, root), plan(dan, root)
    TicketTag.create(ticket=cast.open_ticket(ann, sales), tag=Tag.create(name="Law", key="law", keeps=True))
    monkeypatch.setattr(carrying_out, "MOST", 1)
    assert carrying_out.run_due() == 1
    assert [Erasure.get_by_id(row.id).state for row in (kept, other)] == ["waiting", "done"]


def test_a_full_disk_is_not_filled_each_minute(
    ann: Customer, root: Agent, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine != "sqlite":
        pytest.skip("PostgreSQL writes no file anew")
    plan(ann, root)
    with monkeypatch.context() as full:
        full.setattr(vacuuming.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1))
        assert carrying_out.run_due() == 1
        assert vacuuming.is_owed()
    vacuuming.run()
    assert not vacuuming.is_owed()


# --- What a restored backup forgets -------------------------------------------------------------------------------


def entry(number: int, *people: str, kind: str = "delete", days: int = 1) -> Entry:
    """Return a line of the log of this desk."""
    desk, at = desk_id(), (clock.now() + timedelta(days=days)).isoformat()
    return Entry(desk, number, at, kind, False, "Root", False, tuple(hash_of(text, desk) for text in people))


def test_an_address_that_was_erased_twice_is_forgotten_once(ann: Customer, dan: Customer) -> None:
    """They came back as a new person, who was erased, too; the backup is older than both."""
    entries = [entry(1, row_text(ann), ANN), entry(2, "99 2026-01-01T00:00:00", ANN, days=2)]
    assert restoring.obey(entries) == 1
    assert Customer.get_or_none(id=ann.id) is None
    assert [row.state for row in Erasure.select().order_by(Erasure.id)] == ["done", "done"]


def test_a_person_who_was_two_rows_in_the_backup_is_forgotten_whole(ann: Customer, dan: Customer) -> None:
    other = cast.make_customer("Ann", "Lee", email="lee@x.example")
    assert restoring.obey([entry(1, row_text(other), "lee@x.example", ANN, kind="anonymise")]) == 2
    erased = {row.id for row in Customer.select().where(Customer.erased_at.is_null(False))}
    assert erased == {ann.id, other.id}
    # The number of the log is that of the row it names.
    assert Erasure.get_by_id(1).customer_id == other.id


def test_whatever_else_is_called_so_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / erasure_log.NAME
    path.write_bytes(b'{}\n[]\n7\n"text"\nnull\n\xff\xfe\n{"people": [], "number": "x"}\n')
    assert erasure_log.read(path) == []
