// <form data-clauses>: the rows of a filter are added, removed and moved in place, and what an action needs follows it.
// An element offers the comparisons of its kind. Without script the same buttons post the form. Names stay as they are: the
// server reads rows in the order of the page.
const WITHOUT_VALUE = new Set(["origin", "hours", "first"]);

function nextNumber(list) {
  const numbers = [...list.querySelectorAll("[name]")].map((control) => Number(control.name.split("-")[1]) || 0);
  return Math.max(-1, ...numbers) + 1;
}

function fresh(form, kind, number) {
  const row = form.querySelector(`template[data-blank="${kind}"]`).content.firstElementChild.cloneNode(true);
  rename(row, `${kind}-${number}`);
  return row;
}

/** Give the controls of a blank part the number of their row. */
function rename(part, start) {
  for (const node of part.querySelectorAll("[name], [id]")) {
    for (const name of ["name", "id"]) {
      if (node.hasAttribute(name)) node.setAttribute(name, node.getAttribute(name).replace(/^(conditions|actions)-new/, start));
    }
  }
}

function act(form, button) {
  const deed = button.dataset.clause;
  if (deed === "add") {
    const kind = button.value.split("-")[0];
    const list = form.querySelector(`[data-rows="${kind}"]`);
    const row = fresh(form, kind, nextNumber(list));
    list.append(row);
    fit(row);
    row.querySelector(".at-next ~ select, select:not(.at-next)")?.focus();
    showMode(form, form.querySelector("[data-mode]")?.value);
    return;
  }
  const row = button.closest("[data-row]");
  if (deed === "remove") {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    const add = form.querySelector(`[data-clause="add"][value^="${row.parentElement.dataset.rows}"]`);
    row.remove();
    (near?.querySelector("[data-clause=remove]") ?? add).focus();
    return;
  }
  if (deed === "up") row.previousElementSibling?.before(row);
  else row.nextElementSibling?.after(row);
  button.focus();
}

/** One link joins all conditions. */
function showMode(form, mode) {
  for (const select of form.querySelectorAll("[data-mode]")) select.value = mode ?? select.value;
}

/** Put the control that the chosen action needs in the place of the former one. */
function follow(form, select) {
  const row = select.closest("[data-row]");
  const kind = select.selectedOptions[0].dataset.kind;
  const now = row.querySelector("[data-kind-now]");
  if (now.value === kind) return;
  now.value = kind;
  const blank = kind && form.querySelector(`template[data-argument-of="${kind}"]`);
  row.querySelector("[data-argument]").replaceChildren(...(blank ? blank.content.cloneNode(true).childNodes : []));
  rename(row, select.name.replace(/-action$/, ""));
}

/** Put the control of the values of the chosen element in the place of the former one. */
function followElement(form, row) {
  const element = row.querySelector("[data-element]");
  const now = row.querySelector("[data-values-now]");
  const { values } = element.selectedOptions[0].dataset;
  if (now.value === values) return;
  now.value = values;
  const blank = form.querySelector(`template[data-values-of="${values}"]`);
  row.querySelector("[data-argument]").replaceChildren(...blank.content.cloneNode(true).childNodes);
  rename(row, element.name.replace(/-field$/, ""));
}

/** What happens needs no length; what passed does. */
function showLength(form) {
  const trigger = form.querySelector("[data-trigger]");
  if (trigger) form.querySelector("[data-length]").hidden = !("passed" in trigger.selectedOptions[0].dataset);
}

/** An element takes comparisons of its kind only; some need no words. */
function fit(row) {
  const element = row.querySelector("[data-element]");
  if (!element) return;
  const { kind } = element.selectedOptions[0].dataset;
  const comparison = row.querySelector("[data-comparison]");
  for (const option of comparison.options) option.hidden = option.disabled = option.dataset.kind !== kind;
  if (comparison.selectedOptions[0]?.disabled ?? true) comparison.value = [...comparison.options].find((one) => !one.disabled).value;
  row.querySelector("[data-value]").hidden = WITHOUT_VALUE.has(kind);
  for (const unit of row.querySelectorAll("[data-unit]")) unit.hidden = unit.dataset.unit !== kind;
}

export function clauses() {
  const form = document.querySelector("form[data-clauses]");
  if (!form) return;
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-clause]");
    if (!button) return;
    event.preventDefault();
    act(form, button);
  });
  form.addEventListener("change", ({ target }) => {
    if ("mode" in target.dataset) showMode(form, target.value);
    if ("follows" in target.dataset) follow(form, target);
    if ("element" in target.dataset) {
      followElement(form, target.closest("[data-row]"));
      fit(target.closest("[data-row]"));
    }
    if ("trigger" in target.dataset) showLength(form);
  });
  form.querySelectorAll("[data-row]").forEach(fit);
  showLength(form);
}
