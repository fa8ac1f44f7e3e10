"""Rich text: what is kept, what is refused, and how it reads as plain text."""

from __future__ import annotations

import time

import pytest

from helpdesk.lib import richtext


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        '<p style="position:fixed" class="x" onclick="alert(1)">',
        '<svg onload="alert(1)">',
        '<iframe src="https://evil.example"></iframe>',
        "<!-- hidden -->",
    ],
)
def test_what_could_act_is_gone(hostile):
    assert richtext.clean(f"{hostile}hello") in {"hello", "<p>hello</p>"}


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JaVa\nscript:x", "data:text/html,x", "//evil.example", "/admin/", "vbscript:x"]
)
def test_links_that_do_not_say_where_they_lead_are_words(address):
    assert richtext.clean(f'<a href="{address}">here</a>') == '<a rel="noopener nofollow">here</a>'


@pytest.mark.parametrize("address", ["https://x.example/?a=1", "http://x.example", "mailto:a@x.example", "tel:+33100"])
def test_links_that_lead_outside_are_kept(address):
    assert richtext.clean(f'<a href="{address}">x</a>') == f'<a href="{address}" rel="noopener nofollow">x</a>'


def test_what_people_write_is_kept():
    written = "<h1>A</h1><p><strong>b</strong> <em>c</em><br>d</p><ul><li>e</li></ul><blockquote>f</blockquote>"
    assert richtext.clean(written) == written


@pytest.mark.parametrize(
    "html",
    ["<p>a & b", "<b><i>x</b>", "<div>" * 300, "x" * 600_000, "<<p>>", "a\n\nb" * 200_000, '<a href="//x">y</a>'],
    ids=lambda html: html[:12],
)
def test_cleaning_twice_changes_nothing_more(html):
    once = richtext.clean(html)
    assert richtext.clean(once) == once


@pytest.mark.parametrize("html", ["<div>" * 200_000, "<div></x>" * 50_000, "<p><b x=1></p>" * 30_000])
def test_deep_nesting_is_kept_as_typed_and_costs_little(html):
    started = time.process_time()
    cleaned = richtext.clean(html)
    assert cleaned.startswith("<p>&lt;")
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "html",
    [
        "<pre>" + "\n" * 200_000 + "x<b></b>" * 35_000,
        "<br>" * 40_000 + "a<b>x</b>" * 35_000,
        "&gt; <b></b>" * 45_000,
        "<p>" + "x<i>y</i>" * 50_000,
        "<a href='http://x'>x</a> " * 20_000,
    ],
    ids=lambda html: html[:12],
)
def test_reading_a_long_text_takes_a_moment(html):
    cleaned = richtext.clean(html)
    started = time.process_time()
    assert richtext.to_text(cleaned)
    assert time.process_time() - started < 3


def test_margins_do_not_swell_the_text():
    html = richtext.clean("<blockquote>" * 190 + "x<br>" * 10_000 + "<ul>" * 9 + "<li>y</li>" * 10_000)
    assert len(richtext.to_text(html)) < 10 * len(html)


def test_numbers_of_characters_are_not_read_from_a_text_kept_as_typed():
    html = "<p>" * 300 + "&#" + "9" * 5_000 + ";"
    assert richtext.to_text(richtext.clean(html)).endswith("9;")


def test_plain_text_becomes_paragraphs_lines_and_links():
    html = richtext.from_text("Hello <you>\r\n\r\nsee https://x.example/?a=1&b=2, please\nbye")
    assert html == (
        "<p>Hello &lt;you&gt;</p>"
        '<p>see <a href="https://x.example/?a=1&amp;b=2" rel="noopener nofollow">https://x.example/?a=1&amp;b=2</a>,'
        " please<br>bye</p>"
    )


def test_text_that_became_html_reads_as_it_was_typed():
    html = richtext.clean(richtext.from_text("<b>\"x\" & https://x.example/~a'</b>\n\n\n'quoted'"))
    assert richtext.to_text(html) == "<b>\"x\" & https://x.example/~a'</b>\n\n'quoted'"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("Dear X,<br><br>\nyours", "Dear X,\n\nyours"),
        ("<p>a</p><ul><li>b</li><li>c<ol><li>d</li><li>e</li></ol></li></ul><p>f</p>",
         "a\n\n- b\n- c\n  1. d\n  2. e\n\nf"),
        ("<p>a</p><blockquote><p>b</p><p>c<br>d</p></blockquote><p>e</p>", "a\n\n> b\n>\n> c\n> d\n\ne"),
        ("<pre>x\n  y</pre>", "x\n  y"),
        ("<blockquote>a <a href='tel:1'>b  </a><br><br>&gt; c</blockquote>d", "> a b (1)\n>\n> > c\n\nd"),
        ("<br><br>a<br><a href='https://x.example'></a>", "a\nhttps://x.example"),
        ('<a href="https://x.example/a">this page</a>', "this page (https://x.example/a)"),
        ('<a href="https://x.example/">https://x.example</a>', "https://x.example"),
        ('<a href="mailto:a@x.example">a@x.example</a>', "a@x.example"),
        ("a &amp; b &lt;c&gt;&nbsp;!", "a & b <c>\N{NO-BREAK SPACE}!"),
        ("", ""),
    ],
)  # fmt: skip
def test_html_reads_as_plain_text(html, text):
    assert richtext.to_text(html) == text


@pytest.mark.parametrize(
    ("html", "narrow"),
    [
        ("<div>One<br><br>Two</div>", "<div>One<br><br>Two</div>"),
        ("<div>One<br><br><br><br>Two</div>", "<div>One<br><br>Two</div>"),
        ("<div>One</div><div><br></div><div>Two</div>", "<div>One</div><div><br></div><div>Two</div>"),
        ("<div>One<br><br></div><div><br>Two</div>", "<div>One</div><div><br>Two</div>"),
        ("<div>One</div><div><br></div><div>&nbsp;<br></div><div>Two</div>", "<div>One</div><div><br>Two</div>"),
        ("<p>One</p><p><br></p><p>Two</p>", "<p>One</p><p>Two</p>"),
        ("<p>One</p><p>&nbsp;</p><p></p><p>Two</p>", "<p>One</p><p>Two</p>"),
        ("<div><br>One<br><br></div>", "<div>One</div>"),
        ("<ul><li>One</li></ul><div><br><br><br>Two</div>", "<ul><li>One</li></ul><div><br>Two</div>"),
        ("<pre>One\n\n\n\nTwo<br><br><br></pre>", "<pre>One\n\n\n\nTwo<br><br><br></pre>"),
        ("<div>One&nbsp;Two</div>\n\n<div>Three</div>", "<div>One&nbsp;Two</div>\n\n<div>Three</div>"),
    ],
)
def test_empty_lines_collapse(html, narrow):
    assert richtext.clean(html) == narrow
    assert richtext.clean(narrow) == narrow
    assert "\n\n\n" not in richtext.to_text(narrow) or "<pre>" in narrow


def test_a_long_text_of_breaks_is_narrowed_at_once():
    begun = time.process_time()
    richtext.clean("<div>a" + "<br>&nbsp; " * 20_000 + "</div><div>" * 20 + "b</div>")
    assert time.process_time() - begun < 2
