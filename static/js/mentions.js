// "@" in an internal note: the colleagues who see the ticket, chosen with the arrow keys. Without script one types the name.
const MOST = 6;

import { fold } from "./folding.js";

/** Nobody is named in a message: the editor is listened to from the first note on. */
export function mentions(form, editor) {
  const begin = () => {
    if (form.elements.kind.value !== "note") return;
    form.removeEventListener("change", begin);
    listen(form, editor);
  };
  form.addEventListener("change", begin);
  begin();
}

function listen(form, editor) {
  const list = form.querySelector("[data-colleagues]");
  const status = form.querySelector("[data-colleagues-said]");
  let names = null;
  let begun = "";
  let active = 0;
  // Where the name begins that is being typed, and where the one that Escape left alone begins.
  let at = null;
  let left = null;

  /** What stands between the last "@" and the caret; null where nobody is being named, or is to be offered no more. */
  function typed() {
    if (form.elements.kind.value !== "note" || document.activeElement !== editor) return null;
    const [start, end] = editor.editor.getSelectedRange();
    if (start !== end) return null;
    const before = editor.editor.getDocument().toString().slice(Math.max(0, start - 60), start);
    const part = before.match(/(?:^|[\s(])@([^\s@]*(?: [^\s@]+)?)$/)?.[1] ?? null;
    at = part === null ? null : start - part.length;
    if (at !== left) left = null;
    return left === null ? part : null;
  }

  async function load() {
    try {
      const answer = await fetch(list.dataset.colleagues, { headers: { Accept: "application/json" }, redirect: "error" });
      return answer.ok ? (await answer.json()).names.sort(new Intl.Collator(document.documentElement.lang).compare) : [];
    } catch {
      return [];
    }
  }

  function close() {
    if (list.hidden) return;
    list.hidden = true;
    status.textContent = "";
    editor.removeAttribute("aria-activedescendant");
  }

  function activate(place) {
    const options = [...list.children];
    active = (place + options.length) % options.length;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === active)));
    editor.setAttribute("aria-activedescendant", options[active].id);
  }

  async function look() {
    if (typed() === null) return close();
    const known = await (names ??= load());
    const part = typed();
    if (part === null) return close();
    begun = part;
    const wanted = fold(part);
    const found = known.filter((name) => ` ${fold(name)}`.includes(` ${wanted}`) && name !== part).slice(0, MOST);
    if (!found.length) return close();
    list.replaceChildren(
      ...found.map((name, number) => {
        const option = Object.assign(document.createElement("li"), { id: `colleague-${number}`, textContent: name });
        option.setAttribute("role", "option");
        return option;
      }),
    );
    if (list.hidden) status.textContent = status.dataset.colleaguesSaid;
    list.hidden = false;
    place();
    activate(0);
  }

  /** Below the caret, or above it where the box ends. */
  function place() {
    const caret = editor.editor.getClientRectAtPosition(editor.editor.getSelectedRange()[0]);
    if (!caret) return;
    const box = form.getBoundingClientRect();
    const below = caret.bottom + 4 + list.offsetHeight <= box.bottom;
    const top = below ? caret.bottom + 4 : caret.top - 4 - list.offsetHeight;
    const left = Math.min(caret.left, box.right - list.offsetWidth - 8);
    list.style.top = `${top - box.top}px`;
    list.style.left = `${Math.max(left - box.left, 8)}px`;
  }

  function choose(option) {
    const [caret] = editor.editor.getSelectedRange();
    editor.editor.setSelectedRange([caret - begun.length, caret]);
    editor.editor.insertString(`${option.textContent} `);
    close();
  }

  const KEYS = {
    ArrowDown: () => activate(active + 1),
    ArrowUp: () => activate(active - 1),
    Enter: () => choose(list.children[active]),
    Tab: () => choose(list.children[active]),
    Escape: () => {
      left = at;
      close();
    },
  };
  // Before the editor and the page take these keys.
  editor.addEventListener(
    "keydown",
    (event) => {
      if (list.hidden || event.ctrlKey || event.metaKey || event.shiftKey || !Object.hasOwn(KEYS, event.key)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      KEYS[event.key]();
    },
    true,
  );
  editor.addEventListener("trix-selection-change", look);
  editor.addEventListener("trix-change", look);
  editor.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    if (event.target.role === "option") choose(event.target);
  });
}
