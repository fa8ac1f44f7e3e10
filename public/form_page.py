"""The page of the form: blank, its fields a fragment for all who are asked the same; or with what was written."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template, request
from itsdangerous import Signer

from helpdesk import settings
from helpdesk.tickets import of_organisation
from helpdesk.visitors import captcha
from models import Agent, Customer
from public import codes, files, form_keys, units
from public.forms import Shape, TicketForm, shape_for
from public.units import Unit
from web import sessions
from web.fragments import fragment

#: What no two pages share: the keys of a form, and what is the customer's.
HOLES = ("form_key", "code_token", "drawer", "copied")


def blank(offered: list[Unit], customer: Customer | None) -> str:
    """Return the page with nothing in it but the unit that a link asks for."""
    shape = shape_for(customer)
    unit, service = units.unit_of_link(offered, request.args.get("service", ""), request.args.get("department", ""))
    holes = {
        **_values(customer, form_keys.new(), captcha.make() if shape.asks_code else ""),
        "files_key": files.form_files().stamp,
    }
    key = {"shape": shape, "unit": unit, "service": service, "has_copied": bool(holes["copied"])}
    fields = fragment("public/form_fields.html", _blank_fields, holes=holes, **key)
    return _page(shape, offered, service, form=None, fields=fields)


def written(form: TicketForm) -> str:
    """Return the page with what was written in it and what is wrong."""
    if form.asks_code:
        _renew_code(form)
    token = form.code_token.data if form.asks_code else ""
    values = _values(form.customer, form.form_key.data, token)
    parts = {"holes": values, "has_copied": bool(values["copied"]), **_words(form.shape, form.units)}
    return _page(form.shape, form.units, form.service, form=form, **parts)


def _page(shape: Shape, offered: list[Unit], service: int | None, **parts: Any) -> str:
    return render_template(
        "public/form.html",
        is_visitor=shape.asks_address,
        is_agent=isinstance(sessions.current_person(), Agent),
        service_id=offered[0].service.id if len({unit.service.id for unit in offered}) == 1 else service,
        **parts,
    )


def _blank_fields(*, shape: Shape, unit: str, service: int | None, **_key: Any) -> dict[str, Any]:
    offered = units.offered()
    form = TicketForm(offered, None, blank=shape)
    form.service = service
    if form.unit:
        form.unit.data = unit
    return {"form": form, **_words(shape, offered)}


def _words(shape: Shape, offered: list[Unit]) -> dict[str, Any]:
    """Return what the fields say beside the form itself."""
    return {
        "groups": units.by_service(offered),
        "always_ask_name": settings.get("always_ask_name"),
        "can_be_heard": codes.can_be_heard(),
        "may_confirm": shape.asks_code and settings.mail_server() is not None,
    }


def _values(customer: Customer | None, form_key: str | None, code_token: str | None) -> dict[str, object]:
    """Return what this page alone has: a name of `HOLES` each."""
    colleagues = of_organisation.copied_colleagues(customer) if customer is not None else []
    values = (form_key or "", code_token or "", _drawer(customer), ", ".join(map(str, colleagues)))
    return dict(zip(HOLES, values, strict=True))


def _drawer(customer: Customer | None) -> str:
    """Return the name under which a browser keeps what is written: one for each customer, one for all visitors."""
    signer = Signer(str(current_app.secret_key), salt="drawer of a browser")
    return signer.get_signature(str(customer.id)).decode() if customer is not None else ""


def _renew_code(form: TicketForm) -> None:
    """Show another code, unless the one that was asked for is answered and right."""
    again = "again" in request.form or form.code.errors
    if again or not captcha.check(form.code_token.data or "", form.code.data or "", form.key or ""):
        form.code_token.data, form.code.data = captcha.make(), ""
