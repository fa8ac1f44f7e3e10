// The reply box: rich text where the browser has script, the plain textarea where it has not.
import { drafts } from "./drafts.js";
import { fold } from "./folding.js";
import { oneEmptyLine } from "./empty_lines.js";
import { mentions } from "./mentions.js";
import { network } from "./network.js";
import { pictures } from "./pictures.js";

const form = document.querySelector("[data-composer]");
const area = form?.querySelector("[data-rich]");

/** Words of the editor in the reader's language, kept in the page as data. */
function translate() {
  const words = JSON.parse(document.getElementById("editor-words")?.textContent ?? "{}");
  Object.assign(window.Trix.config.lang, words);
  Object.assign(window.Trix.config.attachments.preview.caption, { name: false, size: false });
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
  field.value = area.dataset.html ?? escape(area.value);
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

/** Trix writes its field after the next frame: what was typed just before must not be lost. */
function settled(act) {
  requestAnimationFrame(() => setTimeout(act));
}

function follow(editor) {
  const note = () => form.elements.kind.value === "note";
  const show = () => {
    form.classList.toggle("is-note", note());
    for (const part of form.querySelectorAll("[data-reply-only], [data-signature], .save-as")) part.hidden = note();
  };
  for (const radio of form.querySelectorAll("[name=kind]")) radio.addEventListener("change", show);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    settled(() => form.requestSubmit(form.querySelector("[data-submit]")));
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
    const { html, notes, macro } = await answer.json();
    // Leaving the editor for the list may have moved its caret.
    if (caret) editor.editor.setSelectedRange(caret);
    editor.editor.insertHTML(html);
    say(notes);
    remember(button.value, macro);
    menu.open = false;
    editor.focus();
  });
  let caret;
  slash(editor, menu);
  searchable(menu, () => {
    caret = editor.editor.getSelectedRange();
  });
}

/** Variables of the response that are empty here: the writer fills the gap. */
function say(notes) {
  const lines = notes.map((text) => Object.assign(document.createElement("p"), { textContent: text }));
  form.querySelector("[data-composer-news]").replaceChildren(...lines);
}

/** The form counts what was inserted, and shows what else the last macro does. */
function remember(id, macro) {
  const used = form.querySelector("[data-used]");
  used.value = used.value ? `${used.value},${id}` : id;
  if (macro) form.querySelector("[data-macro]").innerHTML = macro;
}

/** A slash on an empty line opens the list. */
function slash(editor, menu) {
  editor.addEventListener("keydown", (event) => {
    if (event.key !== "/") return;
    const [from, to] = editor.editor.getSelectedRange();
    const text = editor.editor.getDocument().toString();
    const line = text.slice(from && text.lastIndexOf("\n", from - 1) + 1).split("\n", 1)[0];
    if (from !== to || line.trim()) return;
    event.preventDefault();
    menu.querySelector("summary").click();
  });
}

/** The list is searched as one types, and walked with the arrow keys. */
function searchable(menu, opening) {
  const search = menu.querySelector("[data-canned-search]");
  const items = [...menu.querySelectorAll("[data-canned-url]")];
  const words = items.map((item) => fold(`${item.textContent} ${item.dataset.cannedText}`));
  menu.querySelector("summary").addEventListener("click", (event) => {
    if (menu.open) return;
    // The event of opening comes a moment later: what is typed at once would be lost.
    event.preventDefault();
    opening();
    menu.open = true;
    search.focus();
  });
  search.addEventListener("input", () => {
    const wanted = fold(search.value.trim().replace(/^[/]/, ""));
    items.forEach((item, place) => {
      item.hidden = !words[place].includes(wanted);
    });
    menu.querySelector("[data-canned-none]").hidden = items.some((item) => !item.hidden);
  });
  menu.addEventListener("keydown", (event) => {
    const shown = [search, ...items.filter((item) => !item.hidden)];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      shown.at((shown.indexOf(document.activeElement) + step) % shown.length).focus();
    } else if (event.key === "Enter" && document.activeElement === search) {
      event.preventDefault();
      const called = items.find((item) => item.dataset.cannedShortcut === search.value.trim().replace(/^[/]/, ""));
      (called ?? shown[1])?.click();
    }
  });
}

if (form && area && window.Trix) {
  translate();
  document.addEventListener("trix-initialize", (event) => {
    reachable(event);
    oneEmptyLine(event.target);
    drafts(form, event.target);
    mentions(form, event.target);
    pictures(event.target);
  });
  document.querySelector("[data-choose-file]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const files = document.getElementById("files");
    files.focus();
    files.click();
  });
  document.querySelector("[data-keep-writing]")?.addEventListener("click", (event) => {
    event.preventDefault();
    form.querySelector("trix-editor").focus();
  });
  network(form);
  canned(follow(enrich()));
}
