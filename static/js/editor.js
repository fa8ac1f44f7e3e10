// <textarea data-editor>: rich text where the browser has script, the plain text area where it has not.
import { oneEmptyLine } from "./empty_lines.js";
import { pictures } from "./pictures.js";

function translate() {
  const words = JSON.parse(document.getElementById("editor-words")?.textContent ?? "{}");
  Object.assign(window.Trix.config.lang, words);
}

/** Put the editor in the text area's place; the hidden field carries its HTML. */
function enrich(area) {
  const field = document.createElement("input");
  field.type = "hidden";
  field.id = `${area.id}-html`;
  field.name = area.name;
  // Where the form takes both, the area has the plain text, and its data the HTML.
  field.value = area.dataset.html ?? area.value;
  const format = area.form?.elements.format;
  if (format && area.hasAttribute("data-html")) format.value = "html";
  const editor = document.createElement("trix-editor");
  editor.id = area.id;
  editor.className = "form-control trix-content";
  editor.setAttribute("input", field.id);
  const label = document.querySelector(`label[for="${CSS.escape(area.id)}"]`);
  editor.setAttribute("aria-label", area.getAttribute("aria-label") ?? label?.textContent.trim() ?? "");
  for (const name of ["aria-describedby", "aria-invalid", "data-takes-variables", "lang"]) {
    if (area.hasAttribute(name)) editor.setAttribute(name, area.getAttribute(name));
  }
  area.replaceWith(field, editor);
}

const enrichAll = (root) => root.querySelectorAll("textarea[data-editor]").forEach(enrich);

if (window.Trix) {
  translate();
  // Trix keeps its buttons out of the tab order: whoever has no mouse could not reach them.
  document.addEventListener("trix-initialize", ({ target }) => {
    for (const button of target.toolbarElement.querySelectorAll("button")) button.tabIndex = 0;
    oneEmptyLine(target);
    pictures(target);
  });
  document.addEventListener("inline:added", ({ target }) => enrichAll(target));
  enrichAll(document);
}
