"""A person whose traces are everywhere, each with a word of its own, and the search for these words afterwards."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

from database import Label, database, is_sqlite
from helpdesk import clock, journal, orders, settings, tickets
from helpdesk.incoming import raw_mail
from helpdesk.joining import merging
from helpdesk.joining.merging import Choices
from helpdesk.operations import backup
from helpdesk.settings import environment
from helpdesk.single_sign_on import linking
from helpdesk.tickets import cc, drafts
from models import (
    Agent,
    Customer,
    Filter,
    FilterCondition,
    IdentityProvider,
    IncomingMail,
    Mailbox,
    MailedMessage,
    MailId,
    MailRecipient,
    Message,
    Organisation,
    OutgoingEmail,
    Rating,
    SavedView,
    SenderRule,
    Service,
    Ticket,
    UnconfirmedRequest,
)
from tests.support import attached, cast, postgres

#: The words, by where they stand.
MARKERS = {
    "name": "Zqnameson", "address": "zqaddress@person.example", "subject": "zqsubject", "body": "zqbodyword",
    "note": "zqnoteword", "file name": "zqfilename", "file content": "zqfilecontent", "copy": "zqcopyword",
    "order": "zqorder77", "comment": "zqcomment", "raw mail": "zqrawmail", "outbox": "zqoutbox",
    "journal": "zqjournal", "search": "zqsearchword", "draft": "zqdraftword", "quotation": "zqquoted",
    "reply": "zqreplyword", "second address": "zqsecond@person.example", "former name": "Zqformer",
    "request": "zqrequest", "former subject": "zqformersubject",
    "network": "192.0.2.77", "merged name": "Zqmergedname", "merged address": "zqmerged@person.example",
    "identity": "zqidentity",
}  # fmt: skip
ORDER = {
    "shop": "web", "number": MARKERS["order"], "email": MARKERS["address"], "date": "2026-03-31", "total": "12.50",
    "currency": "EUR", "lines": [{"name": "Lamp", "quantity": 1, "price": "12.50"}],
}  # fmt: skip


def person() -> Customer:
    """Make the person."""
    return cast.make_customer("Yolanda", MARKERS["name"], email=MARKERS["address"])


def plant(customer: Customer, service: Service, *, agent: Agent, other: Customer) -> Ticket:
    """Let the person leave a trace everywhere; return their ticket."""
    settings.save({"undo_send_seconds": 0})
    orders.save_order(ORDER)
    body = f"{MARKERS['body']} {MARKERS['search']}"
    ticket = cast.open_ticket(
        customer, service, subject=MARKERS["former subject"], body=body, order_number=MARKERS["order"]
    )
    tickets.rename(ticket, f"About {MARKERS['subject']}", actor=agent)
    attached.file(ticket, attached.PDF + MARKERS["file content"].encode(), f"{MARKERS['file name']}.pdf")
    cc.add_cc(ticket, [other.primary_address.email], actor=agent)
    tickets.reply(ticket, f"<p>{MARKERS['reply']} of Yolanda {MARKERS['name']}</p>", actor=agent)
    tickets.add_note(ticket, f"<p>{MARKERS['note']}</p>", actor=agent)
    drafts.save(ticket, drafts.Writing(f"<p>{MARKERS['draft']}</p>"), actor=agent)
    Rating.create(ticket=ticket, score="bad", comment=MARKERS["comment"], rated_at=clock.now())
    elsewhere = cast.open_ticket(other, service, subject="Of somebody else")
    cc.add_cc(elsewhere, [MARKERS["address"]], actor=agent)
    tickets.receive_message(elsewhere, MARKERS["copy"], actor=customer)
    Message.update(author_name=f"Y. {MARKERS['former name']}").where(Message.customer == customer.id).execute()
    _mails(customer, ticket, service)
    _set_up(agent)
    customer.first_name, customer.last_name = "Yolanda", MARKERS["name"]
    journal.record(journal.Act.PERSON_EXPORTED, actor=agent, subject=customer.display_name, why=MARKERS["address"])
    journal.sign_in_refused(MARKERS["address"], MARKERS["network"])
    provider = IdentityProvider.create(label=Label(en="Acme"), issuer="https://sso.desk.example", client_id="desk")
    linking.store(customer, provider, MARKERS["identity"], MARKERS["address"])
    # What is merged leaves a line with its subject in the journal.
    merged = cast.open_ticket(customer, service, subject=MARKERS["journal"])
    tickets.merge(merged, ticket, actor=agent)
    twin = cast.make_customer("", MARKERS["merged name"], email=MARKERS["merged address"])
    merging.merge(twin, customer, Choices(), actor=cast.owner())
    return ticket


def _mails(customer: Customer, ticket: Ticket, service: Service) -> None:
    first = Message.select().where(Message.ticket == ticket.id).order_by(Message.id).get()
    mailbox = Mailbox.create(name="Support", address="support@desk.example", service=service)
    raw = f"From: {MARKERS['address']}\r\nSubject: hello\r\n\r\n{MARKERS['raw mail']}\r\n".encode()
    for uid, values in enumerate(
        (
            {"ticket": ticket, "message": first, "state": "new"},
            {"state": "held", "from_email": MARKERS["address"]},
            {"state": "ignored", "from_email": "bob@b.example"},
        ),
        1,
    ):
        path, digest = raw_mail.keep(raw + str(uid).encode())
        mail = IncomingMail.create(
            mailbox=mailbox, uid=uid, sha256=digest, size=len(raw), path=path, received_at=clock.now(),
            subject=MARKERS["raw mail"], explanation={"read": {"from": MARKERS["address"]}},
            mail_id=f"<{MARKERS['raw mail']}{uid}@person.example>", **values,
        )  # fmt: skip
        MailRecipient.create(mail=mail, email=MARKERS["address"])
    MailedMessage.create(
        message=first, sender=MARKERS["address"], mailbox="support@desk.example", rest=MARKERS["quotation"]
    )
    MailId.create(mail_id="<zqmailid@desk.example>", ticket=ticket, address=customer.primary_address)
    OutgoingEmail.update(body=OutgoingEmail.body.concat(MARKERS["outbox"])).where(
        OutgoingEmail.ticket == ticket.id
    ).execute()
    UnconfirmedRequest.create(
        nonce="n", token_hash="h", request={"email": MARKERS["address"], "subject": MARKERS["request"]},
        created_at=clock.now(), expires_at=clock.now(),
    )  # fmt: skip


def _set_up(agent: Agent) -> None:
    SavedView.create(owner=agent, name="Hers", query="q=zqaddress%40person.example&view=search")
    rule = Filter.create(name="Hers")
    FilterCondition.create(rule=rule, field="email", operator="is", value=MARKERS["address"])
    note, pinned = f"Ask {MARKERS['address']}", f"<p>Call {MARKERS['address']}</p>"
    Organisation.create(name="Hers", key="hers", note=note, pinned=pinned, created_at=clock.now())
    SenderRule.create(pattern=MARKERS["address"])
    SenderRule.create(pattern="person.example", note=f"Not {MARKERS['address']}")


def left_in(data: bytes) -> set[str]:
    """Return which words stand in these bytes."""
    folded = data.lower()
    return {name for name, word in MARKERS.items() if word.lower().encode() in folded}


def places() -> dict[str, bytes]:
    """Return all that the desk keeps: its database, its data folder, and a backup made now."""
    folder = environment.current().data_dir
    held = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "backups" not in path.parts
    }
    if is_sqlite():
        for name in (database.database, f"{database.database}-wal"):
            held[Path(name).suffix] = Path(name).read_bytes() if Path(name).exists() else b""
    else:
        dump = [str(postgres.programs() / "pg_dump"), environment.current().database_url]
        held["dump"] = subprocess.run(dump, capture_output=True, check=True).stdout
    target = folder / "now.zip"
    backup.backup(target)
    with zipfile.ZipFile(target) as archive:
        held["backup"] = b"".join(archive.read(name) for name in archive.namelist())
    target.unlink()
    return held


def left() -> dict[str, set[str]]:
    """Return which words are left in which place."""
    return {place: words for place, content in places().items() if (words := left_in(content))}
