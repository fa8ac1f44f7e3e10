// A setting that means nothing while its switch is off stays out of sight; without script it is always shown.
for (const part of document.querySelectorAll("[data-needs]")) {
  const box = document.getElementById(part.dataset.needs);
  const show = () => (part.hidden = !box.checked && !part.querySelector("[aria-invalid]"));
  box?.addEventListener("change", show);
  if (box) show();
}
