"""Letters 15 % wider than ours, as other fonts and readers' own have them: nothing clips, wraps or overlaps."""

from __future__ import annotations

import pytest

from tests.support import sqlite_only

pytestmark = [pytest.mark.browser, sqlite_only]

#: A letter is half as wide as high, on the average: 15 % of that.
WIDEN = """() => { const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { letter-spacing: 0.075em !important; }");
  document.adoptedStyleSheets = [sheet]; }"""

#: Controls that stand on one line, and what is written in each place of the page.
LOOK = """() => {
  const seen = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    !node.closest(".visually-hidden, details:not([open]) > :not(summary)");
  const words = (node) => node.textContent.trim().replace(/\\s+/g, " ").slice(0, 40);
  const rects = (node) => { const range = document.createRange(); range.selectNodeContents(node);
    return [...range.getClientRects()].filter((rect) => rect.width > 1 && rect.height > 1); };
  // What another part of the page covers (a menu that is closed, a bar that stays) is not read there.
  const onTop = (node, rect) => [rect.left + 2, (rect.left + rect.right) / 2, rect.right - 2].some((x) =>
    node.contains(document.elementFromPoint(x, (rect.top + rect.bottom) / 2)));
  const lines = {}, clipped = [], places = [];
  const controls = ".btn, .badge, .status, .chip, .tabs a, nav[aria-label] a, th, .menu summary, label.form-check";
  let number = 0;
  for (const node of document.querySelectorAll(controls)) {
    number += 1;
    if (!seen(node) || !words(node)) continue;
    const tops = rects(node).map((rect) => rect.top).sort((a, b) => a - b);
    lines[`${number} ${words(node)}`] = 1 + tops.filter((top, place) => place && top - tops[place - 1] > 10).length;
  }
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || !seen(node) || node.closest("svg, option, script, style, template")) continue;
    const style = getComputedStyle(node);
    const cuts = node.scrollWidth > node.clientWidth + 1 && node.clientWidth && style.overflowX === "hidden";
    if (cuts && style.textOverflow !== "ellipsis") clipped.push(words(node));
    for (const rect of rects(node)) if (onTop(node, rect)) places.push({ node, rect });
  }
  const overlaps = [];
  for (let one = 0; one < places.length; one += 1) {
    for (let other = one + 1; other < places.length; other += 1) {
      const [a, b] = [places[one], places[other]];
      if (a.node.contains(b.node) || b.node.contains(a.node)) continue;
      const wide = Math.min(a.rect.right, b.rect.right) - Math.max(a.rect.left, b.rect.left);
      const high = Math.min(a.rect.bottom, b.rect.bottom) - Math.max(a.rect.top, b.rect.top);
      if (wide > 3 && high > 6) overlaps.push(`${words(a.node)} / ${words(b.node)}`);
    }
  }
  return { lines, clipped, overlaps: [...new Set(overlaps)], width: document.documentElement.scrollWidth };
}"""

DESK = (
    *("/admin/", "/admin/tickets/", "/admin/tickets/?view=search&q=invoice", "/admin/tickets/{number}"),
    *("/admin/tickets/new", "/admin/configuration/", "/admin/services/", "/admin/ready/"),
)


def complaints(page, address, width):
    """Return what is wrong with a page once its letters are wider."""
    # All of it is in sight.
    page.set_viewport_size({"width": width, "height": 4_000})
    page.goto(address)
    page.evaluate("document.fonts.ready")
    before = page.evaluate(LOOK)
    page.evaluate(WIDEN)
    after = page.evaluate(LOOK)
    found = [f"clipped: {text}" for text in set(after["clipped"]) - set(before["clipped"])]
    found += [f"overlap: {text}" for text in set(after["overlaps"]) - set(before["overlaps"])]
    if width >= 1280:
        wrapped = [name for name, count in after["lines"].items() if count > before["lines"].get(name, count)]
        found += [f"wraps: {name}" for name in wrapped]
    if after["width"] > width:
        found.append(f"{after['width']} px wide")
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_the_desk(browse, world, width):
    with browse("root", width, language="fr") as page:
        found = {path: complaints(page, path.format(number=world.ticket.number), width) for path in DESK}
    assert {path: texts for path, texts in found.items() if texts} == {}


@pytest.mark.parametrize("width", [1100, 1600])
def test_nothing_lies_on_anything_else_in_the_lists_of_an_owner(browse, width):
    with browse("root", width, language="fr") as page:
        found = {}
        page.goto("/admin/users/")
        menu = page.locator(".side nav a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
        for path in menu:
            page.goto(path)
            page.evaluate("document.fonts.ready")
            found[path] = page.evaluate(LOOK)["overlaps"]
    assert len(found) > 20
    assert {path: texts for path, texts in found.items() if texts} == {}


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_of_a_customer(browse, world, width):
    with browse("carol", width, language="fr") as page:
        paths = ("/", "/tickets", f"/tickets/{world.ticket.number}", "/tickets/new")
        found = {path: complaints(page, path, width) for path in paths}
    assert {path: texts for path, texts in found.items() if texts} == {}
