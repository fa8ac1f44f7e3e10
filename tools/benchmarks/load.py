"""What pages cannot show one by one: many clients at once, and memory."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

from tools.benchmarks.browser import Browser, descendants, work_of

CLIENTS = 8
#: Pages asked for by all clients together.
REQUESTS = 800


def figures(ours: Browser, floor: Browser) -> Iterator[str]:
    """Yield what is measured, in words."""
    before = memory(ours)
    for name, path, floor_path in (("lists", "/admin/tickets/", "/list"), ("forms", "/tickets/new", "/form")):
        (mine, work), (least, least_work) = rate(ours, path), rate(floor, floor_path)
        works = f"processor ms of each: {work:.2f}; the floor {least_work:.2f}"
        yield f"{name} a second, {CLIENTS} clients: {mine:.0f}; the floor {least:.0f} ({mine / least:.2f}); {works}"
    taken, work = replies(ours)
    yield f"replies a second, {CLIENTS} clients: {taken:.0f}; processor ms of each: {work:.2f}"
    yield f"memory (PSS), everything inside: {before:.0f} MiB before these, {memory(ours):.0f} after"


def rate(browser: Browser, path: str) -> tuple[float, float]:
    """Return how many times a second a page is answered to all clients together, and the processor's ms for each."""

    def ask(_turn: int) -> int:
        client = Browser(browser.port)
        client.cookies.update(browser.cookies)
        return client.ask(path).status

    worked, started = work_of(browser.pid), time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        if set(clients.map(ask, range(REQUESTS))) != {200}:
            raise SystemExit(f"{path}: not every answer was a page")
    took = time.perf_counter() - started
    return REQUESTS / took, (work_of(browser.pid) - worked) / REQUESTS


def replies(ours: Browser, tickets: int = 100) -> tuple[float, float]:
    """Return how many replies a second are taken, their pages fetched before, and the processor's ms for each."""
    listed = re.findall(r'href="/admin/tickets/(\d+)', "".join(ours.ask(page).body for page in pages_of_list(ours)))
    numbers = list(dict.fromkeys(listed))[:tickets]
    forms = [(number, fields(ours.ask(f"/admin/tickets/{number}").body)) for number in numbers]

    def send(form: tuple[str, dict[str, str]]) -> int:
        client = Browser(ours.port)
        client.cookies.update(ours.cookies)
        answer = {**form[1], "kind": "message", "format": "text", "body": "We have sent it again today."}
        return client.ask(f"/admin/tickets/{form[0]}/reply", answer).status

    worked, started = work_of(ours.pid), time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(send, forms))
    if not set(answers) <= {302, 303}:
        raise SystemExit(f"A reply was not taken: {sorted(set(answers))}")
    took = time.perf_counter() - started
    return len(answers) / took, (work_of(ours.pid) - worked) / len(answers)


def pages_of_list(ours: Browser) -> Iterator[str]:
    """Yield the addresses of the first pages of the list of tickets."""
    path = "/admin/tickets/"
    for _page in range(5):
        yield path
        onward = re.search(r'<a[^>]*href="(/admin/tickets/\?[^"]*after=[^"]*)"', ours.ask(path).body)
        if onward is None:
            return
        path = unescape(onward[1])


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of the composer."""
    form = page[page.index('id="composer"') :]
    names = ("csrf_token", "seen", "known", "form_key")
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', form) for name in names}
    return {name: unescape(value[1]) for name, value in found.items() if value is not None}


def memory(browser: Browser) -> float:
    """Return the MiB of memory that a program and those it started hold, what they share counted once."""
    pids = [browser.pid, *descendants(browser.pid)] if browser.pid is not None else []
    texts = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids)
    return sum(int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) for text in texts) / 1024
