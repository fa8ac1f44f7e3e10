// <form data-bulk>: one box ticks all rows, the bar counts them and comes with the first tick.
// Its rows are checkboxes named "rowid" or "number"; the box of the head is [data-tick-all]; inside the form stand
// the bar (.bulk, shown with the first tick), [data-bulk-count] (data-one, data-many: "{n} ticked") and, where more
// rows match than the page shows, [data-tick-everything] (data-count): the server then takes all that match.
// Where a phone hides the boxes, [data-select] (data-off: its other name) shows them; leaving unticks.
function selecting(form, button, tick) {
  const on = button.textContent;
  const status = button.parentElement.querySelector("[role=status]");
  const begun = () => form.classList.contains("is-selecting");

  function turn(chosen) {
    form.classList.toggle("is-selecting", chosen);
    button.textContent = chosen ? button.dataset.off : on;
    status.textContent = chosen ? status.dataset.said : "";
    if (!chosen) tick(false);
  }

  button.addEventListener("click", () => turn(!begun()));
  // A finger on a row ticks it; a keyboard still opens what its link names.
  form.addEventListener("click", (event) => {
    const box = event.target.closest("tr")?.querySelector("[name=number]");
    if (!box || !begun() || !button.offsetParent || event.detail === 0 || event.target.closest(".tick")) return;
    event.preventDefault();
    box.click();
  });
  // Ticks that the browser brought back must be seen.
  addEventListener("pageshow", () => form.querySelector("[name=number]:checked") && turn(true));
}

function watch(form) {
  const boxes = [...form.elements].filter((box) => box.type === "checkbox" && ["rowid", "number"].includes(box.name));
  const all = [...form.elements].find((box) => "tickAll" in box.dataset);
  const everything = [...form.elements].find((box) => "tickEverything" in box.dataset);
  const bar = form.querySelector(".bulk");
  const count = form.querySelector("[data-bulk-count]");

  function show() {
    const ticked = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr")?.classList.toggle("is-ticked", box.checked);
    if (all) {
      all.checked = boxes.length > 0 && ticked.length === boxes.length;
      all.indeterminate = ticked.length > 0 && !all.checked;
    }
    if (everything && ticked.length < boxes.length) everything.checked = false;
    const number = everything?.checked ? Number(everything.dataset.count) : ticked.length;
    if (bar) bar.hidden = ticked.length === 0;
    if (count) count.textContent = (number === 1 ? count.dataset.one : count.dataset.many).replace("{n}", number);
  }

  function tick(checked) {
    for (const box of boxes) box.checked = checked;
    if (everything && !checked) everything.checked = false;
    show();
  }

  if (all) all.hidden = false;
  all?.addEventListener("change", () => tick(all.checked));
  everything?.addEventListener("change", () => tick(everything.checked || boxes.every((box) => box.checked)));
  for (const box of boxes) box.addEventListener("change", show);
  const button = document.querySelector("[data-select]");
  if (button) selecting(form, button, tick);
  // The browser may bring ticks back when one returns to the page.
  addEventListener("pageshow", show);
  show();
}

export function bulk() {
  for (const form of document.querySelectorAll("form[data-bulk]")) watch(form);
}
