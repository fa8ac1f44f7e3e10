"""The way of a mail from server to server, whatever its headers hold."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from helpdesk.incoming import mail_priority, parser_process, received_chain
from helpdesk.incoming.parsed_mail import content_of
from helpdesk.incoming.received_chain import Hop

NOON = "Mon, 30 Nov 2026 13:00:00 +0100"
WAY = (
    b"Received: from out.customer.example (out.customer.example [192.0.2.7] by chance)\r\n"
    b"\tby mx.desk.example (Postfix) with ESMTPS id 4Z\r\n\tfor <support@desk.example>;\r\n"
    b"\tMon, 30 Nov 2026 12:00:09 +0000 (UTC)\r\n"
    b"Received: from laptop by out.customer.example; Mon, 30 Nov 2026 13:00:00 +0100\r\n"
    b"From: a@customer.example\r\n\r\nHello"
)


def hops_of(raw: bytes) -> list[Hop]:
    return received_chain.hops(content_of(parser_process.document(raw)).hops)


def test_servers_stand_in_the_order_the_mail_went() -> None:
    assert hops_of(WAY) == [
        Hop("laptop", "out.customer.example", datetime(2026, 11, 30, 12), None),
        Hop("out.customer.example", "mx.desk.example", datetime(2026, 11, 30, 12, 0, 9), 9),
    ]


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("", ["", "", ""]),
        ("by mx.desk.example; no date", ["", "mx.desk.example", ""]),
        (f"(from x by y) by mx; {NOON}", ["", "mx", "2026-11-30T12:00:00"]),
        ("from a by b; Mon, 30 Nov 2026 12:00:00 -0000", ["a", "b", "2026-11-30T12:00:00"]),
        ("from a by b; Mon, 30 Nov 99999 12:00:00 +0000", ["a", "b", ""]),
        ("from a by b; Fri, 31 Dec 9999 23:59:59 -2359", ["a", "b", ""]),
        (f"by mx{'(' * 900}; {NOON}", ["", "mx", ""]),
    ],
)
def test_whatever_it_says_it_is_read(text: str, hop: list[str]) -> None:
    assert received_chain.read([text.encode()]) == [hop]


def test_no_header_carries_what_a_database_refuses() -> None:
    names = ("Received", "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References")
    head = b"".join(f"{name}: from a\0b by c\0d; <x\0y@z.example>\u202e\r\n".encode() for name in names)
    read = json.dumps(parser_process.document(head + b"\r\nHel\0lo"))
    assert (r"\u0000" in read, r"\u202e" in read) == (False, False)


def test_of_very_many_the_last_ones_count() -> None:
    raw = b"".join(b"Received: by s%d.example; x\r\n" % number for number in range(100)) + b"\r\n"
    hops = hops_of(raw)
    assert (len(hops), hops[-1].server, hops[0].seconds) == (received_chain.MOST_HOPS, "s0.example", None)


@pytest.mark.parametrize(
    ("header", "priority"),
    [
        ("Importance: High", "high"),
        ("X-Priority: 1 (Highest)", "high"),
        ("X-MSMail-Priority: High", "high"),
        ("Priority: urgent", "high"),
        ("X-Priority: 5", "low"),
        ("X-Priority: 3 (Normal)\r\nImportance: normal", ""),
        ("Importance: normal\r\nX-Priority: 1", "high"),
        ("X-Priority:", ""),
    ],
)
def test_what_a_mail_says_of_its_importance(header: str, priority: str) -> None:
    raw = f"From: a@customer.example\r\n{header}\r\n\r\nHello".encode()
    assert mail_priority.of(content_of(parser_process.document(raw))) == priority
