// What a visitor wrote stays in this browser for a day, and goes once the ticket is opened: neither name nor address,
// no code, no file. Somebody who signs in has a drawer of their own, emptied when they sign out.
const DAY = 86_400_000;
const DRAWER = "draft:";

/** Storage may be switched off, or full: then nothing is kept. */
function store(act) {
  try {
    return act(localStorage);
  } catch {
    return null;
  }
}

export const forget = () =>
  store((kept) => Object.keys(kept).filter((name) => name.startsWith(DRAWER)).forEach((name) => kept.removeItem(name)));

function read(drawer) {
  const left = store((kept) => JSON.parse(kept.getItem(drawer) ?? "null"));
  if (left && Date.now() - left.at < DAY) return left;
  store((kept) => kept.removeItem(drawer));
  return null;
}

function moment(at) {
  const today = new Date(at).toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: today ? undefined : "medium", timeStyle: "short" }).format(at);
}

export function keepDraft(form) {
  const drawer = `${DRAWER}${form.dataset.draft}`;
  const fields = [...form.querySelectorAll("#subject, #message, #order_number")];
  const note = form.querySelector("[data-kept-note]");
  const said = note.querySelector("[data-kept-said]");
  const isEmpty = () => fields.every((field) => !field.value.trim());

  const left = read(drawer);
  if (left && isEmpty() && !("errors" in form.dataset)) {
    for (const field of fields) {
      field.value = left.values[field.id] ?? "";
      const fold = field.closest("details");
      if (fold && field.value) fold.open = true;
    }
    said.textContent = said.dataset.back.replace("{time}", moment(left.at));
    note.hidden = false;
  }
  form.addEventListener("input", (event) => {
    if (!fields.includes(event.target)) return;
    const values = Object.fromEntries(fields.map((field) => [field.id, field.value]));
    const kept = !isEmpty() && store((drawers) => drawers.setItem(drawer, JSON.stringify({ at: Date.now(), values })) ?? true);
    if (!kept) store((drawers) => drawers.removeItem(drawer));
    note.hidden = !kept;
  });
  note.querySelector("[data-start-again]").addEventListener("click", () => {
    store((kept) => kept.removeItem(drawer));
    for (const field of fields) field.value = "";
    said.textContent = "";
    note.hidden = true;
    fields[0].focus();
  });
}
