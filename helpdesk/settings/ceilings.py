"""How many automatic answers and tickets of one sender are too many: settings of one kind, each with its default."""

from __future__ import annotations

from typing import Any

from helpdesk.i18n import lazy

BEYOND = lazy("Whatever is beyond waits or is withheld, and says so; mails to the team and replies never are.")
CEILINGS: tuple[tuple[str, int, Any], ...] = (
    ("answers_to_address_hourly", 3, lazy("Automatic answers to one address in an hour")),
    ("answers_to_address_daily", 10, lazy("Automatic answers to one address in a day")),
    ("answers_about_ticket_daily", 10, lazy("Automatic answers about one ticket in a day")),
    ("answers_to_domain_hourly", 60, lazy("Automatic answers to one domain in an hour")),
    ("answers_hourly", 300, lazy("Automatic answers of the desk in an hour")),
    ("tickets_of_address_hourly", 30, lazy("Tickets by e-mail from one address in an hour")),
    ("tickets_of_domain_hourly", 100, lazy("Tickets by e-mail from one domain in an hour")),
)
