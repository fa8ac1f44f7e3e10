// <button data-prints>: prints the page, for whoever looks for a button instead of the browser’s menu.
export function printing() {
  for (const button of document.querySelectorAll("[data-prints]")) button.addEventListener("click", () => print());
}
