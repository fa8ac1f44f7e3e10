"""Reading the tests in several processes: each rewrites its share of the files, and takes the rest as others left it.

Every process of xdist collects all tests. Where no bytecode is there yet, each would rewrite the assertions of every
file, which is most of the time a collection takes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest


def read_share(config: pytest.Config) -> None:
    """Import what is this process's share of the tests, so that its bytecode is there when others come to it."""
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for module in sorted(modules(config))[number::count]:
        # What fails here fails again when pytest imports it, and is told there.
        with suppress(Exception, pytest.skip.Exception), warnings.catch_warnings():
            warnings.simplefilter("error")
            import_module(module)


def modules(config: pytest.Config) -> Iterator[str]:
    """Yield the names of the modules of tests that were asked for."""
    for argument in config.args:
        path = config.invocation_params.dir / argument.partition("::")[0]
        for file in path.rglob("test_*.py") if path.is_dir() else [path]:
            yield ".".join(Path(file).relative_to(config.rootpath).with_suffix("").parts)
