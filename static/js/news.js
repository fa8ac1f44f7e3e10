// <div role="status" data-news="address" data-list="address" data-refresh="word">: tells of tickets opened since the
// page was shown. Rows never move by themselves: a link shows the list anew. Nothing is asked while nobody looks, nor
// where nobody has moved for a while: asking would keep an abandoned browser signed in.
const PERIOD = 30_000;
const PATIENCE = 15 * 60_000;

function announce(place, text) {
  let line = place.querySelector("p");
  if (line?.firstChild.textContent === text) return;
  line = document.createElement("p");
  line.className = "fresh";
  const said = document.createElement("span");
  said.textContent = text;
  const link = document.createElement("a");
  link.href = place.dataset.list;
  link.textContent = place.dataset.refresh;
  line.append(said, " ", link);
  place.replaceChildren(line);
}

async function ask(place) {
  try {
    const answer = await fetch(place.dataset.news, { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok) return;
    const { count, text } = await answer.json();
    if (count > 0) announce(place, text);
  } catch {
    // Without a network there is no news; the next round asks again.
  }
}

export function news() {
  const place = document.querySelector("[data-news]");
  if (!place?.dataset.news) return;
  let asked = Date.now();
  let moved = asked;
  const round = () => {
    if (document.hidden || Date.now() - asked < PERIOD || Date.now() - moved > PATIENCE) return;
    asked = Date.now();
    ask(place);
  };
  setInterval(round, PERIOD / 10);
  document.addEventListener("visibilitychange", round);
  for (const sign of ["pointermove", "keydown", "scroll"]) {
    addEventListener(sign, () => { moved = Date.now(); }, { passive: true });
  }
}
