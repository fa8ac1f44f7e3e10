"""The verbs of a ticket (guard, one transaction, change, event; repeating one changes nothing) and what hangs on it.
It may import people and what stands before them.
No lists and no bulk acts: those are `helpdesk/lists`.
"""

from helpdesk.events import transaction
from helpdesk.locking import lock
from helpdesk.tickets.assignment import assign, move, take, transfer
from helpdesk.tickets.customer_change import change_customer
from helpdesk.tickets.merge_undo import undo_merge
from helpdesk.tickets.merging import merge
from helpdesk.tickets.messages import add_note, delete_note, may_delete_note, receive_message, reply, signature_of
from helpdesk.tickets.on_behalf import may_open_in, open_for_caller
from helpdesk.tickets.opening import NewTicket, find_made, open_ticket
from helpdesk.tickets.properties import mark_important, not_important, rename, set_priority, set_tags, tag, untag
from helpdesk.tickets.sent_forms import find_by_form_key as find_message_by_form_key
from helpdesk.tickets.spam_and_bin import (
    delete,
    mark_spam,
    may_be_impersonated,
    not_spam,
    purge_bin,
    purge_date,
    restore,
)
from helpdesk.tickets.split_undo import undo_split
from helpdesk.tickets.splitting import split
from helpdesk.tickets.status import close, reopen, set_status
from helpdesk.tickets.undo_send import delay_reply, send_reply_now, withdraw_reply

__all__ = [
    "NewTicket",
    "add_note",
    "assign",
    "change_customer",
    "close",
    "delay_reply",
    "delete",
    "delete_note",
    "find_made",
    "find_message_by_form_key",
    "lock",
    "mark_important",
    "mark_spam",
    "may_be_impersonated",
    "may_delete_note",
    "may_open_in",
    "merge",
    "move",
    "not_important",
    "not_spam",
    "open_for_caller",
    "open_ticket",
    "purge_bin",
    "purge_date",
    "receive_message",
    "rename",
    "reopen",
    "reply",
    "restore",
    "send_reply_now",
    "set_priority",
    "set_status",
    "set_tags",
    "signature_of",
    "split",
    "tag",
    "take",
    "transaction",
    "transfer",
    "undo_merge",
    "undo_split",
    "untag",
    "withdraw_reply",
]
