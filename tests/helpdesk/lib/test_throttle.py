"""Throttling: what counts, how long one waits, and that processes count together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine

from helpdesk.errors import TooMany
from helpdesk.lib import throttle
from models import Throttle

NOON = "2026-03-02T12:00:00Z"


@pytest.fixture
def travel(database: Any) -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def tries(times: int, key: str = "ana") -> int:
    """Try so often; return how many tries were let through."""
    return sum(passes(key) for _ in range(times))


def passes(key: str = "ana") -> bool:
    try:
        throttle.hit(key, limit=3, seconds=900)
    except TooMany:
        return False
    return True


def wait_of(action: Callable[[], object]) -> int:
    with pytest.raises(TooMany) as refused:
        action()
    return refused.value.wait


def test_the_limit_passes_and_no_more(travel: Any) -> None:
    assert tries(10) == 3


def test_the_refusal_says_how_long_to_wait(travel: Any) -> None:
    tries(3)
    with pytest.raises(TooMany, match=r"Too many attempts\. Try again in 15 minutes\."):
        throttle.hit("ana", limit=3, seconds=900)


def test_the_last_minute_is_in_the_singular(travel: Any) -> None:
    tries(4)
    travel.shift(870)
    with pytest.raises(TooMany, match=r"Try again in 1 minute\."):
        throttle.hit("ana", limit=3, seconds=900)


def test_a_long_wait_is_said_in_hours(travel: Any) -> None:
    throttle.hit("ana", limit=1, seconds=86_400)
    with pytest.raises(TooMany, match=r"Try again in 24 hours\."):
        throttle.hit("ana", limit=1, seconds=86_400)


def test_another_key_counts_by_itself(travel: Any) -> None:
    tries(10)
    assert tries(3, "ben") == 3


def test_a_new_window_begins_after_the_old_one(travel: Any) -> None:
    tries(3)
    travel.shift(900)
    assert tries(10) == 3


def test_trying_on_while_blocked_does_not_make_it_longer(travel: Any) -> None:
    tries(4)
    travel.shift(600)
    assert wait_of(lambda: throttle.hit("ana", limit=3, seconds=900)) == 300


def test_each_further_block_lasts_longer_up_to_an_hour(travel: Any) -> None:
    waits = []
    for _ in range(4):
        tries(3)
        waits.append(wait_of(lambda: throttle.hit("ana", limit=3, seconds=900)))
        travel.shift(waits[-1])
    assert waits == [900, 1800, 3600, 3600]


def test_blocks_are_forgotten_after_a_day(travel: Any) -> None:
    tries(4)
    travel.shift(86_400)
    tries(3)
    assert wait_of(lambda: throttle.hit("ana", limit=3, seconds=900)) == 900


def test_clearing_forgets_the_block(travel: Any) -> None:
    tries(4)
    throttle.clear("ana")
    assert tries(10) == 3
    assert wait_of(lambda: throttle.hit("ana", limit=3, seconds=900)) == 900


def test_a_clock_that_was_far_ahead_blocks_nobody_afterwards(travel: Any) -> None:
    travel.shift(365 * 86_400)
    assert tries(5) == 3
    throttle.count("ben", seconds=900, by=5)
    travel.shift(-365 * 86_400)
    assert throttle.counts(["ana", "ben"], seconds=900) == [0, 0]
    assert tries(5) == 3
    travel.shift(900)
    assert tries(5) == 3
    assert throttle.purge() == 1


def test_what_is_only_counted_is_never_refused(travel: Any) -> None:
    assert [throttle.count("ana", seconds=900) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert throttle.count("ana", seconds=900, by=10) == 15
    assert throttle.counts(["ben", "ana"], seconds=900) == [0, 15]
    travel.shift(901)
    assert throttle.counts(["ana"], seconds=900) == [0]


def test_a_try_taken_back_does_not_count(travel: Any) -> None:
    tries(3)
    throttle.uncount("ana")
    assert passes()


def test_a_thousand_guesses_in_ten_minutes_are_a_handful(travel: Any) -> None:
    passed = 0
    for _ in range(100):
        passed += tries(10)
        travel.shift(6)
    assert passed == 3


def test_tries_at_the_same_time_do_not_slip_through(database: Any) -> None:
    def one(_number: int) -> bool:
        with database.connection_context():
            return passes()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(40))) == 3


def test_keys_may_be_long_and_odd_and_are_not_stored(travel: Any) -> None:
    tries(1, "ana@desk.example\0" * 100)
    assert "ana" not in Throttle.get().key


def test_old_counts_are_purged(travel: Any) -> None:
    tries(4)
    travel.shift(3 * 86_400)
    tries(1, "ben")
    assert throttle.purge() == 2
    assert Throttle.select().count() == 1
