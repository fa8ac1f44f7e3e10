// <details class="menu">: closes on Escape, on a click elsewhere, and when another one opens. What opens to be filled in
// takes the focus, or its letters would be single keys of the page behind. The drawer closes on Escape.
const FIRST = ".menu-form :is(input:not([type=hidden]), select, textarea, button)";

function close(menu) {
  menu.open = false;
}

export function menus() {
  document.addEventListener("click", ({ target }) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) close(menu);
  });
  document.addEventListener("toggle", ({ target }) => {
    // Whoever has moved on by now, and types already, is left alone.
    if (!target.open || !target.matches("details.menu") || document.activeElement !== target.querySelector("summary")) return;
    const field = target.querySelector(FIRST);
    // What begins with buttons is a list to choose from, as other menus are.
    if (!field || field.matches("button")) return;
    field.focus();
    if (field.value && field.matches("[type=text], :not([type])")) field.select?.();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest?.("details.menu[open]");
    if (menu) {
      close(menu);
      menu.querySelector("summary").focus();
    } else if (location.hash === "#menu") {
      location.hash = "#content";
    }
  });
}
