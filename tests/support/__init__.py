"""What the tests stand on: engines, cast, doors, mailbox, browser."""

import pytest

#: For a test that gains nothing from running on both engines (a page in the browser, the form of a file).
sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
