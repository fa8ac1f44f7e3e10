// The switch of a new permission follows the chosen place: what ruled there until now goes on, unless one says otherwise.
export function permissions() {
  document.addEventListener("change", ({ target }) => {
    const box = target.closest("[data-row], form");
    if (target.name?.endsWith("notify")) target.dataset.touched = "";
    const notify = target.selectedOptions?.[0]?.dataset.notify;
    const control = notify && box.querySelector("input[name$=notify]");
    const isStored = box?.querySelector("input[name$=-id]")?.value;
    if (control && !isStored && !("touched" in control.dataset)) control.checked = notify === "on";
  });
}
