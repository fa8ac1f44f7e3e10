"""What this machine, or the container the program runs in, has: cores, memory and open files."""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
GIB = 1 << 30
#: A parameter of glibc (malloc.h): from how many places threads take memory.
M_ARENA_MAX = -8


def cores() -> int:
    """Return how many processors this process may use."""
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for text in _limits("cpu.max"):
        quota, _blank, period = text.partition(" ")
        if quota.isdigit() and period.isdigit():
            known = min(known, max(1, int(quota) // int(period)))
    return known


def memory() -> int:
    """Return how many bytes of memory this process may use."""
    known = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([known, *(int(text) for text in _limits("memory.max") if text.isdigit())])


def share_one_heap() -> None:
    """Let all threads take memory from one place (where the system's library is glibc); call it before they start.

    Otherwise each has a place of its own, and what one gave back the others do not take: 10 of 160 MiB in a trial.
    Threads of Python work in turn, so that they hardly wait for each other there.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def allow_open_files(count: int) -> None:
    """Let this process have so many files and connections open, as far as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _limits(name: str) -> Iterator[str]:
    """Yield what the control groups above this process say under this name (Linux, version 2)."""
    with suppress(OSError):
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
        for folder in (CGROUPS / own, *(CGROUPS / own).parents):
            if folder.is_relative_to(CGROUPS):
                with suppress(OSError):
                    yield (folder / name).read_text().strip()
