"""What the journal can tell: every act with its kind and its sentence, and how tables and their fields are called."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from helpdesk.i18n import lazy


class Act(StrEnum):
    """Everything the journal keeps a line of."""

    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    PASSWORD_CHANGED = "password-changed"  # nosec B105 # noqa: S105 — the name of an act
    TWO_FACTOR_ON = "two-factor-on"
    TWO_FACTOR_CHANGED = "two-factor-changed"
    TWO_FACTOR_OFF = "two-factor-off"
    TWO_FACTOR_RESET = "two-factor-reset"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    RECOVERY_CODE_USED = "recovery-code-used"
    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"
    DISABLED = "disabled"
    HANDED_OVER = "handed-over"
    LEFT_BEHIND = "left-behind"
    DEPARTURE_UNDONE = "departure-undone"
    INVITED = "invited"
    LEFT_SUPPORT = "left-support"
    SETTING = "setting"
    SECRET = "secret"  # nosec B105 # noqa: S105 — the name of an act
    TEXT_CHANGED = "text-changed"
    EXPORTED = "exported"
    PERSON_EXPORTED = "person-exported"
    ERASURE_REQUESTED = "erasure-requested"
    ERASURE_CANCELLED = "erasure-cancelled"
    PERSON_ERASED = "person-erased"
    IMPORTED = "imported"
    KEY_MADE = "key-made"
    KEY_REVOKED = "key-revoked"
    KEY_RESTORED = "key-restored"
    LINK_MADE = "link-made"
    LINK_MAILED = "link-mailed"
    ADDRESS_ADDED = "address-added"
    ADDRESS_CHOSEN = "address-chosen"
    ADDRESS_REMOVED = "address-removed"
    TICKET_TAKEN_AWAY = "ticket-taken-away"
    TICKET_GIVEN = "ticket-given"
    MAILBOX_SIGNED_IN = "mailbox-signed-in"
    RULE_CHANGED = "rule-changed"
    LINKS_REVOKED = "links-revoked"
    PERSONS_LINKS_REVOKED = "persons-links-revoked"
    EXAMPLES_LOADED = "examples-loaded"
    EXAMPLES_REMOVED = "examples-removed"
    COPY_LET_GO = "copy-let-go"
    CLOCK_AGREED = "clock-agreed"
    TICKET = "ticket"
    PURGED = "purged"
    MAIL_SENT = "mail-sent"
    MAIL_FAILED = "mail-failed"


SIGN_INS, RIGHTS, SETTINGS, SETUP, DATA, ACTIVITY, MAIL = (
    "sign-ins", "rights", "settings", "set-up", "data", "activity", "mail",
)  # fmt: skip

#: The kinds of lines, as the screen offers them.
KINDS: dict[str, Any] = {
    SIGN_INS: lazy("Sign-ins"),
    RIGHTS: lazy("Accounts and rights"),
    SETTINGS: lazy("Settings"),
    SETUP: lazy("Set-up"),
    DATA: lazy("Exports, imports and keys"),
    ACTIVITY: lazy("Tickets"),
    MAIL: lazy("E-mails"),
}

#: What was deleted, of any kind: shown and found as a kind of its own.
DELETED = "deleted"

#: Lines that the setting “Log of activity” governs; all others are always kept.
OPTIONAL = frozenset({ACTIVITY, MAIL})

#: The kind and the sentence of each act. What happens to a row has the kind of its table (`TABLE_NAMES`).
SENTENCES: dict[Act, tuple[str, Any]] = {
    Act.SIGNED_IN: (SIGN_INS, lazy("%(who)s signed in (%(subject)s)")),
    Act.SIGN_IN_FAILED: (SIGN_INS, lazy("A sign-in was refused (%(subject)s)")),
    Act.SIGNED_OUT: (SIGN_INS, lazy("%(who)s signed out")),
    Act.PASSWORD_CHANGED: (SIGN_INS, lazy("%(who)s chose a new password")),
    Act.TWO_FACTOR_ON: (SIGN_INS, lazy("%(who)s switched two-factor authentication on")),
    Act.TWO_FACTOR_CHANGED: (SIGN_INS, lazy("%(who)s set another phone up for two-factor authentication")),
    Act.TWO_FACTOR_OFF: (SIGN_INS, lazy("%(who)s switched two-factor authentication off")),
    Act.TWO_FACTOR_RESET: (RIGHTS, lazy("%(who)s reset the two-factor authentication of %(subject)s")),
    Act.PASSKEY_ADDED: (SIGN_INS, lazy("%(who)s added the passkey “%(name)s”")),
    Act.PASSKEY_REMOVED: (SIGN_INS, lazy("%(who)s removed the passkey “%(name)s”")),
    Act.RECOVERY_CODES_MADE: (SIGN_INS, lazy("%(who)s made new recovery codes")),
    Act.RECOVERY_CODE_USED: (SIGN_INS, lazy("%(who)s used a recovery code (left: %(count)s)")),
    Act.ADDED: (SETUP, lazy("%(who)s added “%(subject)s” (%(what)s)")),
    Act.CHANGED: (SETUP, lazy("%(who)s changed “%(subject)s” (%(what)s): %(fields)s")),
    Act.DELETED: (SETUP, lazy("%(who)s deleted “%(subject)s” (%(what)s)")),
    Act.DISABLED: (RIGHTS, lazy("%(who)s disabled the account of %(subject)s")),
    Act.HANDED_OVER: (RIGHTS, lazy("%(who)s handed over from %(subject)s to %(to)s: %(holding)s (%(count)s)")),
    Act.LEFT_BEHIND: (RIGHTS, lazy("%(who)s took from %(subject)s and gave to nobody: %(holding)s (%(count)s)")),
    Act.DEPARTURE_UNDONE: (
        RIGHTS,
        lazy("%(who)s undid the departure of %(subject)s (given back: %(back)s, changed since: %(lost)s)"),
    ),
    Act.INVITED: (RIGHTS, lazy("%(who)s invited %(subject)s")),
    Act.LEFT_SUPPORT: (RIGHTS, lazy("%(who)s removed %(subject)s from the support")),
    Act.SETTING: (SETTINGS, lazy("%(who)s set “%(setting)s”: %(old)s → %(new)s")),
    Act.SECRET: (SETTINGS, lazy("%(who)s set “%(setting)s” (the value is not kept)")),
    Act.TEXT_CHANGED: (SETUP, lazy("%(who)s changed the e-mail “%(email)s”: %(fields)s")),
    Act.EXPORTED: (DATA, lazy("%(who)s exported “%(subject)s”")),
    Act.PERSON_EXPORTED: (DATA, lazy("%(who)s exported everything that is kept of %(subject)s")),
    Act.ERASURE_REQUESTED: (DATA, lazy("%(who)s wants %(subject)s to be erased")),
    Act.ERASURE_CANCELLED: (DATA, lazy("%(who)s cancelled the erasure of %(subject)s")),
    Act.PERSON_ERASED: (DATA, lazy("A person was erased, who is %(subject)s from now on (rows: %(count)s)")),
    Act.IMPORTED: (DATA, lazy("%(who)s imported “%(subject)s” (rows: %(count)s)")),
    Act.KEY_MADE: (DATA, lazy("%(who)s made the key “%(subject)s”")),
    Act.KEY_REVOKED: (DATA, lazy("%(who)s revoked the key “%(subject)s”")),
    Act.KEY_RESTORED: (DATA, lazy("%(who)s let the revoked key “%(subject)s” open again")),
    Act.MAILBOX_SIGNED_IN: (SETUP, lazy("%(who)s signed the mailbox “%(subject)s” in at %(provider)s")),
    Act.LINK_MADE: (RIGHTS, lazy("%(who)s made a link by which %(subject)s chooses a password")),
    Act.LINK_MAILED: (SETUP, lazy("%(who)s mailed %(to)s a link to their account (%(subject)s)")),
    Act.ADDRESS_ADDED: (SETUP, lazy("%(who)s added the address %(subject)s of %(to)s")),
    Act.ADDRESS_CHOSEN: (SETUP, lazy("%(who)s made %(subject)s the main address of %(to)s")),
    Act.ADDRESS_REMOVED: (SETUP, lazy("%(who)s removed the address %(subject)s of %(to)s")),
    Act.TICKET_TAKEN_AWAY: (
        SETUP,
        lazy("%(who)s took ticket %(number)s from %(subject)s, who no longer reads it: it went to %(to)s"),
    ),
    Act.TICKET_GIVEN: (SETUP, lazy("%(who)s gave %(subject)s ticket %(number)s, which was of %(former)s")),
    Act.RULE_CHANGED: (SETUP, lazy("%(who)s changed the rule “%(subject)s”, which did until then: %(old)s")),
    Act.LINKS_REVOKED: (RIGHTS, lazy("%(who)s revoked every mailed link (links: %(count)s)")),
    Act.PERSONS_LINKS_REVOKED: (RIGHTS, lazy("%(who)s revoked the mailed links of %(subject)s (links: %(count)s)")),
    Act.EXAMPLES_LOADED: (DATA, lazy("%(who)s loaded the examples (rows: %(count)s)")),
    Act.EXAMPLES_REMOVED: (DATA, lazy("%(who)s removed the examples (rows: %(count)s)")),
    Act.COPY_LET_GO: (DATA, lazy("%(who)s let the restored desk go to work")),
    Act.CLOCK_AGREED: (DATA, lazy("%(who)s said that the clock is right: deleting by age goes on")),
    Act.TICKET: (ACTIVITY, lazy("Ticket %(subject)s: %(event)s")),
    Act.PURGED: (ACTIVITY, lazy("Ticket %(subject)s was deleted for good")),
    Act.MAIL_SENT: (MAIL, lazy("The e-mail “%(email)s” was sent to %(subject)s")),
    Act.MAIL_FAILED: (MAIL, lazy("The e-mail “%(email)s” to %(subject)s was given up: %(reason)s")),
}

#: Tables whose changes are kept, by the name of their model: kind and name.
TABLE_NAMES: dict[str, tuple[str, Any]] = {
    "Agent": (RIGHTS, lazy("account")),
    "Permission": (RIGHTS, lazy("permission")),
    "Role": (RIGHTS, lazy("role")),
    "Team": (RIGHTS, lazy("team")),
    "Service": (SETUP, lazy("service")),
    "OpeningHours": (SETUP, lazy("opening hours")),
    "DueTime": (SETUP, lazy("due time")),
    "ClosedDay": (SETUP, lazy("closed day")),
    "Department": (SETUP, lazy("department")),
    "Status": (SETUP, lazy("status")),
    "Priority": (SETUP, lazy("priority")),
    "Tag": (SETUP, lazy("tag")),
    "CannedResponse": (SETUP, lazy("canned response")),
    "Filter": (SETUP, lazy("filter or rule")),
    "Customer": (SETUP, lazy("customer")),
    "Mailbox": (SETUP, lazy("mailbox")),
    "SenderRule": (SETUP, lazy("sender")),
}

#: What an agent who leaves may have (``helpdesk.departures``).
HOLDING_NAMES: dict[str, Any] = {
    "replies": lazy("Replies that wait to be sent"),
    "scheduled_replies": lazy("Replies that are sent later"),
    "tickets": lazy("Open tickets"),
    "other_tickets": lazy("Tickets that are closed, spam or in the bin"),
    "drafts": lazy("Drafts"),
    "managed_teams": lazy("Teams they manage"),
    "memberships": lazy("Teams they are a member of"),
    "places": lazy("Places they cover"),
    "filters": lazy("Filters they saved"),
    "filter_actions": lazy("Filters that transfer to them"),
    "filter_conditions": lazy("Filters that look for their name or address"),
    "lists": lazy("Lists they share"),
    "lists_of_theirs": lazy("Lists of others that look for their tickets"),
    "canned_responses": lazy("Canned responses they wrote"),
    "macro_acts": lazy("Canned responses that assign to them"),
    "keys": lazy("Keys they made for other programs"),
}

#: Columns, and lists that belong to a row.
FIELD_NAMES: dict[str, Any] = {
    "absent_until": lazy("away until"),
    "absent_words": lazy("words of the absence"),
    "actions": lazy("actions"),
    "acts": lazy("acts"),
    "active": lazy("active"),
    "trigger": lazy("what happens"),
    "hours": lazy("how long"),
    "frequency": lazy("how often it acts"),
    "address": lazy("address"),
    "after": lazy("what becomes of e-mails that were read"),
    "after_days": lazy("after how many days"),
    "after_folder": lazy("folder they are moved to"),
    "agent": lazy("agent"),
    "aliases": lazy("other addresses"),
    "auth": lazy("sign-in"),
    "audience": lazy("for whom"),
    "author": lazy("author"),
    "author_id": lazy("author"),
    "background_color": lazy("background colour"),
    "begin": lazy("what it begins with"),
    "blocked_at": lazy("blocked"),
    "body": lazy("text"),
    "can_assign": lazy("assign tickets"),
    "can_configure": lazy("configure the desk"),
    "can_delete": lazy("delete tickets"),
    "can_set_priority": lazy("set the priority"),
    "as_application": lazy("opened by an application"),
    "can_set_status": lazy("set the status"),
    "can_tag": lazy("tag tickets"),
    "category": lazy("category"),
    "client_id": lazy("client ID"),
    "client_secret": lazy("client secret"),
    "conditions": lazy("conditions"),
    "copies": lazy("people in copy"),
    "copy_sent": lazy("copy of what is sent"),
    "read_sent": lazy("taking what other programs sent"),
    "department": lazy("department"),
    "does": lazy("what is done"),
    "email": lazy("e-mail"),
    "enabled": lazy("enabled"),
    "first_day": lazy("first day"),
    "first_name": lazy("first name"),
    "first_reply": lazy("first reply"),
    "folder": lazy("folder"),
    "friday": lazy("hours of Friday"),
    "held_folders": lazy("folders that are held"),
    "hold_lists": lazy("hold mailing lists"),
    "host": lazy("server"),
    "identifier": lazy("identifier"),
    "idle": lazy("wait for new e-mails"),
    "is_admin": lazy("administrator"),
    "key": lazy("key"),
    "keeps": lazy("keeps its tickets’ customers"),
    "kind": lazy("kind"),
    "label": lazy("label"),
    "last_day": lazy("last day"),
    "last_name": lazy("last name"),
    "locale": lazy("language"),
    "manager": lazy("manager"),
    "members": lazy("members"),
    "mode": lazy("conditions joined by"),
    "monday": lazy("hours of Monday"),
    "name": lazy("name"),
    "next_reply": lazy("next reply"),
    "note": lazy("note"),
    "notify": lazy("notify"),
    "open_at": lazy("hours of a half day"),
    "opening_hours": lazy("opening hours"),
    "other_folders": lazy("other folders"),
    "pattern": lazy("sender"),
    "port": lazy("port"),
    "priority": lazy("priority"),
    "position": lazy("position"),
    "region": lazy("country or region"),
    "requires_second_factor": lazy("two-factor authentication required"),
    "resolution": lazy("resolution"),
    "restored": lazy("back to the original"),
    "role": lazy("role"),
    "saturday": lazy("hours of Saturday"),
    "secret": lazy("password"),
    "security": lazy("encryption"),
    "sender_email": lazy("sender’s e-mail"),
    "sender_name": lazy("sender’s name"),
    "sent_folder": lazy("folder of sent e-mails"),
    "service": lazy("service"),
    "shortcut": lazy("shortcut"),
    "shortcuts": lazy("single-key shortcuts"),
    "list_rows": lazy("height of the rows"),
    "list_columns": lazy("columns of the lists"),
    "after_act": lazy("what follows an act"),
    "answers_by_mail": lazy("answers by e-mail"),
    "mail_on_warning": lazy("mails before a due time"),
    "mail_on_overdue": lazy("mails after a due time"),
    "mail_on_due_list": lazy("daily list of overdue tickets"),
    "signature": lazy("signature"),
    "sub_addresses": lazy("sub-addresses"),
    "subject": lazy("subject"),
    "sunday": lazy("hours of Sunday"),
    "team_id": lazy("team"),
    "tenant": lazy("directory"),
    "text_color": lazy("text colour"),
    "thursday": lazy("hours of Thursday"),
    "timezone": lazy("time zone"),
    "trusted_server": lazy("trusted server"),
    "trusted_hops": lazy("servers above the trusted one"),
    "seen_server": lazy("server the test e-mail showed"),
    "seen_hops": lazy("servers above the one the test e-mail showed"),
    "tuesday": lazy("hours of Tuesday"),
    "username": lazy("user name"),
    "wednesday": lazy("hours of Wednesday"),
    "weight": lazy("weight"),
}
