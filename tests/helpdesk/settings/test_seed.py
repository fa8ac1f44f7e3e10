"""What every desk holds from the start (RULES 11)."""

from helpdesk.settings import seed
from models import CAPABILITIES, CLOSED, OPEN, PENDING, Priority, Role, Status


def may(role: Role) -> set[str]:
    return {verb for verb in CAPABILITIES if getattr(role, f"can_{verb}")}


def test_the_administrator_may_everything_and_the_agent_all_but_configure(database):
    administrator, agent = Role.select().order_by(Role.id)
    assert may(administrator) == set(CAPABILITIES)
    assert may(agent) == set(CAPABILITIES) - {"configure"}


def test_four_statuses_are_shipped_in_order(database):
    rows = Status.select(Status.identifier, Status.category).order_by(Status.position).tuples()
    assert list(rows) == [("active", OPEN), ("pending", PENDING), ("closed", CLOSED), ("on hold", PENDING)]


def test_on_hold_and_follow_wear_the_documents_colours(database):
    hold, follow = Status.get(identifier="on hold"), Priority.get(identifier="follow")
    assert (hold.text_color, hold.background_color) == ("#ffffff", "#007afc")
    assert (follow.text_color, follow.background_color, follow.weight) == ("#ffffff", "#16a4c7", 100)


def test_high_is_the_heaviest(database):
    assert Priority.select().order_by(Priority.weight.desc()).first().identifier == "high"


def test_labels_speak_french(database):
    assert [str(row.label["fr"]) for row in Status.select().order_by(Status.position)] == [
        "Actif", "En attente", "Fermé", "En pause",
    ]  # fmt: skip


def test_seeding_again_changes_nothing(database):
    Status.update(label='{"en": "Running"}').where(Status.identifier == "active").execute()
    Role.delete().where(Role.can_configure).execute()
    seed.seed_defaults()
    assert str(Status.get(identifier="active").label) == "Running"
    assert Role.select().count() == 1
