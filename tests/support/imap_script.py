"""An IMAP server that follows a script: for what real ones do rarely, and what a cut line does."""

from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Script:
    """What the server does: its mails by UID, and how it misbehaves."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    #: Sizes it names instead of the true ones.
    sizes: dict[int, int] = field(default_factory=dict)
    #: UIDs whose content is cut in the middle, after which the line is dead.
    cut: set[int] = field(default_factory=set)
    #: UIDs it answers with NO.
    refused: set[int] = field(default_factory=set)
    #: Says BYE instead of answering this command.
    bye: str = ""
    #: Says nothing to this command, for so many seconds.
    stall: tuple[str, float] = ("", 0.0)
    #: What it says it can, beside the least.
    offers: str = ""
    #: Names the UIDs of a search so many times.
    repeat: int = 1


class ScriptedServer:
    """One connection at a time, in clear text on the loopback."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.commands: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _peer = self.listener.accept()
            except OSError:
                return
            with line, line.makefile("rb") as stream:
                try:
                    self._talk(line, stream)
                except OSError:
                    continue

    def _talk(self, line: socket.socket, stream: Any) -> None:
        line.sendall(b"* OK scripted\r\n")
        while text := stream.readline():
            tag, _space, command = text.decode().strip().partition(" ")
            self.commands.append(command)
            if self.script.bye and self.script.bye in command:
                line.sendall(b"* BYE over\r\n")
                return
            if self.script.stall[0] and self.script.stall[0] in command:
                time.sleep(self.script.stall[1])
                return
            answer = self._answer(command, line)
            if answer is None:
                return
            line.sendall(f"{tag} {answer}\r\n".encode())

    def _answer(self, command: str, line: socket.socket) -> str | None:
        script, word = self.script, command.upper()

        def say(text: bytes) -> None:
            line.sendall(b"* " + text + b"\r\n")

        if word.startswith("CAPABILITY"):
            say(f"CAPABILITY IMAP4rev1 {script.offers}".strip().encode())
        elif word.startswith(("SELECT", "EXAMINE")):
            say(f"{len(script.mails)} EXISTS".encode())
            say(f"OK [UIDVALIDITY {script.validity}]".encode())
            say(f"OK [UIDNEXT {max(script.mails, default=0) + 1}]".encode())
        elif word.startswith("UID SEARCH"):
            say(
                b"SEARCH "
                + b" ".join(str(uid).encode() for uid in self._uids_of(command) for _n in range(script.repeat))
            )
        elif word.startswith("UID FETCH"):
            return self._fetch(command, line)
        elif word.startswith("LOGOUT"):
            say(b"BYE bye")
        return "OK done"

    def _uids_of(self, command: str) -> list[int]:
        first = re.search(r"UID (\d+):\*", command)
        uids = sorted(self.script.mails)
        # As RFC 3501 has it: n:* names the last mail even where n is behind it.
        return [uid for uid in uids if uid >= int(first[1])] or uids[-1:] if first else uids

    def _fetch(self, command: str, line: socket.socket) -> str | None:
        wanted = [int(uid) for uid in re.findall(r"\d+", command.split()[2])]
        for number, uid in enumerate(wanted, 1):
            content = self.script.mails.get(uid)
            if content is None:
                continue
            if "RFC822.SIZE" in command:
                size = self.script.sizes.get(uid, len(content))
                line.sendall(f"* {number} FETCH (UID {uid} RFC822.SIZE {size})\r\n".encode())
                continue
            if uid in self.script.refused:
                return "NO not now"
            key = "BODY[HEADER]" if "HEADER" in command else "BODY[]"
            body = content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if "HEADER" in command else content
            head = f"* {number} FETCH (UID {uid} {key} {{{len(body)}}}\r\n".encode()
            if uid in self.script.cut:
                line.sendall(head + body[: len(body) // 2])
                return None
            line.sendall(head + body + b")\r\n")
        return "OK done"
