// The line *To* of the composer: a cross takes somebody out of copy at once, and *Undo* puts them back.
// data-copy-drop, data-copy-add: addresses; data-undo: a word. Without script the cross sends the form, which comes back as it was.
export function recipients() {
  const line = document.querySelector(".to[data-copy-drop]");
  const form = line?.closest("form");
  if (!form) return;
  const news = form.querySelector("[data-copies-news]");

  async function post(url, values) {
    const body = new URLSearchParams({ ...values, csrf_token: form.elements.csrf_token.value });
    const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "error" });
    return answer.json();
  }

  function say(text, undo) {
    const said = Object.assign(document.createElement("p"), { textContent: text });
    news.replaceChildren(said);
    if (!undo) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-plain btn-s", textContent: line.dataset.undo });
    button.addEventListener("click", undo);
    news.append(button);
    button.focus();
  }

  line.addEventListener("click", async (event) => {
    const cross = event.target.closest("[name=drop_copy]");
    if (!cross) return;
    event.preventDefault();
    const [chip, email] = [cross.closest("li"), cross.value];
    // The panel lists the same people.
    const beside = document.querySelector(`.copies input[name=email][value="${CSS.escape(email)}"]`)?.closest("li");
    try {
      const { text, error } = await post(line.dataset.copyDrop, { email });
      if (error) return say(error);
      for (const part of [chip, beside]) if (part) part.hidden = true;
      say(text, async () => {
        const answer = await post(line.dataset.copyAdd, { copies: email });
        if (!answer.error) for (const part of [chip, beside]) if (part) part.hidden = false;
        say(answer.error ?? answer.text);
        cross.focus();
      });
    } catch {
      // Without a network, or signed out: the form says why, and keeps the text.
      form.requestSubmit(cross);
    }
  });
}
