"""What a stored setting is: its group, the kind of its value, its default, and who may change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Declared:
    """A stored setting: its group on the screen, the kind of its value (a key of `_CHECKS`), and its default."""

    key: str
    group: str
    kind: str
    default: Any
    label: Any
    help: Any = ""
    choices: tuple[tuple[str, Any], ...] = ()
    #: The switch without which the setting has no effect for customers: its field is hidden then.
    needs: str = ""
    #: Whether it stands folded away, as hardly anybody needs it.
    is_rare: bool = False

    @property
    def is_for_administrators(self) -> bool:
        """Whether whoever only configures the desk may not change it: it would lead to more rights (RULES 41)."""
        return self.group in ADMINISTRATORS_GROUPS or self.key in ADMINISTRATORS_KEYS


#: Who leads the mail elsewhere gets the links to new passwords; who shortens the journal hides what was done.
ADMINISTRATORS_GROUPS = frozenset({"mail", "journal"})
ADMINISTRATORS_KEYS = frozenset(
    {
        *("site_url", "default_sender", "administrators_second_factor", "mail_on_new_browser", "erasure_days"),
        *("single_sign_on_only", "erasure_second"),
    }
)
