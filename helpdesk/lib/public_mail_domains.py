"""The domains at which anybody may have an address: who has one there has nothing else in common."""

from __future__ import annotations

_NAMES = """
aliceadsl aol att bbox bellsouth bluewin btinternet club-internet comcast cox duck fastmail free freenet gmail gmx
googlemail hey hotmail icloud inbox infonie laposte libero live mac mail mailbox mailo me msn naver neuf noos
numericable o2 online orange outlook pm posteo proton protonmail proximus qq rambler rocketmail seznam sfr sky skynet
t-online telenet tiscali tuta tutanota verizon virgilio voila wanadoo web wp yahoo yandex ymail zoho 126 163
"""
_ENDINGS = """
at be ca ch co.jp co.uk com com.au com.br com.mx cz de dk email es eu fi fr gr ie in io it me mx net nl no one org pl pt
ro ru se uk us
"""
#: The names of providers, and the endings under which they offer addresses.
PROVIDERS, ENDINGS = frozenset(_NAMES.split()), frozenset(_ENDINGS.split())


def is_public(domain: str) -> bool:
    """Whether anybody may have an address at this domain."""
    name, _dot, ending = domain.partition(".")
    return name in PROVIDERS and ending in ENDINGS
