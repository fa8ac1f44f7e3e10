// <section data-copy="word" data-copied="word">: each message gets a button that copies its address. Without script, or
// where the browser gives no clipboard (plain http), the time of a message is its link.
// <button data-copies="id" data-copied="word">: copies that field, also where there is no clipboard.
const SHOWN = 2500;

/** Where a message stands for whoever opens its address: a long thread is shown from there on. */
function address(thread, id) {
  const from = "paged" in thread.dataset ? `?after=${id.slice(1) - 1}` : "";
  return `${location.origin}${location.pathname}${from}#${id}`;
}

export function copyButtons() {
  const thread = document.querySelector("[data-copy]");
  if (!thread || !navigator.clipboard) return;
  const status = Object.assign(document.createElement("p"), { className: "visually-hidden" });
  status.setAttribute("role", "status");
  thread.append(status);
  for (const message of thread.querySelectorAll(".msg[id]")) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: thread.dataset.copy });
    message.querySelector(".msg-head .when").before(button);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(address(thread, message.id));
      tell(button, status, thread.dataset.copied);
    });
  }
}

/** Say for a moment, on the button and to screen readers, that it is done. */
function tell(button, status, word) {
  const before = button.textContent;
  if (before === word) return;
  button.textContent = status.textContent = word;
  setTimeout(() => {
    button.textContent = before;
    status.textContent = "";
  }, SHOWN);
}

/** Put the words of a field on the clipboard. */
async function copy(field) {
  field.select();
  if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
  else document.execCommand("copy");
}

export function copiedFields() {
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", async () => {
      await copy(document.getElementById(button.dataset.copies));
      tell(button, button.nextElementSibling, button.dataset.copied);
    });
  }
}
