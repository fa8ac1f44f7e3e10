// Single keys, where the page holds their help (<dialog id="keys">): never inside a field, nor with Ctrl, Alt or Meta.
const PATIENCE = 1500;
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, trix-editor, [contenteditable]";

const find = (selector) => document.querySelector(selector);
const press = (selector) => find(selector)?.click();
const rowOf = (node) => node?.closest(".is-tickets tbody tr, .beside-row");
const WALKED = ".is-tickets tbody .subject, .beside-row";

/** Move in the list, also beside a ticket; where a ticket stands alone, go to its neighbour in the list. */
function step(by) {
  const links = [...document.querySelectorAll(WALKED)].filter((link) => link.checkVisibility());
  if (!links.length) return press(by > 0 ? "a[rel=next]" : "a[rel=prev]");
  const row = rowOf(document.activeElement) ?? find(".beside-row[aria-current]");
  const here = links.findIndex((link) => row?.contains(link));
  const next = here < 0 ? 0 : Math.min(Math.max(here + by, 0), links.length - 1);
  links[next].focus();
}

function write(kind) {
  const radio = find(`#composer [name=kind][value=${kind}]`);
  if (!radio) return;
  location.hash = "reply";
  radio.click();
  (find("#composer trix-editor") ?? find("#composer textarea")).focus();
}

function search() {
  const field = find("input[type=search]#q");
  if (field) field.focus();
  else press("#keys [data-go=s]");
}

/** Press the button of a ticket that does this. */
function act(name) {
  press(`.ticket form:is([action$="/${name}"], [action*="/${name}?"]) button`);
}

function transfer() {
  const form = find(".ticket form[action*='/transfer']");
  if (!form) return;
  form.closest("details").open = true;
  form.querySelector("select").focus();
}

const ACTS = {
  "?": () => find("#keys").showModal(),
  "/": search,
  j: () => step(1),
  k: () => step(-1),
  o: () => (rowOf(document.activeElement)?.querySelector(".subject") ?? document.activeElement.closest(".beside-row"))?.click(),
  x: () => rowOf(document.activeElement)?.querySelector("[type=checkbox]")?.click(),
  r: () => write("message"),
  n: () => write("note"),
  t: () => act("take"),
  c: () => act("close"),
  a: () => find("#assignee")?.focus(),
  l: () => find("#tags")?.focus(),
  f: transfer,
  z: () => press("[data-undo-seconds] button:not([hidden]), [data-panel-undo]"),
};

export function keys() {
  if (!find("#keys")) return;
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.repeat && !"jk".includes(event.key)) return;
    if (event.defaultPrevented || find("dialog[open]")) return;
    if (event.target.closest(FIELDS)) {
      if (event.key === "Escape") event.target.closest(FIELDS).blur();
      return;
    }
    const link = Date.now() - going < PATIENCE && find(`#keys [data-go="${CSS.escape(event.key)}"]`);
    going = event.key === "g" ? Date.now() : 0;
    const does = link ? () => link.click() : Object.hasOwn(ACTS, event.key) && ACTS[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
}
