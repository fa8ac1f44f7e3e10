"""Replies in the making."""

from datetime import timedelta

import pytest

from helpdesk import clock, tickets
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.tickets import drafts
from helpdesk.tickets.drafts import Writing
from models import Draft


def test_a_draft_is_kept_for_its_author_only(ticket, ana, root):
    drafts.save(ticket, Writing("<p>Half</p>", note=True, close=True), actor=ana)
    found = drafts.of(ticket, ana)
    assert (found.body, found.kind, found.close) == ("<p>Half</p>", "note", True)
    assert drafts.of(ticket, root) is None


def test_a_draft_is_written_over(ticket, ana):
    for text in ("<p>Half</p>", "<p>Half a line</p>"):
        drafts.save(ticket, Writing(text), actor=ana)
    assert [row.body for row in Draft.select()] == ["<p>Half a line</p>"]


@pytest.mark.parametrize("empty", ["", "<div><br></div>", "<p> </p>", "\0"])
def test_an_empty_text_takes_the_draft_away(ticket, ana, empty):
    drafts.save(ticket, Writing("<p>Half</p>"), actor=ana)
    assert drafts.save(ticket, Writing(empty), actor=ana) is None
    assert Draft.select().count() == 0


def test_a_draft_is_clean(ticket, ana):
    draft = drafts.save(ticket, Writing("<p onclick='x()'>Half<script>x()</script></p>"), actor=ana)
    assert draft.body == "<p>Half</p>"


def test_a_text_too_long_to_send_is_refused(ticket, ana):
    with pytest.raises(InvalidInput):
        drafts.save(ticket, Writing("x" * 400_001), actor=ana)


def test_nobody_drafts_in_a_foreign_ticket(ticket, ben):
    with pytest.raises(NotFound):
        drafts.save(ticket, Writing("<p>Half</p>"), actor=ben)


def test_a_draft_changes_nothing_of_its_ticket(ticket, ana):
    before = ticket.last_activity
    drafts.save(ticket, Writing("<p>Half</p>"), actor=ana)
    assert type(ticket).get_by_id(ticket.id).last_activity == before


def test_drafts_are_forgotten_after_thirty_days(ticket, ana, root):
    for days, agent in ((29, ana), (31, root)):
        drafts.save(ticket, Writing("<p>Half</p>"), actor=agent)
        old = clock.now() - timedelta(days=days)
        Draft.update(updated_at=old).where(Draft.agent == agent).execute()
    assert drafts.purge() == 1
    assert Draft.get().agent == ana


def test_drafts_go_with_their_ticket(ticket, ana):
    drafts.save(ticket, Writing("<p>Half</p>"), actor=ana)
    tickets.delete(ticket, actor=ana)
    type(ticket).update(binned_at=clock.now() - timedelta(days=31)).execute()
    assert tickets.purge_bin() == 1
    assert Draft.select().count() == 0
