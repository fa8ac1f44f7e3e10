"""The desk at work: web server, deliverer of mail, timetable; in one process or several; ended by a signal."""

from __future__ import annotations

import gc
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

from database import database
from helpdesk import links, settings
from helpdesk.errors import HelpdeskError
from helpdesk.files import file_store
from helpdesk.lib import cache, machine
from helpdesk.operations import jobs, outage, service_manager, wakeups
from helpdesk.operations.http_server import BEAT, CONNECTIONS, HTTPServer
from helpdesk.operations.loop import Loop
from helpdesk.operations.service_manager import ServiceManager
from helpdesk.operations.supervisor import Member, Supervisor
from helpdesk.settings import environment

#: Addresses that mean "every address of this machine" and cannot be visited.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # nosec B104 # noqa: S104 — compared with, not listened on
#: Connections that wait to be taken.
BACKLOG = 1_024
#: Below so many bytes of memory the desk is one process; above, each process of the web has half as many.
LEAST_MEMORY = machine.GIB
#: Seconds after which a process learns that an owner allows larger files.
LOOK = 2


class CannotListen(HelpdeskError):
    """The address of the desk cannot be listened on; the message names the remedy."""


Beat = Callable[[], None]


def nobody_counts() -> None:
    """Give no sign of life: nobody waits for one."""


def end_on_signals() -> None:
    """Let SIGTERM and SIGINT end the process cleanly, with exit code 0."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


def _end(_number: int, _frame: Any) -> NoReturn:
    sys.exit(0)


def work(application: Any, beat: Beat = nobody_counts, *, started: Callable[[], None] = lambda: None) -> None:
    """Carry out what comes due, without web pages, until a signal comes; `beat` is called each second."""
    loop = Loop(application, jobs.SOURCES)
    try:
        loop.start()
        started()
        while True:
            if loop.is_whole:
                beat()
            time.sleep(BEAT)
    finally:
        loop.stop()


def serve(application: Any) -> None:
    """Listen, tell the address, and answer until a signal comes. Raises CannotListen."""
    sockets = listen()
    with database.connection_context():
        print(_opening_line(), flush=True)
        limit = file_store.largest_body()
    # No connection may be open when the processes part.
    database.close_all()
    machine.share_one_heap()
    machine.allow_open_files(4 * CONNECTIONS)
    count = environment.current().processes or default_processes()
    is_embedded = environment.current().worker == "embedded"
    if count == 1:
        _serve_alone(application, sockets, limit, with_loop=is_embedded)
        return
    answer = partial(answer_requests, application, sockets, limit)
    members = [Member(f"web {number}", answer) for number in range(1, count + 1)]
    if is_embedded:
        wakeups.share()
        members.append(Member("mail and timetable", partial(_work_beside, application, sockets)))
    # What all processes have read stays one copy in memory.
    gc.collect()
    gc.freeze()
    Supervisor(members, ServiceManager(), partial(service_manager.is_live, _own_address())).run()


def default_processes() -> int:
    """Return how many processes answer requests: as many as there are cores, and one where memory is small."""
    memory = machine.memory()
    return 1 if memory < LEAST_MEMORY else max(1, min(machine.cores(), memory // (LEAST_MEMORY // 2)))


def answer_requests(
    application: Any,
    sockets: list[socket.socket],
    limit: int,
    beat: Beat = nobody_counts,
    *,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Answer requests in this process until a signal comes; answers that are being made end first."""
    server = HTTPServer(application, sockets, limit, beat)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, server.end)
    threading.Thread(target=_follow_limit, args=(server, ended), name="limit of bodies", daemon=True).start()
    started()
    try:
        server.run()
    finally:
        ended.set()


def _serve_alone(application: Any, sockets: list[socket.socket], limit: int, *, with_loop: bool) -> None:
    """Do everything in this process."""
    loop, manager = Loop(application, jobs.SOURCES), ServiceManager()

    def started() -> None:
        if with_loop:
            loop.start()
        manager.ready()
        if manager.period is not None:
            threading.Thread(target=_say_alive, args=(manager, manager.period), name="watchdog", daemon=True).start()

    try:
        answer_requests(application, sockets, limit, started=started)
    finally:
        manager.ending()
        if with_loop:
            loop.stop()


def _work_beside(application: Any, sockets: list[socket.socket], beat: Beat) -> None:
    """Carry out what comes due, in a process beside those that answer requests."""
    for one in sockets:
        one.close()
    end_on_signals()
    work(application, beat)


def _say_alive(manager: ServiceManager, period: float) -> None:
    """Keep the service manager aware that this desk answers."""
    resting = threading.Event()
    while not resting.wait(period):
        if service_manager.is_live(_own_address()):
            manager.alive()


def _follow_limit(server: HTTPServer, ended: threading.Event) -> None:
    """Let the server take what the form takes, also after an owner changed it in another process."""
    while not ended.wait(LOOK):
        with suppress(*outage.ERRORS), database.connection_context():
            cache.refresh()
            server.allow_bodies(file_store.largest_body())


def listen() -> list[socket.socket]:
    """Bind the address of the environment and return its sockets; port 0 takes a free one. Raises CannotListen."""
    env = environment.current()
    sockets: list[socket.socket] = []
    try:
        places = socket.getaddrinfo(env.host, env.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _type, _protocol, _name, place in dict.fromkeys(places):
            port = env.port or (sockets[0].getsockname()[1] if sockets else 0)
            sockets.append(socket.create_server((str(place[0]), port), family=family, backlog=BACKLOG))
    except (OSError, UnicodeError) as error:
        for one in sockets:
            one.close()
        reason = getattr(error, "strerror", None) or "it is not an address of this machine"
        raise CannotListen(
            f"Guichet cannot listen on {env.host}:{env.port} ({reason}): choose GUICHET_HOST and GUICHET_PORT."
        ) from error
    if env.port == 0:
        environment.use(replace(env, port=sockets[0].getsockname()[1]))
    return sockets


def _own_address() -> tuple[str, int]:
    env = environment.current()
    return ANYWHERE.get(env.host, env.host).strip("[]"), env.port


def _opening_line() -> str:
    site = settings.site_url()
    for anywhere, here in ANYWHERE.items():
        site = site.replace(f"//{anywhere}:", f"//{here}:")
    if not links.setup_is_open():
        return f"Guichet is open at {site}"
    return f"Guichet is open at {site} - set it up with this one-time link: {site}/setup/{links.setup_token()}"
