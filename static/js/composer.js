// The reply box: rich text where the browser has script, the plain textarea where it has not.

const form = document.querySelector("[data-composer]");
const area = form?.querySelector("[data-rich]");

/** Words of the editor in the reader's language, kept in the page as data. */
function translate() {
  const words = JSON.parse(document.getElementById("editor-words")?.textContent ?? "{}");
  Object.assign(window.Trix.config.lang, words);
}

function escape(text) {
  const node = document.createElement("div");
  node.textContent = text;
  return node.innerHTML.replaceAll("\n", "<br>");
}

/** Put the editor in the textarea's place; the hidden field carries its HTML. */
function enrich() {
  const field = document.createElement("input");
  field.type = "hidden";
  field.id = "body-html";
  field.name = area.name;
  field.value = form.elements.format.value === "html" ? area.value : escape(area.value);
  const editor = document.createElement("trix-editor");
  editor.setAttribute("input", field.id);
  editor.className = "writing trix-content";
  editor.setAttribute("aria-label", form.querySelector(`label[for="${area.id}"]`).textContent);
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (area.hasAttribute(name)) editor.setAttribute(name, area.getAttribute(name));
  }
  area.replaceWith(field, editor);
  form.elements.format.value = "html";
  return editor;
}

/** Trix keeps its buttons out of the tab order: whoever has no mouse could not reach them. */
function reachable(event) {
  for (const button of event.target.toolbarElement.querySelectorAll("button")) button.tabIndex = 0;
}

function follow(editor) {
  const note = () => form.elements.kind.value === "note";
  const show = () => {
    form.classList.toggle("is-note", note());
    form.querySelector("[data-submit]").textContent = note() ? form.dataset.note : form.dataset.send;
    for (const part of form.querySelectorAll("[data-reply-only], [data-signature], .save-as")) part.hidden = note();
  };
  for (const radio of form.querySelectorAll("[name=kind]")) radio.addEventListener("change", show);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector("[data-submit]"));
  });
  show();
  return editor;
}

/** A canned response goes in at the caret; what was typed stays. */
function canned(editor) {
  const menu = form.querySelector("[data-canned]");
  if (!menu) return;
  menu.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-canned-url]");
    if (!button) return;
    event.preventDefault();
    const answer = await fetch(button.dataset.cannedUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    editor.editor.insertHTML((await answer.json()).html);
    menu.open = false;
    editor.focus();
  });
  const search = menu.querySelector("[data-canned-search]");
  search.addEventListener("input", () => {
    const wanted = fold(search.value);
    for (const item of menu.querySelectorAll("[data-canned-url]")) item.hidden = !fold(item.textContent).includes(wanted);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    menu.querySelector("[data-canned-url]:not([hidden])")?.click();
  });
}

function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

if (form && area && window.Trix) {
  translate();
  document.addEventListener("trix-initialize", reachable);
  document.addEventListener("trix-file-accept", (event) => event.preventDefault());
  canned(follow(enrich()));
}
