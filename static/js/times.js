// The exact time beside what has the focus is drawn by the stylesheet; Escape takes it away until the focus moves.
export function times() {
  const root = document.documentElement;
  document.addEventListener("keydown", ({ key }) => key === "Escape" && root.classList.add("no-exact"));
  document.addEventListener("focusin", () => root.classList.remove("no-exact"));
}
