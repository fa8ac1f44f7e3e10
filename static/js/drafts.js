// The reply in the making: saved on the server within three seconds, kept in this browser when that fails.
import { presence } from "./presence.js";

const EVERY = 2000;
const FIELDS = ["kind", "body", "format", "close", "save_as", "canned_name", "macro", "used"];

/** What stands in the composer, as the server takes it. */
function snapshot(form) {
  const data = new FormData(form);
  return new URLSearchParams(FIELDS.filter((name) => data.has(name)).map((name) => [name, data.get(name)]));
}

const hasText = (values) => values.get("body").replace(/<[^>]*>|&nbsp;/g, "").trim() !== "";

/** Texts that could not be saved or whose sending nobody confirmed; one for each ticket and writer. */
function drawer(form) {
  const key = `unsent:${form.dataset.owner}:${form.dataset.ticket}`;
  return {
    put: (values) => sessionStorage.setItem(key, JSON.stringify({ values: `${values}`, sending: form.elements.form_key.value })),
    take: () => JSON.parse(sessionStorage.getItem(key) ?? "null"),
    empty: () => sessionStorage.removeItem(key),
  };
}

/** What the macro of a text that comes back does, as it is now. */
async function macro(form, id) {
  const button = id && form.querySelector(`[data-canned-url][value="${CSS.escape(id)}"]`);
  const answer = button && (await fetch(button.dataset.cannedUrl, { headers: { Accept: "application/json" } }));
  if (answer?.ok) form.querySelector("[data-macro]").innerHTML = (await answer.json()).macro ?? "";
}

function fill(form, editor, values) {
  for (const radio of form.querySelectorAll("[name=kind]")) radio.checked = radio.value === values.get("kind");
  for (const name of ["close", "save_as"]) if (form.elements[name]) form.elements[name].checked = values.has(name);
  form.elements.canned_name.value = values.get("canned_name") ?? "";
  form.elements.used.value = values.get("used") ?? "";
  macro(form, values.get("macro")?.split("-")[0]);
  editor.editor.loadHTML(values.get("body"));
  form.querySelector("[name=kind]:checked").dispatchEvent(new Event("change", { bubbles: true }));
}

/** What was sent from another ticket's page has left its drawer, too. */
function forgetSent(key) {
  for (const name of Object.keys(sessionStorage).filter((one) => key && one.startsWith("unsent:"))) {
    if (JSON.parse(sessionStorage.getItem(name)).sending === key) sessionStorage.removeItem(name);
  }
}

/** Offer what was left in this browser, unless it was sent or stands in the composer already. */
function offer(form, editor, kept) {
  const left = kept.take();
  if (!left) return;
  const values = new URLSearchParams(left.values);
  const there = "returned" in form.dataset || values.get("body") === form.elements.body.value;
  if (there || left.sending === form.dataset.sent || !hasText(values)) return kept.empty();
  const bar = form.querySelector("[data-offer]");
  bar.hidden = false;
  bar.querySelector("[data-offer-take]").addEventListener("click", () => {
    fill(form, editor, values);
    bar.hidden = true;
    editor.focus();
  });
  bar.querySelector("[data-offer-drop]").addEventListener("click", () => {
    kept.empty();
    bar.hidden = true;
    editor.focus();
  });
}

export function drafts(form, editor) {
  const kept = drawer(form);
  const status = form.querySelector("[data-draft-status]");
  const discard = form.querySelector("[data-draft-discard]");
  let saved = `${snapshot(form)}`;
  let timer = 0;
  let leaving = false;

  const isUnsaved = () => !leaving && `${snapshot(form)}` !== saved;

  function tell(answer) {
    status.textContent = answer.saved || answer.error || "";
    discard.hidden = !answer.saved;
    hear(answer);
  }

  /** Show what others do: a live region says again only what has changed. */
  function hear(answer) {
    show(form.querySelector("[data-composer-news]"), answer.news);
    show(document.querySelector("[data-presence]"), answer.replying);
  }

  function show(place, texts) {
    if (!texts || texts.join("\n") === [...place.children].map((line) => line.textContent).join("\n")) return;
    place.replaceChildren(...texts.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
  }

  async function save({ keepalive = false } = {}) {
    clearTimeout(timer);
    timer = 0;
    if (!isUnsaved()) return;
    const values = snapshot(form);
    const body = new URLSearchParams(values);
    for (const name of ["csrf_token", "seen", "known", "files_key"]) {
      if (form.elements[name]) body.set(name, form.elements[name].value);
    }
    try {
      const answer = await fetch(form.dataset.draftUrl, { method: "POST", body, headers: { Accept: "application/json" }, keepalive });
      if (!answer.ok && answer.status !== 422) throw answer;
      tell(await answer.json());
      if (answer.ok) {
        saved = `${values}`;
        kept.empty();
      }
    } catch (failure) {
      kept.put(values);
      status.textContent = failure.status === 401 ? form.dataset.lost : form.dataset.unsaved;
    }
    later();
  }

  function later() {
    if (!timer && isUnsaved()) timer = setTimeout(save, EVERY);
  }

  for (const event of ["trix-change", "input", "change"]) form.addEventListener(event, later);
  document.addEventListener("visibilitychange", () => document.hidden && save({ keepalive: true }));
  addEventListener("online", () => save());
  addEventListener("beforeunload", (event) => isUnsaved() && hasText(snapshot(form)) && event.preventDefault());
  addEventListener("pageshow", () => {
    leaving = false;
  });
  // On the document, so that whoever holds the form back has spoken by then.
  document.addEventListener("submit", (event) => {
    if (event.target !== form || event.defaultPrevented) return;
    if (leaving) return event.preventDefault();
    if (event.submitter === discard) kept.empty();
    else kept.put(snapshot(form));
    clearTimeout(timer);
    leaving = true;
  });
  forgetSent(form.dataset.sent);
  offer(form, editor, kept);
  presence(form, hear, () => hasText(snapshot(form)));
}
