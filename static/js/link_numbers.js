// <input data-numbers-of="…" list="…">: proposes the customer's other tickets, which the page lists already.
const MOST = 10;

export function linkNumbers() {
  const field = document.querySelector("[data-numbers-of]");
  if (!field) return;
  const others = [...document.querySelectorAll(`${field.dataset.numbersOf} li > a`)].slice(0, MOST);
  field.list.replaceChildren(...others.map((link) => new Option(link.textContent, link.pathname.split("/").pop())));
}
