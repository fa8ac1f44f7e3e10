"""No page reads or sorts all messages of a desk: what the engine looks at is counted, on a desk of some size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
#: Tickets of the desk, which has three times as many messages; filled and asked in about ten seconds of work.
TICKETS = 8_000
#: What no statement looks at more of: some newest matches of each word, and the tickets that the dashboard counts.
MOST = 16_000


def test_no_statement_of_a_page_looks_at_all_messages():
    """A program of its own: it fills a database of its own, and asks for more pages than a test does."""
    command = [sys.executable, "tools/benchmarks/plans.py", "--engine", "sqlite"]
    numbers = ["--tickets", str(TICKETS), "--most", str(MOST)]
    done = subprocess.run([*command, *numbers], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]
