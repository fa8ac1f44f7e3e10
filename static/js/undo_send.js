// <form data-undo-seconds="10">: the offer to take a reply back leaves when it has lost its sense.
export function undoSend() {
  const form = document.querySelector("[data-undo-seconds]");
  if (!form) return;
  setTimeout(() => {
    if (form.contains(document.activeElement)) document.getElementById("content").focus({ preventScroll: true });
    for (const button of form.querySelectorAll("button")) button.hidden = true;
    const said = form.querySelector("[data-gone]");
    said.textContent = said.dataset.gone;
  }, form.dataset.undoSeconds * 1000);
}
