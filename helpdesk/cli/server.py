"""The commands that run until a signal ends them."""

from __future__ import annotations

from helpdesk import settings
from helpdesk.cli.base import command, migrated_desk
from helpdesk.lib import log
from helpdesk.operations import serving
from helpdesk.operations.service_manager import ServiceManager
from helpdesk.settings import environment


@command("serve")
def serve() -> None:
    """Run the desk (what happens without a command)."""
    serving.end_on_signals()
    with migrated_desk() as app:
        log.begin(environment.current().log)
    serving.serve(app)


@command("worker")
def worker() -> None:
    """Deliver mail and keep the timetable in a process of its own."""
    serving.end_on_signals()
    with migrated_desk() as app:
        log.begin(environment.current().log)
        print(f"The worker of {settings.site_url()} is at work: mail and timetable.", flush=True)
    serving.work(app, started=ServiceManager().ready)
