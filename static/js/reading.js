// Reading a ticket: its thread opens at what is new, and the desk is told up to where it was shown.

/** Bring where one reads on into sight; a page that says something else first is left as it is. */
function show() {
  const landing = document.getElementById("newest");
  if (!landing || document.querySelector("[data-focus=''], .is-returned")) return;
  const message = landing.parentElement.querySelector(".landing ~ .msg");
  // A thread that fits the window stays where its title is seen.
  const fits = message.getBoundingClientRect().bottom + scrollY < innerHeight - bar();
  if (fits && location.hash === "#newest") scrollTo(0, 0);
  else if (!fits && !location.hash) landing.scrollIntoView();
}

/** The height of what lies over the end of the window. */
function bar() {
  const shown = [...document.querySelectorAll(".reply-bar, .answer-bar")].find((one) => one.checkVisibility());
  return shown?.offsetHeight ?? 0;
}

/** A message that an address names is unfolded. */
function unfold() {
  const message = /^#m\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (message?.tagName === "DETAILS") message.open = true;
}

/** One click unfolds all; printing needs them all. */
function folds() {
  const all = () => document.querySelectorAll(".msg.is-collapsed");
  const open = () => all().forEach((message) => { message.open = true; });
  document.querySelector("[data-unfold]")?.addEventListener("click", (event) => {
    event.preventDefault();
    open();
    all()[0].querySelector("summary").focus();
  });
  addEventListener("beforeprint", open);
  addEventListener("hashchange", unfold);
  unfold();
}

/** *Answer* and *Note* lead into the editor. */
function answers() {
  for (const link of document.querySelectorAll("a[data-kind]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.hash = "reply";
      document.querySelector(`#composer [name=kind][value=${link.dataset.kind}]`).click();
      document.querySelector("#composer :is(trix-editor, textarea)").focus();
    });
  }
}

/** The bar tells the subject once the title has left the window. */
function title() {
  const heading = document.querySelector(".ticket-head h1");
  const subject = document.querySelector(".crumb-subject");
  if (!heading || !subject) return;
  new IntersectionObserver(([entry]) => subject.classList.toggle("is-shown", !entry.isIntersecting)).observe(heading);
}

/** Tell it once, as soon as somebody looks: a GET writes nothing. */
async function tell(thread) {
  if (document.hidden) return document.addEventListener("visibilitychange", () => tell(thread), { once: true });
  const body = new URLSearchParams({ upto: thread.dataset.upto, csrf_token: document.querySelector("[name=csrf_token]").value });
  try {
    const headers = { Accept: "application/json" };
    await (await fetch(thread.dataset.read, { method: "POST", body, headers, keepalive: true, redirect: "error" })).json();
  } catch {
    // Without a network the ticket stays unread.
  }
}

export function reading() {
  folds();
  answers();
  title();
  show();
  const thread = document.querySelector("[data-read]");
  if (thread) tell(thread);
}
