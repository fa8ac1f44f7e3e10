// What script adds to the public forms: every one of them works without it.
import { keepDraft } from "./visitor_draft.js";
import { network } from "./network.js";

const form = document.querySelector("form[data-ticket-form]");

const post = async (url, values) => {
  const csrf = document.querySelector('input[name="csrf_token"]').value;
  const response = await fetch(url, { method: "POST", body: new URLSearchParams({ csrf_token: csrf, ...values }) });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
};

// A second click sends nothing; coming back to the page makes the form usable again.
const sendOnce = (sent) => {
  sent.addEventListener("submit", (event) => {
    if (["again", "remove_file"].includes(event.submitter?.name)) return;
    if (sent.dataset.sent) event.preventDefault();
    sent.dataset.sent = "1";
  });
  addEventListener("pageshow", () => delete sent.dataset.sent);
};

// The names appear below the address as soon as it is known to be unknown.
const askNames = () => {
  const names = form.querySelector("#names[data-known]");
  const email = form.querySelector("#email");
  if (!names || !email) return;
  const fields = [...names.querySelectorAll("input")];
  const wrong = names.querySelector(".is-invalid");
  const optional = names.querySelectorAll(".optional");
  let asked = "";
  const show = (shown) => {
    names.hidden = !shown;
    names.dataset.ready = "";
    names.querySelector("[data-unknown]").hidden = !shown;
  };
  const look = async () => {
    const address = email.value.trim();
    if (!address || !email.checkValidity() || address === asked) return;
    asked = address;
    let unknown = true;
    try {
      unknown = (await post(names.dataset.known, { email: address })).ask_name;
    } catch {
      asked = "";
    }
    if (address === email.value.trim()) show(unknown || fields.some((field) => field.value));
  };
  optional.forEach((word) => word.remove());
  show(Boolean(wrong) || fields.some((field) => field.value));
  let timer;
  email.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 600);
  });
  email.addEventListener("change", look);
  look();
};

// Two lists instead of one: the departments follow the service.
const followService = () => {
  const template = form.querySelector("template[data-two-lists]");
  const holder = form.querySelector("[data-units]");
  if (!template) return;
  const list = holder.querySelector("select");
  const unit = Object.assign(document.createElement("input"), { type: "hidden", name: list.name, value: list.value });
  const lists = template.content.firstElementChild.cloneNode(true);
  const [service, department] = lists.querySelectorAll("select");
  const groups = [...list.children].filter((child) => child.tagName === "OPTGROUP" || child.value);
  const departmentsOf = (group) => (group?.tagName === "OPTGROUP" ? [...group.children] : []);
  const choose = (group, value) => {
    const rows = departmentsOf(group);
    department.length = 1;
    rows.forEach((row) => department.add(new Option(row.text, row.value, false, row.value === value)));
    department.parentElement.hidden = rows.length < 2;
    unit.value = rows.length === 0 ? (group?.value ?? "") : rows.length === 1 ? rows[0].value : department.value;
  };
  groups.forEach((group, index) => service.add(new Option(group.label || group.text, String(index))));
  service.addEventListener("change", () => choose(groups[service.value], ""));
  department.addEventListener("change", () => (unit.value = department.value));
  const chosen = list.selectedOptions[0];
  const wanted = (group) => !chosen?.value && group.dataset.wanted !== undefined;
  const present = groups.findIndex((group) => group.contains(chosen) || wanted(group));
  if (present >= 0) {
    service.value = String(present);
    choose(groups[present], list.value);
  }
  const error = holder.querySelector(".invalid-feedback");
  if (error) {
    service.classList.add("is-invalid");
    service.setAttribute("aria-invalid", "true");
    service.setAttribute("aria-describedby", error.id);
    service.parentElement.append(error);
  }
  // The summary of errors links to #unit: that is now the first of the two lists.
  lists.querySelector("label").htmlFor = service.id = list.id;
  holder.replaceWith(lists, unit);
};

// Another code without leaving the page.
const otherCode = () => {
  const holder = form.querySelector("[data-code]");
  const button = holder?.querySelector('button[name="again"]');
  button?.addEventListener("click", async (event) => {
    if (button.dataset.plain) return;
    event.preventDefault();
    try {
      const { token, image, sound } = await post(holder.dataset.code, {});
      holder.querySelector("img").src = image;
      holder.querySelector("[data-listen]")?.setAttribute("href", sound);
      holder.querySelector('[name="code_token"]').value = token;
      const code = holder.querySelector("#code");
      code.value = "";
      code.focus();
    } catch {
      button.dataset.plain = "1";
      button.click();
    }
  });
};

// The code spoken aloud, without leaving the page.
const listen = () => {
  const link = form.querySelector("[data-listen]");
  let sound;
  link?.addEventListener("click", (event) => {
    event.preventDefault();
    sound?.pause();
    sound = new Audio(link.href);
    sound.play().catch(() => open(link.href));
  });
};

// The set-up offers the time zone of whoever sets up.
const guessZone = (select) => {
  if (select.value !== "UTC") return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // Browsers may call the zone by a former name, as Asia/Calcutta: they know which of those offered it is.
  const same = (name) => name === zone || Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone === zone;
  const names = [...select.options].map((option) => option.value);
  const found = names.find((name) => name === zone) ?? names.find(same);
  if (found) select.value = found;
};

document.querySelectorAll("form[data-ticket-form], form[data-once]").forEach(sendOnce);
document.querySelectorAll("select[data-guess-zone]").forEach(guessZone);
document.querySelectorAll("form:has([data-network])").forEach(network);
if (form) {
  [askNames, followService, otherCode, listen].forEach((improve) => improve());
  keepDraft(form);
}
