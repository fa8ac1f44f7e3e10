"""The living page of components."""

from models import Role
from tests.support import doors, sqlite_only

pytestmark = sqlite_only


def test_every_component_stands_on_one_page(client_of, root):
    page = client_of(root).get("/admin/design/").get_data(as_text=True)
    for piece in (
        "btn-primary",
        "label status-",
        "avatar",
        "form-control",
        "is-invalid",
        "empty",
        "pages",
        "notice",
        "chip",
        "avatar-l",
        "brand-mark",
        "<time",
        "flash is-success",
        "flash is-error",
        'class="panel',
        "<dialog",
        'class="tools"',
    ):
        assert piece in page, piece


def test_every_icon_of_the_sprite_is_shown(client_of, root):
    said = doors.text_of(client_of(root).get("/admin/design/"))
    assert all(name in said for name in ("search", "reply", "lock"))


def test_configuration_leads_to_it_and_the_menu_does_not(client_of, root):
    assert ">Components</span></a>" not in client_of(root).get("/admin/health/").text
    assert 'href="/admin/design/">See it on every component' in client_of(root).get("/admin/configuration/").text


def test_it_is_for_administrators(client_of, ana):
    Role.update(can_configure=True).where(Role.id == ana.role_id).execute()
    assert "/admin/design/" not in client_of(ana).get("/admin/configuration/").text
    assert client_of(ana).get("/admin/design/").status_code == 403
