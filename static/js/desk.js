// Small improvements over pages that work without them.
import { bulk } from "./bulk.js";
import { clauses } from "./clauses.js";
import { colours } from "./colour.js";
import { confirmations } from "./confirm.js";
import { copiedFields } from "./copying.js";
import { inline } from "./inline.js";
import { menus } from "./menus.js";
import { news } from "./news.js";
import { variables } from "./variables.js";

document.documentElement.classList.add("has-script");
for (const improve of [bulk, clauses, colours, confirmations, copiedFields, inline, menus, news, variables]) improve();
(document.getElementById("errors") ?? document.querySelector("[data-focus]"))?.focus();
