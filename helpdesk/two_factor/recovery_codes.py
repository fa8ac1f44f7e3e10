"""Recovery codes: ten on paper, for whoever has lost the telephone; each opens the account once."""

from __future__ import annotations

import secrets

from helpdesk import clock, journal, links
from models import Agent, RecoveryCode

COUNT = 10
#: Sixteen of 32 letters are 80 random bits: more than anybody tries out, so a plain hash keeps them.
LENGTH = 16
#: Digits and letters but I, L, O and U, which look like others or make words (Crockford’s base 32).
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans("ilo", "110", "- \N{NO-BREAK SPACE}")


def make(agent: Agent) -> list[str]:
    """Return new codes, of which only the hashes are stored; earlier ones open nothing. In the caller's transaction."""
    codes = ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(COUNT)]
    RecoveryCode.delete().where(RecoveryCode.agent == agent.id).execute()
    RecoveryCode.insert_many([{"agent": agent.id, "code_hash": links.hash_token(code)} for code in codes]).execute()
    return ["-".join(code[at : at + 4] for at in range(0, LENGTH, 4)) for code in codes]


def use(agent: Agent, text: str) -> bool:
    """Whether this is a code of the agent's that was not used yet; it is from now on. The journal says so."""
    code = _plain(text)
    chosen = (RecoveryCode.agent == agent.id) & (RecoveryCode.code_hash == links.hash_token(code))
    used = RecoveryCode.update(used_at=clock.now()).where(chosen, RecoveryCode.used_at.is_null()).execute()
    if used:
        journal.record(journal.Act.RECOVERY_CODE_USED, actor=agent, count=left(agent))
    return bool(used)


def looks_like_one(text: str) -> bool:
    """Whether this has the length of a recovery code: the telephone makes shorter ones."""
    return len(_plain(text)) == LENGTH


def _plain(text: str) -> str:
    return text.lower().translate(_MISREAD)


def left(agent: Agent) -> int:
    """Return how many codes the agent has not used yet."""
    return RecoveryCode.select().where(RecoveryCode.agent == agent.id, RecoveryCode.used_at.is_null()).count()
