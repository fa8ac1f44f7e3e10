"""What the journal can tell: each act with its kind and its sentence, and how tables and their fields are called."""

from __future__ import annotations

from typing import Any

from helpdesk.i18n import lazy
from helpdesk.journal_acts import Act

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

#: What became of an erased person’s tickets.
ERASURES: dict[str, Any] = {
    "anonymise": lazy("anonymised"),
    "anonymise-blanked": lazy("anonymised, with what the team wrote"),
    "delete": lazy("deleted with the tickets"),
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
    Act.IDENTITY_LINKED: (SIGN_INS, lazy("%(who)s linked the account %(subject)s of “%(provider)s”")),
    Act.IDENTITY_UNLINKED: (SIGN_INS, lazy("%(who)s unlinked the account %(subject)s of “%(provider)s”")),
    Act.PROVIDER_SIGNED_IN: (SIGN_INS, lazy("%(who)s came by “%(provider)s” (%(subject)s)")),
    Act.PROVIDER_REFUSED: (SIGN_INS, lazy("A sign-in by “%(provider)s” was refused (%(subject)s). %(failure)s")),
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
    Act.ERASURE_REQUESTED: (DATA, lazy("%(who)s wants %(subject)s to be erased (%(erasure)s)")),
    Act.ERASURE_CONFIRMED: (DATA, lazy("%(who)s confirmed the erasure of %(subject)s")),
    Act.ERASURE_CANCELLED: (DATA, lazy("%(who)s cancelled the erasure of %(subject)s")),
    Act.SECOND_OFF_WANTED: (SETTINGS, lazy("%(who)s wants erasures to need no second administrator")),
    Act.SECOND_OFF_CONFIRMED: (
        SETTINGS,
        lazy("%(who)s confirmed that erasures need no second administrator, as %(subject)s wanted"),
    ),
    Act.SECOND_OFF_CANCELLED: (
        SETTINGS,
        lazy("%(who)s let erasures go on needing a second administrator, which %(subject)s wanted to end"),
    ),
    Act.PERSON_ERASED: (DATA, lazy("A person was erased: %(subject)s from now on (%(erasure)s; rows: %(count)s)")),
    Act.ADDRESS_SUPPRESSED: (DATA, lazy("%(who)s put addresses among those no longer kept (addresses: %(count)s)")),
    Act.ADDRESS_RELEASED: (DATA, lazy("%(who)s took an address off the list of those no longer kept")),
    Act.RETENTION_ANNOUNCED: (
        DATA,
        lazy(
            "Batch no. %(subject)s was announced: what its period ends (tickets deleted: %(delete_count)s, "
            "anonymised: %(anonymise_count)s, without their files: %(files_count)s, spam: %(spam_count)s, "
            "customers: %(customer_count)s)"
        ),
    ),
    Act.RETENTION_CANCELLED: (
        DATA,
        lazy(
            "%(who)s cancelled batch no. %(subject)s (tickets deleted: %(delete_count)s, "
            "anonymised: %(anonymise_count)s, without their files: %(files_count)s, spam: %(spam_count)s, "
            "customers: %(customer_count)s)"
        ),
    ),
    Act.RETENTION_DONE: (
        DATA,
        lazy(
            "Batch no. %(subject)s was carried out (tickets deleted: %(delete_count)s, "
            "anonymised: %(anonymise_count)s, without their files: %(files_count)s, spam: %(spam_count)s, "
            "customers: %(customer_count)s)"
        ),
    ),
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
    Act.CUSTOMERS_MERGED: (
        SETUP,
        lazy("%(who)s merged the customers %(subject)s and %(to)s: %(name)s remains"),
    ),
    Act.CUSTOMERS_PARTED: (SETUP, lazy("%(who)s undid the merge of the customers %(subject)s and %(to)s")),
    Act.CUSTOMERS_APART: (SETUP, lazy("%(who)s noted that %(subject)s and %(to)s are two people")),
    Act.RULE_CHANGED: (SETUP, lazy("%(who)s changed the rule “%(subject)s”, which did until then: %(old)s")),
    Act.RESPONSIBLE_PROPOSED: (
        RIGHTS,
        lazy("%(who)s proposed %(subject)s as responsible for the organisation %(to)s"),
    ),
    Act.RESPONSIBLE_CONFIRMED: (
        RIGHTS,
        lazy("%(who)s let %(subject)s read all tickets of the organisation %(to)s"),
    ),
    Act.RESPONSIBLE_ENDED: (
        RIGHTS,
        lazy("%(who)s took from %(subject)s the responsibility for the organisation %(to)s"),
    ),
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
    "Leave": (SETUP, lazy("leave")),
    "Service": (SETUP, lazy("service")),
    "OpeningHours": (SETUP, lazy("opening hours")),
    "DueTime": (SETUP, lazy("due time")),
    "AutomaticClosing": (SETUP, lazy("automatic closing")),
    "ClosedDay": (SETUP, lazy("closed day")),
    "Department": (SETUP, lazy("department")),
    "Status": (SETUP, lazy("status")),
    "Priority": (SETUP, lazy("priority")),
    "Tag": (SETUP, lazy("tag")),
    "CannedResponse": (SETUP, lazy("canned response")),
    "Filter": (SETUP, lazy("filter or rule")),
    "Customer": (SETUP, lazy("customer")),
    "Organisation": (SETUP, lazy("organisation")),
    "RetentionRule": (SETUP, lazy("retention")),
    "Mailbox": (SETUP, lazy("mailbox")),
    "IdentityProvider": (SETUP, lazy("identity provider")),
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
    "substitutions": lazy("Leave of others for whom they stand in"),
    "filters": lazy("Filters they saved"),
    "filter_actions": lazy("Filters that transfer to them"),
    "filter_conditions": lazy("Filters that look for their name or address"),
    "lists": lazy("Lists they share"),
    "lists_of_theirs": lazy("Lists of others that look for their tickets"),
    "canned_responses": lazy("Canned responses they wrote"),
    "macro_acts": lazy("Canned responses that assign to them"),
    "organisations": lazy("Organisations whose new tickets go to them"),
    "keys": lazy("Keys they made for other programs"),
}
