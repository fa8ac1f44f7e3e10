// Who else is replying: asked every 8 seconds while somebody looks, with what came in meanwhile for who writes.
const PERIOD = 8000;
const PATIENCE = 15 * 60_000;
const WRITING = 2 * 60_000;

/** `hear` is told what the server says; `isBusy` tells whether a text stands in the composer. */
export function presence(form, hear, isBusy) {
  let moved = Date.now();

  const isWriting = () =>
    document.hasFocus() && form.contains(document.activeElement) && Date.now() - moved < WRITING && form.elements.kind.value === "message";

  async function ask() {
    if (document.hidden || Date.now() - moved > PATIENCE) return;
    const body = new URLSearchParams();
    for (const name of ["csrf_token", "seen", "known"]) body.set(name, form.elements[name].value);
    if (isWriting()) body.set("writing", "1");
    if (isBusy()) body.set("busy", "1");
    try {
      const answer = await fetch(form.dataset.presenceUrl, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.ok) hear(await answer.json());
    } catch {
      // Without a network nobody is seen; the next round asks again.
    }
  }

  for (const sign of ["pointermove", "keydown", "scroll"]) addEventListener(sign, () => { moved = Date.now(); }, { passive: true });
  form.addEventListener("focusin", (event) => !form.contains(event.relatedTarget) && ask());
  document.addEventListener("visibilitychange", ask);
  setInterval(ask, PERIOD);
  ask();
}
