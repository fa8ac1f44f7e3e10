"""What can happen to a ticket, and the sentences that say so; ``helpdesk.events`` writes and reads them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from helpdesk.i18n import lazy


class EventKind(StrEnum):
    """Everything that can happen to a ticket."""

    OPENED = "opened"
    CUSTOMER_WROTE = "customer-wrote"
    REPLIED = "replied"
    NOTE_ADDED = "note-added"
    NOTE_DELETED = "note-deleted"
    NAMED = "named"
    STATUS = "status"
    PRIORITY = "priority"
    IMPORTANT = "important"
    NOT_IMPORTANT = "not-important"
    ASSIGNED = "assigned"
    TAKEN = "taken"
    TRANSFERRED = "transferred"
    UNASSIGNED = "unassigned"
    MOVED = "moved"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    CLOSED = "closed"
    CLOSED_BY_CUSTOMER = "closed-by-customer"
    REOPENED = "reopened"
    SPAM = "spam"
    NOT_SPAM = "not-spam"
    DELETED = "deleted"
    RESTORED = "restored"
    COPY_ADDED = "copy-added"
    COPY_DROPPED = "copy-dropped"
    COPY_LEFT = "copy-left"
    FILTERED = "filtered"
    FILTER_SKIPPED = "filter-skipped"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"
    RATED_GOOD = "rated-good"
    RATED_BAD = "rated-bad"
    RENAMED = "renamed"
    MERGED = "merged"
    MERGE_UNDONE = "merge-undone"
    TAKEN_OUT = "taken-out"
    STRANGER_WROTE = "stranger-wrote"
    SENT_ELSEWHERE = "sent-elsewhere"
    AUTOMATIC = "automatic"
    RELATED = "related"
    SPLIT = "split"
    SPLIT_OFF = "split-off"
    SPLIT_UNDONE = "split-undone"
    BOUNCED = "bounced"
    DELAYED = "delayed"
    NOT_ANSWERED = "not-answered"
    ADDRESS_CORRECTED = "address-corrected"
    ADDRESS_REMOVED = "address-removed"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    CUSTOMER_CHANGED = "customer-changed"
    CUSTOMER_MERGED = "customer-merged"
    CUSTOMERS_PARTED = "customers-parted"
    REPLY_SCHEDULED = "reply-scheduled"
    REPLY_UNSCHEDULED = "reply-unscheduled"
    REPLY_STOPPED = "reply-stopped"
    RESPONSE_SKIPPED = "response-skipped"
    ACT_SKIPPED = "act-skipped"
    RULE_APPLIED = "rule-applied"
    RULE_SKIPPED = "rule-skipped"
    RULES_REST = "rules-rest"
    CORRECTED = "corrected"
    MASKED = "masked"
    FILE_MASKED = "file-masked"
    UNMASKED = "unmasked"
    MADE_PRIVATE = "made-private"
    NOT_PRIVATE = "not-private"
    ANONYMISED = "anonymised"
    FILES_DELETED = "files-deleted"
    CLOSING_ANNOUNCED = "closing-announced"
    NOT_CLOSED = "not-closed"
    NOT_RESOLVED = "not-resolved"
    KEPT_OPEN = "kept-open"
    CLOSING_ALLOWED = "closing-allowed"
    LINKED = "linked"
    UNLINKED = "unlinked"


#: The sentence of each kind.
SENTENCES: dict[EventKind, Any] = {
    EventKind.OPENED: lazy("%(who)s opened the ticket"),
    EventKind.CUSTOMER_WROTE: lazy("%(who)s wrote"),
    EventKind.REPLIED: lazy("%(who)s replied"),
    EventKind.NOTE_ADDED: lazy("%(who)s added an internal note"),
    EventKind.NOTE_DELETED: lazy("%(who)s deleted an internal note"),
    EventKind.NAMED: lazy("%(who)s named %(to)s in a note"),
    EventKind.STATUS: lazy("%(who)s changed the status from %(old)s to %(new)s"),
    EventKind.PRIORITY: lazy("%(who)s changed the priority from %(old)s to %(new)s"),
    EventKind.IMPORTANT: lazy("%(who)s marked the ticket as important"),
    EventKind.NOT_IMPORTANT: lazy("%(who)s unmarked the ticket as important"),
    EventKind.ASSIGNED: lazy("%(who)s assigned the ticket to %(to)s"),
    EventKind.TAKEN: lazy("%(who)s took the ticket"),
    EventKind.TRANSFERRED: lazy("%(who)s transferred the ticket to %(to)s"),
    EventKind.UNASSIGNED: lazy("%(who)s unassigned the ticket"),
    EventKind.MOVED: lazy("%(who)s moved the ticket from %(old)s to %(new)s"),
    EventKind.TAGGED: lazy("%(who)s added the tag %(tag)s"),
    EventKind.UNTAGGED: lazy("%(who)s removed the tag %(tag)s"),
    EventKind.CLOSED: lazy("%(who)s closed the ticket"),
    EventKind.CLOSED_BY_CUSTOMER: lazy("%(who)s closed the ticket from their account"),
    EventKind.REOPENED: lazy("%(who)s reopened the ticket"),
    EventKind.SPAM: lazy("%(who)s marked the ticket as spam"),
    EventKind.NOT_SPAM: lazy("%(who)s marked the ticket as not spam"),
    EventKind.DELETED: lazy("%(who)s moved the ticket to the bin"),
    EventKind.RESTORED: lazy("%(who)s restored the ticket from the bin"),
    EventKind.COPY_ADDED: lazy("%(who)s put %(email)s in copy"),
    EventKind.COPY_DROPPED: lazy("%(who)s took %(email)s out of copy"),
    EventKind.COPY_LEFT: lazy("%(email)s wants to be in copy no more"),
    EventKind.FILTERED: lazy("The filter “%(name)s” applied"),
    EventKind.UNDONE: lazy("%(who)s undid a change"),
    EventKind.RATED_GOOD: lazy("%(who)s is satisfied"),
    EventKind.RATED_BAD: lazy("%(who)s is not satisfied"),
    EventKind.WITHDRAWN: lazy("%(who)s took a reply back before it went out"),
    EventKind.RENAMED: lazy("%(who)s changed the subject from “%(old)s” to “%(new)s”"),
    EventKind.MERGED: lazy("%(who)s merged ticket %(former)s, “%(subject)s”, into this one"),
    EventKind.MERGE_UNDONE: lazy("%(who)s took ticket %(former)s, “%(subject)s”, out of this one again"),
    EventKind.TAKEN_OUT: lazy("%(who)s took this ticket out of ticket %(number)s again"),
    EventKind.STRANGER_WROTE: lazy("%(email)s wrote, who does not belong to this ticket"),
    EventKind.SENT_ELSEWHERE: lazy("A reply was sent from %(email)s with another program"),
    EventKind.AUTOMATIC: lazy("An automatic e-mail of %(email)s came in: “%(subject)s”"),
    EventKind.RELATED: lazy("The e-mail answers ticket %(number)s"),
    EventKind.SPLIT: lazy("%(who)s made ticket %(number)s of a part of this one"),
    EventKind.SPLIT_OFF: lazy("%(who)s made this ticket of a part of ticket %(number)s"),
    EventKind.SPLIT_UNDONE: lazy("%(who)s put what had become ticket %(number)s back into this one"),
    EventKind.BOUNCED: lazy("An e-mail to %(email)s was not delivered"),
    EventKind.DELAYED: lazy("An e-mail to %(email)s is late; its server goes on trying"),
    EventKind.NOT_ANSWERED: lazy("No more automatic answers go to %(email)s for a while: there were too many"),
    EventKind.ADDRESS_CORRECTED: lazy("%(who)s corrected the address %(old)s to %(new)s"),
    EventKind.ADDRESS_REMOVED: lazy("%(who)s removed the address %(old)s: e-mails go to %(new)s"),
    EventKind.SNOOZED: lazy("%(who)s snoozed the ticket until %(until)s"),
    EventKind.WOKEN: lazy("%(who)s woke the ticket"),
    EventKind.CUSTOMER_CHANGED: lazy("%(who)s changed the customer from %(old)s to %(new)s"),
    EventKind.CUSTOMER_MERGED: lazy("%(who)s merged the customer %(old)s into %(new)s"),
    EventKind.CUSTOMERS_PARTED: lazy("%(who)s undid the merge of the customer %(old)s into %(new)s"),
    EventKind.REPLY_SCHEDULED: lazy("%(who)s scheduled a reply for %(until)s"),
    EventKind.REPLY_UNSCHEDULED: lazy("%(who)s took back the reply scheduled for %(until)s"),
    EventKind.REPLY_STOPPED: lazy("The reply that %(name)s had scheduled for %(until)s is a draft again"),
    EventKind.RESPONSE_SKIPPED: lazy("The canned response “%(name)s” was not saved: its name is taken by now"),
    EventKind.ACT_SKIPPED: lazy("Left out when a scheduled reply left: %(name)s %(reason)s"),
    EventKind.RULE_APPLIED: lazy("The rule “%(name)s” applied"),
    EventKind.RULE_SKIPPED: lazy("An action of the rule “%(name)s” was skipped"),
    EventKind.RULES_REST: lazy("Rules leave this ticket alone for a day: they acted too often within an hour"),
    EventKind.CORRECTED: lazy("%(who)s corrected a message of %(name)s"),
    EventKind.MASKED: lazy("%(who)s masked a passage of a message of %(name)s"),
    EventKind.FILE_MASKED: lazy("%(who)s masked a file of a message of %(name)s"),
    EventKind.UNMASKED: lazy("%(who)s undid a mask"),
    EventKind.MADE_PRIVATE: lazy("%(who)s keeps the ticket from colleagues"),
    EventKind.NOT_PRIVATE: lazy("%(who)s lets colleagues read the ticket"),
    EventKind.ANONYMISED: lazy("The ticket was anonymised: its period was over"),
    EventKind.FILES_DELETED: lazy("The files of the ticket were deleted: their period was over (files: %(name)s)"),
    EventKind.CLOSING_ANNOUNCED: lazy("The customer was told by e-mail that the ticket is closed on %(until)s"),
    EventKind.NOT_CLOSED: lazy("The ticket stays open: no e-mail could tell the customer that it would be closed"),
    EventKind.NOT_RESOLVED: lazy("%(who)s says that it is not resolved"),
    EventKind.KEPT_OPEN: lazy("%(who)s does not want the ticket to be closed by itself"),
    EventKind.CLOSING_ALLOWED: lazy("%(who)s lets the ticket be closed by itself again"),
    EventKind.LINKED: lazy("%(who)s linked ticket %(number)s"),
    EventKind.UNLINKED: lazy("%(who)s took the link to ticket %(number)s away"),
    EventKind.FILTER_SKIPPED: lazy("An action of the filter “%(name)s” was skipped: %(reason)s"),
}

#: The sentence of an event that names another ticket, for who does not see that one.
NAMELESS: dict[EventKind, Any] = {
    EventKind.MERGED: lazy("%(who)s merged another ticket into this one"),
    EventKind.MERGE_UNDONE: lazy("%(who)s took another ticket out of this one again"),
    EventKind.TAKEN_OUT: lazy("%(who)s took this ticket out of another one again"),
    EventKind.RELATED: lazy("The e-mail answers another ticket"),
    EventKind.SPLIT: lazy("%(who)s made another ticket of a part of this one"),
    EventKind.SPLIT_OFF: lazy("%(who)s made this ticket of a part of another one"),
    EventKind.LINKED: lazy("%(who)s linked another ticket"),
    EventKind.UNLINKED: lazy("%(who)s took the link to another ticket away"),
}

#: How an agent came to open a ticket for somebody, and the sentence that says so.
OPENED_FOR: dict[str, Any] = {
    "phone": lazy("%(who)s opened the ticket for %(customer)s, who phoned"),
    "visit": lazy("%(who)s opened the ticket for %(customer)s, who came in"),
    "email": lazy("%(who)s opened the ticket for %(customer)s, who wrote an e-mail"),
}

#: How assigning reads where it was somebody's turn.
ASSIGNED_IN_TURN = lazy("%(who)s assigned the ticket to %(to)s in turn (open tickets until then: %(open_tickets)s)")

#: How a link reads that somebody made, by what it is called in this ticket.
LINKED_AS: dict[str, Any] = {
    "same": lazy("%(who)s linked ticket %(number)s: the same subject"),
    "blocks": lazy("%(who)s linked ticket %(number)s: this one blocks it"),
    "blocked": lazy("%(who)s linked ticket %(number)s: it blocks this one"),
    "follows": lazy("%(who)s linked ticket %(number)s: this one is its follow-up"),
    "followed": lazy("%(who)s linked ticket %(number)s: it is the follow-up of this one"),
}

#: How the opening of a ticket reads in the one it was merged into.
OPENED_APART = lazy("%(who)s opened ticket %(former)s, “%(subject)s”, which is part of this one now")

#: Why a scheduled reply did not leave, beside other reasons below.
STOPPED: dict[str, Any] = {
    "closed": lazy("the ticket was closed"),
    "spam": lazy("the ticket was marked as spam"),
    "in-bin": lazy("the ticket was moved to the bin"),
    "merged": lazy("another ticket became part of this one"),
    "other-customer": lazy("the ticket has another customer"),
    "may-not-answer": lazy("%(name)s may no longer answer here"),
    "restored-copy": lazy("it may have left from the desk that this one was copied from"),
    "refused": lazy("it could not be sent as it was written"),
    "failed": lazy("an error came up, which the log of the desk describes"),
    "cancelled": lazy("it was cancelled"),
}

#: Why a ticket lost its assignee (RULES 7): the reason stands after the sentence.
REASONS: dict[str, Any] = {
    "agent-disabled": lazy("%(name)s was disabled"),
    "agent-deleted": lazy("%(name)s was deleted"),
    "departure-undone": lazy("the departure of %(name)s was undone"),
    "team-disabled": lazy("the team %(name)s was disabled"),
    "team-deleted": lazy("the team %(name)s was deleted"),
    "left-team": lazy("%(name)s left the team"),
    "no-access": lazy("%(name)s no longer covers it"),
    "back-assign": lazy("assigned to %(name)s again"),
    "back-nobody": lazy("assigned to nobody again"),
    "back-status": lazy("the status is %(name)s again"),
    "back-priority": lazy("the priority is %(name)s again"),
    "back-macro": lazy("as before the macro"),
    "back-customer": lazy("%(name)s is the customer again"),
    "back-spam": lazy("no longer spam"),
    "back-not-spam": lazy("spam again"),
    "back-delete": lazy("out of the bin again"),
    "back-restore": lazy("in the bin again"),
    "back-snooze": lazy("awake again"),
    "back-wake": lazy("snoozed again"),
    "moment-came": lazy("it was snoozed until now"),
    "customer-wrote": lazy("the customer wrote"),
    "no-message": lazy("without a reply for %(name)s days"),
    **STOPPED,
}
