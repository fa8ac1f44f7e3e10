// Rows of a form in a form: [data-inline] holds [data-rows], a <template> and a button [data-add].
// The template's fields have bare names; a new row gives them the prefix "<list>-<number>-".
function nextNumber(list) {
  const numbers = [...list.querySelectorAll(":scope > [data-row]")].map((row) => Number(row.dataset.row));
  return Math.max(-1, ...numbers) + 1;
}

function prefix(node, start) {
  for (const name of ["id", "name", "for", "aria-describedby", "aria-labelledby"]) {
    if (node.hasAttribute(name)) node.setAttribute(name, `${start}-${node.getAttribute(name).replace(/^-/, "")}`);
  }
}

function add(box) {
  const list = box.querySelector("[data-rows]");
  const number = nextNumber(list);
  const row = box.querySelector("template").content.firstElementChild.cloneNode(true);
  row.dataset.row = number;
  for (const node of row.querySelectorAll("*")) prefix(node, `${box.dataset.inline}-${number}`);
  list.append(row);
  row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  row.dispatchEvent(new CustomEvent("inline:added", { bubbles: true }));
}

function remove(row) {
  const box = row.closest("[data-inline]");
  row.remove();
  box.querySelector("[data-add]").focus();
}

export function inline() {
  for (const blank of document.querySelectorAll("[data-row][data-blank]")) blank.remove();
  document.addEventListener("click", ({ target }) => {
    const control = target.closest("[data-inline] :is([data-add], [data-remove])");
    if (!control) return;
    if ("add" in control.dataset) add(control.closest("[data-inline]"));
    else remove(control.closest("[data-row]"));
  });
  document.addEventListener("change", ({ target }) => {
    if ("gone" in target.dataset) target.closest("[data-row]")?.classList.toggle("is-gone", target.checked);
  });
}
