// <form data-undo-seconds="10">: the offer to take a reply back leaves when it has lost its sense.
export function sent() {
  const form = document.querySelector("[data-undo-seconds]");
  if (!form) return;
  const button = form.querySelector("button");
  setTimeout(() => {
    if (button === document.activeElement) document.getElementById("content").focus({ preventScroll: true });
    button.hidden = true;
  }, form.dataset.undoSeconds * 1000);
}
