"""By what customers are recognised as one person: kept with their names and addresses, and compared by an index.

Two are a possible pair when they have the same name and an address at the same domain, unless anybody may have one
there, or the same address in another spelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from helpdesk import clock
from helpdesk.folding import fold
from helpdesk.lib.public_mail_domains import is_public
from models import NAME, SPELLING, UNDECIDED, CustomerKey, PossibleDuplicate

#: Pairs stored at a time, and of each customer: more that are alike are no people, but a list of them, such as the
#: addresses with a “+” by which a service passes on what its users write.
MOST, EACH = 200, 5
#: Providers that ignore dots in the name of a mailbox, and under which other domain they offer the same one.
#: https://support.google.com/mail/answer/7436150
DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
#: What was found by names and addresses is looked for anew when these change.
OF_ROWS = (NAME, SPELLING)

Key = tuple[str, str]


class Texts(NamedTuple):
    """What a customer is called, and their addresses."""

    name: str
    emails: Sequence[str]


def keys_of(texts: Texts) -> set[Key]:
    """Return by what somebody is recognised: reasons, with a folded text each."""
    name, keys = fold(texts.name), set()
    for email in filter(None, texts.emails):
        domain = email.rpartition("@")[2]
        keys.add((SPELLING, spelling(email)))
        if name and not is_public(domain):
            keys.add((NAME, f"{name}@{domain}"))
    return keys


def spelling(email: str) -> str:
    """Return an address as all its spellings are: without what follows a “+”, and dots where they say nothing."""
    mailbox, _at, domain = email.lower().rpartition("@")
    mailbox = mailbox.partition("+")[0] or mailbox
    if domain in DOTLESS:
        mailbox, domain = mailbox.replace(".", "") or mailbox, DOTLESS[domain]
    return f"{mailbox}@{domain}"


def refresh(people: Mapping[int, Texts]) -> None:
    """Keep by what these customers (by id) are recognised, and with whom they may be one. In the caller's transaction.

    What did not change costs one statement.
    """
    ids = list(people)
    stored: dict[int, set[Key]] = {}
    rows = CustomerKey.select(CustomerKey.customer, CustomerKey.reason, CustomerKey.key)
    for customer_id, reason, key in rows.where(CustomerKey.customer.in_(ids)).tuples():
        stored.setdefault(customer_id, set()).add((reason, key))
    fresh = {key: keys_of(texts) for key, texts in people.items()}
    changed = [key for key in ids if fresh[key] != stored.get(key, set())]
    outdated = [key for key in changed if key in stored]
    if outdated:
        CustomerKey.delete().where(CustomerKey.customer.in_(outdated)).execute()
        theirs = PossibleDuplicate.first.in_(outdated) | PossibleDuplicate.second.in_(outdated)
        PossibleDuplicate.delete().where(theirs, PossibleDuplicate.reason.in_(OF_ROWS), UNDECIDED).execute()
    new = [(customer_id, reason, key) for customer_id in changed for reason, key in sorted(fresh[customer_id])]
    if new:
        CustomerKey.insert_many(new, [CustomerKey.customer, CustomerKey.reason, CustomerKey.key]).execute()
        _pair(changed)


def _pair(ids: list[int]) -> None:
    """Store the pairs of these customers and others who are recognised by the same."""
    own, other = CustomerKey.alias(), CustomerKey.alias()
    same = (own.key == other.key) & (own.reason == other.reason) & (own.customer != other.customer)
    alike = own.select(own.customer, other.customer, own.reason).join(other, on=same)
    store(alike.where(own.customer.in_(ids)).order_by(own.id.desc()).limit(min(MOST, EACH * len(ids))).tuples())


def store(alike: Iterable[tuple[int, int, str]]) -> None:
    """Store pairs of customers who may be one person; one that somebody has decided about stays so."""
    # An address in another spelling says more than a name.
    pairs = {(min(one, other), max(one, other)): why for one, other, why in sorted(alike, key=lambda row: row[2])}
    now, names = clock.now(), ("first", "second", "reason", "found_at")
    rows = [dict(zip(names, (one, other, why, now), strict=True)) for (one, other), why in pairs.items()]
    if rows:
        PossibleDuplicate.insert_many(rows).on_conflict_ignore().execute()
