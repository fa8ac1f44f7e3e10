// <details class="menu">: closes on Escape, on a click elsewhere, and when another one opens. The drawer closes on Escape.
function close(menu) {
  menu.open = false;
}

export function menus() {
  document.addEventListener("click", ({ target }) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) close(menu);
  });
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
