// <dialog id="finder">: Ctrl+K opens it; arrows choose, Enter goes. Actions are the page's own buttons.
import { fold } from "./folding.js";

const WAIT = 150;
const ACTIONS = ".ticket-head form button, .ticket-head summary, .acts form > button, .acts summary, .acts > a, .head .btn";

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** The buttons one sees on the page whose text holds all words. */
function actions(words) {
  return [...document.querySelectorAll(ACTIONS)]
    .filter((button) => button.checkVisibility() && button.textContent.trim())
    .map((button) => ({ text: button.textContent.trim(), detail: "", press: () => (button.focus(), button.click()) }))
    .filter((line) => words.every((word) => fold(line.text).includes(word)))
    .slice(0, 8);
}

function listen(dialog) {
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const status = dialog.querySelector("[role=status]");
  let lines = [];
  let chosen = 0;
  let timer = 0;
  let asked = 0;
  // The lines of an older text are nobody's wish any more: Enter waits for those of what stands in the field.
  let fresh = false;
  let wanted = false;

  function choose(place) {
    const options = list.querySelectorAll("[role=option]");
    chosen = options.length ? (place + options.length) % options.length : 0;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === chosen)));
    if (options.length) field.setAttribute("aria-activedescendant", options[chosen].id);
    else field.removeAttribute("aria-activedescendant");
    options[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function unsettle() {
    clearTimeout(timer);
    asked += 1;
    fresh = wanted = false;
    list.setAttribute("aria-busy", "true");
    list.querySelectorAll("[role=option]").forEach((option) => option.setAttribute("aria-selected", "false"));
    field.removeAttribute("aria-activedescendant");
  }

  function go(line) {
    dialog.close();
    if (line.press) line.press();
    else location.assign(line.url);
  }

  function group({ label, lines: some }) {
    const options = some.map((line) => {
      const option = make("div", { role: "option", id: `found-${lines.length}` }, make("span", {}, line.text), make("span", { class: "muted" }, line.detail));
      lines.push(line);
      option.addEventListener("click", () => fresh && go(line));
      return option;
    });
    return make("div", { role: "group", "aria-label": label }, make("div", { class: "finder-title", "aria-hidden": "true" }, label), ...options);
  }

  function show(groups) {
    lines = [];
    list.replaceChildren(...groups.filter((one) => one.lines.length).map(group));
    status.textContent = lines.length ? "" : dialog.dataset.none;
    choose(0);
  }

  function settle(groups) {
    fresh = true;
    list.removeAttribute("aria-busy");
    show(groups);
    if (wanted && lines[0]) go(lines[0]);
    wanted = false;
  }

  async function ask() {
    const turn = ++asked;
    const text = field.value;
    const here = { label: dialog.dataset.actions, lines: actions(fold(text).trim().split(/\s+/)) };
    try {
      const answer = await fetch(`${dialog.dataset.findUrl}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" }, redirect: "error" });
      const { groups } = await answer.json();
      if (turn === asked) settle([here, ...groups]);
    } catch {
      if (turn === asked) settle([here]);
    }
  }

  field.addEventListener("input", () => {
    unsettle();
    timer = setTimeout(ask, WAIT);
  });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing || !(step || event.key === "Enter")) return;
    event.preventDefault();
    if (!fresh) wanted = !step;
    else if (step) choose(chosen + step);
    else if (lines[chosen]) go(lines[chosen]);
  });
  dialog.addEventListener("close", unsettle);
  return () => {
    field.value = "";
    unsettle();
    show([]);
    status.textContent = "";
    dialog.showModal();
    ask();
  };
}

export function quickSearch() {
  const dialog = document.getElementById("finder");
  if (!dialog) return;
  const open = listen(dialog);
  document.addEventListener("keydown", (event) => {
    const isK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    // In the editor, Ctrl+K makes a link.
    if (!isK || event.defaultPrevented || document.querySelector("dialog[open]") || event.target.closest("trix-editor")) return;
    event.preventDefault();
    open();
  });
  document.querySelector("[data-finder]")?.addEventListener("click", (event) => {
    event.preventDefault();
    open();
  });
}
