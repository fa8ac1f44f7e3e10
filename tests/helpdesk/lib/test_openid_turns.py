"""What a provider says of itself is asked for once, however many need it at the same time."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from helpdesk.lib import openid


def test_of_many_who_need_the_same_answer_one_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def slow(url: str, *, local: bool, token: str = "") -> dict[str, Any]:
        asked.append(url)
        time.sleep(0.05)
        return {"issuer": url}

    monkeypatch.setattr(openid, "fetch", slow)
    openid.forget()
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(openid._cached("https://sso.example", local=True)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    openid.forget()
    assert (len(asked), answers) == (1, [{"issuer": "https://sso.example"}] * 8)
