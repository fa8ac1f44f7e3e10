// What pages of visitors need of desk.js: they also open on slow lines.
import { confirmations } from "./confirm.js";
import { menus } from "./menus.js";

document.documentElement.classList.add("has-script");
for (const improve of [confirmations, menus]) improve();
(document.getElementById("errors") ?? document.querySelector("[data-focus]"))?.focus();
