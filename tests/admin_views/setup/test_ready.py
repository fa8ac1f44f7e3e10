"""The end of the set-up: the address of the form, its code, and what is left."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import segno

from helpdesk import settings
from tests.support.doors import text_of

URL = "/admin/ready/"


def test_the_form_its_code_and_what_is_left(client_of, root, billing):
    client = client_of(root)
    answer = client.get(URL)
    assert "Your form is open" in text_of(answer)
    assert f'value="{settings.site_url()}/"' in answer.get_data(as_text=True)
    assert "Set the mail server" in text_of(answer)
    picture = client.get(f"{URL}code.svg?download=1")
    assert picture.headers["Content-Disposition"] == "attachment; filename=form.svg"
    drawn = ET.fromstring(picture.data)
    same = ET.fromstring(segno.make(f"{settings.site_url()}/", error="m", micro=False).svg_inline(border=4, scale=8))
    assert drawn[0].attrib["d"] == same[0].attrib["d"]


def test_a_desk_without_a_service_does_not_say_that_it_is_open(client_of, root):
    text = text_of(client_of(root).get(URL))
    assert "Your form is not open yet" in text
    assert "It opens with the first service." in text
    assert "Send a first ticket" not in text


def test_a_desk_that_is_switched_off_says_so(client_of, root, billing):
    settings.save({"desk_enabled": False})
    page = client_of(root).get(URL)
    assert "Your form is closed The help desk is switched off." in text_of(page)
    assert 'href="/admin/configuration/#desk_enabled"' in page.text
    assert "Send a first ticket" not in page.text


def test_services_that_are_all_switched_off_are_said(client_of, root, billing):
    billing.enabled = False
    billing.save()
    page = client_of(root).get(URL)
    assert "Your form is closed Every service is switched off." in text_of(page)
    assert "Send a first ticket" not in page.text


def test_the_name_of_a_step_leads_to_it(client_of, root):
    page = client_of(root).get(URL).text
    assert '<a href="/admin/services/">Add a service</a>' in page


def test_only_administrators_have_it(client_of, ana):
    assert client_of(ana).get(URL).status_code == 403
