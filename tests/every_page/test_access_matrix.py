"""Who meets what at every address of the desk: each route × each of the cast. A route nobody declared fails.

What comes back from a form that is sent empty is read as well: no English is left on it for who reads French.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from admin_views.account import two_factor
from database import Label
from helpdesk import clock, i18n, links, orders, settings, tickets
from helpdesk.erasing import carrying_out, erasure_log, requests
from helpdesk.files import logo
from helpdesk.incoming import pipeline
from helpdesk.joining import merging
from helpdesk.joining.merging import Choices
from helpdesk.notifications import KINDS
from helpdesk.operations import workers
from helpdesk.people import api_keys
from helpdesk.settings import environment
from models import (
    AutomaticClosing,
    BulkAction,
    CannedResponse,
    ClosedDay,
    Customer,
    CustomerAddress,
    Department,
    DueTime,
    Erasure,
    Filter,
    Identity,
    IdentityProvider,
    IncomingMail,
    Leave,
    Mailbox,
    OpeningHours,
    Organisation,
    OutgoingEmail,
    Permission,
    PossibleDuplicate,
    Priority,
    RetentionBatch,
    RetentionItem,
    RetentionRule,
    Role,
    SavedView,
    SenderRule,
    Service,
    Status,
    SuppressedAddress,
    Tag,
    Team,
    Ticket,
)
from tests.support import attached, cast, doors, mails, sqlite_only, words

#: In this order: those who may least come first, so that nobody trips over what another has done.
#: guest: a browser that used the private link of Carol's ticket; ben: an agent of another service; mona: a manager.
PERSONAS = ("visitor", "guest", "dan", "carol", "ben", "ana", "mona", "root")

#: Strangers are sent to the sign-in page, customers are refused, agents get what follows.
DESK = "302 302 403 403"
ALL = "200 200 200 200 200 200 200 200"
NOBODY = "404 404 404 404 404 404 404 404"
REFUSED = "400 400 400 400 400 400 400 400"
#: Who is signed out is sent to sign in, and hears nothing of a form that has expired.
REFUSED_OF_AGENTS = "302 302 400 400 400 400 400 400"
#: Where mail programs post by themselves (RFC 8058): the token of the address alone opens it, and here it is none.
BY_PROGRAMS = {"public.leave": "404 404 404 404 404 404 404 404"}
CONFIGURE = f"{DESK} 403 403 403"
AGENTS = f"{DESK} 200 200 200 200"
#: A ticket of Billing: not Ben's.
TICKET = f"{DESK} 404 200 200 200"
ACT = f"{DESK} 404 302 302 302"


def screen(name: str, *, exports: bool = False) -> dict[str, str]:
    """Return what a generated screen of set-up answers to GET."""
    return {
        f"{name}.index_view": f"{CONFIGURE} 200",
        f"{name}.create_view": f"{CONFIGURE} 200",
        f"{name}.edit_view": f"{CONFIGURE} 200",
        # The list says it all: there is no page of details.
        f"{name}.details_view": f"{CONFIGURE} 302",
        f"{name}.export": f"{CONFIGURE} {200 if exports else 404}",
    }


SCREENS = (
    *("desk_services", "desk_departments", "desk_filters", "desk_users", "desk_teams", "desk_roles"),
    *("desk_statuses", "desk_priorities", "desk_tags", "desk_opening_hours", "desk_closed_days"),
    *("desk_due_times", "desk_automations", "desk_organisations", "desk_leave", "desk_automatic_closing"),
)

#: What GET answers, persona by persona.
GET: dict[str, str] = {
    **{endpoint: status for name in SCREENS for endpoint, status in screen(name).items()},
    **screen("desk_customers", exports=True),
    "desk_customers.import_view": f"{CONFIGURE} 200",
    **screen("desk_orders", exports=True),
    "desk_orders.create_view": f"{CONFIGURE} 302",
    "desk_orders.edit_view": f"{CONFIGURE} 302",
    "desk_orders.import_view": f"{CONFIGURE} 200",
    **screen("desk_erasures", exports=True),
    "desk_erasures.create_view": f"{CONFIGURE} 302",
    "desk_erasures.edit_view": f"{CONFIGURE} 302",
    **screen("desk_suppressed_addresses"),
    "desk_suppressed_addresses.edit_view": f"{CONFIGURE} 302",
    "desk_suppressed_addresses.try_view": f"{CONFIGURE} 200",
    **screen("desk_retention"),
    **screen("desk_retention_items", exports=True),
    **screen("desk_retention_batches", exports=True),
    **{
        f"desk_retention_{name}.{way}_view": f"{CONFIGURE} 302"
        for name in ("items", "batches")
        for way in ("create", "edit")
    },
    # No file waits for them.
    "desk_customer.export_file_view": f"{DESK} 404 403 403 404",
    "desk_customer_erasing.erase_view": f"{CONFIGURE} 200",
    "desk_customer_organisation.organisation_view": f"{CONFIGURE} 200",
    "desk_customer_merging.choose_view": f"{CONFIGURE} 200",
    "desk_customer_merging.merge_view": f"{CONFIGURE} 200",
    "desk_customer_merging.undo_view": f"{CONFIGURE} 200",
    "desk_customer_duplicates.index_view": f"{CONFIGURE} 200",
    **screen("desk_api_keys"),
    "desk_api_keys.edit_view": f"{CONFIGURE} 302",
    "desk_api_keys.revoke_view": f"{CONFIGURE} 200",
    # A key opens it, and no cookie does.
    "api.get_order": "401 401 401 401 401 401 401 401",
    "desk_canned_responses.index_view": AGENTS,
    # Every agent writes one for themselves.
    "desk_canned_responses.create_view": AGENTS,
    # Its author, managers and administrators edit it (RULES 27).
    "desk_canned_responses.edit_view": f"{DESK} 403 403 200 200",
    "desk_canned_responses.details_view": AGENTS,
    "desk_canned_responses.export": f"{DESK} 404 404 404 404",
    "desk_my_settings.index_view": AGENTS,
    # Only administrators add permissions, also their own (RULES 3).
    "desk_my_settings.create_view": f"{DESK} 302 302 302 200",
    "desk_my_settings.edit_view": f"{DESK} 404 200 404 404",
    "desk_my_settings.details_view": f"{DESK} 302 302 302 302",
    "desk_my_settings.export": f"{DESK} 404 404 404 404",
    "desk_closed_days.holidays_view": f"{CONFIGURE} 200",
    "desk_due_times.test_view": f"{CONFIGURE} 200",
    "desk_automatic_closing.older_view": f"{CONFIGURE} 200",
    "desk_due_time.due_view": TICKET,
    "desk_why.why_view": TICKET,
    "desk_users.add_to_support": f"{CONFIGURE} 200",
    "desk_users.remove_from_support": f"{CONFIGURE} 200",
    "desk_users.invitation": f"{CONFIGURE} 200",
    "desk_users.invitations_view": f"{CONFIGURE} 200",
    **dict.fromkeys(("desk_users.import_view", "desk_departments.import_view"), f"{CONFIGURE} 200"),
    "desk_users.new_password": f"{CONFIGURE} 200",
    "desk_users.reset_two_factor": f"{CONFIGURE} 200",
    "desk_departures.index_view": f"{CONFIGURE} 200",
    "desk_configuration.index_view": f"{CONFIGURE} 200",
    "desk_emails.index_view": f"{CONFIGURE} 200",
    "desk_emails.edit_view": f"{CONFIGURE} 200",
    "desk_emails.preview_view": f"{CONFIGURE} 200",
    "desk_health.index_view": f"{CONFIGURE} 200",
    "desk_design.index_view": f"{CONFIGURE} 200",
    "desk_outbox.index_view": f"{CONFIGURE} 200",
    "desk_journal.index_view": f"{CONFIGURE} 200",
    **dict.fromkeys(("desk_ready.index_view", "desk_ready.code_view"), f"{CONFIGURE} 200"),
    "desk_journal.export_view": f"{CONFIGURE} 200",
    "desk_outbox.details_view": f"{CONFIGURE} 200",
    "desk_outbox.create_view": f"{CONFIGURE} 302",
    "desk_outbox.edit_view": f"{CONFIGURE} 302",
    "desk_outbox.export": f"{CONFIGURE} 404",
    **screen("desk_mailboxes"),
    **dict.fromkeys(("desk_mailboxes.sign_in_view", "desk_mailboxes.oauth_view"), f"{CONFIGURE} 302"),
    "desk_mailboxes.test_view": f"{CONFIGURE} 200",
    **screen("desk_senders"),
    **screen("desk_identity_providers"),
    "desk_identity_providers.test_view": f"{CONFIGURE} 200",
    **screen("desk_identities"),
    **dict.fromkeys(("desk_identities.create_view", "desk_identities.edit_view"), f"{CONFIGURE} 302"),
    "desk_strangers.index_view": f"{DESK} 302 302 302 302",
    "desk_incoming.index_view": AGENTS,
    "desk_incoming.details_view": f"{DESK} 404 200 200 200",
    "desk_incoming.create_view": f"{DESK} 302 302 302 302",
    "desk_incoming.edit_view": f"{DESK} 302 302 302 302",
    "desk_incoming.export": AGENTS,
    # A mail of no ticket: nobody but an administrator has it whole.
    "desk_incoming.raw_view": f"{DESK} 404 404 404 200",
    # The mail of this world has no layout.
    "desk_incoming.page_view": f"{DESK} 404 404 404 302",
    "desk.index": f"{DESK} 302 302 302 302",
    "desk_bulk.index_view": f"{DESK} 302 302 302 302",
    "desk_cc.index_view": f"{DESK} 302 302 302 302",
    "desk_addresses.index_view": f"{DESK} 302 302 302 302",
    "desk_addresses.address_view": f"{DESK} 404 200 200 200",
    "desk_tickets.index_view": AGENTS,
    "desk_tickets.news_view": AGENTS,
    "desk_list_export.index_view": AGENTS,
    "desk_list_export.export_view": AGENTS,
    # Beside no ticket stands no list.
    "desk_tickets.beside_view": f"{DESK} 404 404 404 404",
    # Without script it leads to the search.
    "desk_find.index_view": f"{DESK} 302 302 302 302",
    "desk_dashboard.index_view": AGENTS,
    "desk_dashboard.export_view": AGENTS,
    "desk_report.index_view": AGENTS,
    "desk_due_report.index_view": AGENTS,
    # Which table is not said.
    "desk_report.export_view": f"{DESK} 404 404 404 404",
    "desk_due_report.export_view": f"{DESK} 404 404 404 404",
    "desk_views.index_view": AGENTS,
    # Ana's list, which she does not share.
    "desk_views.create_view": f"{DESK} 302 302 302 302",
    "desk_views.edit_view": f"{DESK} 404 200 404 404",
    "desk_views.details_view": f"{DESK} 404 302 404 404",
    "desk_views.export": f"{DESK} 404 404 404 404",
    # Carol’s page; only who sets the desk up removes an address of hers.
    "desk_customer.customer_view": TICKET,
    "desk_customer.remove_view": f"{DESK} 404 403 403 200",
    "desk_customer.export_view": f"{DESK} 404 403 403 200",
    "desk_ticket.ticket_view": TICKET,
    "desk_new_ticket.new_view": AGENTS,
    "desk_composer.canned_view": TICKET,
    "desk_composer.colleagues_view": TICKET,
    "desk_merge.merge_view": TICKET,
    "desk_merge.undo_view": TICKET,
    "desk_split.split_view": TICKET,
    "desk_message.message_view": TICKET,
    "desk_linked_reply.answer_view": TICKET,
    # Root's note: a manager or an administrator corrects it.
    "desk_correct.correct_view": f"{DESK} 404 403 200 200",
    "desk_files.sent_picture_view": TICKET,
    "desk_customer_change.change_view": TICKET,
    "desk_files.index_view": f"{DESK} 302 302 302 302",
    "desk_files.file_view": TICKET,
    "desk_files.scheduled_view": f"{DESK} 404 404 404 404",
    # A picture of a form is its writer's alone.
    "desk_files.picture_view": f"{DESK} 404 404 404 404",
    "account.sign_in": "200 200 200 200 302 302 302 302",
    "account.forgotten": ALL,
    "account.profile": AGENTS,
    "account.invitation": NOBODY,
    "account.reset": NOBODY,
    # Nobody has given a password whose code is still to come.
    "two_factor.code": "302 302 302 302 302 302 302 302",
    "two_factor.page": AGENTS,
    "step_up.confirm": AGENTS,
    "passkeys.new": AGENTS,
    # There is no such provider; who comes back from none is led to where one begins.
    "single_sign_on.begin": "404 404 404 404 302 302 302 302",
    **dict.fromkeys(("single_sign_on.link", "single_sign_on.confirm"), f"{DESK} 404 404 404 404"),
    "single_sign_on.back": "303 303 303 303 303 303 303 303",
    "assets.labels": ALL,
    "assets.logo_file": ALL,
    "assets.static_file": ALL,
    "public.home": ALL,
    "public.privacy": ALL,
    "public.new_ticket": ALL,
    "public.sent": "302 302 302 302 302 302 302 302",
    "public.code_image": NOBODY,
    "public.code_sound": NOBODY,
    "public.confirm": NOBODY,
    "public.waiting": "302 302 302 302 302 302 302 302",
    "public.health": ALL,
    "public.new_link": ALL,
    "public.sign_in": "200 200 302 302 200 200 200 200",
    "public.sign_in_link": NOBODY,
    "public.begin_by_provider": NOBODY,
    "public.back_from_provider": "303 303 303 303 303 303 303 303",
    "public.ticket_link": NOBODY,
    "public.leave_page": NOBODY,
    "public.erasing_link": NOBODY,
    "public.account": "302 302 200 200 302 302 302 302",
    "public.personal_data_file": "303 303 404 404 303 303 303 303",
    "public.tickets": "302 200 200 200 302 302 302 302",
    "public.ticket": "404 200 404 200 404 404 404 404",
    "public.file": "404 200 404 200 404 404 404 404",
    "setup.account": NOBODY,
    # The first administrator goes on with the steps; nobody else does.
    "setup.organisation_step": "404 404 404 404 404 404 404 200",
    "setup.service_step": "404 404 404 404 404 404 404 200",
    "setup.mail_step": "404 404 404 404 404 404 404 200",
    "setup.mailbox_step": "404 404 404 404 404 404 404 200",
}


#: Screens whose rows have an order of their own.
ORDERED = ("services", "departments", "statuses", "filters", "automations", "due_times")
#: Screens whose row is in use: deleting it is answered by the reason.
KEPT = ("desk_departments", "desk_priorities", "desk_roles", "desk_services", "desk_statuses")
#: Screens whose rows are saved when a form brings nothing: what it does not bring stays as it was.
TAKES_DEFAULTS = (
    "desk_closed_days",
    "desk_departments",
    "desk_due_times",
    "desk_opening_hours",
    "desk_organisations",
    "desk_roles",
    "desk_services",
    "desk_tags",
    "desk_teams",
    "desk_users",
)


def sends(name: str) -> dict[str, str]:
    """Return what a generated screen of set-up answers to its forms when nothing is filled in."""
    return {
        f"{name}.create_view": f"{CONFIGURE} 200",
        f"{name}.edit_view": f"{CONFIGURE} 200",
        f"{name}.delete_view": f"{CONFIGURE} 302",
        f"{name}.action_view": f"{CONFIGURE} 302",
    }


#: What POST answers, with its token and nothing filled in.
POST: dict[str, str] = {
    **{endpoint: status for name in SCREENS for endpoint, status in sends(name).items()},
    **{f"{name}.edit_view": f"{CONFIGURE} 302" for name in TAKES_DEFAULTS},
    **{f"{name}.delete_view": f"{CONFIGURE} 200" for name in KEPT},
    # Which way is missing.
    **{f"desk_{name}.move_view": f"{CONFIGURE} 404" for name in ORDERED},
    "desk_canned_responses.move_view": f"{DESK} 404 404 404 404",
    **{f"desk_{name}.place_view": f"{CONFIGURE} 422" for name in ORDERED},
    "desk_canned_responses.place_view": f"{DESK} 403 403 422 422",
    **dict.fromkeys(("desk_filters.switch_view", "desk_automations.switch_view"), f"{CONFIGURE} 302"),
    "desk_customers.action_view": f"{CONFIGURE} 302",
    "desk_customers.create_view": f"{CONFIGURE} 200",
    "desk_customers.edit_view": f"{CONFIGURE} 302",
    "desk_customers.delete_view": f"{CONFIGURE} 302",
    "desk_customer.add_view": f"{DESK} 404 403 403 422",
    "desk_customer.main_view": f"{DESK} 404 403 403 302",
    "desk_customer.link_view": ACT,
    # It is her only address.
    "desk_customer.remove_view": f"{DESK} 404 403 403 422",
    "desk_customer.block_view": ACT,
    "desk_customers.import_view": f"{CONFIGURE} 422",
    "desk_customers.import_confirm_view": f"{CONFIGURE} 302",
    "desk_erasures.action_view": f"{CONFIGURE} 302",
    "desk_erasures.create_view": f"{CONFIGURE} 302",
    "desk_erasures.edit_view": f"{CONFIGURE} 302",
    "desk_erasures.delete_view": f"{CONFIGURE} 404",
    # Nobody wants one administrator to be enough: that is said.
    "desk_erasures.confirm_view": f"{CONFIGURE} 302",
    "desk_erasures.keep_view": f"{CONFIGURE} 302",
    **sends("desk_suppressed_addresses"),
    "desk_suppressed_addresses.edit_view": f"{CONFIGURE} 302",
    "desk_suppressed_addresses.try_view": f"{CONFIGURE} 422",
    **sends("desk_retention"),
    "desk_retention.edit_view": f"{CONFIGURE} 302",
    **{
        f"desk_retention_{name}.{way}_view": f"{CONFIGURE} {404 if way == 'delete' else 302}"
        for name in ("items", "batches")
        for way in ("action", "create", "edit", "delete")
    },
    # Which batch is missing: that is said.
    "desk_retention_items.cancel_view": f"{CONFIGURE} 302",
    "desk_customer_erasing.erase_view": f"{CONFIGURE} 422",
    "desk_customer_merging.merge_view": f"{CONFIGURE} 302",
    "desk_customer_merging.undo_view": f"{CONFIGURE} 302",
    "desk_customer_duplicates.apart_view": f"{CONFIGURE} 302",
    "desk_customer_erasing.cancel_view": f"{CONFIGURE} 302",
    "desk_customer_erasing.confirm_view": f"{CONFIGURE} 302",
    # What is missing stays as it was.
    "desk_customer_organisation.organisation_view": f"{CONFIGURE} 302",
    "desk_customer_organisation.confirm_view": f"{CONFIGURE} 302",
    "desk_orders.action_view": f"{CONFIGURE} 302",
    "desk_orders.create_view": f"{CONFIGURE} 302",
    "desk_orders.edit_view": f"{CONFIGURE} 302",
    "desk_orders.delete_view": f"{CONFIGURE} 404",
    "desk_orders.import_view": f"{CONFIGURE} 422",
    "desk_orders.import_confirm_view": f"{CONFIGURE} 302",
    "desk_api_keys.action_view": f"{CONFIGURE} 302",
    "desk_api_keys.create_view": f"{CONFIGURE} 200",
    "desk_api_keys.edit_view": f"{CONFIGURE} 302",
    "desk_api_keys.delete_view": f"{CONFIGURE} 404",
    "desk_api_keys.revoke_view": f"{CONFIGURE} 302",
    # Of which country is missing.
    "desk_closed_days.holidays_view": f"{CONFIGURE} 422",
    "desk_users.add_to_support": f"{CONFIGURE} 200",
    "desk_users.invitation": f"{CONFIGURE} 400",
    "desk_users.invitations_view": f"{CONFIGURE} 200",
    **dict.fromkeys(("desk_users.import_view", "desk_departments.import_view"), f"{CONFIGURE} 422"),
    **dict.fromkeys(("desk_users.import_confirm_view", "desk_departments.import_confirm_view"), f"{CONFIGURE} 302"),
    **{f"desk_{name}.import_undo_view": f"{CONFIGURE} 302" for name in ("users", "departments", "customers", "orders")},
    "desk_users.new_password": f"{CONFIGURE} 200",
    "desk_users.remove_from_support": f"{CONFIGURE} 302",
    # Ben has no second factor: that is said.
    "desk_users.reset_two_factor": f"{CONFIGURE} 302",
    # Ben's account is closed then; without a choice, what hangs on it goes to nobody.
    **dict.fromkeys(("desk_departures.index_view", "desk_departures.undo_view"), f"{CONFIGURE} 302"),
    "desk_automatic_closing.older_view": f"{CONFIGURE} 302",
    "desk_canned_responses.action_view": f"{DESK} 302 302 302 302",
    "desk_canned_responses.create_view": f"{DESK} 200 200 200 200",
    "desk_canned_responses.edit_view": f"{DESK} 403 403 302 302",
    # Ben and Ana read why not; Mona deletes it; then it is gone.
    "desk_canned_responses.delete_view": f"{DESK} 302 302 302 404",
    "desk_my_settings.action_view": f"{DESK} 302 302 302 302",
    "desk_my_settings.create_view": f"{DESK} 302 302 302 200",
    "desk_my_settings.edit_view": f"{DESK} 404 302 404 404",
    "desk_my_settings.delete_view": f"{DESK} 404 404 404 404",
    "desk_configuration.examples_view": f"{CONFIGURE} 200",
    "desk_configuration.index_view": f"{CONFIGURE} 302",
    "desk_emails.edit_view": f"{CONFIGURE} 302",
    "desk_emails.preview_view": f"{CONFIGURE} 200",
    # It asks first.
    "desk_emails.restore_view": f"{CONFIGURE} 200",
    "desk_emails.test_view": f"{CONFIGURE} 200",
    "desk_health.index_view": f"{CONFIGURE} 200",
    **dict.fromkeys(("desk_health.let_go_view", "desk_health.clock_view"), f"{CONFIGURE} 302"),
    # It asks first.
    "desk_health.links_view": f"{CONFIGURE} 200",
    "desk_outbox.action_view": f"{CONFIGURE} 302",
    "desk_outbox.create_view": f"{CONFIGURE} 302",
    "desk_outbox.edit_view": f"{CONFIGURE} 302",
    "desk_outbox.delete_view": f"{CONFIGURE} 404",
    "desk_outbox.retry_view": f"{CONFIGURE} 302",
    "desk_outbox.retry_all_view": f"{CONFIGURE} 302",
    "desk_outbox.leave_all_view": f"{CONFIGURE} 302",
    **sends("desk_mailboxes"),
    **dict.fromkeys(("desk_mailboxes.edit_view", "desk_senders.edit_view"), f"{CONFIGURE} 302"),
    # A mail came in by it.
    "desk_mailboxes.delete_view": f"{CONFIGURE} 200",
    "desk_mailboxes.test_view": f"{CONFIGURE} 200",
    "desk_mailboxes.read_view": f"{CONFIGURE} 302",
    "desk_mailboxes.probe_view": f"{CONFIGURE} 302",
    **sends("desk_identity_providers"),
    # Without a tick it would be for nobody.
    "desk_identity_providers.edit_view": f"{CONFIGURE} 200",
    **sends("desk_identities"),
    **dict.fromkeys(("desk_identities.create_view", "desk_identities.edit_view"), f"{CONFIGURE} 302"),
    # The message of this world is no stranger's.
    "desk_strangers.act_view": f"{DESK} 404 302 302 302",
    "desk_addresses.address_view": f"{DESK} 404 200 200 200",
    "desk_addresses.lift_view": f"{DESK} 404 302 302 302",
    **{key: value for key, value in sends("desk_senders").items() if key != "desk_senders.edit_view"},
    "desk_incoming.action_view": f"{DESK} 302 302 302 302",
    "desk_incoming.create_view": f"{DESK} 302 302 302 302",
    "desk_incoming.edit_view": f"{DESK} 302 302 302 302",
    "desk_incoming.delete_view": f"{DESK} 404 404 404 404",
    # A mail that names nobody: one is told so, or it is asked first.
    **dict.fromkeys((f"desk_incoming.{name}_view" for name in ("open", "open_for", "add")), f"{DESK} 404 200 200 200"),
    "desk_incoming.replay_view": f"{DESK} 404 302 302 302",
    **dict.fromkeys((f"desk_incoming.{name}_view" for name in ("close", "reopen")), f"{DESK} 404 302 302 302"),
    # Rules for senders are set up by who configures, and there is no sender.
    **dict.fromkeys((f"desk_incoming.{name}_view" for name in ("accept", "hold")), f"{DESK} 404 200 200 200"),
    "desk_incoming.fetch_view": f"{DESK} 404 200 200 200",
    "desk_bulk.bulk_view": f"{DESK} 302 302 302 302",
    "desk_cc.add_view": ACT,
    # Nobody is in copy: that is done already.
    "desk_cc.drop_view": ACT,
    # Ana's act, and Ana's list.
    "desk_bulk.undo_view": f"{DESK} 404 302 404 404",
    "desk_views.save_view": f"{DESK} 302 302 302 302",
    "desk_views.display_view": f"{DESK} 302 302 302 302",
    "desk_views.create_view": f"{DESK} 302 302 302 302",
    "desk_views.edit_view": f"{DESK} 404 302 404 404",
    "desk_views.delete_view": f"{DESK} 404 302 404 404",
    "desk_views.action_view": f"{DESK} 302 302 302 302",
    "desk_views.move_view": f"{DESK} 404 404 404 404",
    "desk_views.place_view": f"{DESK} 404 422 404 404",
    "desk_files.upload_view": f"{DESK} 422 422 422 422",
    "desk_files.remove_view": AGENTS,
    "desk_actions.act_view": ACT,
    # A place or a person must be chosen.
    "desk_actions.move_view": f"{DESK} 404 422 422 422",
    "desk_actions.transfer_view": f"{DESK} 404 422 422 422",
    "desk_new_ticket.new_view": f"{DESK} 422 422 422 422",
    "desk_actions.retry_view": ACT,
    # Until when is missing.
    "desk_snooze.snooze_view": f"{DESK} 404 422 422 422",
    "desk_unread.read_view": ACT,
    "desk_unread.unread_view": ACT,
    "desk_actions.update_view": ACT,
    "desk_actions.subject_view": f"{DESK} 404 422 422 422",
    # Whom it goes to is missing.
    "desk_customer_change.change_view": f"{DESK} 404 422 422 422",
    # Into which ticket is missing.
    "desk_merge.merge_view": f"{DESK} 404 422 422 422",
    # Who comes first undoes it.
    "desk_merge.undo_view": f"{DESK} 404 302 404 404",
    # No message is ticked; the ticket was not split off.
    "desk_split.split_view": f"{DESK} 404 422 422 422",
    "desk_split.undo_view": f"{DESK} 404 404 404 404",
    # No number is written; there is no such link; there is no other ticket.
    "desk_relations.link_view": f"{DESK} 404 422 422 422",
    "desk_relations.unlink_view": ACT,
    "desk_relations.apart_view": ACT,
    # No text.
    "desk_linked_reply.answer_view": f"{DESK} 404 422 422 422",
    "desk_linked_reply.undo_view": ACT,
    # No passage; another message's file; nothing is masked.
    "desk_message.mask_view": f"{DESK} 404 422 422 422",
    "desk_message.mask_file_view": f"{DESK} 404 404 404 404",
    "desk_message.undo_view": f"{DESK} 404 404 404 404",
    "desk_correct.correct_view": f"{DESK} 404 403 422 422",
    # Whose sign-in has ended gets the text back; without any, the page to sign in.
    "desk_composer.reply_view": "302 302 403 403 404 422 422 422",
    "desk_composer.presence_view": f"{DESK} 404 200 200 200",
    # A note is no reply.
    "desk_undo_send.withdraw_view": f"{DESK} 404 404 404 404",
    "desk_undo_send.wait_view": f"{DESK} 404 404 404 404",
    # No reply is scheduled: one is told so.
    **dict.fromkeys((f"desk_send_later.{name}_view" for name in ("now", "edit", "cancel", "discard")), ACT),
    "desk_composer.draft_view": "302 302 403 403 404 302 302 302",
    # Root's note: its author, a manager or an administrator deletes it (RULES 28).
    "desk_actions.delete_note_view": f"{DESK} 404 403 200 200",
    "account.sign_in": "422 422 422 422 422 422 422 422",
    "account.sign_out": "303 303 303 303 303 303 303 303",
    "account.forgotten": "422 422 422 422 422 422 422 422",
    "account.profile": f"{DESK} 303 303 303 303",
    "availability.switch": f"{DESK} 303 303 303 303",
    "availability.add": f"{DESK} 422 422 422 422",
    # It is Ana's leave.
    "availability.delete": f"{DESK} 404 303 404 404",
    "account.password": f"{DESK} 422 422 422 422",
    "account.end_sign_in": f"{DESK} 404 404 404 404",
    "account.end_other_sign_ins": f"{DESK} 303 303 303 303",
    "account.invitation": NOBODY,
    "account.reset": NOBODY,
    "two_factor.code": "302 302 302 302 302 302 302 302",
    **dict.fromkeys(
        ("two_factor.page", "step_up.confirm", "passkeys.new", "passkeys.confirm"), f"{DESK} 422 422 422 422"
    ),
    "passkeys.sign_in": "422 422 422 422 422 422 422 422",
    "passkeys.remove": f"{DESK} 404 404 404 404",
    # It is Ana's account.
    "single_sign_on.unlink": f"{DESK} 404 303 404 404",
    "choose_theme": "302 302 302 302 302 302 302 302",
    "public.language": "303 303 303 303 303 303 303 303",
    "public.new_ticket": "422 422 422 422 422 422 422 422",
    "public.known": ALL,
    "public.new_code": ALL,
    "public.new_link": "422 422 422 422 422 422 422 422",
    "public.sign_in": "422 422 422 422 422 422 422 422",
    "public.sign_out": "303 303 303 303 303 303 303 303",
    "public.use_sign_in_link": NOBODY,
    "public.open_ticket_link": NOBODY,
    "public.leave": NOBODY,
    "public.confirm_erasing": NOBODY,
    "public.ask_erasing": "303 303 303 303 303 303 303 303",
    "public.cancel_erasing": "303 303 303 303 303 303 303 303",
    "public.send_confirmed": NOBODY,
    "public.account": "302 302 422 422 302 302 302 302",
    "public.personal_data": "303 303 200 200 303 303 303 303",
    # Neither is linked: they are told so.
    "public.unlink": "404 404 303 303 404 404 404 404",
    "public.answer": "404 422 404 422 404 404 404 404",
    "public.upload": "422 422 422 422 422 422 422 422",
    "public.remove_upload": ALL,
    **dict.fromkeys(("public.close", "public.not_resolved"), "404 303 404 303 404 404 404 404"),
    "public.drop_cc": NOBODY,
    # Only who is signed in keeps a ticket from colleagues.
    "public.keep_private": "404 403 404 303 404 404 404 404",
    # The desk of these tests does not ask.
    "public.rate": NOBODY,
    "setup.account": NOBODY,
    "setup.organisation_step": "404 404 404 404 404 404 404 422",
    # There is a service already: the wizard goes on.
    "setup.service_step": "404 404 404 404 404 404 404 303",
    "setup.mail_step": "404 404 404 404 404 404 404 422",
    "setup.mailbox_step": "404 404 404 404 404 404 404 422",
    "setup.finish": "404 404 404 404 404 404 404 303",
}

#: What may ask first, about the row it is sent for: `confirmed` is the answer.
ASKING = (".delete_view", ".edit_view", ".remove_from_support", ".revoke_view")

ORDER = {
    "shop": "web", "number": "A1", "email": "dan@customer.example",
    "date": "2026-03-31", "total": "1", "currency": "EUR",
}  # fmt: skip


def retention_item() -> RetentionItem:
    """Make a batch that is announced, of a ticket that is gone."""
    now = clock.now()
    batch = RetentionBatch.create(announced_at=now, due_at=now + timedelta(days=7), planned={"delete": 1})
    return RetentionItem.create(batch=batch, act="delete", target=0, since=now)


class World:
    """The desk every address is tried on: Carol's ticket in Billing, and a row of every table that has a screen."""

    def __init__(self, app: Any, ticket: Ticket, people: dict[str, Any]) -> None:
        self.app, self.ticket, self.people = app, ticket, people
        workers.beat()
        self.file = attached.file(ticket)
        self.note = tickets.add_note(ticket, "<p>Only for us.</p>", actor=people["root"])
        self.bulk_action = BulkAction.create(agent=people["ana"], act="close", created_at=clock.now())
        self.view = SavedView.create(owner=people["ana"], name="Urgent", query="priority=1")
        self.rows = {
            "desk_views": self.view,
            "desk_canned_responses": CannedResponse.create(name="Thanks", body="<p>Thanks</p>"),
            "desk_filters": Filter.create(name="Watches"),
            "desk_automations": Filter.create(name="Clocks", beginning="passed", trigger="open", hours=24),
            "desk_tags": Tag.create(name="urgent", key="urgent"),
            "desk_due_times": DueTime.create(first_reply=60),
            "desk_automatic_closing": AutomaticClosing.create(after_days=14, warning_days=3),
            "desk_opening_hours": OpeningHours.create(monday="09:00–12:00"),
            "desk_closed_days": ClosedDay.create(name=Label(en="Inventory"), first_day=date(2027, 1, 4)),
            "desk_leave": Leave.create(
                agent=people["ana"], first_day=date(2027, 1, 4), last_day=date(2099, 1, 8), substitute=people["ben"]
            ),
            "desk_services": Service.get(),
            "desk_departments": Department.get(),
            "desk_users": people["ben"],
            "desk_departures": people["ben"],
            "desk_teams": Team.get(),
            "desk_roles": Role.get(),
            "desk_my_settings": Permission.get(agent=people["ana"]),
            "desk_statuses": Status.get(),
            "desk_priorities": Priority.get(),
            "desk_customers": people["dan"],
            "desk_organisations": Organisation.create(name="Acme", key="acme", created_at=clock.now()),
            "desk_orders": orders.save_order(ORDER)[0],
            "desk_erasures": Erasure.create(state="cancelled", actor_name="Root", requested_at=clock.now()),
            "desk_suppressed_addresses": SuppressedAddress.create(digest="0" * 64, suppressed_at=clock.now()),
            "desk_retention": RetentionRule.create(delete_months=36),
            "desk_retention_items": (item := retention_item()),
            "desk_retention_batches": item.batch,
            "desk_api_keys": api_keys.make("Web shop", actor=people["root"])[0],
            "desk_outbox": OutgoingEmail.get(),
            "desk_mailboxes": mails.make_mailbox(Service.get(), Department.get()),
            "desk_incoming": self.mail(),
            "desk_senders": SenderRule.create(pattern="shop.example", does="hold"),
            **self.provider(),
        }

    def client(self, persona: str) -> FlaskClient:
        """Return the browser of one of the cast."""
        if persona == "visitor":
            return self.app.test_client()
        if persona == "guest":
            client = self.app.test_client()
            token = links.make("ticket", address=self.ticket.address, ticket=self.ticket)
            doors.post(client, f"/t/{token}")
            return client
        return doors.signed_in(self.app, self.people[persona])

    def mail(self) -> IncomingMail:
        """Return a mail that waits, since it does not say who wrote it."""
        row = mails.take(Mailbox.get(), mails.mail(sender=""))
        with self.app.app_context(), i18n.in_language("en"):
            pipeline.decide_waiting()
        return IncomingMail.get_by_id(row.id)

    def provider(self) -> dict[str, Any]:
        """Return a provider that is switched off, and Ana's account there."""
        issuer = "https://sso.desk.example"
        row = IdentityProvider.create(label=Label(en="Acme"), issuer=issuer, client_id="desk", enabled=False)
        identity = Identity.create(provider=row, sub="ana", agent=self.people["ana"], linked_at=clock.now())
        return {"desk_identity_providers": row, "desk_identities": identity}

    @staticmethod
    def logo() -> str:
        """Give the desk a logo, and return what its address ends with."""
        logo.save(io.BytesIO(attached.png()), actor=None)
        return logo.current().version

    def merged(self) -> str:
        """Merge another ticket of the customer into the ticket, and return its number."""
        other = cast.open_ticket(self.ticket.customer, self.ticket.service, self.ticket.department)
        with self.app.app_context(), i18n.in_language("en"):
            tickets.merge(other, Ticket.get_by_id(self.ticket.id), actor=self.people["root"])
        return other.number

    def part(self) -> int:
        """Make somebody part of the ticket’s customer, and return their former id."""
        twin = cast.make_customer("Carol", "Johns", email=f"carol{CustomerAddress.select().count()}@home.example")
        with self.app.app_context(), i18n.in_language("en"):
            merging.merge(twin, self.ticket.customer, Choices(), actor=self.people["root"])
        return twin.id

    def pair(self) -> int:
        """Return two customers who may be one person."""
        values = {"first": self.people["carol"].id, "second": self.people["dan"].id, "reason": "name"}
        row, _is_new = PossibleDuplicate.get_or_create(**values, defaults={"found_at": clock.now()})
        return row.id

    def url(self, endpoint: str) -> str:
        """Return the address of an endpoint for this world's rows."""
        blueprint = endpoint.partition(".")[0]
        row = self.rows.get(blueprint)
        known = {
            "number": self.ticket.number,
            "act": {"desk_bulk": "status", "desk_strangers": "copy"}.get(blueprint, "close"),
            "batch_id": self.bulk_action.id,
            "key": {
                "desk_emails": next(iter(KINDS)),
                "desk_addresses": self.ticket.address_id,
                **dict.fromkeys(("desk_message", "desk_correct"), self.note.id),
                **dict.fromkeys(
                    ("desk_customer", "desk_customer_organisation", "desk_customer_merging"), self.ticket.customer_id
                ),
                "desk_customer_duplicates": self.pair(),
            }.get(blueprint, self.rows["desk_canned_responses"].id),
            "address_id": self.ticket.address_id,
            "twin": self.people["dan"].id,
            "note_id": self.note.id,
            "file_id": self.file.id,
            "called": self.file.name,
            "message_id": self.note.id,
            "mask": 1,
            "other": self.ticket.number,
            "token": "no-such-token",
            "export_type": "csv",
            "name": "desk.css",
            "shop": "web",
        }
        rule = next(rule for rule in self.app.url_map.iter_rules(endpoint))
        if "version" in rule.arguments:
            known["version"] = self.logo()
        if "former" in rule.arguments:
            known["former"] = self.part() if blueprint == "desk_customer_merging" else self.merged()
        values = {name: known[name] for name in rule.arguments}
        if row is not None and not rule.arguments:
            values["id"] = row.id
        with self.app.test_request_context():
            return self.app.url_for(endpoint, **values)

    def arguments(self, endpoint: str) -> set[str]:
        """Return what the address of an endpoint names."""
        return next(rule for rule in self.app.url_map.iter_rules(endpoint)).arguments


CAST = ("ana", "ben", "mona", "root", "carol", "dan")


def world_of(request: pytest.FixtureRequest, app: Any, prepare: Callable[[], object] = dict) -> World:
    """Return the world with the cast of this test; `prepare` comes before the rows of the screens."""
    ticket, *people = (request.getfixturevalue(name) for name in ("ticket", *CAST))
    prepare()
    return World(app, ticket, dict(zip(CAST, people, strict=True)))


@pytest.fixture
def world(request, desk, app) -> World:
    return desk.filled("world", lambda: world_of(request, app))


def endpoints(app: Any, method: str) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules() if method in rule.methods}


def answers(world: World, endpoint: str, ask: Callable[[FlaskClient, str], Any]) -> str:
    """Return the status each of the cast meets."""
    url, statuses = world.url(endpoint), []
    for persona in PERSONAS:
        with ask(world.client(persona), url) as response:
            statuses.append(str(response.status_code))
    return " ".join(statuses)


@sqlite_only
def test_every_address_has_a_declared_answer(app):
    assert endpoints(app, "GET") == set(GET)
    assert endpoints(app, "POST") == set(POST)


@sqlite_only
def test_reading(world):
    assert {endpoint: answers(world, endpoint, lambda client, url: client.get(url)) for endpoint in GET} == GET


@sqlite_only
def test_no_form_is_taken_without_its_token(world):
    data = {"id": "1"}
    found = {endpoint: answers(world, endpoint, lambda client, url: client.post(url, data=data)) for endpoint in POST}
    expected = {endpoint: REFUSED_OF_AGENTS if POST[endpoint].startswith(DESK) else REFUSED for endpoint in POST}
    assert found == expected | BY_PROGRAMS


@sqlite_only
@pytest.mark.parametrize("endpoint", sorted(POST))
def test_sending_an_empty_form(world, endpoint):
    cast.speak_french()
    row = world.rows.get(endpoint.partition(".")[0])
    data = {"id": str(row.id), "confirmed": "1"} if row is not None else {}
    url, statuses, english = world.url(endpoint), [], {}
    for persona in PERSONAS:
        client = words.in_french(world.client(persona))
        with doors.post(client, url, data, follow_redirects=True) as answer:
            first = (*answer.history, answer)[0]
            statuses.append(str(first.status_code))
            english[persona] = words.english_of(answer)
    assert " ".join(statuses) == POST[endpoint]
    assert {persona: texts for persona, texts in english.items() if texts} == {}


@sqlite_only
def test_nothing_answers_to_other_methods(world):
    for endpoint in sorted(set(POST) - set(GET)):
        with world.client("root").get(world.url(endpoint)) as response:
            assert response.status_code in {404, 405}, endpoint


@sqlite_only
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_lacks_the_required_second_factor_meets_the_page_that_sets_it_up(world, method):
    """Mona's days to set it up are over: of the desk and the wizard nothing else opens, all else is as ever."""
    mona = world.people["mona"]
    mona.second_factor_due_at = clock.now()
    mona.save()
    place, declared, found, wanted = PERSONAS.index("mona"), {"GET": GET, "POST": POST}[method], {}, {}
    for endpoint, statuses in declared.items():
        url = world.url(endpoint)
        is_held = url.startswith(("/admin", "/setup")) and endpoint not in two_factor.OPEN
        wanted[endpoint] = ("303", "/admin/profile/two-factor") if is_held else (statuses.split()[place], "")
        client = world.client("mona")
        with client.get(url) if method == "GET" else doors.post(client, url) as response:
            found[endpoint] = (str(response.status_code), response.location if is_held else "")
    assert found == wanted


@sqlite_only
@pytest.mark.parametrize("persona", ["carol", "guest"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_was_erased_is_a_stranger(world, method, persona):
    """Neither the sign-in nor the mailed link that Carol had before opens what nobody else may open."""
    client, table = world.client(persona), {"GET": GET, "POST": POST}[method]
    urls = {endpoint: world.url(endpoint) for endpoint in table}
    settings.save({"erasure_days": 0})
    requests.request(world.people["carol"], kind="anonymise", word="ERASE", actor=world.people["root"])
    assert carrying_out.run_due() == 1
    (environment.current().data_dir / erasure_log.NAME).unlink()
    found = {}
    for endpoint, url in urls.items():
        with client.get(url) if method == "GET" else doors.post(client, url) as response:
            found[endpoint] = str(response.status_code)
    assert found == {endpoint: statuses.split()[0] for endpoint, statuses in table.items()}


#: What a colleague of Carol’s meets who is responsible for their organisation: Dan without it is a stranger.
RESPONSIBLE = {
    "GET": {"public.ticket": "200", "public.file": "200"},
    # Only Carol closes it, takes somebody out of copy, and keeps it to herself.
    "POST": {
        "public.answer": "422",
        **dict.fromkeys((f"public.{name}" for name in ("close", "keep_private", "rate", "not_resolved")), "403"),
    },
}


@sqlite_only
@pytest.mark.parametrize("role", ["", "proposed", "responsible"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_colleagues_meet(world, role, method):
    """Colleagues read no more than strangers, until an administrator has made them responsible."""
    key = world.rows["desk_organisations"].id
    both = Customer.id.in_([world.people[name].id for name in ("carol", "dan")])
    Customer.update(organisation_id=key, organisation_by_hand=True).where(both).execute()
    Customer.update(organisation_role=role).where(Customer.id == world.people["dan"].id).execute()
    Ticket.update(organisation_id=key).where(Ticket.id == world.ticket.id).execute()
    table = {"GET": GET, "POST": POST}[method]
    public = [
        endpoint for endpoint in table if endpoint.startswith("public.") and "number" in world.arguments(endpoint)
    ]
    place, found = PERSONAS.index("dan"), {}
    for endpoint in [*public, "public.file"] if method == "GET" else public:
        client, url = world.client("dan"), world.url(endpoint)
        with client.get(url) if method == "GET" else doors.post(client, url, {}) as answer:
            found[endpoint] = str(answer.status_code)
    expected = {endpoint: table[endpoint].split()[place] for endpoint in found}
    if role == "responsible":
        expected |= {endpoint: code for endpoint, code in RESPONSIBLE[method].items() if endpoint in found}
    assert found == expected
