"""A mail server that refuses the sign-in of a desk with nothing to send: how soon it is told, how often it is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

from helpdesk.settings import run_state
from tests.support.outgoing import guarded
from tools.benchmarks.mishaps.desk import Desk

#: Seconds the desk rests with a server that is well, and with one that refuses.
WELL, REFUSED = 130, 130
#: Seconds within which a refusal is to be red, and the shortest time between two calls.
RED, POLITE = 60, 56


def run() -> Iterator[tuple[str, object]]:
    """Watch the sign-ins of an idle desk, let them be refused, and look at its health; then watch a resting copy."""
    with guarded() as server:
        desk = Desk(GUICHET_MAIL_URL=f"smtp://desk:right@127.0.0.1:{server.port}?tls=none").make(tickets=0)
        desk.start()
        try:
            time.sleep(WELL)
            yield "well: sign-ins in the first two minutes (at most 4)", len(server.moments)
            is_well = desk.get("/healthz")[0] == 200
            yield "well: health is green (yes)", is_well
            server.right.clear()
            began, count = time.monotonic(), len(server.moments)
            while desk.get("/healthz")[0] == 200 and time.monotonic() - began < 2 * RED:
                time.sleep(0.5)
            yield f"refused: seconds until health is red (at most {RED})", time.monotonic() - began
            time.sleep(max(0, REFUSED - (time.monotonic() - began)))
            yield "refused: sign-ins in two minutes (at most 3)", len(server.moments) - count
        finally:
            desk.end()
        gaps = [after - before for before, after in zip(server.moments, server.moments[1:], strict=False)]
        yield "shortest time between two sign-ins, in seconds", min(gaps, default=0.0)
        yield f"came less than {POLITE} s after the one before (0)", sum(gap < POLITE for gap in gaps)
        with desk.opened():
            run_state.write(run_state.RESTORED_COPY, {"at": "now"})
        count = len(server.moments)
        desk.start()
        try:
            time.sleep(RED + 10)
        finally:
            desk.end()
        yield "a resting copy: sign-ins (0)", len(server.moments) - count
