// <input data-find> in a menu: what is typed leaves the entries that hold it; arrows walk them, Enter takes the first one.
import { fold } from "./folding.js";

export function menuSearch() {
  for (const field of document.querySelectorAll(".menu-list [data-find]")) {
    const list = field.closest(".menu-list");
    const items = [...list.querySelectorAll(".menu-item")];
    const shown = () => items.filter((item) => !item.hidden);
    field.addEventListener("input", () => {
      const wanted = fold(field.value.trim());
      for (const item of items) item.hidden = !fold(item.textContent).includes(wanted);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || field.name) return;
      // A box that only finds sends nothing itself.
      event.preventDefault();
      if (field.value.trim()) shown()[0]?.click();
    });
    list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const stops = [field, ...shown()];
      stops.at((stops.indexOf(document.activeElement) + step) % stops.length).focus();
    });
  }
}
