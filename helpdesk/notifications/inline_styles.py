"""Styles of an owner's or a customer's text in a mail, at each element: some mail programs drop the style block."""

from __future__ import annotations

_MARGIN = "margin:0 0 14px;"
_STYLES = {
    "p": _MARGIN,
    "ul": _MARGIN,
    "ol": _MARGIN,
    "blockquote": "margin:0 0 14px;padding-left:14px;border-left:3px solid #d6cfc7;",
    "pre": "margin:0 0 14px;white-space:pre-wrap;font-size:14px;",
    "table": "margin:0 0 14px;border-collapse:collapse;",
    "th": "padding:4px 8px;border:1px solid #d6cfc7;text-align:left;vertical-align:top;",
    "td": "padding:4px 8px;border:1px solid #d6cfc7;vertical-align:top;",
    "h1": "margin:18px 0 8px;font-size:22px;line-height:1.3;",
    "h2": "margin:18px 0 8px;font-size:19px;line-height:1.3;",
    "h3": "margin:18px 0 8px;font-size:17px;line-height:1.3;",
}
#: A picture is no wider than its text.
PICTURE = '<img style="max-width:100%;height:auto;" '


def put(html: str, link_colour: str) -> str:
    """Return cleaned HTML with styles: where an element has attributes of its own, it goes without."""
    for tag, style in _STYLES.items():
        html = html.replace(f"<{tag}>", f'<{tag} style="{style}">')
    return html.replace("<a href", f'<a style="color:{link_colour};" href')
