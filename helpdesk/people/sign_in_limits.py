"""How often a password may be tried: no stranger shuts somebody else out, and nobody guesses for long.

Tries are counted for an account from one network, in a browser that signed in to it before apart from all others. When
an account, or a network, meets many wrong passwords, each network has fewer tries for an account, but always some.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from helpdesk import links
from helpdesk.lib import throttle

#: Tries for one account from one network, or in one browser that knows it, in `WINDOW` seconds.
PER_ACCOUNT = 10
#: Tries for one account from one network, while the account or the network is under pressure.
UNDER_PRESSURE = 3
#: Wrong passwords that put a network, or an account, under pressure.
PER_NETWORK, FROM_EVERYWHERE = 30, 50
WINDOW = 900
#: Codes of a second factor for one account from one network, or in one browser that knows it, in `WINDOW` seconds.
CODES = 5
#: Codes for one account in `DAY` seconds from everywhere but browsers that know it. Only whoever has the password gets
#: as far: no stranger shuts its owner out, and who stole it guesses one of three codes in a million 30 times a day.
CODES_FROM_EVERYWHERE, DAY = 30, 86_400
#: Accounts that a browser is remembered for.
REMEMBERED = 5


@dataclass(frozen=True)
class Browser:
    """A browser that signed in before: a random key, and a mark of each account it signed in to."""

    key: str
    accounts: tuple[str, ...] = ()

    def knows(self, account: str) -> bool:
        """Whether it signed in to this account before."""
        return _mark(account) in self.accounts

    def with_account(self, account: str) -> Browser:
        """Return this browser as it knows one account more; it forgets the oldest ones."""
        others = [mark for mark in self.accounts if mark != _mark(account)]
        return Browser(self.key, (*others, _mark(account))[-REMEMBERED:])


def _mark(account: str) -> str:
    return links.hash_token(account)[:16]


@dataclass(frozen=True)
class Visitor:
    """Who tries: the network address, and the browser if it signed in here before."""

    address: str
    browser: Browser | None = None

    def place(self, account: str) -> str:
        """Return what tries for this account count for: the browser that knows it, else the network."""
        if self.browser is not None and self.is_known_for(account):
            return f"browser {self.browser.key}"
        return network(self.address)

    def is_known_for(self, account: str) -> bool:
        """Whether they try in a browser that signed in to this account before."""
        return self.browser is not None and self.browser.knows(account)

    def mails_for(self, account: str) -> str:
        """Return what mails asked for to this account count for: the browser that knows it, else the account."""
        place = self.place(account)
        return f"{account} from {place}" if place.startswith("browser ") else account


@dataclass(frozen=True)
class Attempt:
    """One try that was admitted. `is_under_pressure`: too many wrong ones came before it."""

    keys: tuple[str, str, str]
    is_under_pressure: bool

    def succeeded(self) -> None:
        """Forget the tries for this account from this place; for the others, this one was none."""
        own, *others = self.keys
        throttle.clear(own)
        for key in others:
            throttle.uncount(key)


def admit(account: str, visitor: Visitor) -> Attempt:
    """Count one try for an account (``agent …`` or ``customer …``). Raises TooMany after too many from this place.

    Agents and customers count apart. Neither what others tried for the account nor what this network tried for others
    refuses the first tries.
    """
    place, people = visitor.place(account), account.partition(" ")[0]
    keys = (_own(account, visitor), f"sign-in {account}", f"sign-in of {people}s {network(visitor.address)}")
    everywhere, here = throttle.counts(keys[1:], seconds=WINDOW)
    is_under_pressure = everywhere >= FROM_EVERYWHERE or here >= PER_NETWORK
    few = is_under_pressure and place == network(visitor.address)
    throttle.hit(keys[0], limit=UNDER_PRESSURE if few else PER_ACCOUNT, seconds=WINDOW)
    for key in keys[1:]:
        throttle.count(key, seconds=WINDOW)
    return Attempt(keys, is_under_pressure)


def admit_code(account: str, visitor: Visitor) -> None:
    """Count one code tried for an account, whose password was right. Raises TooMany after too many.

    A new sign-in with the password begins no new count.
    """
    throttle.hit(_codes(account, visitor), limit=CODES, seconds=WINDOW)
    if not visitor.is_known_for(account):
        throttle.hit(_codes(account), limit=CODES_FROM_EVERYWHERE, seconds=DAY)


def forget_codes(account: str, visitor: Visitor | None = None) -> None:
    """Forget the codes tried from this place, after a right one; without a place, those from everywhere."""
    if visitor is None:
        throttle.clear(_codes(account))
        return
    throttle.clear(_codes(account, visitor))
    if not visitor.is_known_for(account):
        throttle.uncount(_codes(account))


def _codes(account: str, visitor: Visitor | None = None) -> str:
    return f"code of {account}" + (f" from {visitor.place(account)}" if visitor is not None else "")


def forget(account: str, visitor: Visitor) -> None:
    """Forget the tries for an account from this place: whoever is there has shown in another way whose it is."""
    throttle.clear(_own(account, visitor))


def relieve(account: str) -> None:
    """Forget that an account met many wrong passwords from everywhere: its owner gets another way in."""
    throttle.clear(f"sign-in {account}")


def _own(account: str, visitor: Visitor) -> str:
    return f"sign-in {account} from {visitor.place(account)}"


def network(address: str) -> str:
    """Return the network of an IP address for counting tries: of IPv6 the /64, which one home has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:80]
    return str(ip_network(f"{parsed}/64", strict=False)) if parsed.version == 6 else str(parsed)
