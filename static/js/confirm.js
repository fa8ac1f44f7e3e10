// <form data-confirm="…">: asks in a dialog, then posts with confirmed=1. Without script the server asks on a page.
function button(text, classes, value) {
  const node = document.createElement("button");
  node.type = "submit";
  node.className = classes;
  node.value = value;
  node.textContent = text;
  return node;
}

function ask(question, words, danger) {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  dialog.setAttribute("aria-labelledby", "ask-question");
  const text = document.createElement("p");
  text.id = "ask-question";
  text.textContent = question;
  const form = document.createElement("form");
  form.method = "dialog";
  form.className = "ask-acts";
  form.append(
    button(words.yes, danger ? "btn btn-danger" : "btn btn-primary", "yes"),
    button(words.no, "btn btn-quiet", "no"),
  );
  form.lastChild.autofocus = true;
  dialog.append(text, form);
  document.body.append(dialog);
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}

function questionOf(form) {
  const chosen = form.querySelector("select[data-confirms]")?.selectedOptions[0]?.dataset.confirm;
  return chosen || form.dataset.confirm || "";
}

async function onSubmit(event) {
  const form = event.target;
  const question = questionOf(form);
  if (!question || event.defaultPrevented || form.elements.confirmed?.value === "1") return;
  event.preventDefault();
  const submitter = event.submitter;
  const words = { yes: form.dataset.yes || submitter?.textContent.trim() || "OK", no: form.dataset.no || document.body.dataset.no };
  if (!(await ask(question, words, "danger" in form.dataset))) {
    submitter?.focus();
    return;
  }
  const confirmed = document.createElement("input");
  confirmed.type = "hidden";
  confirmed.name = "confirmed";
  confirmed.value = "1";
  form.append(confirmed);
  form.requestSubmit(submitter);
}

export function confirmations() {
  document.addEventListener("submit", onSubmit);
}
