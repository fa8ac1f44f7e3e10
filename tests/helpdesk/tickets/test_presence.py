"""Who is writing in a ticket."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from helpdesk import clock
from helpdesk.errors import NotFound
from helpdesk.operations import upkeep
from helpdesk.tickets import presence
from models import Presence

SECONDS = timedelta(seconds=1)


def test_a_writer_is_seen_by_others_only(ticket, ana, root):
    presence.touch(ticket, actor=ana)
    assert presence.others(ticket, actor=root) == ["Ana"]
    assert presence.others(ticket, actor=ana) == []


def test_a_writer_is_forgotten_within_half_a_minute(ticket, ana, root):
    presence.touch(ticket, actor=ana)
    with time_machine.travel(clock.now() + 18 * SECONDS, tick=False):
        assert presence.others(ticket, actor=root) == ["Ana"]
    with time_machine.travel(clock.now() + 21 * SECONDS, tick=False):
        assert presence.others(ticket, actor=root) == []


def test_a_sign_of_life_renews_the_row(ticket, ana, root):
    presence.touch(ticket, actor=ana)
    with time_machine.travel(clock.now() + 15 * SECONDS, tick=False):
        presence.touch(ticket, actor=ana)
    assert Presence.select().count() == 1
    with time_machine.travel(clock.now() + 30 * SECONDS, tick=False):
        assert presence.others(ticket, actor=root) == ["Ana"]


def test_who_leaves_is_gone_at_once(ticket, ana, root):
    presence.touch(ticket, actor=ana)
    presence.leave(ticket, actor=ana)
    assert presence.others(ticket, actor=root) == []


def test_nobody_writes_in_a_ticket_out_of_sight(ticket, ben):
    with pytest.raises(NotFound):
        presence.touch(ticket, actor=ben)


def test_upkeep_forgets_old_signs(ticket, ana):
    presence.touch(ticket, actor=ana)
    Presence.update(seen_at=clock.now() - timedelta(days=1)).execute()
    upkeep.run()
    assert Presence.select().count() == 0
