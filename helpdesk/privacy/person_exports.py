"""A large export of a person is written in the background, to be fetched for seven days by whoever asked for it.

A file lies in a folder of its own in the data folder, which no backup holds: what it says is in the backup already.
What a process leaves half-written when it ends is begun again.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from peewee import Expression, IntegrityError, ModelSelect, fn

from database import database
from helpdesk import access, clock, i18n, notifications, settings
from helpdesk.errors import NotFound
from helpdesk.events import transaction
from helpdesk.files import file_store
from helpdesk.i18n import lazy
from helpdesk.lib import process
from helpdesk.notifications import Cause, Occasion, Recipient
from helpdesk.privacy import person_archive
from helpdesk.privacy.person_archive import Extent
from helpdesk.settings import environment
from models import Agent, Attachment, Customer, Message, PersonExport, Ticket

logger = logging.getLogger(__name__)

#: Too long a name for the folder of attachments: what no export names is deleted here.
FOLDER = "exports-while-they-can-be-fetched"
#: Tickets, and bytes of files, up to which an export is sent at once, while it is written.
TICKETS, BYTES = 50, 20 * 1024 * 1024
#: For how long it can be fetched.
LIFETIME = timedelta(days=7)
#: After how long one that could not be written is tried again, and how often it is tried.
PAUSE, TRIES = timedelta(minutes=10), 3
#: Bytes of the disk that must stay free for everybody else.
SPARE = 200 * 1024 * 1024


def is_large(extent: Extent) -> bool:
    """Whether an export is too much to be sent while it is written."""
    return extent.tickets.count() > TICKETS or _bytes_of(extent) > BYTES


def _bytes_of(extent: Extent) -> int:
    files = Attachment.select(fn.COALESCE(fn.SUM(Attachment.size), 0)).join(Message)
    return int(files.where(Message.ticket.in_(extent.tickets.select(Ticket.id))).scalar())


def of(customer: Customer, *, actor: Agent | Customer) -> PersonExport | None:
    """Return the export of a customer for who asks: one that waits, is ready, or failed; None where there is none."""
    row: PersonExport | None = PersonExport.get_or_none(_mine(customer, actor))
    if row is None or not row.is_ready:
        return row
    is_there = row.expires_at > clock.now() and file_store.location(row.path).is_file()
    return row if is_there else None


def _mine(customer: Customer, actor: Agent | Customer) -> bool:
    mine: bool = (PersonExport.customer == customer.id) & (PersonExport.by_customer == isinstance(actor, Customer))
    return mine


def ask(customer: Customer, *, actor: Agent | Customer) -> PersonExport:
    """Let an export be written; return its row. One that waits already is the same; one that is ready is replaced.

    Raises as `person_archive.admit`.
    """
    person_archive.admit(customer, actor=actor)
    now = clock.now()
    with transaction():
        row = PersonExport.get_or_none(_mine(customer, actor))
        if row is not None and row.state in ("waiting", "working"):
            return row
        path = row.path if row is not None else ""
        try:
            with database.atomic():
                PersonExport.delete().where(_mine(customer, actor)).execute()
                made: PersonExport = PersonExport.create(
                    customer=customer, by_customer=isinstance(actor, Customer), requested_at=now, due_at=now,
                    requested_by=actor.id if isinstance(actor, Agent) else None,
                )  # fmt: skip
        except IntegrityError:
            # Whoever clicks twice asks twice at the same moment.
            other: PersonExport = PersonExport.get(_mine(customer, actor))
            return other
        person_archive.note(customer, actor=actor)
    _discard(path)
    return made


def find(customer: Customer, *, actor: Agent | Customer) -> Path:
    """Return where the file lies that can be fetched. Raises NotFound, NotAllowed."""
    if isinstance(actor, Agent):
        access.require(actor, "administer")
    row = of(customer, actor=actor)
    if row is None or not row.is_ready:
        raise NotFound(lazy("This file is not here any more: ask for it again."))
    return file_store.location(row.path)


# --- What the loop does -------------------------------------------------------------------------------------------


def next_due() -> datetime | None:
    """Return when the next export is to be written, which may be now; None when none waits."""
    due: datetime | None = _waiting().select(PersonExport.due_at).limit(1).scalar()
    return due


def _waiting() -> ModelSelect:
    query = PersonExport.select().where(PersonExport.state == "waiting")
    return query.order_by(PersonExport.due_at, PersonExport.id)


def run(_stopping: threading.Event | None = None) -> bool:
    """Write the export that has waited the longest; whether there was one."""
    row = _claim()
    if row is None:
        return False
    try:
        _make(row)
    except Exception:
        logger.exception("The export no. %s could not be written.", row.id)
        _try_again(PersonExport.id == row.id)
    return True


def _claim() -> PersonExport | None:
    with database.atomic():
        key = _waiting().select(PersonExport.id).where(PersonExport.due_at <= clock.now()).limit(1).scalar()
        take = PersonExport.update(state="working", claimed_by=process.name(), attempts=PersonExport.attempts + 1)
        taken = take.where(PersonExport.id == key, PersonExport.state == "waiting").returning(PersonExport)
        return next(iter(taken.execute()), None) if key is not None else None


def claimants() -> list[str]:
    """Return the processes that are writing an export."""
    names = PersonExport.select(PersonExport.claimed_by).where(PersonExport.state == "working").distinct()
    return [name or "" for (name,) in names.tuples()]


def release(name: str) -> None:
    """Let what a dead process was writing be begun again, unless it died of it each time."""
    _try_again((PersonExport.claimed_by == name) & (PersonExport.state == "working"), pause=timedelta())


def _try_again(chosen: Expression, *, pause: timedelta = PAUSE) -> None:
    """Let exports wait for their next try; after the last one they have failed, which is told for as long as a file."""
    now = clock.now()
    failed = {"state": "failed", "expires_at": now + LIFETIME, "claimed_by": None}
    PersonExport.update(failed).where(chosen, PersonExport.attempts >= TRIES).execute()
    waiting = {"state": "waiting", "due_at": now + pause, "claimed_by": None}
    PersonExport.update(waiting).where(chosen, PersonExport.attempts < TRIES).execute()


def _make(row: PersonExport) -> None:
    extent = (person_archive.for_customer if row.by_customer else person_archive.for_administrator)(row.customer)
    name = secrets.token_hex(32)
    path = f"{FOLDER}/{name[:2]}/{name}"
    target = file_store.location(path)
    file_store.make_folder(target.parent)
    if shutil.disk_usage(target.parent).free < _bytes_of(extent) + SPARE:
        raise OSError("There is too little room on the disk.")
    try:
        size = _write(target, extent)
        if not _store(row, path, size):
            # The person was erased meanwhile, or the export taken back.
            target.unlink(missing_ok=True)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _write(target: Path, extent: Extent) -> int:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        for part in person_archive.stream(extent):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def _store(row: PersonExport, path: str, size: int) -> bool:
    now = clock.now()
    values = {"state": "ready", "path": path, "size": size, "ready_at": now, "expires_at": now + LIFETIME}
    mine = (PersonExport.id == row.id) & (PersonExport.state == "working")
    with transaction():
        is_stored = bool(PersonExport.update(values | {"claimed_by": None}).where(mine).execute())
        recipient = _recipient(row) if is_stored else None
        if recipient is not None:
            own = settings.site_url()
            link = f"{own}/account" if row.by_customer else f"{own}/admin/customers/{row.customer_id}"
            notifications.owe(Cause(Occasion.EXPORT_READY, people=(recipient,), data={"link": link}))
    return is_stored


def _recipient(row: PersonExport) -> Recipient | None:
    """Return who asked for it, where they can be mailed."""
    if row.by_customer:
        address = row.customer.writing_address
        return Recipient(address.email, i18n.supported(row.customer.locale), address=address)
    agent = Agent.get_or_none(Agent.id == row.requested_by, Agent.active, Agent.is_admin)
    return Recipient(agent.email, i18n.supported(agent.locale), agent=agent) if agent is not None else None


# --- What goes ----------------------------------------------------------------------------------------------------


def forget(customer: Customer) -> list[str]:
    """Delete the rows of a customer's exports, in the caller's transaction; return the paths that go after it."""
    gone = PersonExport.delete().where(PersonExport.customer == customer.id).returning(PersonExport.path)
    return [row.path for row in gone.execute() if row.path]


def purge() -> int:
    """Delete what was not fetched in time, and files that no row names; return how many rows."""
    now = clock.now()
    gone = PersonExport.delete().where(PersonExport.expires_at <= now).returning(PersonExport.path)
    paths = [row.path for row in gone.execute()]
    for path in paths:
        _discard(path)
    named = {path for (path,) in PersonExport.select(PersonExport.path).tuples()}
    root = environment.current().data_dir
    limit = (now - timedelta(days=1)).timestamp()
    for file in (root / FOLDER).glob("*/*"):
        if file.relative_to(root).as_posix() not in named and file.stat().st_mtime < limit:
            file.unlink(missing_ok=True)
    return len(paths)


def _discard(path: str) -> None:
    if path:
        with suppress(OSError, NotFound):
            file_store.location(path).unlink(missing_ok=True)
