// Reading a ticket: its thread opens at what is new, and the desk is told up to where it was shown.

/** Bring what is new into sight; a page that says something else first is left as it is. */
function show() {
  const fresh = document.getElementById("new");
  if (!fresh || location.hash || document.querySelector("[data-focus], .is-returned")) return;
  if (fresh.getBoundingClientRect().bottom > innerHeight) fresh.scrollIntoView();
}

/** Tell it once, as soon as somebody looks: a GET writes nothing. */
async function tell(thread) {
  if (document.hidden) return document.addEventListener("visibilitychange", () => tell(thread), { once: true });
  const body = new URLSearchParams({ upto: thread.dataset.upto, csrf_token: document.querySelector("[name=csrf_token]").value });
  try {
    await (await fetch(thread.dataset.read, { method: "POST", body, keepalive: true, redirect: "error" })).json();
  } catch {
    // Without a network the ticket stays unread.
  }
}

export function reading() {
  show();
  const thread = document.querySelector("[data-read]");
  if (thread) tell(thread);
}
