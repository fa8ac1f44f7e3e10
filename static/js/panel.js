// <form data-panel>: each choice is saved as it is made, and can be taken back. Without script its button saves them all.
// data-undo, data-lost: words. What the page shows of the ticket elsewhere is then read again from its address.
const PATIENCE = 1200;
const SHOWN = [".ticket-head .facts", "#acts", "[data-face]"];

/** The forms of the page know the ticket as it is now; since when they know its messages stays as it was. */
function learn(known) {
  for (const field of document.querySelectorAll("[name=known]")) {
    field.value = known.slice(0, known.lastIndexOf("/")) + field.value.slice(field.value.lastIndexOf("/"));
  }
}

/** Read the page again and take over what shows the ticket: its head, its acts, the newest lines of its history. */
async function refresh() {
  const answer = await fetch(location.href.split("#")[0], { redirect: "error" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const selector of SHOWN) {
    const [mine, theirs] = [document, fresh].map((page) => page.querySelector(selector));
    if (mine && theirs) mine.replaceWith(theirs);
  }
  learn(fresh.querySelector("[name=known]").value);
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
  const values = new Map([...form.elements].map((field) => [field.name, field.value]));

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

  async function post(url, body) {
    body.set("csrf_token", form.elements.csrf_token.value);
    try {
      const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "error" });
      return await answer.json();
    } catch {
      return { error: form.dataset.lost };
    }
  }

  function show(field, value) {
    field.value = value;
    values.set(field.name, value);
    field.dispatchEvent(new CustomEvent("settled"));
  }

  async function takeBack(field, before, url) {
    const body = new URLSearchParams(url ? {} : { [field.name]: before });
    const answer = await post(url || form.action, body);
    if (!answer.error) show(field, before);
    say(answer.error ?? answer.text);
    field.focus();
    await refresh();
  }

  async function save(field) {
    const [before, value] = [values.get(field.name), field.value];
    if (value === before) return;
    values.set(field.name, value);
    const known = form.elements.known.value;
    const answer = await post(form.action, new URLSearchParams({ [field.name]: value, known }));
    if (answer.known) learn(answer.known);
    if (answer.leave) return location.assign(answer.leave);
    if (answer.error) {
      show(field, before);
      return say(answer.error);
    }
    say(answer.text, () => takeBack(field, before, answer.undo));
    await refresh();
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
