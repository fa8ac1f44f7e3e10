"""The domains at which anybody may have an address: who has one there has nothing else in common."""

from __future__ import annotations

_NAMES = """
126 163 9online aim aliceadsl ameritech anonaddy aol appleid arcor att autorambler bbox belgacom bellsouth bk bluemail
bluewin blueyonder btinternet btopenworld cableone caramail cegetel centurylink centurytel charter club-internet
cogeco comcast compuserve cox dartybox directbox duck earthlink eastlink edpnet embarqmail epost etik ewetel excite
execulink fastmail firemail free freenet freeserve frontier frontiernet gmail gmx googlemail hey hispeed hotmail
hushmail icloud ik inbox infonie interia juno kabelmail laposte lenta libero lilo lineone list live lycos mac mail
mailbox mailo mailoo me mindspring mozmail msn mymts myrambler narod naver net-c netcologne netcourrier netscape
netzero neuf noos nordnet ntlworld numericable o2 o2mail o2online onet online optimum optonline orange osnanet outlook
pacbell pandora passport plusnet pm pobox pochta posteo prodigy proton protonmail proximus qip qq rambler rediffmail
riseup roadrunner rocketmail rogers rr sasktel sbcglobal scarlet seznam sfr shaw simplelogin sky skynet slmail
suddenlink sunrise swbell swissonline sympatico t-online talk21 talktalk teksavvy telenet telus tiscali tuta tutamail
tutanota ukgateway verizon versanet versatel videotron virgilio virginmedia vodafonemail voila voo vtxnet wanadoo web
windowslive windstream wowway wp ya yahoo yandex ymail zoho
"""
_ENDINGS = """
at be ca ch co.in co.jp co.kr co.nz co.uk com com.ar com.au com.br com.mx cz de dk email es eu fi fr gr ie in io it me
mx net net.in nl no one org pl pro pt ro ru se uk us
"""
#: Where anybody may have an address: the names of these providers, and the endings under which they offer addresses.
PROVIDERS, ENDINGS = frozenset(_NAMES.split()), frozenset(_ENDINGS.split())


def is_public(domain: str) -> bool:
    """Whether anybody may have an address at this domain, or at one it lies below."""
    labels = domain.split(".")
    ends = [(labels[place], ".".join(labels[place + 1 :])) for place in range(len(labels) - 1)]
    return any(name in PROVIDERS and ending in ENDINGS for name, ending in ends)
