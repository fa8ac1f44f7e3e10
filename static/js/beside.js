// <nav id="beside" data-url="address">: on a wide window, the list the ticket was opened from stands beside it.
// The stylesheet decides whether there is room; the button folds it away, and a cookie tells the next page.
const YEAR = 31_536_000;

/** One stop for Tab, as a list has one place; the arrows walk, and so do j and k (keys.js). */
function walkable(place) {
  const rows = [...place.querySelectorAll(".beside-row")];
  const settle = (row) => rows.forEach((one) => { one.tabIndex = one === row ? 0 : -1; });
  settle(rows.find((row) => row.ariaCurrent) ?? rows[0]);
  place.addEventListener("focusin", ({ target }) => settle(target));
  place.addEventListener("keydown", (event) => {
    const here = rows.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (here < 0 || !rows[next]) return;
    event.preventDefault();
    rows[next].focus();
  });
}

/** The list stays where it was from one ticket to the next, with the present one in sight. */
function keepPlace(place) {
  const key = `beside:${place.dataset.list}`;
  place.scrollTop = sessionStorage.getItem(key) ?? 0;
  const row = place.querySelector("[aria-current]");
  const over = row && row.getBoundingClientRect().bottom - place.getBoundingClientRect().bottom;
  if (row && (over > 0 || row.offsetTop < place.scrollTop)) place.scrollTop = row.offsetTop - place.clientHeight / 2;
  addEventListener("pagehide", () => sessionStorage.setItem(key, place.scrollTop));
}

/** Fetch the list; false without a network, or when the sign-in has ended. */
async function load(place) {
  try {
    const answer = await fetch(place.dataset.url, { redirect: "error" });
    if (!answer.ok) return false;
    place.innerHTML = await answer.text();
    walkable(place);
    keepPlace(place);
    return true;
  } catch {
    return false;
  }
}

export function beside() {
  const place = document.getElementById("beside");
  const toggle = document.querySelector("[aria-controls=beside]");
  if (!place || !toggle) return;
  const page = place.parentElement;
  let asked = false;

  async function show() {
    toggle.setAttribute("aria-expanded", String(!page.classList.contains("is-alone")));
    if (asked || !place.checkVisibility()) return;
    asked = true;
    if (await load(place)) return;
    // The ticket stands alone; the button tries again.
    asked = false;
    page.classList.add("is-alone");
    toggle.setAttribute("aria-expanded", "false");
  }

  toggle.addEventListener("click", () => {
    const isAlone = page.classList.toggle("is-alone");
    document.cookie = `beside=${isAlone ? "off" : ""}; path=/; max-age=${isAlone ? YEAR : 0}; samesite=lax`;
    show();
  });
  addEventListener("resize", show);
  show();
}
