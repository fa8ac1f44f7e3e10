// <form data-bulk>: one box ticks all rows, the bar counts them and comes with the first tick.
// Boxes are input[name=rowid]; the box of the head is [data-tick-all]; the count is written by [data-count].
function watch(form) {
  const rows = () => [...document.querySelectorAll('input[name="rowid"]')].filter((box) => box.form === form);
  const all = document.querySelector(`[data-tick-all="${form.id}"]`);
  const bar = form.querySelector("[data-bulk-bar]") ?? document.querySelector(`[data-bulk-bar="${form.id}"]`);
  const count = document.querySelector(`[data-count="${form.id}"]`);

  function show() {
    const boxes = rows();
    const ticked = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr")?.classList.toggle("is-ticked", box.checked);
    if (all) {
      all.checked = boxes.length > 0 && ticked.length === boxes.length;
      all.indeterminate = ticked.length > 0 && !all.checked;
    }
    if (bar) bar.hidden = ticked.length === 0;
    if (count) count.textContent = (ticked.length === 1 ? count.dataset.one : count.dataset.many).replace("#", ticked.length);
  }

  document.addEventListener("change", ({ target }) => {
    if (target === all) for (const box of rows()) box.checked = all.checked;
    if (target === all || (target.name === "rowid" && target.form === form)) show();
  });
  document.querySelector(`[data-untick="${form.id}"]`)?.addEventListener("click", () => {
    for (const box of rows()) box.checked = false;
    show();
    all?.focus();
  });
  show();
}

export function bulk() {
  for (const form of document.querySelectorAll("form[data-bulk]")) watch(form);
  for (const box of document.querySelectorAll("[data-tick-all]")) box.hidden = false;
}
