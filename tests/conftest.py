"""Fixtures shared by every test: a desk on both engines, its cast, its doors, a mailbox and a browser."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask.testing import FlaskClient

import database as db
from helpdesk import clock, settings
from helpdesk.lib import passwords
from helpdesk.settings import environment, environment_file
from helpdesk.single_sign_on import providers
from models import Agent, Customer, Department, Identity, IdentityProvider, Service, Team, Ticket
from tests.support import browsing, cast, collecting, doors, programs, reading, selection
from tests.support.desks import REAL_HASHER, Desk, Desks
from tests.support.mailbox import Mailbox
from tests.support.oidc_provider import OidcProvider
from tests.support.postgres import Missing

ENGINES = ("sqlite", "postgresql")
#: Folders of a data folder that hold no files of anybody: what runs, and compiled templates.
LASTING = frozenset({"processes", "cache"})


def skip(reason: str) -> NoReturn:
    """Skip for want of a program, or fail where everything must be there (``CI``)."""
    if os.environ.get("CI"):
        pytest.fail(f"CI is set and {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our own options."""
    selection.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Compile the program once, also where Python is told to write no bytecode: each program a test starts would."""
    if sys.dont_write_bytecode and not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="bytecode-")
        config.add_cleanup(folder.cleanup)
        os.environ["PYTHONPYCACHEPREFIX"] = folder.name
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Share with the processes beside this one what reading the tests costs."""
    collecting.read_share(session.config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose what runs, and in which order."""
    selection.choose(config, items)


def pytest_runtestloop() -> None:
    """Spare the collector of garbage what was read for the whole run: it would walk through all tests each time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take from a worker of xdist how many tests it left out."""
    selection.remember_not_tried(node.config, getattr(node, "workeroutput", {}).get("not_tried", 0))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say plainly what was not tried, and why."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = " ".join(reason.removeprefix("Skipped: ").split())
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"NOT TRIED: {count} tests, because {reason}", yellow=True)
    left_out = config.stash.get(selection.NOT_TRIED, 0)
    if left_out:
        terminalreporter.write_line(f"NOT TRIED: {left_out} tests of pages on PostgreSQL (--engine all)", yellow=True)


def pytest_sessionstart() -> None:
    """Let no test reach another machine, nor read the variables of a desk that lives in this folder."""
    environment_file.PATH = environment.ROOT / "no.env"
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    socket.socket.connect = only_here  # type: ignore[method-assign]


# --- The desk -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    """The desks of the run; `desks.postgres_url("name")` gives one more empty PostgreSQL database."""
    made = Desks(tmp_path_factory.mktemp("desks"))
    yield made
    made.close()


@pytest.fixture(scope="session", autouse=True)
def lent_processes() -> Iterator[None]:
    """One process reads the mails of every test, and one waits to become the command that a test runs."""
    reading.lend()
    yield
    reading.end()
    programs.end()


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest, desks: Desks) -> str:
    """The engine of this run of the test. ``@support.sqlite_only`` keeps a test to one."""
    try:
        desks.on(request.param)
    except Missing as missing:
        skip(f"PostgreSQL is missing: {missing}")
    return str(request.param)


@pytest.fixture
def desk(engine: str, desks: Desks) -> Iterator[Desk]:
    """A migrated desk, empty but for its defaults."""
    made = desks.on(engine)
    made.begin()
    yield made
    made.end()


@pytest.fixture
def database(desk: Desk) -> Any:
    """The database of a migrated desk: for tests of rules."""
    return db.database


@pytest.fixture
def data_dir(desk: Desk) -> Path:
    """The data folder."""
    return environment.current().data_dir


@pytest.fixture
def app(desk: Desk) -> Any:
    """The application on that desk."""
    return desk.app


@pytest.fixture
def request_context(app: Any) -> Iterator[None]:
    """A request in English, for rules whose texts are translated."""
    with app.test_request_context():
        yield


@pytest.fixture
def real_hasher(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords hashed as a desk hashes them. Comes before whoever has one."""
    monkeypatch.setattr(passwords, "_hasher", REAL_HASHER)
    for made in (cast.password_hash, passwords._hash_of_nobody):
        made.cache_clear()
    yield
    for made in (cast.password_hash, passwords._hash_of_nobody):
        made.cache_clear()


# --- The cast -----------------------------------------------------------------------------------------------------


@pytest.fixture
def billing(database: Any) -> Service:
    """A service with the departments Invoices and Refunds."""
    return cast.make_service("Billing", "Invoices", "Refunds")


@pytest.fixture
def invoices(billing: Service) -> Department:
    """A department of Billing."""
    return Department.get(Department.service == billing)


@pytest.fixture
def sales(database: Any) -> Service:
    """A service without departments."""
    return cast.make_service("Sales", position=1)


@pytest.fixture
def ana(billing: Service) -> Agent:
    """An agent of Billing."""
    return cast.make_agent("Ana", billing)


@pytest.fixture
def ben(sales: Service) -> Agent:
    """An agent of Sales."""
    return cast.make_agent("Ben", sales)


@pytest.fixture
def mona(database: Any) -> Agent:
    """The manager of an enabled team, without permissions of her own."""
    mona = cast.make_agent("Mona")
    cast.make_team("Night watch", manager=mona)
    return mona


@pytest.fixture
def team(mona: Agent) -> Team:
    """The team that Mona manages."""
    return Team.get(Team.manager == mona)


@pytest.fixture
def root(database: Any) -> Agent:
    """An administrator."""
    return cast.make_agent("Root", is_admin=True)


@pytest.fixture
def carol(database: Any) -> Customer:
    """A customer with a proven address."""
    return cast.make_customer("Carol", "Jones")


@pytest.fixture
def dan(database: Any) -> Customer:
    """Another customer with a proven address."""
    return cast.make_customer("Dan", "Brown")


@pytest.fixture
def ticket(carol: Customer, billing: Service, invoices: Department) -> Ticket:
    """Carol's ticket in Billing / Invoices."""
    return cast.open_ticket(carol, billing, invoices)


# --- Doors --------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(app: Any) -> FlaskClient:
    """A visitor's browser without a screen. Forms: ``doors.post(client, url, data)``."""
    return app.test_client()


@pytest.fixture
def client_of(app: Any) -> Callable[[Agent | Customer], FlaskClient]:
    """Gives the client of a signed-in person: ``client_of(ana)``."""
    return lambda person: doors.signed_in(app, person)


@pytest.fixture
def smtp(desk: Desk) -> Iterator[Mailbox]:
    """A mail server that keeps what it gets; the desk is set to use it."""
    mailbox = Mailbox().start()
    settings.save(
        {"mail_host": "127.0.0.1", "mail_port": mailbox.port, "mail_tls": "none", "default_sender": "desk@desk.example"}
    )
    yield mailbox
    mailbox.stop()


@pytest.fixture
def live_server(app: Any) -> Iterator[browsing.LiveServer]:
    """The desk over HTTP; mails and links carry its address."""
    server = browsing.LiveServer(app).start()
    environment.use(replace(environment.current(), host="127.0.0.1", port=server.port))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, once for the run."""
    path = browsing.chromium()
    if path is None:
        skip("Chromium is missing: neither chromium nor google-chrome in PATH")
    from playwright.sync_api import sync_playwright  # heavy, and absent where there is no browser to drive

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield started
        started.close()


@pytest.fixture
def watcher(page: Any) -> browsing.Watcher:
    """What the browser complained of; ``watcher.expected.append("404")`` allows for one."""
    return page.watcher


@pytest.fixture
def page(browser: Any, live_server: browsing.LiveServer) -> Iterator[Any]:
    """A fresh page at 1280 px in English; paths are relative to the desk. Any complaint fails the test."""
    context = browser.new_context(
        base_url=live_server.url, locale="en-GB", viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(browsing.PATIENCE)
    page = context.new_page()
    page.server = live_server
    page.watcher = browsing.Watcher(page, live_server.url)
    yield page
    context.close()
    assert page.watcher.unexpected() == []


@pytest.fixture
def no_files(desk: Desk) -> None:
    """A data folder without files of other tests."""
    for folder in environment.current().data_dir.iterdir():
        if folder.is_dir() and folder.name not in LASTING:
            shutil.rmtree(folder, ignore_errors=True)


# --- A provider of accounts ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def oidc_server() -> Iterator[OidcProvider]:
    """A provider of OpenID Connect, started once."""
    made = OidcProvider()
    yield made
    made.stop()


@pytest.fixture
def acme(oidc_server: OidcProvider) -> OidcProvider:
    """That provider as it was when it started."""
    oidc_server.begin()
    providers.protocol().forget()
    return oidc_server


@pytest.fixture
def provider(database: Any, acme: OidcProvider) -> IdentityProvider:
    """It, set up in the desk."""
    return acme.row()


@pytest.fixture
def linked(provider: IdentityProvider, acme: OidcProvider, ana: Agent) -> Identity:
    """Ana's account there, which opens hers here; she is the one who signs in there."""
    acme.sign_in_as(ana.email)
    return Identity.create(provider=provider, sub=acme.person["sub"], agent=ana, email=ana.email, linked_at=clock.now())
