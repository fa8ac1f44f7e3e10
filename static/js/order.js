// Rows dragged by their handle into another place. The two buttons of each row do the same, for everybody.
const said = document.querySelector("[data-placed]");
const handles = [...document.querySelectorAll("[data-drag]")];
const rowOf = (handle) => handle.closest("tr");
const idOf = (row) => row?.querySelector("[data-drag]")?.dataset.drag ?? "";
const EDGE = 60;

function rest({ first, last }) {
  for (const [way, ends] of [["up", first], ["down", last]]) {
    for (const button of document.querySelectorAll(`[id^="${way}-"]`)) {
      button.disabled = ends.includes(Number(button.id.slice(way.length + 1)));
    }
  }
}

async function store(row) {
  const body = new FormData();
  body.set("csrf_token", row.querySelector("[name=csrf_token]").value);
  body.set("id", idOf(row));
  body.set("above", idOf(row.previousElementSibling));
  body.set("below", idOf(row.nextElementSibling));
  const answer = await fetch(said.dataset.placeUrl, { method: "POST", body, redirect: "error" });
  const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
  if (answer.ok) rest(told);
  return { ok: answer.ok, message: told.message ?? said.dataset.lost };
}

function tell({ ok, message }) {
  document.querySelector(".flash.is-order")?.remove();
  said.textContent = ok ? message : "";
  if (ok) return;
  const note = document.createElement("p");
  note.className = "flash is-error is-order";
  note.textContent = message;
  document.querySelector(".flashes[role=alert]").append(note);
}

function drag(handle, start) {
  const row = rowOf(handle);
  const home = row.nextElementSibling;
  const end = new AbortController();
  // The others move: a row taken out of the page would lose the finger that holds it.
  const put = (below) => {
    const up = below && row.compareDocumentPosition(below) & Node.DOCUMENT_POSITION_PRECEDING;
    while (row.nextElementSibling !== below) {
      if (up) row.after(row.previousElementSibling);
      else row.before(row.nextElementSibling);
    }
  };
  const finish = async (keep) => {
    end.abort();
    row.classList.remove("is-dragged");
    document.documentElement.classList.remove("is-ordering");
    if (!keep) put(home);
    if (row.nextElementSibling === home) return;
    const told = await store(row).catch(() => ({ ok: false, message: said.dataset.lost }));
    if (!told.ok) put(home);
    tell(told);
  };
  const move = ({ clientY }) => {
    if (clientY < EDGE) scrollBy(0, -12);
    if (clientY > innerHeight - EDGE) scrollBy(0, 12);
    const others = [...row.parentElement.rows].filter((other) => other !== row);
    const middle = (other) => other.getBoundingClientRect().top + other.offsetHeight / 2;
    put(others.find((other) => clientY < middle(other)) ?? null);
  };
  start.preventDefault();
  row.classList.add("is-dragged");
  document.documentElement.classList.add("is-ordering");
  const { signal } = end;
  addEventListener("pointermove", move, { signal });
  addEventListener("pointerup", () => finish(true), { signal });
  addEventListener("pointercancel", () => finish(false), { signal });
  addEventListener("keydown", (event) => event.key === "Escape" && finish(false), { signal });
}

for (const handle of handles) {
  handle.hidden = handles.length < 2;
  handle.addEventListener("pointerdown", (event) => event.isPrimary && event.button === 0 && drag(handle, event));
}
