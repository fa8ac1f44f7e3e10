"""The ports that an owner may name for a mail server: with any other, the desk could be led to other services."""

from __future__ import annotations

SMTP = {25, 465, 587, 2525}
IMAP = {143, 993}
