"""What an e-mail address must look like, and the one form in which it is stored and compared."""

from __future__ import annotations

from functools import lru_cache

import email_validator

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import control_characters

MAX_EMAIL = 254
#: Characters looked at of what was typed as an address: a name may stand before it.
MAX_TYPED = 1_000

# Intranets use such hosts (the library documents this list as the place to allow them).
email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = [
    name for name in email_validator.SPECIAL_USE_DOMAIN_NAMES if name not in {"local", "localhost", "test"}
]


# The form, its rules and the act read the same address one after the other.
@lru_cache(maxsize=8)
def normalise(email: str) -> str:
    """Return an e-mail address in the form in which it is stored and compared. Raises InvalidInput at ``email``."""
    text = control_characters.of_address(email[:MAX_TYPED])
    try:
        if len(text) > MAX_EMAIL:
            raise email_validator.EmailSyntaxError
        valid = email_validator.validate_email(
            text, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False
        )
    except email_validator.EmailNotValidError as error:
        message = lazy("This is not an e-mail address. Example: name@example.org.")
        raise InvalidInput(message, field="email") from error
    # The form that every mail server accepts, also for domains with other letters.
    address = str(valid.ascii_email).lower()
    if len(address) > MAX_EMAIL:
        raise InvalidInput(lazy("This e-mail address is too long."), field="email")
    return address
