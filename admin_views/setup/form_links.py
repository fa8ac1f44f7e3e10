"""The public addresses of the ticket form, for links on the owner’s own pages."""

from __future__ import annotations

from urllib.parse import urlencode

from helpdesk import settings
from helpdesk.settings import lookups


def form_url(**ids: int) -> str:
    """Return the public address of the ticket form, for a service and department if given."""
    query = f"?{urlencode(ids)}" if ids else ""
    return f"{settings.site_url()}/tickets/new{query}"


def form_links() -> list[tuple[str, str]]:
    """Return each service and department with the address of the form that has it chosen."""
    links = []
    for service in lookups.services(enabled_only=True):
        links.append((str(service.name), form_url(service=service.id)))
        links += [
            (f"{service.name}, {department.name}", form_url(service=service.id, department=department.id))
            for department in lookups.departments(service.id)
        ]
    return links
