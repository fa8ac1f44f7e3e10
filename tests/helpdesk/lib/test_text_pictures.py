"""Pictures and tables in a text: what is kept, what goes, and what they are as plain text."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from helpdesk.lib import richtext, text_pictures

KEY = "0123456789abcdef" * 2


@dataclass
class File:
    """A file of a message."""

    name: str
    sha256: str


OURS = File("Écran <1>.png", KEY * 2)


@pytest.mark.parametrize("address", [f"cid:{KEY}", f"/admin/files/picture/12/{KEY}", f"https://desk/a/picture/1/{KEY}"])
def test_a_picture_of_a_form_is_stored_by_what_its_file_holds(address):
    html = richtext.clean(f'<p>a<img src="{address}" onerror="x" width=5></p>', pictures=True)
    assert html == f'<p>a<img src="cid:{KEY}"></p>'
    assert richtext.clean(html, pictures=True) == html
    assert richtext.clean(html) == "<p>a</p>"


@pytest.mark.parametrize("address", ["https://web.example/a.png", "data:image/png;base64,AAAA", "cid:logo", "x", ""])
def test_any_other_picture_goes(address):
    assert richtext.clean(f'<p>a<img src="{address}" alt="b&gt;c">d</p>', pictures=True) == "<p>ad</p>"


def test_a_text_names_only_the_files_it_has():
    html = f'<p><img src="cid:{KEY}"></p>'
    bound = text_pictures.bound(html, [OURS])
    assert bound == f'<p><img src="cid:{KEY}" alt="Écran &lt;1&gt;.png"></p>'
    assert text_pictures.bound(html, []) == "<p></p>"
    # What was there once and is gone is named.
    assert text_pictures.bound(bound, []) == "<p>[Écran &lt;1&gt;.png]</p>"
    assert richtext.to_text(richtext.clean(bound, pictures=True)) == "[Écran 1.png]"
    assert text_pictures.without([OURS], bound) == []
    assert text_pictures.without([OURS], "<p></p>") == [OURS]
    drawn = text_pictures.drawn(bound, [OURS], lambda file: f"/files/{file.name}?a=1&b=2")
    assert drawn == '<p><img src="/files/Écran &lt;1&gt;.png?a=1&amp;b=2" alt="Écran &lt;1&gt;.png"></p>'


TABLE = (
    '<table border="1" style="x"><tr><th colspan="2">Teil</th><th>Preis</th></tr>'
    "<tr><td><p>Selle</p></td><td></td><td>30<br>€</td></tr></table>"
)


def test_tables_keep_their_cells_and_rows():
    html = richtext.clean(TABLE)
    assert html.count("<tr>") == 2
    assert html.count("<td>") == 3
    assert 'colspan="2"' in html
    assert "style" not in html
    assert richtext.to_text(f"<p>Hello</p>{html}<p>End</p>") == "Hello\n\nTeil | Preis\nSelle | | 30 €\n\nEnd"


@pytest.mark.parametrize("html", ["<td>a</td><td>b", "<table><table><tr><td>", "<tr></td></tr></table>x", "<th><tr>"])
def test_broken_tables_break_nothing(html):
    richtext.to_text(richtext.clean(html))
    richtext.to_text(html)


def test_a_variable_may_be_the_address_of_a_link_and_another_is_dropped():
    link = '<a href="{{customer_account_link}}" rel="noopener nofollow">x</a>'
    assert richtext.clean(link) == link
    assert richtext.dropped_addresses(f'{link}<a href="mailto:a@b.example">m</a>') == []
    assert richtext.dropped_addresses(link, variables=False) == ["{{customer_account_link}}"]
    bad = '<a href="/contact">a</a><a href="javascript:alert(1)">b</a><a href="{{ticket_id}}">c</a><a>d</a>'
    assert richtext.dropped_addresses(bad) == ["/contact", "javascript:alert(1)", "{{ticket_id}}"]
