// <form> with [data-network]: says that the network is gone and back, and asks before a form leaves whether somebody
// is there to take it. What was typed stays on the page.
const PATIENCE = 8000;
const ABSENT = [502, 503, 504];

async function answers(url) {
  if (!navigator.onLine) return false;
  try {
    const answer = await fetch(url, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return !ABSENT.includes(answer.status);
  } catch {
    return false;
  }
}

export function network(form) {
  const place = form.querySelector("[data-network]");
  if (!place) return;
  const words = JSON.parse(place.dataset.words);
  let passed = false;
  let asking = false;

  const say = (text, lost) => {
    place.textContent = text;
    place.classList.toggle("is-lost", lost);
  };

  addEventListener("offline", () => say(words.lost, true));
  addEventListener("online", () => place.textContent && say(words.back, false));
  if (!navigator.onLine) say(words.lost, true);

  // Before everybody else: who hears the submit afterwards may count on it.
  document.addEventListener(
    "submit",
    async (event) => {
      if (event.target !== form) return;
      if (passed) {
        passed = false;
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      if (asking) return;
      asking = true;
      const { submitter } = event;
      const there = await answers(place.dataset.network);
      asking = false;
      say(there ? "" : words.unsent, !there);
      if (!there) return;
      passed = true;
      form.requestSubmit(submitter);
    },
    true,
  );
}
