// <section data-copy="word" data-copied="word">: each message gets a button that copies its address. Without script, or
// where the browser gives no clipboard (plain http), the time of a message is its link.
const SHOWN = 2500;

/** Where a message stands for whoever opens its address: a long thread is shown from there on. */
function address(thread, id) {
  const from = "paged" in thread.dataset ? `?after=${id.slice(1) - 1}` : "";
  return `${location.origin}${location.pathname}${from}#${id}`;
}

export function copying() {
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
      button.textContent = status.textContent = thread.dataset.copied;
      setTimeout(() => {
        button.textContent = thread.dataset.copy;
        status.textContent = "";
      }, SHOWN);
    });
  }
}
