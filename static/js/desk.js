// Small improvements over pages that work without them.
import { bulk } from "./bulk.js";
import { colours } from "./colour.js";
import { confirmations } from "./confirm.js";
import { copiedFields } from "./clipboard.js";
import { inline } from "./inline.js";
import { menus } from "./menus.js";
import { news } from "./news.js";
import { printing } from "./printing.js";
import { variables } from "./variables.js";

document.documentElement.classList.add("has-script");
for (const improve of [bulk, colours, confirmations, copiedFields, inline, menus, news, printing, variables]) improve();
const first = document.getElementById("errors") ?? document.querySelector("[data-focus]");
// What stays in sight by itself ("still") takes the focus where the page stands, once the browser has gone to the place
// that the address names: going there takes the focus away.
if (first?.dataset.focus !== "still") first?.focus();
else addEventListener("load", () => requestAnimationFrame(() => first.focus({ preventScroll: true })));
// The editor of filters and rules.
if (document.querySelector("form[data-clauses]")) import("./clauses.js").then(({ clauses }) => clauses());
