"""Every generated screen is driven once: its list, its form, its search, in both languages."""

from __future__ import annotations

import pytest

SCREENS = (
    "services", "departments", "canned-responses", "filters", "users", "teams", "roles", "my-settings", "statuses",
    "priorities", "tags", "customers", "configuration", "emails", "outbox", "health",
)  # fmt: skip
#: Screens on which nothing is made.
PAGES = ("customers", "configuration", "emails", "outbox", "health")


@pytest.mark.parametrize("slug", SCREENS)
def test_the_list_opens(client_of, root, ticket, slug):
    page = client_of(root).get(f"/admin/{slug}/?search=a&sort=0&desc=1&page=0")
    assert page.status_code == 200
    assert 'id="content"' in page.text


@pytest.mark.parametrize("slug", [slug for slug in SCREENS if slug not in PAGES])
def test_the_form_opens(client_of, root, billing, slug):
    page = client_of(root).get(f"/admin/{slug}/new/")
    assert page.status_code == 200
    assert 'name="csrf_token"' in page.text
