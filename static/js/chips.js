// Addresses in copy: the line of text becomes a list of chips, each checked as soon as it is typed.

const probe = Object.assign(document.createElement("input"), { type: "email" });

const isAddress = (text) => {
  probe.value = text;
  return Boolean(text) && probe.checkValidity();
};

const parts = (text) => text.replace(/[^,;<>]*<([^<>]*)>/g, " $1 ").split(/[,;\s]+/).filter(Boolean);

const said = (template, email) => template.replace("{email}", email);

// The box that is typed into takes the place, the name and the label of the plain one, which carries the value.
const makeEntry = (plain) => {
  const entry = plain.cloneNode();
  entry.removeAttribute("name");
  entry.removeAttribute("maxlength");
  entry.value = "";
  entry.inputMode = "email";
  plain.type = "hidden";
  plain.removeAttribute("id");
  return entry;
};

const improve = (box) => {
  const plain = box.querySelector("input");
  const entry = makeEntry(plain);
  const list = Object.assign(document.createElement("ul"), { className: "chips plain" });
  const problem = Object.assign(document.createElement("p"), { className: "invalid-feedback", id: "copies-problem" });
  const status = Object.assign(document.createElement("p"), { className: "visually-hidden" });
  const chosen = [];
  const own = () => (box.dataset.own || document.querySelector("#email")?.value || "").trim().toLowerCase();
  status.setAttribute("role", "status");
  problem.setAttribute("role", "alert");
  list.hidden = true;

  const keep = () => {
    plain.value = chosen.join(", ");
    list.hidden = !chosen.length;
  };

  const complain = (text) => {
    problem.textContent = text;
    entry.classList.toggle("is-invalid", Boolean(text));
    entry.toggleAttribute("aria-invalid", false);
    if (text) entry.setAttribute("aria-invalid", "true");
    entry.setAttribute("aria-describedby", text ? "copies-help copies-problem" : "copies-help");
  };

  const remove = (email, chip) => {
    chosen.splice(chosen.indexOf(email), 1);
    chip.remove();
    keep();
    status.textContent = said(box.dataset.removed, email);
    entry.focus();
  };

  const chipOf = (email) => {
    const chip = Object.assign(document.createElement("li"), { className: "chip" });
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    button.setAttribute("aria-label", said(box.dataset.remove, email));
    button.addEventListener("click", () => remove(email, chip));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Backspace" && event.key !== "Delete") return;
      event.preventDefault();
      remove(email, chip);
    });
    chip.append(email, button);
    return chip;
  };

  // Return why an address cannot be taken; take it otherwise. One that is there already is there once.
  const take = (text) => {
    const email = text.toLowerCase();
    if (!isAddress(email)) return said(box.dataset.wrong, text);
    if (email === own()) return said(box.dataset.yours, email);
    if (chosen.includes(email)) return "";
    if (chosen.length >= Number(box.dataset.most)) return box.dataset.many;
    chosen.push(email);
    list.append(chipOf(email));
    status.textContent = said(box.dataset.added, email);
    return "";
  };

  // What is wrong stays in the box, to be put right.
  const takeAll = () => {
    let why = "";
    entry.value = parts(entry.value)
      .filter((text) => {
        const refused = take(text);
        why ||= refused;
        return refused;
      })
      .join(", ");
    keep();
    complain(why);
  };

  entry.addEventListener("input", () => /[,;\s]/.test(entry.value.trimStart()) && takeAll());
  entry.addEventListener("change", takeAll);
  entry.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      takeAll();
    } else if (event.key === "Backspace" && !entry.value) {
      list.lastElementChild?.querySelector("button").focus();
    }
  });
  // The server names what is wrong with the rest.
  plain.form.addEventListener("submit", () => {
    plain.value = [...chosen, ...parts(entry.value)].join(", ");
  });

  const refusedByServer = box.querySelector(".invalid-feedback");
  plain.before(list, entry, problem, status);
  entry.value = plain.value;
  if (entry.value) takeAll();
  // Said once: by the box where it knows what is wrong, else by the server.
  if (problem.textContent) refusedByServer?.remove();
  else if (refusedByServer) {
    entry.classList.add("is-invalid");
    entry.setAttribute("aria-invalid", "true");
    entry.addEventListener("input", () => refusedByServer.remove(), { once: true });
  }
};

document.querySelectorAll("[data-chips]").forEach(improve);
