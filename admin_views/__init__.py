"""The door of agents and administrators: Flask-Admin screens, thin."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import Admin, BaseView, expose
from flask_admin.theme import Theme

from admin_views import account, setup_menu
from admin_views.account import own_availability, passkeys, single_sign_on, step_up, two_factor
from admin_views.base.guard import Guarded
from admin_views.dashboard import Dashboard
from admin_views.due_report import DueReportPage
from admin_views.incoming.mailboxes import MailboxesView
from admin_views.incoming.received import ReceivedView
from admin_views.incoming.senders import SendersView
from admin_views.incoming.strangers import StrangersPage
from admin_views.people.customer import CustomerPage
from admin_views.people.erasing import ErasingPage
from admin_views.people.merging import CustomerMergingPage, DuplicatesPage
from admin_views.people.organisation import CustomerOrganisationPage
from admin_views.report import ReportPage
from admin_views.setup.api_keys import ApiKeysView
from admin_views.setup.automatic_closing import AutomaticClosingView
from admin_views.setup.automations import AutomationsView
from admin_views.setup.canned_responses import CannedResponsesView
from admin_views.setup.configuration import ConfigurationPage
from admin_views.setup.customers import CustomersView
from admin_views.setup.departures import DeparturesPage
from admin_views.setup.design import DesignPage
from admin_views.setup.due_times import DueTimesView
from admin_views.setup.email_texts import EmailsPage
from admin_views.setup.erasures import ErasuresView
from admin_views.setup.filters import FiltersView
from admin_views.setup.health import HealthPage
from admin_views.setup.identity_providers import IdentitiesView, IdentityProvidersView
from admin_views.setup.journal import JournalPage
from admin_views.setup.leave import LeaveView
from admin_views.setup.opening_hours import ClosedDaysView, OpeningHoursView
from admin_views.setup.orders import OrdersView
from admin_views.setup.organisations import OrganisationsView
from admin_views.setup.outbox import OutboxView
from admin_views.setup.permissions import MySettingsView
from admin_views.setup.ready import ReadyPage
from admin_views.setup.retention import RetentionView
from admin_views.setup.retention_lists import RetentionBatchesView, RetentionItemsView
from admin_views.setup.roles import RolesView
from admin_views.setup.services import DepartmentsView, ServicesView
from admin_views.setup.suppressed_addresses import SuppressedAddressesView
from admin_views.setup.teams import TeamsView
from admin_views.setup.users import UsersView
from admin_views.setup.workflow import PrioritiesView, StatusesView, TagsView
from admin_views.tickets.actions import ActionsPage
from admin_views.tickets.addresses import AddressesPage
from admin_views.tickets.bulk import BulkPage
from admin_views.tickets.cc import CcPage
from admin_views.tickets.composer import ComposerPage
from admin_views.tickets.correcting import CorrectPage
from admin_views.tickets.customer_change import CustomerChangePage
from admin_views.tickets.due_time import DueTimePage
from admin_views.tickets.files import FilesPage
from admin_views.tickets.linked_reply import LinkedReplyPage
from admin_views.tickets.list import TicketsPage
from admin_views.tickets.list_export import ListExportPage
from admin_views.tickets.merging import MergePage
from admin_views.tickets.message_page import MessagePage
from admin_views.tickets.on_behalf import NewTicketPage
from admin_views.tickets.page import TicketPage
from admin_views.tickets.quick_search import QuickSearchPage
from admin_views.tickets.relations import RelationsPage
from admin_views.tickets.saved_views import SavedViewsView
from admin_views.tickets.send_later import SendLaterPage
from admin_views.tickets.sidebar import desk_menu
from admin_views.tickets.snooze import SnoozePage
from admin_views.tickets.splitting import SplitPage
from admin_views.tickets.undo_send import UndoSendPage
from admin_views.tickets.unread import UnreadPage
from admin_views.tickets.why import WhyPage
from helpdesk.i18n import lazy
from web import errors, sessions
from web.security import nonce

#: Every screen of the desk; the order is nothing but the order of registration.
PAGES = (
    TicketsPage,
    TicketPage,
    NewTicketPage,
    ComposerPage,
    UndoSendPage,
    UnreadPage,
    SnoozePage,
    SendLaterPage,
    MergePage,
    SplitPage,
    CustomerChangePage,
    MessagePage,
    RelationsPage,
    LinkedReplyPage,
    CorrectPage,
    ListExportPage,
    ActionsPage,
    CcPage,
    AddressesPage,
    DueTimePage,
    WhyPage,
    FilesPage,
    BulkPage,
    SavedViewsView,
    QuickSearchPage,
    Dashboard,
    ReportPage,
    DueReportPage,
    ServicesView,
    DepartmentsView,
    CannedResponsesView,
    FiltersView,
    AutomationsView,
    UsersView,
    DeparturesPage,
    TeamsView,
    LeaveView,
    RolesView,
    MySettingsView,
    StatusesView,
    PrioritiesView,
    TagsView,
    CustomersView,
    CustomerPage,
    CustomerMergingPage,
    DuplicatesPage,
    ErasingPage,
    CustomerOrganisationPage,
    ErasuresView,
    SuppressedAddressesView,
    OrganisationsView,
    RetentionView,
    RetentionItemsView,
    RetentionBatchesView,
    OrdersView,
    ApiKeysView,
    ConfigurationPage,
    OpeningHoursView,
    ClosedDaysView,
    DueTimesView,
    AutomaticClosingView,
    EmailsPage,
    OutboxView,
    HealthPage,
    ReadyPage,
    DesignPage,
    JournalPage,
    IdentityProvidersView,
    IdentitiesView,
    MailboxesView,
    ReceivedView,
    SendersView,
    StrangersPage,
)


class Home(Guarded, BaseView):
    """Where ``/admin/`` leads. The stock index view is open to everybody and serves the files of the stock theme."""

    verb = "desk"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Go to the tickets."""
        return redirect(url_for("desk_tickets.index_view"))


def missing_sign_in(screens: set[str]) -> str | None:
    """Return where to sign in, for the page that is asked for; None where nobody must, or somebody has.

    `screens` are the endpoints of Flask-Admin's views, which are for agents all of them.
    """
    if sessions.current_person() is not None:
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    return url_for("account.sign_in") if request.blueprint in screens or view in account.FOR_AGENTS else None


def frame() -> dict[str, Any] | None:
    """Return what stands around a page of the desk, for the agent who asks; None for everybody else."""
    agent = sessions.current_agent()
    return {"sidebar": desk_menu(agent, {}), "me": setup_menu.me(agent)} if agent is not None else None


def init_admin(app: Flask) -> None:
    """Put the desk of agents into the application."""
    admin = Admin(
        app,
        name=lazy("Desk"),
        index_view=Home(name=lazy("Desk"), endpoint="desk", url="/admin"),
        theme=Theme(folder="desk", base_template="admin/base.html"),
        csp_nonce_generator=nonce,
    )
    for page in PAGES:
        admin.add_view(page())
    app.register_blueprint(account.blueprint)
    app.register_blueprint(own_availability.blueprint)
    app.register_blueprint(two_factor.blueprint)
    app.register_blueprint(passkeys.blueprint)
    app.register_blueprint(step_up.blueprint)
    app.register_blueprint(single_sign_on.blueprint)
    app.before_request(two_factor.hold_back)
    app.before_request(step_up.ask_again)
    app.extensions[errors.FRAME] = frame
    app.extensions[errors.SIGN_IN] = partial(missing_sign_in, {view.endpoint for view in admin._views})
