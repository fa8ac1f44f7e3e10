"""The traps of the stock view, each with its remedy: numbers as in the notes on the platform (t…) and on safety (s…).

`stock` is Flask-Admin as it comes, over the same tables; where it is cheap, a test first shows what it would do.
"""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_admin import Admin, BaseView
from flask_admin.contrib.peewee import ModelView
from flask_babel import Babel
from markupsafe import escape
from playhouse.test_utils import count_queries

from admin_views.base import DeskView, exports, guard
from admin_views.base.forms import DeskConverter
from helpdesk.i18n import lazy
from models import Agent, Customer, Permission, Service, Setting, Tag, Ticket
from tests.support import cast, doors, sqlite_only

HUGE = "99999999999999999999"


@pytest.fixture
def stock(database, tmp_path):
    """A browser on Flask-Admin as it comes."""
    app = Flask("stock", root_path=tmp_path)
    app.config.update(SECRET_KEY="x", TESTING=True)
    Babel(app)

    class Narrow(ModelView):
        def get_query(self):
            return self.model.select().where(self.model.id < 0)

    admin = Admin(app)
    admin.add_view(ModelView(Service))
    admin.add_view(type("Open", (ModelView,), {"form_excluded_columns": ["created_at", "second_factor_due_at"]})(Agent))
    admin.add_view(Narrow(Permission))
    return app.test_client()


def own(agent):
    return Permission.get(Permission.agent == agent)


# --- Rows of others: t1, t3, s1 -----------------------------------------------------------------------------------


def test_s1_t3_the_stock_view_opens_a_row_outside_its_query(stock, ana):
    assert "Ana" in stock.get(f"/admin/permission/edit/?id={own(ana).id}").text


def test_s1_t3_a_row_of_others_is_404(client_of, ana, ben):
    assert client_of(ana).get(f"/admin/my-settings/edit/?id={own(ana).id}").status_code == 200
    assert client_of(ben).get(f"/admin/my-settings/edit/?id={own(ana).id}").status_code == 404


def test_s1_t3_a_row_of_others_cannot_be_written(client_of, ana, ben):
    client = client_of(ben)
    answer = doors.post(client, f"/admin/my-settings/edit/?id={own(ana).id}", {"signature": "PWNED"})
    assert answer.status_code == 404
    assert own(ana).signature == ""


def test_s1_t3_a_row_of_others_cannot_be_deleted(client_of, root, ana):
    answer = doors.post(client_of(root), "/admin/my-settings/delete/", {"id": own(ana).id, "confirmed": "1"})
    assert answer.status_code == 404
    assert own(ana)


def test_t1_bulk_delete_is_off(client_of, root, billing):
    data = {"action": "delete", "rowid": billing.id}
    doors.post(client_of(root), "/admin/services/action/", data)
    assert Service.get_by_id(billing.id)


# --- Deletes: t2, s3 ----------------------------------------------------------------------------------------------


@sqlite_only
def test_t2_s3_the_stock_view_deletes_what_relies_on_the_row(stock, ticket):
    stock.post("/admin/service/delete/", data={"id": ticket.service_id})
    assert not Ticket.select().exists()


def test_t2_s3_a_delete_is_not_recursive_and_says_what_uses_the_row(client_of, root, ticket):
    data = {"id": ticket.service_id, "confirmed": "1"}
    page = doors.post(client_of(root), "/admin/services/delete/", data, follow_redirects=True)
    assert "1 ticket" in doors.text_of(page)
    assert "2 departments" in doors.text_of(page)
    assert Ticket.get_by_id(ticket.id)


def test_t2_a_delete_asks_first_and_says_what_goes_too(client_of, root, sales, ben):
    page = doors.post(client_of(root), "/admin/services/delete/", {"id": sales.id})
    assert "Delete “Sales”?" in doors.text_of(page)
    assert "1 permission" in doors.text_of(page)
    assert Service.get_by_id(sales.id)


def test_t2_a_confirmed_delete_deletes(client_of, root, sales):
    doors.post(client_of(root), "/admin/services/delete/", {"id": sales.id, "confirmed": "1"})
    assert Service.get_or_none(Service.id == sales.id) is None


# --- Closed routes: t4, t10, t9 -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ajax/update/", "/ajax/lookup/"])
def test_t4_t9_nothing_is_edited_or_looked_up_by_script(app, client_of, root, billing, path):
    assert not [rule for rule in app.url_map.iter_rules() if path in str(rule)]
    data = {"list_form_pk": billing.id, "name": "PWNED"}
    assert doors.post(client_of(root), f"/admin/services{path}", data).status_code == 404


def test_t10_an_override_keeps_its_route(app):
    rules = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {"desk_services.delete_view", "desk_services.edit_view", "desk_customers.export"} <= rules


# --- Columns: t5, s5 ----------------------------------------------------------------------------------------------


def test_t5_s5_the_stock_view_shows_and_takes_the_password(stock, ana):
    assert "password_hash" in stock.get(f"/admin/agent/edit/?id={ana.id}").text


def test_t5_a_screen_must_name_its_columns():
    class Careless(DeskView):
        table, slug = Tag, "careless"
        column_list = ("name",)

    with pytest.raises(TypeError, match="form_columns, column_details_list, column_export_list"):
        Careless()


def test_t5_naming_no_column_shows_none(app):
    view = app.view_functions["desk_services.index_view"].__self__
    assert view.get_details_columns() == view.get_export_columns() == []


def test_s5_the_password_is_neither_shown_nor_taken(client_of, root, ana):
    client, before = client_of(root), ana.password_hash
    data = {"name": "Ana", "email": ana.email, "role": ana.role_id, "active": "y", "password_hash": "x"}
    assert doors.post(client, f"/admin/users/edit/?id={ana.id}", data).status_code == 302
    assert Agent.get_by_id(ana.id).password_hash == before
    assert before not in client.get(f"/admin/users/edit/?id={ana.id}").text


# --- Writes: t6, t16 ----------------------------------------------------------------------------------------------


def test_t6_a_failing_inline_row_leaves_nothing_behind(client_of, root, ana, billing):
    data = {
        "name": "Changed", "email": ana.email, "role": ana.role_id, "active": "y",
        "permissions-0-place": str(billing.id), "permissions-1-place": str(billing.id),
    }  # fmt: skip
    page = doors.post(client_of(root), f"/admin/users/edit/?id={ana.id}", data)
    assert "already" in doors.text_of(page)
    assert Agent.get_by_id(ana.id).name == "Ana"


def test_t6_no_sql_is_shown(client_of, root, database):
    data = {
        "identifier": "normal",
        "label-en": "Twin",
        "text_color": "white",
        "background_color": "black",
        "weight": "1",
    }
    page = doors.text_of(doors.post(client_of(root), "/admin/priorities/new/", data))
    assert "This identifier is used already." in page
    assert "constraint" not in page.lower()
    assert "Twin" in doors.post(client_of(root), "/admin/priorities/new/", data).text


def test_t16_a_broken_constraint_is_told_without_debug_too(app, client_of, root, billing, monkeypatch):
    view = app.view_functions["desk_services.index_view"].__self__
    monkeypatch.setattr(type(view), "save_rule", staticmethod(lambda *_a, **_k: Setting.create(key=None, value=1)))
    page = doors.post(client_of(root), "/admin/services/new/", {"name-en": "Sales"})
    assert page.status_code == 200
    assert "This is used already" in doors.text_of(page)


# --- Odd addresses: t7, t8, s6 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [HUGE, "abc", "-1", "²", "1&id=2", "%00", str(2**63)])
def test_s6_t7_an_odd_id_is_404(client_of, root, billing, key):
    assert client_of(root).get(f"/admin/services/edit/?id={key}").status_code == 404


@pytest.mark.parametrize("query", [f"page={HUGE}", "page=-1", "page=abc", f"sort={HUGE}", "sort=-1", "search=%00a"])
def test_s6_t7_an_odd_list_opens(client_of, root, billing, query):
    assert client_of(root).get(f"/admin/services/?{query}").status_code == 200


@pytest.mark.parametrize("value", ["abc", HUGE, "%00", ""])
def test_t7_an_odd_filter_value_opens_the_list(client_of, root, billing, value):
    assert client_of(root).get(f"/admin/departments/?flt0_0={value}").status_code == 200


@pytest.mark.parametrize("query", ["endpoint=x", "_external=1", "_scheme=javascript", "_anchor=x", "_method=POST"])
def test_unknown_arguments_never_reach_the_links(client_of, root, billing, query):
    page = client_of(root).get(f"/admin/services/?{query}")
    assert page.status_code == 200
    assert "javascript:" not in page.text


def test_t7_a_nul_in_a_form_is_dropped(client_of, root, database):
    doors.post(client_of(root), "/admin/tags/new/", {"name": "in\0voice"})
    assert Tag.get().name == "invoice"


def test_t7_a_number_no_engine_stores_is_refused_at_its_field(client_of, root, database):
    page = doors.post(client_of(root), "/admin/priorities/new/", {"label-en": "Sales", "weight": HUGE})
    assert "Expected a whole number" in doors.text_of(page)


def test_t8_a_search_of_a_hundred_words_is_cut(client_of, root, billing):
    assert client_of(root).get("/admin/services/?search=" + "+".join(["b"] * 100)).status_code == 200


def test_searching_finds_by_every_word_and_escapes_wildcards(client_of, root, billing, sales):
    client = client_of(root)
    assert "Sales" in client.get("/admin/services/?search=sal+es").text
    assert 'class="row-link"' not in client.get("/admin/services/?search=%25").text


# --- Templates and views: t12, t13, t14, t17, t18, s7 --------------------------------------------------------------


def test_t12_a_wrong_signature_is_not_hidden():
    def view(_self):
        raise TypeError("the real cause")

    with pytest.raises(TypeError, match="the real cause"):
        guard.Guarded()._run_view(view)


def test_t13_filter_choices_are_read_when_the_list_is_shown(client_of, root, billing):
    client = client_of(root)
    client.get("/admin/departments/")
    cast.make_service("Brand new")
    assert "Brand new" in client.get("/admin/departments/").text


def test_s7_t14_the_stock_views_let_anybody_in(stock, billing):
    assert stock.get("/admin/").status_code == 200
    assert stock.get("/admin/service/").status_code == 200


def test_s7_no_view_has_the_default_door(app):
    views = {getattr(view, "__self__", None) for view in app.view_functions.values()}
    doors_of = [type(view).is_accessible for view in views if isinstance(view, BaseView)]
    assert doors_of
    assert BaseView.is_accessible not in doors_of


def test_t14_a_stranger_is_sent_to_sign_in_and_back(client, database):
    answer = client.get("/admin/services/?search=a")
    assert answer.location == "/admin/sign-in?next=/admin/services/?search%3Da"


def test_t14_an_agent_without_the_right_is_refused(client_of, ana):
    assert client_of(ana).get("/admin/services/").status_code == 403


def test_t14_a_customer_is_refused(client_of, carol):
    assert client_of(carol).get("/admin/").status_code == 403


def test_t17_a_translated_text_is_escaped_with_what_was_put_into_it():
    assert escape(lazy("%(name)s", name="<script>")) == "&lt;script&gt;"


@pytest.mark.parametrize("url", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_t18_nobody_is_sent_elsewhere(client_of, root, sales, url):
    answer = doors.post(client_of(root), "/admin/services/delete/", {"id": sales.id, "confirmed": "1", "url": url})
    assert answer.location == "/admin/services/"


@pytest.mark.parametrize("url", ["/a\r\nX: y", "/\x1b[31m", "http://["])
def test_t18_a_way_back_that_no_header_can_carry_is_refused(client_of, root, sales, url):
    client = client_of(root)
    assert client.get("/admin/services/edit/", query_string={"url": url}).status_code == 400
    data = {"id": sales.id, "confirmed": "1", "url": url}
    assert doors.post(client, "/admin/services/delete/", data).status_code == 400
    assert Service.select().where(Service.id == sales.id).exists()


# --- CSRF: t15, s2 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["new/", "delete/", "action/"])
def test_s2_t15_nothing_is_taken_without_a_token(client_of, root, sales, path):
    answer = client_of(root).post(f"/admin/services/{path}", data={"id": sales.id, "confirmed": "1", "name-en": "X"})
    assert answer.status_code == 400
    assert [str(row) for row in Service.select()] == ["Sales"]


def test_s2_the_generated_form_carries_a_token_that_works(client_of, root, database):
    client = client_of(root)
    token = doors.printed_token(client.get("/admin/services/new/").text)
    client.post("/admin/services/new/", data={"csrf_token": token, "name-en": "Sales", "enabled": "y"})
    assert str(Service.get()) == "Sales"


# --- Exports: s4 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx"])
def test_s4_no_cell_is_a_formula(cell):
    assert exports.csv_line([cell]).lstrip('"').startswith("'")


@pytest.mark.parametrize("cell", ["x;=1+1;y", "x; =1+1", "a\t=1+1", "a\n=1+1", "x;@SUM(A1)", "＝1+1", " =1+1"])
def test_s4_no_cell_is_a_formula_under_the_separator_of_another_country(cell):
    line = exports.csv_line(["1", cell])
    cells = [one.strip(' \r\n"') for one in re.split(r"[;,\t\n]", line)]
    assert [one for one in cells if one.startswith(tuple("=+-@＝"))] == []
    assert line.count("'") == 1


def test_s4_numbers_stay_numbers():
    assert exports.csv_line([-5, None, "plain"]) == "-5,,plain\r\n"


def test_s4_an_export_is_narrowed_as_the_list_is(client_of, root, carol, dan):
    text = client_of(root).get("/admin/customers/export/csv/?search=carol").text
    assert "carol@customer.example" in text
    assert "dan@" not in text


def test_an_export_exists_only_where_declared(client_of, root, billing):
    assert client_of(root).get("/admin/users/export/csv/").status_code == 404
    assert client_of(root).get("/admin/customers/export/xlsx/").status_code == 404


def test_an_export_keeps_to_what_its_reader_sees(client_of, ticket, ana, dan):
    ana.role = cast.make_role("Keeper", can_configure=True)
    ana.save()
    text = client_of(ana).get("/admin/customers/export/csv/").text
    assert "Carol" in text
    assert "Dan" not in text


# --- The converter ------------------------------------------------------------------------------------------------


def test_new_inline_rows_save(client_of, root, ana, sales):
    place = {"permissions-0-id": own(ana).id, "permissions-0-place": "all", "permissions-1-place": str(sales.id)}
    data = {"name": "Ana", "email": ana.email, "role": ana.role_id, "active": "y", **place}
    assert doors.post(client_of(root), f"/admin/users/edit/?id={ana.id}", data).status_code == 302
    rows = Permission.select().where(Permission.agent == ana).order_by(Permission.id)
    assert [row.service_id for row in rows] == [None, sales.id]


def test_an_inline_row_cannot_name_a_row_of_another_agent(client_of, root, ana, ben, sales):
    place = {"permissions-0-id": own(ben).id, "permissions-0-place": str(sales.id)}
    data = {"name": "Ana", "email": ana.email, "role": ana.role_id, "active": "y", **place}
    doors.post(client_of(root), f"/admin/users/edit/?id={ana.id}", data)
    assert own(ben).agent_id == ben.id
    assert [row.service_id for row in ana.permissions] == [sales.id]


def test_moments_and_json_have_no_form_field(database):
    view = SimpleNamespace(form_overrides=None)
    with pytest.raises(TypeError, match="cannot be edited"):
        DeskConverter(view).convert(Customer, Customer.created_at, None)
    with pytest.raises(TypeError, match="cannot be edited"):
        DeskConverter(view).convert(Setting, Setting.value, None)


# --- Refusals at their field --------------------------------------------------------------------------------------


def test_a_refusal_stands_at_its_field_and_what_was_typed_stays(client_of, root, database):
    data = {"identifier": "urgent", "label-en": "Urgent!", "text_color": "nocolour", "background_color": "red"}
    page = doors.post(client_of(root), "/admin/statuses/new/", {**data, "category": "open"}).text
    assert "Urgent!" in page
    assert 'id="text_color-error"' in page


def test_a_label_in_one_language_is_enough(client_of, root, database):
    doors.post(client_of(root), "/admin/services/new/", {"name-fr": "Ventes", "enabled": "y"})
    assert Service.get().name == {"fr": "Ventes"}


def test_a_label_in_no_language_is_refused(client_of, root, database):
    page = doors.post(client_of(root), "/admin/services/new/", {"name-en": " "})
    assert "at least one language" in doors.text_of(page)


def test_a_list_is_one_page_of_queries_however_many_rows(client_of, root, database):
    client = client_of(root)
    for number in range(30):
        cast.make_service(f"Service {number}", "One")
    client.get("/admin/departments/")
    with count_queries() as counter:
        client.get("/admin/departments/")
    assert counter.count <= 8


def test_fields_stand_in_the_order_of_the_screen(client_of, root, ana):
    page = client_of(root).get(f"/admin/users/edit/?id={ana.id}").text
    assert page.index('name="name"') < page.index('name="email"') < page.index('name="role"')
