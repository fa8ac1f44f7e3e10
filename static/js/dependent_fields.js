// <div data-depends="{field: {other: [values]}}"> in a form: a field that means nothing by what others say stays out of
// sight, and a section of which nothing is left. Where something is wrong it is shown; without script all are.
const place = document.querySelector("[data-depends]");
const form = place.closest("form");
const rules = Object.entries(JSON.parse(place.dataset.depends));
const partOf = (name) => form.elements[name]?.closest(".field");

function show() {
  for (const [name, others] of rules) {
    const part = partOf(name);
    if (!part) continue;
    const matters = Object.entries(others).every(([other, values]) => values.includes(form.elements[other].value));
    part.hidden = !matters && !part.querySelector("[aria-invalid=true]");
  }
  for (const section of form.querySelectorAll("fieldset.section")) {
    const parts = [...section.children].filter((part) => part.tagName !== "LEGEND");
    section.hidden = parts.length > 0 && parts.every((part) => part.hidden);
  }
}

form.addEventListener("change", show);
show();
