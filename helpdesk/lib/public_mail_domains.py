"""The domains at which anybody may have an address: who has one there has nothing else in common."""

from __future__ import annotations

_NAMES = """
aliceadsl aol att bbox bellsouth bluewin btinternet caramail cegetel centurylink club-internet comcast cox dartybox duck
fastmail free freenet gmail gmx googlemail hey hotmail icloud inbox infonie interia laposte libero live mac mail mailbox
mailo me msn naver neuf noos nordnet numericable o2 online onet optonline orange outlook passport pm posteo proton
protonmail proximus qq rambler rediffmail rocketmail rogers sbcglobal seznam sfr shaw sky skynet t-online talktalk
telenet tiscali tuta tutanota tutamail verizon virgilio virginmedia voila voo wanadoo web windowslive wp yahoo yandex
ymail zoho 126 163
"""
_ENDINGS = """
at be ca ch co.jp co.kr co.nz co.uk com com.ar com.au com.br com.mx cz de dk email es eu fi fr gr ie in io it me mx
co.in net net.in nl no one org pl pt pro ro ru se uk us
"""
#: Where anybody may have an address: the names of these providers, and the endings under which they offer addresses.
PROVIDERS, ENDINGS = frozenset(_NAMES.split()), frozenset(_ENDINGS.split())


def is_public(domain: str) -> bool:
    """Whether anybody may have an address at this domain, or at one it lies below."""
    labels = domain.split(".")
    ends = [(labels[place], ".".join(labels[place + 1 :])) for place in range(len(labels) - 1)]
    return any(name in PROVIDERS and ending in ENDINGS for name, ending in ends)
