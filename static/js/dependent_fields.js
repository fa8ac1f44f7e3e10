// A field that means nothing by what others say stays out of sight. Where something is wrong it is shown; without script
// all are. <… data-needs="id">: while that switch is off. <div data-depends="{field: {other: [values]}}"> in a form: unless
// each of the others has one of these values; a section of which nothing is left goes, too.
const isWrong = (part) => part.querySelector("[aria-invalid=true]") !== null;

function followSwitch(part) {
  const box = document.getElementById(part.dataset.needs);
  const show = () => { part.hidden = !box.checked && !isWrong(part); };
  box?.addEventListener("change", show);
  if (box) show();
}

function followValues(form, rules) {
  for (const [name, others] of rules) {
    const part = form.elements[name]?.closest(".field");
    if (!part) continue;
    const matters = Object.entries(others).every(([other, values]) => values.includes(form.elements[other].value));
    part.hidden = !matters && !isWrong(part);
  }
  for (const section of form.querySelectorAll("fieldset.section")) {
    const parts = [...section.children].filter((part) => part.tagName !== "LEGEND");
    section.hidden = parts.length > 0 && parts.every((part) => part.hidden);
  }
}

document.querySelectorAll("[data-needs]").forEach(followSwitch);
for (const place of document.querySelectorAll("[data-depends]")) {
  const form = place.closest("form");
  const rules = Object.entries(JSON.parse(place.dataset.depends));
  form.addEventListener("change", () => followValues(form, rules));
  followValues(form, rules);
}
