"""*Save and add another*, and identifiers that nobody has to write."""

from __future__ import annotations

import re

import pytest

from helpdesk import settings
from models import Agent, Customer, CustomerAddress, Department, OutgoingEmail, Priority, Status
from tests.support import cast, doors

COLOURS = {"text_color": "white", "background_color": "#102030"}
AGAIN = {"_add_another": "1"}


@pytest.fixture
def client(client_of, root):
    return client_of(root)


# --- Save and add another -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "slug",
    ["services", "departments", "users", "teams", "roles", "statuses", "priorities", "tags", "senders",
     "canned-responses", "my-settings", "customers"],
)  # fmt: skip
def test_every_screen_that_adds_rows_offers_to_add_another(client, billing, slug):
    page = client.get(f"/admin/{slug}/new/").text
    # The first button of a form is the one that the Enter key presses.
    buttons = re.findall(r'<button[^>]*type="submit"[^>]*>([^<]*)</button>', page.partition('id="record"')[2])
    assert buttons[:2] == ["Save", "Save and add another"]


def test_a_row_that_is_there_is_only_saved(client, billing):
    assert "Save and add another" not in client.get(f"/admin/services/edit/?id={billing.id}").text


def test_the_next_department_begins_with_the_service_of_the_last(client, billing, sales):
    data = {"service": str(sales.id), "name-en": "Repairs", **AGAIN}
    page = doors.post(client, "/admin/departments/new/", data, follow_redirects=True)
    assert Department.get(Department.service == sales).name == {"en": "Repairs"}
    assert "“Sales, Repairs” was added." in doors.text_of(page)
    assert "Record was" not in page.text
    assert f'<option selected value="{sales.id}">' in page.text
    assert 'value="Repairs"' not in page.text
    focused = re.findall(r"<(?:input|select)[^>]*autofocus=[^>]*>", page.text)
    assert focused
    assert all('name="name-' in control for control in focused)


def test_what_the_next_one_begins_with_may_be_anything(client, billing):
    answer = client.get("/admin/departments/new/?another=1&service=%FF99999999999999999999")
    assert answer.status_code == 200
    assert client.get("/admin/statuses/new/?another=1&category=odd").status_code == 200


def test_a_refused_row_comes_back_and_says_nothing_was_added(client, billing):
    page = doors.post(client, "/admin/departments/new/", {"service": str(billing.id), "name-en": "", **AGAIN})
    assert "1 point to put right" in doors.text_of(page)
    assert "was added" not in page.text


def test_cancelling_after_some_leads_back_where_one_came_from(client, billing):
    data = {"service": str(billing.id), "name-en": "Repairs", **AGAIN}
    page = doors.post(client, "/admin/departments/new/?url=/admin/services/", data, follow_redirects=True)
    assert re.search(r'href="/admin/services/"[^>]*>Cancel', page.text)


def test_inviting_several_says_how_each_invitation_goes(client, root):
    def invite(name):
        data = {"name": name, "email": f"{name.lower()}@desk.example", "role": root.role_id, **AGAIN}
        return doors.text_of(doors.post(client, "/admin/users/new/", data, follow_redirects=True))

    assert "Nora was added. This desk has no mail server yet" in invite("Nora")
    settings.save({"mail_host": "localhost"})
    assert "Pia was added. An invitation is on its way to pia@desk.example." in invite("Pia")
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "invitation").count() == 2
    assert not Agent.get(Agent.name == "Pia").is_admin


def test_in_french(client, root, billing):
    root.locale = "fr"
    root.save()
    data = {"service": str(billing.id), "name-fr": "Retours", **AGAIN}
    page = doors.post(client, "/admin/departments/new/", data, follow_redirects=True)
    assert "Enregistrer et ajouter encore" in page.text
    assert "Retours » a été ajouté" in doors.text_of(page).replace("\N{NO-BREAK SPACE}", " ")


# --- Identifiers --------------------------------------------------------------------------------------------------


def add(client, model=Status, label="", **values):
    slug, more = ("statuses", {"category": "open"}) if model is Status else ("priorities", {"weight": "5"})
    data = {"label-fr": label, "identifier": "", "enabled": "y", **COLOURS, **more, **values}
    return doors.post(client, f"/admin/{slug}/new/", data, follow_redirects=True)


@pytest.mark.parametrize("model", [Status, Priority])
@pytest.mark.parametrize(
    ("label", "identifier"),
    [
        ("Réparé à l’atelier", "repare a l atelier"), ("  Œuvre  n° 2 ", "oeuvre n 2"),
        ("Très — urgent !", "tres urgent"),
        ("待機中", "待機中"), ("🙂", "new"), ("é" * 60, "e" * 52),
    ],
)  # fmt: skip
def test_an_identifier_is_made_from_the_label(client, model, label, identifier):
    add(client, model, label)
    assert model.select().order_by(model.id.desc()).get().identifier == identifier


def test_the_language_of_the_desk_gives_the_identifier(client):
    settings.save({"language": "en"})
    add(client, Status, "En attente de pièce", **{"label-en": "Waiting for a part"})
    assert Status.get(Status.identifier == "waiting for a part")


def test_an_identifier_stays_when_its_label_changes(client):
    add(client, Status, "Réparé")
    row = Status.get(Status.identifier == "repare")
    data = {"identifier": "repare", "label-fr": "Rendu", "category": "open", "enabled": "y", **COLOURS}
    doors.post(client, f"/admin/statuses/edit/?id={row.id}", data)
    row = Status.get_by_id(row.id)
    assert (row.identifier, row.label["fr"]) == ("repare", "Rendu")
    # The word is free for another label, the identifier is not.
    add(client, Status, "Réparé")
    assert Status.select().where(Status.identifier == "repare 2").count() == 1


def test_a_form_that_is_sent_twice_adds_one(client):
    add(client, Priority, "Pressé")
    page = add(client, Priority, "presse")
    assert "There is one with this label already." in doors.text_of(page)
    assert Priority.select().where(Priority.identifier.contains("presse")).count() == 1


def test_an_identifier_may_still_be_written(client):
    add(client, Status, "Rendu", identifier="by hand")
    assert Status.get(Status.identifier == "by hand").label["fr"] == "Rendu"


# --- Customers ----------------------------------------------------------------------------------------------------

CUSTOMER = {"email": " Zoé@Bücher.example ", "first_name": "Zoé", "last_name": "Petit", "locale": "fr"}


def test_a_customer_is_added_and_nothing_is_mailed(client):
    assert "Add a customer" in client.get("/admin/customers/").text
    data = {**CUSTOMER, "email": "Zoe@Customer.Example"}
    page = doors.text_of(doors.post(client, "/admin/customers/new/", data, follow_redirects=True))
    assert "“Zoé Petit” was added." in page
    row = CustomerAddress.get(CustomerAddress.email == "zoe@customer.example")
    assert (row.customer.full_name, row.customer.locale, row.is_member, row.is_proven) == (
        "Zoé Petit",
        "fr",
        True,
        False,
    )
    assert not OutgoingEmail.select().exists()
    assert "1 in all" in doors.text_of(client.get("/admin/customers/?search=petit"))


def test_an_added_customer_is_mailed_a_link_where_that_is_asked(client):
    assert 'name="invited"' not in client.get("/admin/customers/new/").text
    settings.save({"mail_host": "localhost"})
    assert 'name="invited"' in client.get("/admin/customers/new/").text
    doors.post(client, "/admin/customers/new/", {**CUSTOMER, "email": "zoe@customer.example", "invited": "y"})
    mail = OutgoingEmail.get()
    assert (mail.kind, mail.to_email, mail.locale) == ("sign-in", "zoe@customer.example", "fr")


def test_an_address_that_is_there_leads_to_its_customer(client, carol):
    data = {**CUSTOMER, "email": "CAROL@customer.example"}
    page = doors.post(client, "/admin/customers/new/", data)
    assert "Another customer has this address." in doors.text_of(page)
    assert f'href="/admin/customers/{carol.id}"' in page.text
    assert 'value="Petit"' in page.text
    assert Customer.select().count() == 1


def test_an_address_of_a_foreign_customer_leads_nowhere(client_of, ben, carol, ticket):
    ben.role = cast.make_role("Keeper", can_configure=True)
    ben.save()
    page = doors.post(client_of(ben), "/admin/customers/new/", {**CUSTOMER, "email": "carol@customer.example"})
    assert "Another customer has this address." in doors.text_of(page)
    assert f"customers/{carol.id}" not in page.text.partition('id="content"')[2]
    assert "Carol" not in doors.text_of(page)


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "x" * 300 + "@b.example", "a@b.example\r\nBcc: c@d.example"])
def test_what_is_no_address_adds_nobody(client, email):
    page = doors.post(client, "/admin/customers/new/", {**CUSTOMER, "email": email})
    assert "1 point to put right" in doors.text_of(page)
    assert not Customer.select().exists()


def test_the_form_of_a_customer_asks_for_no_address(client, carol):
    page = client.get(f"/admin/customers/edit/?id={carol.id}").text
    assert 'name="email"' not in page
    assert 'name="invited"' not in page
    doors.post(client, f"/admin/customers/edit/?id={carol.id}", {**CUSTOMER, "email": "other@customer.example"})
    assert [row.email for row in carol.addresses] == ["carol@customer.example"]
