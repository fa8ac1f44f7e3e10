// <form data-panel>: each choice is saved as it is made, and can be taken back. Without script its button saves them all.
// data-undo, data-lost: words. What the page shows of the ticket is then read again from its address. Beside each field
// stands what the page showed in it (shown_<name>): what differs is what somebody chose.
const PATIENCE = 1200;
const SHOWN = [".ticket-head .facts", "#acts", "[data-face]", "[data-absence]"];
/** Counts what was begun: a page that was asked for before a newer choice shows an older ticket. */
let begun = 0;

/** The forms of the page know the ticket as it is now; since when they know its messages stays as it was. */
function learn(known) {
  for (const field of document.querySelectorAll("[name=known]")) {
    field.value = known.slice(0, known.lastIndexOf("/")) + field.value.slice(field.value.lastIndexOf("/"));
  }
}

/** What the page showed in a field of the panel. */
const shownOf = (field) => field.form.elements[`shown_${field.name}`];

function show(field, value) {
  field.value = value;
  shownOf(field).value = value;
  field.dispatchEvent(new CustomEvent("settled"));
}

/** The panel's fields show the ticket as it is now; one in which a choice is being made is left alone. */
function takeOver(form, fresh) {
  for (const theirs of fresh.querySelectorAll("form[data-panel] [name^=shown_]")) {
    // By name: `form.elements` would find the box of one more tag, too, which has the id of the line.
    const [field, shown] = [theirs.name.slice("shown_".length), theirs.name]
      .map((name) => form.querySelector(`[name="${name}"]`));
    if (!field || shown.value === theirs.value || field.value !== shown.value) continue;
    // A value that the page did not offer yet comes with its list.
    if (field.matches("select")) field.replaceChildren(...fresh.getElementById(field.id).children);
    show(field, theirs.value);
  }
}

/** The fresh page's forms know what this page's do: what still differs then is what the ticket has become. */
function asHere(fresh) {
  for (const name of ["csrf_token", "known"]) {
    const { value } = document.querySelector(`[name=${name}]`);
    for (const field of fresh.querySelectorAll(`[name=${name}]`)) field.value = value;
  }
}

/** A copy of a part with its menus closed, and without what nobody with a script sees. */
function seen(part) {
  const copy = part.cloneNode(true);
  for (const menu of copy.querySelectorAll("details[open]")) menu.open = false;
  for (const hidden of copy.querySelectorAll(".no-script")) hidden.remove();
  return copy;
}

/** Show a part as it is now. What has not changed stays, with what was typed in it; who stood in it stands there again. */
function renew(mine, theirs) {
  if (seen(mine).isEqualNode(seen(theirs))) return;
  const here = mine.contains(document.activeElement) && document.activeElement;
  mine.replaceWith(theirs);
  if (!here) return;
  [...theirs.querySelectorAll(here.tagName)].find((one) => one.name === here.name && one.textContent === here.textContent)?.focus();
}

/** Read the page again and take over what shows the ticket: its head, its acts, the newest lines of its history. */
async function refresh(form) {
  const turn = ++begun;
  const answer = await fetch(location.href.split("#")[0], { redirect: "manual" }).catch(() => null);
  if (!answer?.ok) return;
  const text = await answer.text();
  if (turn !== begun) return;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  learn(fresh.querySelector("[name=known]").value);
  asHere(fresh);
  for (const selector of SHOWN) {
    const [mine, theirs] = [document, fresh].map((page) => page.querySelector(selector));
    if (mine && theirs) renew(mine, theirs);
  }
  takeOver(form, fresh);
  const [mine, theirs] = [document, fresh].map((page) => page.querySelector(".thread"));
  const lines = theirs.lastElementChild;
  if (!lines.matches(".events")) return;
  const last = [...mine.children].findLast((part) => part.matches(".msg, .events"));
  if (last.matches(".events")) last.replaceWith(lines);
  else last.after(lines);
}

export function panel() {
  const form = document.querySelector("form[data-panel]");
  if (!form) return;
  const toast = form.querySelector("[data-toast]");
  let leaving = false;
  addEventListener("pageshow", () => { leaving = false; });

  function say(text, undo) {
    const said = Object.assign(document.createElement("span"), { textContent: text });
    toast.replaceChildren(said);
    toast.hidden = false;
    if (!undo) return;
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: form.dataset.undo });
    button.dataset.panelUndo = "";
    button.addEventListener("click", undo);
    toast.append(button);
  }

  /** Return the desk's answer to a script, or null for a page: signed out, merged, not allowed … which says so itself. */
  async function post(url, values) {
    const body = new URLSearchParams({ ...values, csrf_token: form.elements.csrf_token.value });
    try {
      const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" });
      return answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
    } catch {
      return { error: form.dataset.lost };
    }
  }

  async function takeBack(field, before, saved, url) {
    const answer = await post(url || form.action, url ? {} : { [field.name]: before, [`shown_${field.name}`]: saved });
    if (!answer) return location.reload();
    // Nothing came back where somebody went on from it: the ticket's own value follows with the page.
    if (answer.back) show(field, before);
    say(answer.error ?? answer.text);
    field.focus();
    await refresh(form);
  }

  async function save(field) {
    const [shown, value] = [shownOf(field), field.value];
    const before = shown.value;
    // The form itself is on its way already: sent twice, it would be answered twice.
    if (leaving || value === before) return;
    begun += 1;
    shown.value = value;
    const known = form.elements.known.value;
    const answer = await post(form.action, { [field.name]: value, [shown.name]: before, known });
    if (!answer) {
      shown.value = before;
      leaving = true;
      return form.submit();
    }
    if (answer.known) learn(answer.known);
    if (answer.leave) return location.assign(answer.leave);
    if (answer.error) {
      show(field, before);
      return say(answer.error);
    }
    say(answer.text, () => takeBack(field, before, value, answer.undo));
    await refresh(form);
  }

  for (const field of form.querySelectorAll("select")) patient(field, () => save(field));
  const tags = form.querySelector("[data-tags]");
  if (tags) chips(tags, () => save(tags));
  form.querySelector("[data-update]").hidden = true;
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** Arrows pass through what nobody means: by keyboard a choice counts once it rests, or is left. */
function patient(field, save) {
  let timer = 0;
  let byKeys = false;
  const now = () => {
    clearTimeout(timer);
    save();
  };
  field.addEventListener("pointerdown", () => { byKeys = false; });
  field.addEventListener("keydown", (event) => {
    byKeys = true;
    if (event.key === "Enter") now();
  });
  field.addEventListener("change", () => {
    clearTimeout(timer);
    if (byKeys) timer = setTimeout(now, PATIENCE);
    else now();
  });
  field.addEventListener("blur", now);
}

/** The line of tags becomes chips, each with a cross, and a box for one more. */
function chips(plain, save) {
  const list = Object.assign(document.createElement("ul"), { className: "chips plain" });
  const entry = plain.cloneNode();
  const names = () => plain.value.split(",").map((name) => name.trim()).filter(Boolean);
  entry.removeAttribute("name");
  entry.value = "";
  entry.maxLength = 40;
  entry.placeholder = plain.dataset.more;
  plain.type = "hidden";
  plain.removeAttribute("id");

  function draw() {
    list.hidden = !names().length;
    list.replaceChildren(...names().map((name) => {
      const chip = Object.assign(document.createElement("li"), { className: "chip" });
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
      button.setAttribute("aria-label", plain.dataset.remove.replace("{tag}", name));
      button.addEventListener("click", () => set(names().filter((other) => other !== name)));
      chip.append(`#${name}`, button);
      return chip;
    }));
  }

  function set(wanted) {
    plain.value = wanted.join(", ");
    draw();
    entry.focus();
    save();
  }

  function add() {
    const more = entry.value.split(",").map((name) => name.trim().replace(/^#/, "")).filter(Boolean);
    entry.value = "";
    if (more.length) set([...new Set([...names(), ...more])]);
  }

  entry.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      add();
    } else if (event.key === "Backspace" && !entry.value) {
      list.lastElementChild?.querySelector("button").focus();
    }
  });
  entry.addEventListener("change", add);
  plain.addEventListener("settled", draw);
  plain.before(list, entry);
  draw();
}
