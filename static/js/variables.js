// [data-variable]: puts its text in at the caret of the last [data-takes-variables] one wrote in.
// [data-preview-form]: its preview follows what is typed; the server writes it, in a frame of its own.
const PAUSE = 600;
const takes = (node) => node?.closest?.("[data-takes-variables]");

function insert(target, text) {
  if (target.editor) {
    target.editor.insertString(text);
  } else {
    target.setRangeText(text, target.selectionStart, target.selectionEnd, "end");
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }
  target.focus();
}

/** A fresh frame for each preview: its first page leaves no step in the browser's history. */
function renew(frame) {
  const fresh = frame.cloneNode(false);
  fresh.removeAttribute("src");
  frame.replaceWith(fresh);
}

function followed(form) {
  const button = form.querySelector("[data-preview]");
  let timer = 0;
  const show = () => {
    renew(form.querySelector("iframe"));
    form.requestSubmit(button);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  };
  for (const kind of ["input", "change", "trix-change"]) form.addEventListener(kind, later);
}

export function variables() {
  let last = null;
  document.addEventListener("focusin", ({ target }) => {
    last = takes(target) ?? last;
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-variable]");
    if (!button) return;
    const targets = [...document.querySelectorAll("[data-takes-variables]")];
    const own = targets.filter((node) => node.lang === document.documentElement.lang);
    const into = last?.isConnected ? last : ((own.length ? own : targets).find((node) => node.editor) ?? targets[0]);
    if (into) insert(into, button.dataset.variable);
  });
  for (const form of document.querySelectorAll("[data-preview-form]")) followed(form);
}
